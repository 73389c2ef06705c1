"""Klantcontacten: how they are made, found, changed and deleted."""

import pytest

from tests.contract.open_klant.bodies import (
    EMPTY_ADDRESS,
    actor,
    betrokkene,
    klantcontact,
    with_betrokkene,
    with_taak,
    zaak,
)
from tests.contract.open_klant.visitor import Visitor, invalid, number

NOT_UNIQUE = "Er bestaat al een klantcontact met eenzelfde"


def test_maak_klantcontact_makes_three_rows_at_once(visitor: Visitor) -> None:
    body = klantcontact()

    made = visitor.make(
        "maak-klantcontact",
        {
            "klantcontact": body,
            "betrokkene": betrokkene(),
            "onderwerpobject": {"wasKlantcontact": None, "onderwerpobjectidentificator": zaak()},
        },
    )

    uuids = {name: part["uuid"] for name, part in made.items()}
    links = {
        name: {"uuid": uuids[name], "url": f"{visitor.url}/{path}/{uuids[name]}"}
        for name, path in (
            ("klantcontact", "klantcontacten"),
            ("betrokkene", "betrokkenen"),
            ("onderwerpobject", "onderwerpobjecten"),
        )
    }
    assert made["klantcontact"] == {
        **links["klantcontact"],
        "gingOverOnderwerpobjecten": [links["onderwerpobject"]],
        "hadBetrokkenActoren": [],
        "omvatteBijlagen": [],
        "hadBetrokkenen": [links["betrokkene"]],
        "leiddeTotInterneTaken": [],
        **body,
        "reactie": "",
        "hoofdOnderwerpType": "",
        "verdereActieOndernomen": False,
        "plaatsgevondenOp": "2026-11-20T09:00:00Z",
    }
    assert made["betrokkene"] == {
        **links["betrokkene"],
        "wasPartij": None,
        "hadKlantcontact": links["klantcontact"],
        "digitaleAdressen": [],
        "bezoekadres": EMPTY_ADDRESS,
        "correspondentieadres": {
            **EMPTY_ADDRESS,
            "straatnaam": "Voorbeeldstraat",
            "huisnummer": 12,
            "postcode": "1234 AB",
            "land": "NL",
        },
        "contactnaam": {
            "voorletters": "",
            "voornaam": "Marit",
            "voorvoegselAchternaam": "",
            "achternaam": "Zomeren",
        },
        "volledigeNaam": "Marit Zomeren",
        "rol": "klant",
        "organisatienaam": "",
        "initiator": True,
    }
    assert made["onderwerpobject"] == {
        **links["onderwerpobject"],
        "klantcontact": links["klantcontact"],
        "wasKlantcontact": None,
        "onderwerpobjectidentificator": zaak(),
    }


def test_maak_klantcontact_needs_no_betrokkene_and_no_onderwerpobject(visitor: Visitor) -> None:
    made = visitor.make("maak-klantcontact", {"klantcontact": klantcontact()})

    assert made["betrokkene"] is None
    assert made["onderwerpobject"] is None


def test_an_empty_onderwerpobject_is_not_made(visitor: Visitor) -> None:
    made = visitor.make("maak-klantcontact", {"klantcontact": klantcontact(), "onderwerpobject": {}})

    assert made["onderwerpobject"] is None


def test_maak_klantcontact_tells_all_that_is_wrong_and_makes_nothing(visitor: Visitor) -> None:
    nummer = number()
    body = {
        "klantcontact": klantcontact(referentienummer=nummer, kanaal="x" * 51, taal=None),
        "betrokkene": betrokkene(wasPartij={"uuid": "0b4ab7b0-7f5e-4c5c-a6ab-e2cbc3a1d9c6"}, rol="buur"),
        "onderwerpobject": {"onderwerpobjectidentificator": zaak(objectId="x" * 201)},
    }

    assert invalid(visitor.post("maak-klantcontact", body)) == [
        ("klantcontact.kanaal", "max_length", "Zorg ervoor dat dit veld niet meer dan 50 karakters bevat."),
        ("klantcontact.taal", "null", "Dit veld mag niet leeg zijn."),
        ("betrokkene.wasPartij.uuid", "invalid", "Partij object bestaat niet."),
        ("betrokkene.rol", "invalid_choice", '"buur" is een ongeldige keuze.'),
        (
            "onderwerpobject.onderwerpobjectidentificator.objectId",
            "max_length",
            "Zorg ervoor dat dit veld niet meer dan 200 karakters bevat.",
        ),
    ]
    assert visitor.count("klantcontacten", {"referentienummer": nummer}) == 0


def test_maak_klantcontact_needs_a_klantcontact(visitor: Visitor) -> None:
    assert invalid(visitor.post("maak-klantcontact", {"betrokkene": None})) == [
        ("klantcontact", "required", "Dit veld is vereist."),
        ("betrokkene", "null", "Dit veld mag niet leeg zijn."),
    ]


def test_a_klantcontact_is_found_by_each_of_its_numbers(visitor: Visitor) -> None:
    made = visitor.make("klantcontacten", klantcontact())

    for name in ("nummer", "referentienummer"):
        assert visitor.uuids("klantcontacten", {name: made[name]}) == [made["uuid"]]


@pytest.mark.parametrize("name", ["nummer", "referentienummer"])
def test_a_number_is_given_once(visitor: Visitor, name: str) -> None:
    made = visitor.make("klantcontacten", klantcontact())

    refused = visitor.post("klantcontacten", klantcontact(**{name: made[name]}))

    assert invalid(refused) == [(name, "unique", f"{NOT_UNIQUE} {name}.")]


def test_a_number_that_is_taken_is_refused_inside_maak_klantcontact(visitor: Visitor) -> None:
    made = visitor.make("klantcontacten", klantcontact())

    refused = visitor.post("maak-klantcontact", {"klantcontact": klantcontact(nummer=made["nummer"])})

    assert invalid(refused) == [("klantcontact.nummer", "unique", f"{NOT_UNIQUE} nummer.")]


def test_a_number_holds_ten_digits_at_most(visitor: Visitor) -> None:
    assert invalid(visitor.post("klantcontacten", klantcontact(nummer="K-123456789"))) == [
        ("nummer", "invalid", "Voer een geldig geheel getal in."),
        ("nummer", "max_length", "Zorg ervoor dat dit veld niet meer dan 10 karakters bevat."),
    ]


def test_put_leaves_what_is_not_sent(visitor: Visitor) -> None:
    made = visitor.make("klantcontacten", klantcontact())
    body = {"kanaal": "e-mail", "onderwerp": "y", "taal": "nld", "vertrouwelijk": True}

    put = visitor.put(f"klantcontacten/{made['uuid']}", body)

    assert put.status_code == 200
    assert put.json() == {**made, **body}


def test_put_demands_what_is_required(visitor: Visitor) -> None:
    made = visitor.make("klantcontacten", klantcontact())

    refused = visitor.put(f"klantcontacten/{made['uuid']}", {"onderwerp": "y"})

    assert invalid(refused) == [
        (name, "required", "Dit veld is vereist.") for name in ("kanaal", "taal", "vertrouwelijk")
    ]


def test_patch_changes_only_what_is_sent(visitor: Visitor) -> None:
    made = visitor.make("klantcontacten", klantcontact())

    patched = visitor.patch(f"klantcontacten/{made['uuid']}", {"inhoud": "", "indicatieContactGelukt": None})

    assert patched.status_code == 200
    assert patched.json() == {**made, "inhoud": "", "indicatieContactGelukt": None}
    assert visitor.row(f"klantcontacten/{made['uuid']}") == patched.json()


def test_patch_replaces_all_metadata(visitor: Visitor) -> None:
    made = visitor.make("klantcontacten", klantcontact(metadata={"herkomst": "klantcontact", "revisie": "1"}))

    patched = visitor.patch(f"klantcontacten/{made['uuid']}", {"metadata": {"revisie": "2"}})

    assert patched.json()["metadata"] == {"revisie": "2"}


def test_keys_of_metadata_come_back_in_camel_case(visitor: Visitor) -> None:
    made = visitor.make(
        "klantcontacten", klantcontact(metadata={"klantcontactId": "a", "contact_id": "b", "regel1": "c"})
    )

    assert made["metadata"] == {"klantcontactId": "a", "contactId": "b", "regel1": "c"}


def test_metadata_is_a_map_of_texts(visitor: Visitor) -> None:
    metadata = {"leeg": "", "lang": "x" * 256, "getal": 3, "lijst": []}

    assert invalid(visitor.post("klantcontacten", klantcontact(metadata=metadata))) == [
        ("metadata.leeg", "blank", "Dit veld mag niet leeg zijn."),
        ("metadata.lang", "max_length", "Zorg ervoor dat dit veld niet meer dan 255 karakters bevat."),
        ("metadata.lijst", "invalid", "Not a valid string."),
    ]


def test_a_number_may_be_taken_away(visitor: Visitor) -> None:
    made = visitor.make("klantcontacten", klantcontact())

    patched = visitor.patch(f"klantcontacten/{made['uuid']}", {"referentienummer": None})

    assert patched.json() == {**made, "referentienummer": None}


def test_texts_are_trimmed(visitor: Visitor) -> None:
    assert visitor.make("klantcontacten", klantcontact(onderwerp=" \t spaties \n"))["onderwerp"] == "spaties"


def test_texts_keep_what_else_they_hold(visitor: Visitor) -> None:
    texts = {"onderwerp": "😀" * 200, "inhoud": '<script>x</script> & "q"\nregel2'}

    made = visitor.make("klantcontacten", klantcontact(**texts))

    assert {name: made[name] for name in texts} == texts


def test_a_text_holds_no_nul(visitor: Visitor) -> None:
    assert invalid(visitor.post("klantcontacten", klantcontact(onderwerp="a\x00b"))) == [
        ("onderwerp", "null_characters_not_allowed", "Null-tekens zijn niet toegestaan.")
    ]


def test_a_text_that_is_required_is_not_blank(visitor: Visitor) -> None:
    assert invalid(visitor.post("klantcontacten", klantcontact(onderwerp="  "))) == [
        ("onderwerp", "blank", "Dit veld mag niet leeg zijn.")
    ]


def test_a_moment_has_a_form(visitor: Visitor) -> None:
    form = "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]"

    assert invalid(visitor.post("klantcontacten", klantcontact(plaatsgevondenOp="gisteren"))) == [
        (
            "plaatsgevondenOp",
            "invalid",
            f"Datetime heeft een ongeldig formaat, gebruik 1 van de volgende formaten: {form}.",
        )
    ]


def test_a_contact_that_succeeded_needs_no_further_action(visitor: Visitor) -> None:
    assert invalid(visitor.post("klantcontacten", klantcontact(verdereActieOndernomen=True))) == [
        (
            "nonFieldErrors",
            "no-further-action-when-contact-succesful",
            "Als het contact gelukt is kan er geen verdere actie zijn ondernomen",
        )
    ]


def test_deleting_a_klantcontact_takes_what_belongs_to_it(visitor: Visitor) -> None:
    uuid, made = with_taak(visitor)
    paths = [
        f"internetaken/{made['uuid']}",
        f"betrokkenen/{visitor.make('betrokkenen', betrokkene(hadKlantcontact={'uuid': uuid}))['uuid']}",
    ]
    for path, body in (
        ("onderwerpobjecten", {"klantcontact": {"uuid": uuid}, "onderwerpobjectidentificator": zaak()}),
        ("bijlagen", {"wasBijlageVanKlantcontact": {"uuid": uuid}, "bijlageidentificator": zaak()}),
        ("actorklantcontacten", {"klantcontact": {"uuid": uuid}, "actor": {"uuid": _actor(visitor)}}),
    ):
        paths.append(f"{path}/{visitor.make(path, body)['uuid']}")

    assert visitor.delete(f"klantcontacten/{uuid}").status_code == 204

    assert [visitor.get(path).status_code for path in [f"klantcontacten/{uuid}", *paths]] == [404] * 6


def test_a_klantcontact_shows_what_belongs_to_it(visitor: Visitor) -> None:
    uuid, taak = with_taak(visitor)
    bijlage = visitor.make("bijlagen", {"wasBijlageVanKlantcontact": {"uuid": uuid}, "bijlageidentificator": zaak()})
    by = visitor.make("actoren", actor())
    visitor.make("actorklantcontacten", {"klantcontact": {"uuid": uuid}, "actor": {"uuid": by["uuid"]}})

    shown = visitor.row(f"klantcontacten/{uuid}")

    assert shown["leiddeTotInterneTaken"] == [{"uuid": taak["uuid"], "url": taak["url"]}]
    assert shown["omvatteBijlagen"] == [{"uuid": bijlage["uuid"], "url": bijlage["url"]}]
    assert shown["hadBetrokkenActoren"] == [by]
    assert visitor.uuids("bijlagen", {"klantcontact__uuid": uuid}) == [bijlage["uuid"]]


def test_a_klantcontact_is_found_by_its_betrokkene(visitor: Visitor) -> None:
    uuid, of = with_betrokkene(visitor)

    assert visitor.uuids("klantcontacten", {"hadBetrokkene__uuid": of}) == [uuid]
    assert visitor.uuids("klantcontacten", {"hadBetrokkene__url": f"{visitor.url}/betrokkenen/{of}"}) == [uuid]


def _actor(visitor: Visitor) -> str:
    uuid: str = visitor.make("actoren", actor())["uuid"]
    return uuid
