"""Hypothesis strategies for any valid contact, and for histories of contacts over a few klanten.

Every text that the publisher chooses holds a mark of its own, such as `<17>`: an output can be searched for what it
holds. Klanten, organisaties, contacts and moments are few, so that what one contact does matters to the next.

A contact is made from one row of bytes, and each choice takes one: that is twenty times as fast as a strategy for
each choice, and shrinks as well, since the first of every row of options is the simplest.
"""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import count
from random import Random
from typing import Final, TypeVar

from hypothesis import strategies as st

from tests.support.examples import (
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

History = list[tuple[str, Wire]]
"""Contacts with their sources, in the order in which they arrive."""

KLANTEN: Final = [[bsn(nth_bsn(index))] for index in range(2)]
_LINKED: Final = [[rsin(nth_rsin(0))], [kvk("99990001")], [rsin(nth_rsin(0)), kvk("99990001")]]
ORGANISATIES: Final = [
    *_LINKED,
    *_LINKED,
    [kvk("99990001"), rsin(nth_rsin(1))],
    [kvk("99990002"), rsin(nth_rsin(0))],
    [vestiging("999900000001"), kvk("99990001")],
    [vestiging("999900000001"), kvk("99990002"), rsin(nth_rsin(0))],
]
MOMENTS: Final = [
    "2026-03-02T10:00:00+01:00",
    "2026-03-02T09:00:00Z",
    "2026-03-02T09:00:00.000001Z",
    "2026-03-03T09:00:00Z",
    "2026-03-01T09:00:00Z",
    "2026-03-02T09:05:00Z",
    "2026-03-02T09:05:00.000001Z",
]
CONTACT_IDS: Final = ["c-1", "c-2", "c|3 é", *(f"c-{number}" for number in range(4, 11))]
ONDERWERP_IDS: Final[list[list[str | None]]] = [[None], ["a"], [None, "a"], ["b", None], ["a", "b", "0"], ["b", "a"]]
# Choices that lead further stand there more often.
SUBJECTS: Final[list[list[str | None]]] = [
    ["persoon"],
    ["organisatie"],
    ["organisatie", "contactpersoon"],
    ["persoon", None, "organisatie", "organisatie", "contactpersoon"],
]
ROLLEN: Final = ["klant"] * 8 + ["vertegenwoordiger"] * 3 + ["overig"]
MIDDELEN: Final = ["digid"] * 5 + ["dossier", "controlevragen", None]
TOESTEMMINGEN: Final = ["gegeven"] * 3 + [None, "niet_gevraagd", "geweigerd", "ingetrokken"]
OPVOLGINGEN: Final = [None, "interne_taak", "interne_taak", "geen", "zaak_nieuw", "zaak_bestaand"]

_MARK: Final = re.compile(r"<\d+>")
_CHOICES_A_CONTACT: Final = 100

Option = TypeVar("Option")


def marks_in(value: object) -> set[str]:
    """Return the marks that stand anywhere in a value."""
    return set(_MARK.findall(value if isinstance(value, str) else json.dumps(value, default=str)))


def contacts() -> st.SearchStrategy[Wire]:
    """Any valid contact, as `data`."""
    return _rows().map(lambda row: _Maker(row, 1).contact(SUBJECTS[-1], CONTACT_IDS))


def histories(*, longest: int = 12) -> st.SearchStrategy[History]:
    """Contacts; some are revisies or repeats of others, and some come too late."""
    return st.builds(_history, st.binary(min_size=2, max_size=2), st.lists(_rows(), min_size=2, max_size=longest))


def random_history(chance: Random, *, longest: int = 12) -> History:
    """Return a history by chance. Hypothesis prefers the simplest choices, which seldom meet."""
    rows = [chance.randbytes(_CHOICES_A_CONTACT) for _ in range(chance.randint(2, longest))]
    return _history(chance.randbytes(2), rows)


def _rows() -> st.SearchStrategy[bytes]:
    return st.binary(min_size=_CHOICES_A_CONTACT, max_size=_CHOICES_A_CONTACT)


def _history(subject: bytes, rows: Sequence[bytes]) -> History:
    # Each history has its subject: many contacts or many revisies, people or organisaties.
    ids = CONTACT_IDS[: (2, 4, 10)[subject[0] % 3]]
    soorten = SUBJECTS[subject[1] % len(SUBJECTS)]
    history: History = []
    newest: dict[tuple[str, str], Wire] = {}
    for index, row in enumerate(rows):
        maker = _Maker(row, 1000 * index)
        step = maker.pick(["higher"] * 8 + ["repeat", "lower"])
        source = maker.pick([SOURCE, SOURCE, SOURCE, OTHER_SOURCE])
        data = maker.contact(soorten, ids)
        before = newest.get((source, data["contactId"]))
        if before is not None and step == "repeat":
            data = before
        elif before is not None and step == "lower":
            data["revisie"] = before["revisie"] - 1
        else:
            data["revisie"] = 2 if before is None else before["revisie"] + 1
            newest[source, data["contactId"]] = data
        history.append((source, data))
    return history


class _Maker:
    """Makes one contact; `first_mark` keeps its marks apart from those of other contacts."""

    def __init__(self, row: bytes, first_mark: int) -> None:
        self._choices: Iterator[int] = iter(row)
        self._marks = count(first_mark)

    def pick(self, options: Sequence[Option]) -> Option:
        return options[next(self._choices, 0) % len(options)]

    def sometimes(self, value: Option) -> Option | None:
        return self.pick([value, None])

    def text(self) -> str:
        return f"<{next(self._marks)}>"

    def texts(self, *names: str) -> Wire:
        return {name: self.text() for name in names}

    def object(self) -> Wire:
        return self.texts("codeRegister", "codeObjecttype", "codeSoortObjectId", "objectId")

    def contact(self, soorten: Sequence[str | None], ids: Sequence[str]) -> Wire:
        refs = ["r0", "r1", "r2"][: self.pick([1] * 6 + [2] * 6 + [3, 0])]
        taken: set[str] = set()
        actor = {"soortActor": "medewerker", "naam": self.text(), "actoridentificator": self.object()}
        data = contact(
            self.pick(ids),
            op=self.pick(MOMENTS),
            kanaal=self.text(),
            vertrouwelijk=self.pick([None, None, False, True]),
            vervolg_op=self.vervolg_op(ids),
            betrokkenen=[self.betrokkene(ref, self.pick(soorten), refs, taken) for ref in refs],
            onderwerpen=[self.onderwerp(each, refs) for each in self.pick(ONDERWERP_IDS)],
            other={"richting": self.pick([None, "inkomend", "uitgaand"]), "taal": self.pick([None, "eng"])},
        )
        data["totStandGekomen"] = self.pick([True] * 12 + [None, False])
        return _mended(data | {"actoren": [actor]})

    def vervolg_op(self, ids: Sequence[str]) -> Wire | None:
        form, contact_id = self.pick([None, None, None, "contactId", "klantcontactId"]), self.pick(ids[:4])
        onderwerp_id, source = self.pick([None, None, None, "0", "a"]), self.pick([SOURCE, OTHER_SOURCE])
        if form == "contactId":
            return present({"contactId": contact_id, "onderwerpId": onderwerp_id})
        if form == "klantcontactId":
            return {"klantcontactId": name_based_id(source, "klantcontact", contact_id, onderwerp_id or "0")}
        return None

    def betrokkene(self, ref: str, soort: str | None, refs: Sequence[str], taken: set[str]) -> Wire:
        others = [each for each in refs if each != ref]
        middel = self.pick(MIDDELEN)
        return betrokkene(
            ref,
            self.pick(ROLLEN),
            soort=soort,
            middel=middel,
            pseudoniem=self.pick([f"pseudo-{ref}", f"pseudo-{ref}", None]),
            identificatoren=self.identificatoren(soort, taken),
            toestemming=self.pick(TOESTEMMINGEN),
            adressen=[self.digital() for _ in range(self.pick([1, 0, 2]))],
            contactnaam=self.sometimes(self.texts("voorletters", "voornaam", "voorvoegselAchternaam", "achternaam")),
            vertegenwoordigt=self.pick([None, None, others]),
            werkte_voor={"naam": self.text()} | present({"partijIdentificatoren": self.pick([*ORGANISATIES, None])}),
            other=present(
                {
                    "organisatienaam": self.sometimes(self.text()),
                    "bezoekadres": self.postal(),
                    "correspondentieadres": self.postal(),
                }
            ),
        )

    def identificatoren(self, soort: str | None, taken: set[str]) -> list[Wire] | None:
        """Return identificatoren that fit, and that no other betrokkene of this contact has."""
        pools: dict[str | None, list[list[Wire]]] = {"organisatie": ORGANISATIES, "contactpersoon": []}
        pool = pools.get(soort, KLANTEN)
        identificatoren = self.pick([*pool, *pool, None])
        numbers = {each["objectId"] for each in identificatoren or ()}
        if numbers & taken:
            return None
        taken.update(numbers)
        return identificatoren

    def digital(self) -> Wire:
        soort, gebruik = self.pick(["email", "telefoonnummer", "overig"]), self.gebruik()
        return {"soortDigitaalAdres": soort, "adres": self.text()} | present(
            {"omschrijving": self.sometimes(self.text()), "gebruik": gebruik}
        )

    def postal(self) -> Wire | None:
        texts = self.texts("straatnaam", "huisnummertoevoeging", "stad", "adresregel1", "adresregel2", "adresregel3")
        return self.pick([None, None, present({**texts, "huisnummer": 1, "gebruik": self.gebruik()})])

    def gebruik(self) -> str | None:
        return self.pick(["standaard", "standaard", "opvolging", None])

    def onderwerp(self, onderwerp_id: str | None, refs: Sequence[str]) -> Wire:
        soort = self.pick(OPVOLGINGEN)
        opvolging = self.texts("gevraagdeHandeling", "toelichting") | {
            "soort": soort,
            "toegewezenAan": {**AFDELING, "naam": self.text()},
            "zaak": self.object(),
        }
        return onderwerp(
            onderwerp_id,
            opvolging=opvolging if soort else None,
            betrokkenen=self.pick([None, None, None, refs[:1], refs[1:], refs[::-1], []]),
            tekst=self.text(),
            other=present({"inhoud": self.sometimes(self.text())})
            | {"onderwerpobjecten": [self.object()], "bijlagen": [self.object()]},
        )


def _mended(data: Wire) -> Wire:
    """Remove the combination that makes a contact invalid, and make some work for another betrokkene."""
    organisaties = [each["ref"] for each in data["betrokkenen"] if each.get("soortPartij") == "organisatie"]
    concerned: set[str] = set()
    for each in data["onderwerpen"]:
        concerned.update(each.get("betrokkenen", [person["ref"] for person in data["betrokkenen"]]))
    for person in data["betrokkenen"]:
        if person["ref"] not in concerned and person.get("toestemmingHergebruik") == "ingetrokken":
            person["toestemmingHergebruik"] = "geweigerd"
        if organisaties and "partijIdentificatoren" not in person["werkteVoor"]:
            person["werkteVoor"] = organisaties[0]
    return data
