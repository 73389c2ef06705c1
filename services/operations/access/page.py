"""The answer to a request for access as a page for the citizen, in plain Dutch."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from services.operations.access.own import BLACKED_OUT, AnswerPart
from services.operations.pages import places
from services.operations.pages.html import Markup, bullets, day, element, facts, minute, page, table

_WEIGHED_FIRST: Final = "Deze tekst leest eerst een medewerker, omdat er ook anderen in kunnen staan."

_NAMES: Final = ("voorletters", "voornaam", "voorvoegselAchternaam", "achternaam")

_ADDRESS: Final = (
    "straatnaam",
    "huisnummer",
    "huisnummertoevoeging",
    "postcode",
    "stad",
    "adresregel1",
    "adresregel2",
    "adresregel3",
    "land",
)

_REFUSED: Final = (
    "Deze berichten kon het register niet verwerken. Een medewerker bekijkt ze, of ze verdwijnen op de genoemde datum."
)


def access_page(answer: AnswerPart) -> str:
    """Return the page of an answer."""
    assert answer["voorDeKlant"], "an answer for the one who weighs is not for the citizen"
    return page(
        "Uw gegevens in het klantcontactregister",
        _introduction(answer),
        element("section", element("h2", "Wie u bent volgens het register"), *map(_klant, answer["klant"]))
        if answer["klant"]
        else element("p", "Het register heeft geen naam of adres van u."),
        _section("Uw contacten met de gemeente", map(_klantcontact, answer["klantcontacten"])),
        _section("Waarom iets wel of niet bewaard is", map(_besluit, answer["besluiten"])),
        _consent(answer["toestemming"]),
        _section("Berichten zoals een kanaal ze stuurde", map(_bericht, answer["kanaalBerichten"])),
        _section("Berichten die nog in de wachtrij staan", map(_bericht, answer["ontvangenBerichten"])),
        _section("Berichten die geweigerd zijn", map(_bericht, answer["geweigerdeBerichten"]), above=_REFUSED),
        _places(answer["plaatsen"]),
        _section("Waarvoor de gemeente ze gebruikt", iter([bullets(each["naam"] for each in answer["verwerkingen"])])),
        _recipients(answer["ontvangers"]),
        _rights(),
    )


def _introduction(answer: AnswerPart) -> Markup:
    return element(
        "div",
        element("p", f"Dit overzicht is gemaakt op {minute(answer['gemaaktOp'])}, voor zaak {answer['verzoek']}."),
        element(
            "p",
            "Gegevens van anderen zijn weggelaten. Van medewerkers staat de naam er niet bij.",
        ),
        element("p", "Sommige gegevens bekijkt een medewerker eerst, voordat u ze krijgt.")
        if answer["teWegen"]
        else "",
    )


def _section(title: str, parts: Iterator[Markup], *, above: str = "") -> Markup:
    shown = list(parts)
    body = [element("p", above), *shown] if shown and above else shown
    return element("section", element("h2", title), *(body or [element("p", "Er is niets gevonden.")]))


def _klant(klant: AnswerPart) -> Markup:
    return facts(
        [
            ("Klantnummer", klant.get("nummer")),
            ("Naam", _name(klant)),
            ("Nummers", ", ".join(_number(each) for each in _listed(klant.get("partijIdentificatoren")))),
            *_details(klant),
            ("Mag de gemeente deze gegevens opnieuw gebruiken?", _yes(klant.get("toestemming") == "gegeven")),
        ]
    )


def _klantcontact(klantcontact: AnswerPart) -> Markup:
    return element(
        "section",
        element("h3", f"{day(klantcontact['plaatsgevondenOp'])}: {klantcontact['onderwerp']}"),
        facts(
            [
                ("Nummer", klantcontact["nummer"]),
                ("Kanaal", klantcontact["kanaal"]),
                ("Inhoud", klantcontact.get("inhoud", _withheld(klantcontact))),
                ("Wie erbij waren", bullets(_who(each) for each in klantcontact["betrokkenen"])),
                ("Van de gemeente", bullets(_actor(each) for each in klantcontact["actoren"])),
                ("Waarom dit bewaard is", klantcontact["besluit"]["toelichting"]),
                ("Gemeld door systeem", klantcontact["herkomst"]["source"]),
            ]
        ),
        *(_taak(each, klantcontact) for each in klantcontact["interneTaken"]),
    )


def _withheld(klantcontact: AnswerPart) -> str | None:
    return _WEIGHED_FIRST if klantcontact["teWegen"] else None


def _who(betrokkene: AnswerPart) -> object:
    if betrokkene.get(BLACKED_OUT):
        return f"iemand anders ({betrokkene['rol']})"
    return element("div", f"u ({betrokkene['rol']})", facts([("Naam", _name(betrokkene)), *_details(betrokkene)]))


def _actor(actor: AnswerPart) -> str:
    return "een medewerker" if actor.get(BLACKED_OUT) else str(actor.get("naam", ""))


def _taak(taak: AnswerPart, klantcontact: AnswerPart) -> Markup:
    return facts(
        [
            ("Vervolgactie", taak.get("gevraagdeHandeling", _withheld(klantcontact))),
            ("Toelichting", taak.get("toelichting")),
            ("Stand", "afgehandeld" if taak.get("status") == "verwerkt" else "nog te doen"),
            ("Voor", _actor(taak["toegewezenAan"])),
        ]
    )


def _besluit(besluit: AnswerPart) -> Markup:
    moment = besluit["plaatsgevondenOp"] or besluit["beslotenOp"]
    return element(
        "section",
        element("h3", f"Contact van {day(moment)}"),
        bullets(f"{each['toelichting']} (regel {each['regel']}, {each['bron']})" for each in besluit["onderwerpen"]),
        facts(
            [
                ("Besloten op", minute(besluit["beslotenOp"])),
                ("Beleid", besluit["beleidsversie"]),
                ("Hoe is vastgesteld wie u bent", ", ".join(each["vastgesteldDoor"] for each in besluit["klant"])),
                ("Opmerkingen", " ".join(besluit["kanttekeningen"])),
                ("Eerdere besluiten", ", ".join(day(each["beslotenOp"]) for each in besluit["eerder"])),
            ]
        ),
    )


_STATEMENTS: Final = {
    "gegeven": "U gaf toestemming",
    "ingetrokken": "U trok uw toestemming in",
    "geweigerd": "U gaf geen toestemming",
    "niet_gevraagd": "Er is niet gevraagd om toestemming",
}


def _consent(statements: Sequence[AnswerPart]) -> Markup:
    rows = [
        (day(each["op"]), _STATEMENTS.get(str(each["verklaring"]), each["verklaring"]), each.get("source", ""))
        for each in statements
    ]
    body = (
        table(("Wanneer", "Wat u zei", "Gemeld door systeem"), rows, caption="Uw toestemming voor hergebruik")
        if rows
        else element("p", "U hebt nooit gezegd of de gemeente uw gegevens opnieuw mag gebruiken.")
    )
    return element("section", element("h2", "Uw toestemming"), body)


def _bericht(bericht: AnswerPart) -> Markup:
    said = bericht.get("gegevens")
    return element(
        "section",
        element("h3", f"Ontvangen op {minute(bericht['op'])}"),
        facts(
            [
                ("Verdwijnt uiterlijk op", day(bericht["totUiterlijk"])),
                ("Inhoud", _WEIGHED_FIRST if said is None else None),
                *(_said(said) if said else ()),
            ]
        ),
    )


def _said(said: AnswerPart) -> Iterator[tuple[str, object]]:
    for each in said["betrokkenen"]:
        if not each.get(BLACKED_OUT):
            yield "Naam", _name(each)
            yield "Nummers", ", ".join(_number(number) for number in _listed(each.get("partijIdentificatoren")))
            yield from _details(each)
    for each in said["onderwerpen"]:
        yield "Onderwerp", each.get("onderwerp")
        yield "Tekst", each.get("inhoud")


def _places(shown: Sequence[AnswerPart]) -> Markup:
    return element(
        "section",
        element("h2", "Waar uw gegevens staan, en tot wanneer"),
        table(places.HEADS, map(places.row, shown), caption="Alle plaatsen waar gezocht is"),
    )


def _recipients(recipients: AnswerPart) -> Markup:
    names = [each["groep"] for each in recipients["afnemers"]]
    return element(
        "section",
        element("h2", "Wie uw gegevens krijgt"),
        bullets(names) if names else element("p", "Geen enkel ander systeem leest ze."),
    )


def _rights() -> Markup:
    return element(
        "section",
        element("h2", "Uw rechten"),
        element(
            "p",
            "U mag vragen om verbetering, verwijdering of beperking van uw gegevens, of bezwaar maken. U mag uw "
            "toestemming altijd intrekken. Neem contact op met de gemeente. Bent u het niet eens met het antwoord, "
            "dan kunt u een klacht indienen bij de Autoriteit Persoonsgegevens.",
        ),
    )


# Parts of a person ---------------------------------------------------------------------------------------------------


def _name(given: Mapping[str, Any]) -> str:
    parts = given.get("contactnaam")
    found = [str(parts[each]) for each in _NAMES if parts.get(each)] if isinstance(parts, dict) else []
    return " ".join(found) or str(given.get("organisatienaam") or "")


def _details(given: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for each in _listed(given.get("digitaleAdressen")):
        yield str(each.get("soortDigitaalAdres", "adres")).capitalize(), each.get("adres")
    for name, label in (("bezoekadres", "Bezoekadres"), ("correspondentieadres", "Postadres")):
        adres = given.get(name)
        if isinstance(adres, dict):
            yield label, " ".join(str(adres[each]) for each in _ADDRESS if adres.get(each))


def _number(given: Mapping[str, Any]) -> str:
    return f"{str(given.get('codeSoortObjectId', '')).replace('_', ' ')} {given.get('objectId', '')}"


def _listed(given: object) -> list[Mapping[str, Any]]:
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def _yes(answer: bool) -> str:  # noqa: FBT001 - a question with two answers
    return "ja" if answer else "nee"
