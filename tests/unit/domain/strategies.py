"""Hypothesis strategies for any valid contact, and for histories of contacts over a few klanten.

Every text that the publisher chooses holds a mark of its own, such as `m17m`: an output can be searched for what it
holds. Klanten, organisaties, contacts and moments are few, so that what one contact does matters to the next.
"""

import json
import re
from collections.abc import Sequence
from itertools import count
from typing import Any, Final

from hypothesis import strategies as st

from tests.examples import (
    AFDELING,
    OTHER_SOURCE,
    SOURCE,
    Wire,
    betrokkene,
    bsn,
    contact,
    kvk,
    nth_bsn,
    nth_rsin,
    onderwerp,
    present,
    rsin,
    vestiging,
)
from tests.unit.domain.oracle_facts import name_based_id

KLANTEN: Final = [[bsn(nth_bsn(index))] for index in range(2)]
ORGANISATIES: Final = [
    [rsin(nth_rsin(0))],
    [kvk("99990001")],
    [rsin(nth_rsin(0)), kvk("99990001")],
    [kvk("99990001"), rsin(nth_rsin(1))],
    [kvk("99990002"), rsin(nth_rsin(0))],
    [vestiging("999900000001"), kvk("99990001")],
    [vestiging("999900000001"), kvk("99990002"), rsin(nth_rsin(0))],
]
MOMENTS: Final = [
    "2026-03-01T09:00:00Z",
    "2026-03-02T10:00:00+01:00",
    "2026-03-02T09:00:00Z",
    "2026-03-02T09:00:00.000001Z",
    "2026-03-03T09:00:00Z",
]
CONTACT_IDS: Final = ["c-1", "c-2", "c|3 é", *(f"c-{number}" for number in range(4, 11))]
ONDERWERP_IDS: Final = [None, "a", "b", "1"]
# What leads further stands there more often.
SOORTEN: Final[list[str | None]] = ["persoon", None, "organisatie", "organisatie", "organisatie", "contactpersoon"]
SUBJECTS: Final[list[list[str | None]]] = [
    SOORTEN,
    ["persoon"],
    ["organisatie"],
    ["organisatie", "contactpersoon"],
]
ROLLEN: Final = ["klant"] * 6 + ["vertegenwoordiger"] * 2 + ["overig"]
MIDDELEN: Final = ["digid"] * 5 + ["dossier", "controlevragen", None]
TOESTEMMINGEN: Final = ["gegeven"] * 3 + ["geweigerd", "ingetrokken", "niet_gevraagd", None]

_MARK: Final = re.compile(r"m\d+m")

Draw = st.DrawFn


def marks_in(value: object) -> set[str]:
    """Give the marks that stand anywhere in a value."""
    return set(_MARK.findall(value if isinstance(value, str) else json.dumps(value, default=str)))


class _Marks:
    """Makes texts that can be told from each other; each contact of a history begins at another number."""

    def __init__(self, first: int) -> None:
        self._numbers = count(first)

    def text(self) -> str:
        return f"m{next(self._numbers)}m"

    def name(self) -> Wire:
        return {part: self.text() for part in ("voorletters", "voornaam", "voorvoegselAchternaam", "achternaam")}

    def object(self) -> Wire:
        return {part: self.text() for part in ("codeRegister", "codeObjecttype", "codeSoortObjectId", "objectId")}


def gebruik() -> st.SearchStrategy[str | None]:
    """What an address is meant for."""
    return st.sampled_from(["standaard", "standaard", "opvolging", None])


@st.composite
def _digital(draw: Draw, marks: _Marks) -> Wire:
    soort = draw(st.sampled_from(["email", "telefoonnummer", "overig"]))
    return present(
        {
            "soortDigitaalAdres": soort,
            "adres": marks.text(),
            "omschrijving": marks.text() if draw(st.booleans()) else None,
            "gebruik": draw(gebruik()),
        }
    )


@st.composite
def _postal(draw: Draw, marks: _Marks) -> Wire | None:
    if draw(st.integers(0, 3)):
        return None
    texts = ("straatnaam", "huisnummertoevoeging", "stad", "adresregel1", "adresregel2", "adresregel3")
    return present({**{part: marks.text() for part in texts}, "huisnummer": 1, "gebruik": draw(gebruik())})


@st.composite
def _betrokkenen(draw: Draw, soorten: Sequence[str | None], marks: _Marks) -> list[Wire]:
    refs = [f"r{index}" for index in range(draw(st.sampled_from([1, 1, 1, 2, 2, 2, 3, 0])))]
    taken: set[str] = set()
    return [draw(_betrokkene(ref, draw(st.sampled_from(soorten)), refs, taken, marks)) for ref in refs]


@st.composite
def _betrokkene(draw: Draw, ref: str, soort: str | None, refs: Sequence[str], taken: set[str], marks: _Marks) -> Wire:
    identificatoren: list[Wire] | None = None
    if soort != "contactpersoon":
        pool = ORGANISATIES if soort == "organisatie" else KLANTEN
        identificatoren = draw(st.sampled_from([*pool, *pool, None]))
        numbers = {each["objectId"] for each in identificatoren or ()}
        if numbers & taken:
            identificatoren = None
        else:
            taken.update(numbers)
    middel = draw(st.sampled_from(MIDDELEN))
    others = [each for each in refs if each != ref]
    return betrokkene(
        ref,
        draw(st.sampled_from(ROLLEN)),
        soort=soort,
        middel=middel,
        pseudoniem=draw(st.sampled_from([f"pseudo-{ref}", "pseudo-r0" if ref == "r0" else None])) if middel else None,
        identificatoren=identificatoren,
        toestemming=draw(st.sampled_from(TOESTEMMINGEN)),
        adressen=[draw(_digital(marks)) for _ in range(draw(st.integers(0, 2)))],
        contactnaam=marks.name() if draw(st.booleans()) else None,
        vertegenwoordigt=draw(st.lists(st.sampled_from(others), max_size=1)) if others else None,
        werkte_voor=draw(_employer(marks)),
        other=present(
            {
                "organisatienaam": marks.text() if draw(st.booleans()) else None,
                "bezoekadres": draw(_postal(marks)),
                "correspondentieadres": draw(_postal(marks)),
            }
        ),
    )


@st.composite
def _employer(draw: Draw, marks: _Marks) -> Wire | None:
    """An employer by its own identificatoren; `_mended` may make it a ref."""
    identificatoren = draw(st.sampled_from([*ORGANISATIES, None]))
    return present({"naam": marks.text(), "partijIdentificatoren": identificatoren})


@st.composite
def _onderwerpen(draw: Draw, refs: Sequence[str], marks: _Marks) -> list[Wire]:
    ids = draw(st.permutations(ONDERWERP_IDS))[: draw(st.sampled_from([1, 1, 2, 3]))]
    if None in ids and str(ids.index(None)) in ids:
        ids = [each for each in ids if each is not None]
    return [draw(_onderwerp(each, refs, marks)) for each in ids]


@st.composite
def _onderwerp(draw: Draw, onderwerp_id: str | None, refs: Sequence[str], marks: _Marks) -> Wire:
    soort = draw(st.sampled_from([None, "geen", "interne_taak", "interne_taak", "zaak_nieuw", "zaak_bestaand"]))
    opvolging = {
        "soort": soort,
        "gevraagdeHandeling": marks.text(),
        "toelichting": marks.text(),
        "toegewezenAan": {**AFDELING, "naam": marks.text()},
        "zaak": marks.object(),
    }
    return onderwerp(
        onderwerp_id,
        opvolging=present(opvolging) if soort else None,
        betrokkenen=draw(st.none() | st.none() | st.lists(st.sampled_from(refs), max_size=2)) if refs else None,
        tekst=marks.text(),
        other=present(
            {
                "inhoud": marks.text() if draw(st.booleans()) else None,
                "onderwerpobjecten": [marks.object()],
                "bijlagen": [marks.object()],
            }
        ),
    )


@st.composite
def _vervolg(draw: Draw) -> Wire | None:
    form = draw(st.sampled_from(["none"] * 3 + ["contactId"] * 2 + ["klantcontactId"] * 2))
    contact_id, onderwerp_id = (
        draw(st.sampled_from(CONTACT_IDS[:4])),
        draw(st.sampled_from([None, None, None, "0", "a", "b"])),
    )
    if form == "none":
        return None
    if form == "contactId":
        return present({"contactId": contact_id, "onderwerpId": onderwerp_id})
    source = draw(st.sampled_from([SOURCE, OTHER_SOURCE]))
    return {"klantcontactId": name_based_id(source, "klantcontact", contact_id, onderwerp_id or "0")}


@st.composite
def contacts(
    draw: Draw, first_mark: int = 1, soorten: Sequence[str | None] = SOORTEN, ids: Sequence[str] = CONTACT_IDS
) -> Wire:
    """Any valid contact, as `data`."""
    marks = _Marks(first_mark)
    betrokkenen = draw(_betrokkenen(soorten, marks))
    data = contact(
        draw(st.sampled_from(ids)),
        op=draw(st.sampled_from(MOMENTS)),
        kanaal=marks.text(),
        vertrouwelijk=draw(st.sampled_from([None, None, False, True])),
        vervolg_op=draw(_vervolg()),
        betrokkenen=betrokkenen,
        onderwerpen=draw(_onderwerpen([each["ref"] for each in betrokkenen], marks)),
        other=present(
            {
                "richting": draw(st.sampled_from([None, "inkomend", "uitgaand"])),
                "doorverbonden": draw(st.sampled_from([None, True])),
                "taal": draw(st.sampled_from([None, "eng"])),
                "actoren": [{"soortActor": "medewerker", "naam": marks.text(), "actoridentificator": marks.object()}],
            }
        ),
    )
    data.update(draw(st.sampled_from([*[{}] * 8, {"totStandGekomen": None}, {"totStandGekomen": False}])))
    return _mended(data)


def _mended(data: Wire) -> Wire:
    """Take out the two combinations that make a contact invalid and that can't be seen while it is being made."""
    organisaties = [each["ref"] for each in data["betrokkenen"] if each.get("soortPartij") == "organisatie"]
    concerned: set[str] = set()
    for each in data["onderwerpen"]:
        concerned.update(each.get("betrokkenen", [person["ref"] for person in data["betrokkenen"]]))
    for person in data["betrokkenen"]:
        if person["ref"] not in concerned and person.get("toestemmingHergebruik") == "ingetrokken":
            person["toestemmingHergebruik"] = "geweigerd"
        if organisaties and "partijIdentificatoren" not in person.get("werkteVoor", ()):
            person["werkteVoor"] = organisaties[0]
    return data


@st.composite
def histories(draw: Draw, *, longest: int = 12) -> list[tuple[str, Wire]]:
    """Contacts with their sources in the order in which they arrive; some are revisies, repeats, or come too late."""
    history: list[tuple[str, Wire]] = []
    newest: dict[tuple[str, str], Wire] = {}
    # Each history has its subject: many contacts or many revisies, people or organisaties.
    ids = CONTACT_IDS[: draw(st.sampled_from([2, 4, 10, 10]))]
    soorten = draw(st.sampled_from(SUBJECTS))
    for index in range(draw(st.integers(2, longest))):
        source = draw(st.sampled_from([SOURCE, SOURCE, SOURCE, OTHER_SOURCE]))
        data = draw(contacts(1000 * index, soorten, ids))
        name = (source, data["contactId"])
        before = newest.get(name)
        step = draw(st.sampled_from(["higher"] * 8 + ["lower", "repeat"])) if before else "higher"
        if step == "repeat" and before:
            data = before
        else:
            data["revisie"] = _revisie(before, step)
        history.append((source, data))
        if step == "higher":
            newest[name] = data
    return history


def _revisie(before: Wire | None, step: str) -> int:
    if before is None:
        return 2
    revisie: int = before["revisie"]
    return revisie + 1 if step == "higher" else revisie - 1


def partij_named(partijen: Sequence[dict[str, Any]], partij_id: str) -> dict[str, Any]:
    """Give the partij with that id."""
    return next(each for each in partijen if each["partijId"] == partij_id)
