"""The contacts of a made-up town, drawn with a seed: hundreds of klanten whose consent changes, corrections, repeats,
and one event in ten that is broken.

The key of a klant is the Kafka key of all its contacts. So they lie in one partition, and the order there is the order
in which they are judged.
"""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from tests.support.examples import (
    CALL_BACK,
    NEW_ZAAK,
    SOURCE,
    betrokkene,
    bsn,
    contact,
    email,
    event,
    kvk,
    line,
    naam,
    nth_bsn,
    onderwerp,
    phone,
    stranger,
)

PERSONEN: Final = 150
ORGANISATIES: Final = 100
REMEMBERED: Final = 12
"""Contacts of a klant that can still be corrected or sent again."""

BROKEN: Final = 0.10
REPEATED: Final = 0.22
CORRECTED: Final = 0.40
LATE: Final = 0.43
CONFLICTING: Final = 0.45
"""Shares of what is sent, each added to those before; the rest are new contacts."""


class Sent(NamedTuple):
    """One record for the topic."""

    key: str
    value: bytes | None


@dataclass
class _Known:
    contact_id: str
    revisies: list[bytes]


@dataclass
class _Klant:
    number: int
    contacts: deque[_Known] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    @property
    def key(self) -> str:
        return f"klant-{self.number}"


class Town:
    """Draws what is sent next."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"{seed} town")
        self._klanten = [_Klant(number) for number in range(PERSONEN + ORGANISATIES)]
        self._contacts = 0

    def next(self) -> Sent:
        """Return the next record."""
        klant, what = self._random.choice(self._klanten), self._random.random()
        if what < BROKEN:
            return Sent(klant.key, self._broken(klant))
        if what < CONFLICTING and klant.contacts:
            return Sent(klant.key, self._again(klant, self._random.choice(klant.contacts), what))
        self._contacts += 1
        known = _Known(f"c-{self._contacts}", [])
        known.revisies.append(self._contact(klant, known.contact_id, 1))
        klant.contacts.append(known)
        return Sent(klant.key, known.revisies[-1])

    def _again(self, klant: _Klant, known: _Known, what: float) -> bytes:
        if what < REPEATED:
            return known.revisies[-1]
        if what < CORRECTED:
            known.revisies.append(self._contact(klant, known.contact_id, len(known.revisies) + 1))
            return known.revisies[-1]
        if what < LATE:
            return known.revisies[0]
        # The same revisie with other contents: the publisher's mistake.
        return self._contact(klant, known.contact_id, len(known.revisies), tekst="Toch iets anders")

    # A contact

    def _contact(self, klant: _Klant, contact_id: str, revisie: int, *, tekst: str = "Vraag") -> bytes:
        draw = self._random
        who = self._betrokkene(klant) if draw.random() < 0.8 else stranger(adressen=[phone()])
        data = contact(
            contact_id,
            revisie=revisie,
            betrokkenen=[who] if draw.random() < 0.95 else [],
            onderwerpen=self._onderwerpen(tekst),
            op=f"2026-03-{draw.randint(1, 28):02}T{draw.randint(8, 17):02}:{draw.randint(0, 59):02}:00Z",
            vertrouwelijk=draw.random() < 0.1,
            vervolg_op=self._vervolg(klant, contact_id),
            other={"totStandGekomen": draw.random() < 0.97},
        )
        return line(event(data, event_id=f"e-{contact_id}-{revisie}"))

    def _betrokkene(self, klant: _Klant) -> dict[str, Any]:
        draw = self._random
        is_persoon = klant.number < PERSONEN
        identificator = bsn(nth_bsn(klant.number)) if is_persoon else kvk(f"9999{klant.number:04}")
        adres = email(f"klant{klant.number}-{draw.randint(1, 3)}@example.nl")
        return betrokkene(
            middel="digid" if is_persoon else "eherkenning",
            soort="persoon" if is_persoon else "organisatie",
            identificatoren=[identificator],
            toestemming=draw.choice(["gegeven", "gegeven", "niet_gevraagd", "geweigerd", "ingetrokken"]),
            adressen=draw.choice([[], [adres], [adres, phone()]]),
            contactnaam=naam() if is_persoon else None,
            other={} if is_persoon else {"organisatienaam": f"Bakkerij {klant.number}"},
        )

    def _onderwerpen(self, tekst: str) -> Sequence[dict[str, Any]]:
        names = self._random.sample("abc", self._random.choice([1, 1, 1, 2, 3]))
        return [
            onderwerp(name, tekst=tekst, opvolging=self._random.choice([None, CALL_BACK, CALL_BACK, NEW_ZAAK]))
            for name in sorted(names)
        ]

    def _vervolg(self, klant: _Klant, contact_id: str) -> dict[str, Any] | None:
        others = [each.contact_id for each in klant.contacts if each.contact_id != contact_id]
        return {"contactId": self._random.choice(others)} if others and self._random.random() < 0.05 else None

    # What is wrong

    def _broken(self, klant: _Klant) -> bytes | None:
        self._contacts += 1
        data = contact(f"c-{self._contacts}", betrokkenen=[self._betrokkene(klant)])
        wrong: list[bytes | None] = [
            None,
            b"",
            b"{",
            line(event({name: value for name, value in data.items() if name != "kanaal"})),
            line(event({**data, "plaatsgevondenOp": "gisteren"})),
            line(
                event(
                    {**data, "betrokkenen": [{**data["betrokkenen"][0], "partijIdentificatoren": [bsn("999999999")]}]}
                )
            ),
            line(event({**data, "onderwerpen": [onderwerp(betrokkenen=["niemand"])]})),
            line(event({**data, "beeld": "x" * 70_000})),
        ]
        return self._random.choice(wrong)


def probe(name: str) -> bytes:
    """Return a contact of a stranger to call back: its klantcontact shows that the system works again."""
    data = contact(name, betrokkenen=[stranger(adressen=[phone()])], onderwerpen=[onderwerp("a", opvolging=CALL_BACK)])
    return line(event(data, event_id=f"e-{name}", source=SOURCE))
