"""A register in memory to which a test brings contacts one by one, and the outcome of each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import orjson

from schemas.faults import Fault
from schemas.positions import Position
from schemas.reading.decoding import Received
from services.classifier.changes import ChangeReader, Opdracht, written
from services.domain.besluit import BesluitRecord
from services.domain.case import Case, prepare
from services.domain.events import Event
from services.domain.herbeoordeling import Feiten, Herbeoordeling
from services.domain.numbers import Numbers
from services.domain.outcome import Outcome, Published, Refused, Skipped
from services.domain.policy import DEFAULT, Beleid
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.operations.classify import classify
from services.runtime.kafka.records import Record
from tests.support.examples import SOURCE, Wire, event, line, received, received_change

CLASSIFIER: Final = "urn:nld:oin:00000000000000000000:systeem:klantcontact"
SLEUTELS: Final = Sleutels(b"a key of the tests, thirty-two bytes")
NOW: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Sent:
    """One outgoing event: its topic, its key and its bytes."""

    stream: str
    key: str
    value: bytes

    @property
    def body(self) -> Wire:
        body: Wire = json.loads(self.value)
        return body

    @property
    def kind(self) -> str:
        """The event's type without the prefix that all have."""
        return str(self.body["type"]).removeprefix("nl.klantinteracties.")

    @property
    def data(self) -> Wire:
        data: Wire = self.body["data"]
        return data


@dataclass(frozen=True)
class Brought:
    """The outcome of one contact, and the events that go out for it."""

    outcome: Outcome
    sent: tuple[Sent, ...]

    @property
    def besluit(self) -> BesluitRecord:
        assert isinstance(self.outcome, (Published, Skipped)), self.outcome
        return self.outcome.besluit

    @property
    def faults(self) -> list[Fault]:
        assert isinstance(self.outcome, Refused)
        return list(self.outcome.refusal.faults)

    def of_kind(self, kind: str) -> list[Sent]:
        return [each for each in self.sent if each.kind == kind]

    @property
    def registered(self) -> list[Wire]:
        """The data of each klantcontact that goes out."""
        return [each.data for each in self.of_kind("klantcontact.registered")]

    @property
    def partij(self) -> Wire:
        """The only partij of the first klantcontact."""
        [partij] = self.registered[0]["partijen"]
        return dict(partij)

    @property
    def betrokkene(self) -> Wire:
        """The only betrokkene of the first klantcontact."""
        [betrokkene] = self.registered[0]["betrokkenen"]
        return dict(betrokkene)


@dataclass
class Desk:
    """Judges contacts in the order in which they are brought, each a minute after the one before."""

    beleid: Beleid = DEFAULT
    register: Register = field(init=False)
    now: datetime = NOW
    topic: str = "contact.ended"
    """Where the next contacts lie."""
    brought: int = 0
    """How many contacts were brought: the offset of the next one."""

    def __post_init__(self) -> None:
        self.register = Register(self.beleid, Numbers(count(1), count(1), count(1)))

    def bring(self, data: Wire, *, source: str = SOURCE, event_id: str = "evt-1", other: Wire | None = None) -> Brought:
        """Bring the data of one contact, which must be valid by itself."""
        return self.judge(received(data, source=source, event_id=event_id, other=other))

    def again(
        self,
        data: Wire,
        *,
        besluitversie: int = 1,
        feiten: Feiten = Feiten.VASTGELEGD,
        source: str = SOURCE,
        event_id: str = "evt-copy",
    ) -> Brought:
        """Ask for a new judgement of a contact, with another event around the same contents at another place."""
        copy = received(data, source=source, event_id=event_id)
        return self.judge(copy, herbeoordeling=Herbeoordeling(besluitversie, feiten))

    def say(self, data: Wire, *, source: str = SOURCE) -> Brought:
        """Bring the data of one change of consent outside a contact, which must be valid by itself."""
        return self.judge(received_change(data, source=source))

    def instruct(self, opdracht: Opdracht) -> Brought:
        """Bring an instruction of the municipality itself, as its record is read."""
        value, headers = written(opdracht, CLASSIFIER, SLEUTELS)
        record = Record("toestemming.gewijzigd", 0, self.brought, self.now, None, value, headers)
        case = ChangeReader(("toestemming.gewijzigd",), CLASSIFIER).read(record, SLEUTELS, self.beleid)
        assert isinstance(case, Case)
        return self._judge(case)

    def change_policy(self, beleid: Beleid) -> None:
        """Judge by another policy from then on."""
        self.beleid = self.register.beleid = beleid

    def judge(self, arrived: Received, *, herbeoordeling: Herbeoordeling | None = None) -> Brought:
        position = Position(self.topic, 0, self.brought)
        return self._judge(prepare(arrived, SLEUTELS, self.beleid, position=position, herbeoordeling=herbeoordeling))

    def _judge(self, case: Case) -> Brought:
        outcome = self.register.judge(case, self.now)
        self.now += timedelta(minutes=1)
        self.brought += 1
        out = () if isinstance(outcome, Refused) else outcome.events(CLASSIFIER)
        return Brought(outcome, tuple(sent_of(each) for each in out))


def sent_of(out: Event) -> Sent:
    """Return an event as it goes out."""
    return Sent(out.stream.value, out.key, orjson.dumps(out.body, option=orjson.OPT_UTC_Z))


# Through the dry run


def answers(*contacts: Wire, beleid: Beleid = DEFAULT) -> list[Wire]:
    """Return the answers of `klantcontact classify` for contacts, in order."""
    return list(classify([line(event(each)) for each in contacts], beleid))


def summaries(*contacts: Wire, beleid: Beleid = DEFAULT) -> list[str]:
    """Return in words the outcome of each onderwerp of the last of some contacts."""
    return [summary(each) for each in answers(*contacts, beleid=beleid)[-1]["uitkomsten"]]


def outcome(*contacts: Wire, beleid: Beleid = DEFAULT) -> str:
    """Return in words the outcome of the only onderwerp of the last of some contacts."""
    [only] = summaries(*contacts, beleid=beleid)
    return only


def summary(uitkomst: Mapping[str, Any]) -> str:
    """Return in words the outcome of an onderwerp, as in "V4 klantcontact, taak, partij nieuw, contactgegevens"."""
    parts = [
        "klantcontact" if uitkomst["klantcontact"] else "niets",
        "taak" if uitkomst["interneTaak"] else "",
        "" if uitkomst["partij"] == "geen" else f"partij {uitkomst['partij']}",
        "contactgegevens" if uitkomst["betrokkeneContactgegevens"] else "",
    ]
    return f"{uitkomst['regel']} {', '.join(part for part in parts if part)}"
