"""What publishers send: contacts of a few klanten with consent that changes, corrections, repeats and broken ones."""

import random
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
    made = _Publishers(chance)
    return sorted(made.next(at) for at in range(number))


def corrected(chance: random.Random) -> Data:
    """Return what an operator makes of a broken contact."""
    contact_id = f"c-redriven-{chance.randrange(2)}"
    return Data(contact_id.encode(), examples.line(examples.event(examples.contact(contact_id))), ())


class _Publishers:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._revisies: dict[str, int] = {}
        self._before: list[Sent] = []

    def next(self, at: int) -> Sent:
        sent = self._sent(at)
        self._before.append(sent)
        return sent

    def _sent(self, at: int) -> Sent:
        chance = self._chance
        seconds = at * 0.15 + chance.uniform(0, 0.1)
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

    def _contact(self, contact_id: str, revisie: int) -> bytes:
        chance = self._chance
        people = [self._person("a")]
        if chance.random() < 0.2:
            people.append(examples.stranger("b", adressen=[examples.phone()]))
        onderwerpen = [
            examples.onderwerp(f"o{at}", opvolging=examples.CALL_BACK if chance.random() < 0.5 else None)
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
