"""A replay that is interrupted, that nobody answers, or whose contacts are gone."""

from collections.abc import Iterator

import pytest
from confluent_kafka import TopicPartition
from pymongo.errors import OperationFailure

from services.classifier.mongo.register import MongoRegister
from services.domain.herbeoordeling import Feiten
from services.domain.policy import Beleid
from services.local.servers.stack import Stack
from services.local.system import System
from services.operations import classifier_group
from services.operations.classifier_group import Unanswered
from services.operations.origin import UnknownContact
from services.operations.replay import judging
from services.operations.replay.differences import Standing
from services.operations.replay.judging import Examined
from services.operations.replay.replay import Replayed, replay
from services.operations.replay.requests import Answer
from services.operations.replay.selection import ContactSelection, InvalidSelection, Offsets
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.toml_file import load_toml_file
from tests.acceptance.pipeline import publish, wait_until_all_is_stored
from tests.acceptance.policy import STRICT, start_classifier_with, system_with_policy_file, write_policy
from tests.support.examples import contact, email, event, known, nth_bsn
from tests.support.kafka_tools import admin_client

NUMBER = 6


@pytest.fixture(scope="module")
def system(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Both services; the classifier has a stricter policy now than when it judged six contacts."""
    with system_with_policy_file(stack, tmp_path_factory.mktemp("system"), partitions=1) as running:
        publish(running, [_contact(number) for number in range(NUMBER)])
        wait_until_all_is_stored(running)
        start_classifier_with(running, STRICT)
        yield running


def _contact(number: int) -> dict[str, object]:
    klant = known(number=nth_bsn(number), toestemming="gegeven", adressen=[email()])
    return event(contact(f"c-{number}", betrokkenen=[klant]))


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


async def execute(
    system: System, selection: ContactSelection | None = None, *, interrupted_after: int = NUMBER, dry: bool = False
) -> Replayed:
    told = 0

    def tell(_: Examined, answer: Answer | None) -> None:
        nonlocal told
        told += answer is not None
        if told > interrupted_after:
            raise Interrupted

    settings = system.settings
    return await replay(
        settings,
        selection or ContactSelection(),
        beleid=load_toml_file(settings.beleid_file, Beleid),
        feiten=Feiten.VASTGELEGD,
        execute=not dry,
        tell=tell,
        progress=lambda _done, _of: None,
    )


async def test_a_dry_run_tells_what_it_could_not_carry_along(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await execute(system, dry=True)).forgotten == 0
    monkeypatch.setattr(judging, "BATCH_SIZE", 1)
    monkeypatch.setattr(judging, "MAX_CARRIED", 2)
    done = await execute(system, dry=True)
    assert done.summary.records[Standing.CHANGES] == NUMBER
    assert done.forgotten == 3
    assert done.as_json()["forgotten"] == 3


async def test_interrupted_it_goes_on_where_it_was(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "BATCH_SIZE", 1)
    with pytest.raises(Interrupted):
        await execute(system, interrupted_after=2)
    rest = await execute(system)
    assert rest.answers == {Answer.AS_SHOWN: NUMBER - 3}
    assert rest.summary.records[Standing.SAME] == 3


async def test_a_classifier_that_does_not_answer_is_told_and_does_it_when_it_is_back(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(system, [_contact(NUMBER)])
    wait_until_all_is_stored(system)
    write_policy(system, 'versie = "weer ruimer"\n')
    system.services["classifier"].stop()
    monkeypatch.setattr(classifier_group, "PATIENCE_SECONDS", 0.5)
    with pytest.raises(Unanswered, match="is it running"):
        await execute(system)
    system.services["classifier"].start()
    wait_until_all_is_stored(system)
    done = await execute(system, dry=True)
    assert done.summary.records[Standing.SAME] == NUMBER + 1
    assert done.summary.records[Standing.CHANGES] == 0


async def test_what_kafka_has_removed_is_named(system: System) -> None:
    topic = system.settings.contact_topics[0]
    with_removed = admin_client(system.settings.kafka_bootstrap).delete_records([TopicPartition(topic, 0, 2)])
    for each in with_removed.values():
        each.result(timeout=20)
    whole = await execute(system, dry=True)
    assert [(each.topic, each.partition, each.first) for each in whole.trimmed] == [(topic, 0, 2)]
    with pytest.raises(InvalidSelection, match="holds offset 2 and later"):
        await execute(system, ContactSelection(offsets=(Offsets(0, 0, 3),)))
    with pytest.raises(UnknownContact, match="is no longer in"):
        await execute(system, ContactSelection(contacts=("c-0",)))


async def test_without_mongodb_nothing_is_asked(system: System) -> None:
    away = system.settings.model_copy(update={"mongo_uri": "mongodb://127.0.0.1:1/?replicaSet=rs0"})
    with pytest.raises(TransientFailure, match="does not answer"):
        await replay(
            away,
            ContactSelection(),
            beleid=Beleid(),
            feiten=Feiten.HUIDIG,
            execute=True,
            tell=lambda _examined, _answer: None,
            progress=lambda _done, _of: None,
        )


async def test_a_right_that_mongodb_does_not_give_is_named(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object) -> None:
        raise OperationFailure("not authorized", 13)

    monkeypatch.setattr(MongoRegister, "_look_up", refused)
    told = f"Ask for the right to read the database {system.settings.mongo_database}"
    with pytest.raises(InvalidSettings, match=told):
        await execute(system, dry=True)
