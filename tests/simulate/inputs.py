"""What publishers send: contacts of a few klanten with consent that changes, corrections, repeats and broken ones."""

import random
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from zlib import crc32

from aiokafka import TopicPartition

from tests.simulate.kafka.log import Data
from tests.simulate.town import PARTITIONS, SETTINGS
from tests.support import examples

KLANTEN: Final = 4
CONTACTS: Final = SETTINGS.contact_topics[0]
CHANGES: Final = SETTINGS.consent_topics[0]

Wire = dict[str, Any]


class Sent(NamedTuple):
    """A record of a publisher, and when it goes out."""

    seconds: float
    place: TopicPartition
    data: Data


def sent_by_publishers(chance: random.Random, number: int) -> list[Sent]:
    """Return what publishers send."""
    publishers = _Publishers(chance)
    return sorted(sent for at in range(number) for sent in publishers.next(at))


def corrected(chance: random.Random) -> Data:
    """Return what an operator makes of a broken contact."""
    contact_id = f"c-redriven-{chance.randrange(2)}"
    return Data(contact_id.encode(), examples.line(examples.event(examples.contact(contact_id))), ())


class _Publishers:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._revisies: dict[str, int] = {}
        self._before: list[Sent] = []

    def next(self, at: int) -> list[Sent]:
        """Return what they send next, at about the same time: usually one record."""
        seconds = at * 0.15 + self._chance.uniform(0, 0.1)
        sent = list(self._row(at, seconds)) if self._chance.random() < 0.15 else [self._one(at, seconds)]
        self._before += sent
        return sent

    def _row(self, at: int, seconds: float) -> Iterator[Sent]:
        """Yield a contact and two corrections, each under another key. The first one takes back all that there was,
        and the second one may overtake it.
        """
        for revisie in (1, 2, 3):
            contact_id = f"c-{at}"
            data = Data(contact_id.encode(), self._contact(contact_id, revisie, is_empty=revisie > 1), ())
            yield Sent(seconds, TopicPartition(CONTACTS, revisie % PARTITIONS[CONTACTS]), data)
            seconds += self._chance.uniform(0.05, 0.3)
            self._revisies[contact_id] = revisie

    def _one(self, at: int, seconds: float) -> Sent:
        chance = self._chance
        draw = chance.random()
        if draw < 0.12:
            return Sent(seconds, self._place("broken"), Data(b"broken", b'{"specversion": "1.0"}', ()))
        if draw < 0.2 and self._before:
            return chance.choice(self._before)._replace(seconds=seconds)
        if draw < 0.28:
            return Sent(seconds, TopicPartition(CHANGES, 0), Data(None, self._change(at), ()))
        known = draw < 0.7 and self._revisies
        contact_id = self._known() if known else f"c-{at}"
        revisie = self._revisies[contact_id] = self._revisies.get(contact_id, 0) + 1
        data = Data(contact_id.encode(), self._contact(contact_id, revisie), ())
        # Some publishers change the key of a correction.
        moved = revisie > 1 and chance.random() < 0.35
        return Sent(seconds, self._place(contact_id + ("-moved" if moved else "")), data)

    def _known(self) -> str:
        """Return a contact that was sent before, more often the last one: corrections come in rows."""
        last = next(reversed(self._revisies))
        return last if self._chance.random() < 0.5 else self._chance.choice(list(self._revisies))

    @staticmethod
    def _place(key: str) -> TopicPartition:
        return TopicPartition(CONTACTS, crc32(key.encode()) % PARTITIONS[CONTACTS])

    def _contact(self, contact_id: str, revisie: int, *, is_empty: bool = False) -> bytes:
        """Return a revisie. `is_empty`: nothing of it may be kept."""
        chance = self._chance
        people = [examples.stranger("a") if is_empty else self._person("a")]
        if chance.random() < 0.2:
            people.append(examples.stranger("b", adressen=[examples.phone()]))
        onderwerpen = [
            examples.onderwerp(
                f"o{at}", opvolging=examples.CALL_BACK if chance.random() < 0.5 and not is_empty else None
            )
            for at in range(chance.choice([1, 1, 1, 2]))
        ]
        contact = examples.contact(
            contact_id,
            betrokkenen=people,
            onderwerpen=onderwerpen,
            revisie=revisie,
            op=f"2026-11-{chance.randint(1, 18):02}T09:50:00Z",
            vertrouwelijk=chance.random() < 0.15 or None,
        )
        return examples.line(examples.event(contact, event_id=f"e-{contact_id}-{revisie}"))

    def _person(self, ref: str) -> Wire:
        chance = self._chance
        if chance.random() < 0.25:
            return examples.stranger(ref, adressen=[examples.phone()])
        said = chance.choice([None, "gegeven", "gegeven", "geweigerd", "ingetrokken"])
        details = [examples.email(), examples.phone()][: chance.randint(0, 2)]
        return examples.known(ref, examples.nth_bsn(chance.randrange(KLANTEN)), toestemming=said, adressen=details)

    def _change(self, at: int) -> bytes:
        chance = self._chance
        said = chance.choice(["gegeven", "ingetrokken"])
        numbers = [examples.bsn(examples.nth_bsn(chance.randrange(KLANTEN)))]
        change = examples.change(
            said, wijziging_id=f"w-{at}", op=f"2026-11-{chance.randint(1, 18):02}T12:00:00Z", identificatoren=numbers
        )
        event = examples.event(change, event_id=f"e-w-{at}", other={"type": examples.CHANGED})
        return examples.line(event)
