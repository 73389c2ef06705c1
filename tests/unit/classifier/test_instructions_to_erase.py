"""An instruction to erase among the contacts of its partition, with the register in memory."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from services.classifier.cases import read
from services.classifier.changes import ChangeReader
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler
from services.classifier.instructions import wissing_of
from services.domain.ids import change_key, contact_key
from services.domain.policy import DEFAULT
from services.domain.sleutels import Sleutels
from services.runtime.errors import TransientFailure
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.records import Record
from services.runtime.observe.health import Health
from services.runtime.settings import Settings
from tests.fakes.clock import FakeClock
from tests.fakes.document_store import DocumentStore
from tests.fakes.letter_keys import FakeLetterKeys
from tests.fakes.publisher import FakePublisher, FakeTopics
from tests.fakes.register_store import FakeRegisterStore
from tests.fakes.stop_store import FakeStopStore
from tests.support.contacts import SOURCE, contact_ended, record
from tests.support.erasing import SLEUTELS, VERZOEK, record_of, to_erase
from tests.support.examples import change, contact, event, known
from tests.support.sealed import SEALER

SETTINGS = Settings(registered_topic="registered", taak_topic="taak", dead_letter_topic="dlq", erased_topic="gewist")
KEY = contact_key(SOURCE, "c-1")
ERASE = to_erase(contact_key=KEY)
CHANGES = ChangeReader(SETTINGS.consent_topics, SETTINGS.source)


class _Bench:
    def __init__(self, store: FakeRegisterStore | DocumentStore) -> None:
        self.store = store
        self.topics = FakeTopics()
        self.publisher = FakePublisher(self.topics)
        self.topics.writer = self.publisher

    async def handle(self, *batch: Record) -> list[Message]:
        """Handle records with a process of its own; return what goes out."""
        before = len(self.topics.messages)
        handler = Handler(
            read=lambda each: read(each, SLEUTELS, DEFAULT, changes=CHANGES),
            store=self.store,
            stop_store=FakeStopStore(),
            letter_keys=FakeLetterKeys(),
            encoder=Encoder(SETTINGS, SEALER),
            clock=FakeClock(),
            health=Health(),
            own_failures_limit=3,
        )
        await handler.handle(batch, self.publisher)
        return self.topics.messages[before:]


@pytest.fixture(params=[FakeRegisterStore, DocumentStore])
def bench(request: pytest.FixtureRequest) -> _Bench:
    return _Bench(request.param())


def kinds(messages: Sequence[Message]) -> list[str]:
    return [_kind(each) for each in messages]


def _kind(message: Message) -> str:
    if message.topic == "gewist":
        return "ledger"
    return str(json.loads(message.value or b"")["type"]).removeprefix("nl.klantinteracties.")


async def test_it_publishes_the_withdrawals_and_a_line_of_the_ledger_in_one_transaction(bench: _Bench) -> None:
    await bench.handle(record(contact_ended()))
    out = await bench.handle(record_of(ERASE, offset=1))
    assert kinds(out) == ["klantcontact.withdrawn", "taak.withdrawn", "ledger"]
    assert bench.publisher.transactions[-1] == (out, 2)
    line = json.loads(out[-1].value or b"")
    assert (out[-1].key, line["soort"], line["verzoek"], line["partijId"]) == (KEY.encode(), "contact", VERZOEK, None)


async def test_it_stands_alone_between_the_contacts_of_its_batch(bench: _Bench) -> None:
    batch = [
        record(contact_ended("c-0")),
        record(contact_ended(), offset=1),
        record_of(ERASE, offset=2),
        record(contact_ended(), offset=3),
        record(contact_ended(revisie=2), offset=4),
        record(contact_ended("c-2"), offset=5),
    ]
    new = ["klantcontact.registered", "taak.created"]
    assert kinds(await bench.handle(*batch)) == [
        *new,
        *new,
        "klantcontact.withdrawn",
        "taak.withdrawn",
        "ledger",
        *new,
    ]
    assert [offset for _, offset in bench.publisher.transactions] == [2, 3, 6]


async def test_when_it_comes_again_after_a_crash_the_very_same_goes_out(bench: _Bench) -> None:
    await bench.handle(record(contact_ended()))
    first = await bench.handle(record_of(ERASE, offset=1))
    # Its decision is recorded, and the position was not committed.
    batch = [record_of(ERASE, offset=1), record(contact_ended(), offset=2), record(contact_ended("c-2"), offset=3)]
    assert (await bench.handle(*batch))[:3] == first


async def test_it_waits_while_the_database_is_away() -> None:
    bench = _Bench(FakeRegisterStore())
    await bench.handle(record(contact_ended()))
    bench.store.failures.append(TransientFailure("away"))  # type: ignore[union-attr] # of this store
    assert kinds(await bench.handle(record_of(ERASE, offset=1)))[-1] == "ledger"


def came(*, offset: int = 0) -> Record:
    klant = known(toestemming="gegeven")
    return record(event(contact("c-1", betrokkenen=[klant]), source=SOURCE), offset=offset)


def said(toestemming: str = "ingetrokken", *, revisie: int | None = None, offset: int = 0) -> Record:
    data = change(toestemming, wijziging_id="w-1", revisie=revisie)
    body = event(data, source=SOURCE, other={"type": "nl.klantinteracties.toestemming.gewijzigd"})
    return replace(record(body, offset=offset), topic=SETTINGS.consent_topics[0])


async def test_one_about_a_change_of_consent_is_read_in_the_topic_of_the_change(bench: _Bench) -> None:
    await bench.handle(came())
    await bench.handle(said("gegeven"))
    about = to_erase(contact_key=change_key(SOURCE, "w-1"))
    out = await bench.handle(replace(record_of(about, offset=1), topic=said().topic))
    assert (kinds(out)[-1], out[-1].key) == ("ledger", str(about.contact_key).encode())
    assert await bench.handle(said("gegeven", offset=2)) == []


async def test_with_the_last_contact_its_changes_of_consent_go(bench: _Bench) -> None:
    await bench.handle(came())
    await bench.handle(said())
    assert kinds(await bench.handle(record_of(ERASE, offset=1)))[-2:] == ["partij.withdrawn", "ledger"]
    assert await bench.handle(said(offset=1)) == []
    assert await bench.handle(said("gegeven", revisie=2, offset=2)) == []


@pytest.mark.parametrize(
    "forged",
    [
        record_of(ERASE, sleutels=Sleutels(b"the key of somebody else altogether")),
        replace(record_of(ERASE), value=record_of(to_erase(contact_key=contact_key(SOURCE, "c-2"))).value),
        replace(record_of(ERASE), value=None),
        replace(record_of(ERASE), headers=[("klantcontact_wissing", None)]),
    ],
)
async def test_nobody_without_the_key_can_ask(bench: _Bench, forged: Record) -> None:
    await bench.handle(record(contact_ended()))
    with capture_logs() as logs:
        [letter] = await bench.handle(replace(forged, offset=1))
    assert letter.topic == "dlq"
    assert [each["header"] for each in logs if each["event"] == "instruction.ignored"] == ["klantcontact_wissing"]
    assert kinds(await bench.handle(record(contact_ended(), offset=2))) == []  # it is not erased: it was seen


async def test_an_instruction_that_no_longer_fits_publishes_nothing_and_is_told(bench: _Bench) -> None:
    await bench.handle(record(contact_ended()), record(contact_ended(revisie=2), offset=1))
    assert await bench.handle(record_of(ERASE, offset=2)) == []
    assert bench.topics.committed == 3


def test_an_instruction_larger_than_a_record_is_read_as_it_was_written() -> None:
    large = replace(
        ERASE, opnieuw=tuple({"klantcontact": {"nummer": str(each), "tekst": "x" * 90_000}} for each in range(50))
    )
    written = record_of(large)
    assert len(written.value or b"") < 256 * 1024
    assert wissing_of(written.headers, written.value, SLEUTELS) == large


def test_an_instruction_is_read_as_it_was_written() -> None:
    written = record_of(ERASE)
    assert wissing_of(written.headers, written.value, SLEUTELS) == ERASE
    assert wissing_of((), written.value, SLEUTELS) is None
