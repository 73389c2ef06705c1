"""The findings of the doctor, and its advice."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.classifier.mongo.key import RegisterKey
from services.domain.sleutels import Sleutels
from services.local.servers.network import HOST, free_port
from services.local.servers.stack import local_stack
from services.operations.checks import Check
from services.operations.doctor import MUTE_ADVICE, NO_SOURCES_ADVICE, examine
from services.operations.retain.check import NO_TERMS_ADVICE
from services.operations.topics import create_topics
from services.runtime.mongo.client import address, connect
from services.runtime.secret import HOW_TO_GET_ONE
from services.runtime.settings import Settings
from tests.support.kafka_tools import open_transaction, topic_names


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    return Settings(
        kafka_bootstrap=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=database,
        topic_partitions=2,
        sleutel=SecretStr("s" * 40),
        **topic_names(topics),
    )


async def _found(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in await examine(settings)}


async def test_the_doctor_finds_no_fault_in_a_whole_system(settings: Settings) -> None:
    await create_topics(settings)
    host = address(settings)

    found = await _found(settings)

    assert found.pop("versions").ok
    assert re.fullmatch(r"reaches back \d+\.\d days: it holds what was withdrawn since", found.pop("oplog").found)
    assert list(found.values()) == [
        Check(name="key", ok=True, found="40 bytes, version 1, which the register takes when the classifier starts"),
        Check(
            name="policy",
            ok=True,
            found="version V6898-voorstel-2023-10, the defaults of the contract, names no sources",
            advice=NO_SOURCES_ADVICE,
        ),
        Check(name="retention", ok=True, found="no terms, no KLANTCONTACT_BEWAREN_FILE", advice=NO_TERMS_ADVICE),
        Check(
            name="kafka",
            ok=True,
            found=f"{settings.kafka_bootstrap}: 1 broker, Kafka 4.0 or newer, transactions answer",
        ),
        Check(
            name="topics",
            ok=True,
            found=f"all 9, 2 partitions each, but 1 of {settings.consent_topics[0]}, but 1 of {settings.audit_topic}",
        ),
        Check(name="transactions", ok=True, found="no partition waits for one that is open"),
        Check(
            name="mongodb",
            ok=True,
            found=f"{host}: MongoDB 6.0.5, replica set klantcontact, transactions work",
        ),
        Check(name="rebuild", ok=True, found="no collection of before a rebuild is left"),
        Check(name="slow queries", ok=True, found="none is logged by 1 member"),
        Check(name="stops", ok=True, found="no partition has stopped"),
        Check(name="audit trail", ok=True, found="it has no record yet"),
    ]


@pytest.mark.parametrize(("days", "ok"), [(6, True), (8, False), (None, False)])
async def test_collections_of_before_a_rebuild_may_stay_a_week(
    settings: Settings, days: int | None, *, ok: bool
) -> None:
    async with await connect(settings) as client:
        database = client[settings.mongo_database]
        await database["partijen_vorige"].insert_one({})
        if days is not None:
            since = datetime.now(UTC) - timedelta(days=days)
            await database["herbouw"].insert_one({"_id": "herbouw", "phase": "idle", "swapped": since})

    found = (await _found(settings))["rebuild"]

    stay = "since an unknown day" if days is None else f"for {days} days"
    assert (found.ok, found.found) == (ok, f"partijen_vorige stand there {stay}")
    assert ("rebuild --drop-old" in found.advice) == (not ok)


async def test_a_mongod_that_logs_slow_queries_is_named(settings: Settings, tmp_path: Path) -> None:
    with local_stack(kafka=settings.kafka_bootstrap, folder=tmp_path, use_docker=False) as stack:
        own = settings.model_copy(update={"mongo_uri": stack.mongo_uri})
        quiet = (await _found(own))["slow queries"]
        async with await connect(own) as client:
            await client.admin.command("profile", 0, sampleRate=0.1)
        sampling = (await _found(own))["slow queries"]

    assert quiet.ok
    assert (sampling.ok, sampling.found) == (
        False,
        f"{address(own)} log them, with the contents that were asked or written",
    )
    assert "--slowOpSampleRate 0" in sampling.advice


async def test_a_key_file_that_everybody_may_read_is_warned_of(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "sleutel"
    file.write_text("s" * 40)
    file.chmod(0o644)

    found = await _found(settings.model_copy(update={"sleutel": None, "sleutel_file": file}))

    assert found["secrets"] == Check(
        name="secrets",
        ok=True,
        found=f"KLANTCONTACT_SLEUTEL_FILE: {file} is readable by others",
        advice="Every user of this machine may read it: make it the service's own, with mode 0600.",
    )


async def test_a_broker_that_is_down_beside_one_that_is_not_is_no_fault(settings: Settings) -> None:
    await create_topics(settings)
    some_down = f"{HOST}:{free_port()},{settings.kafka_bootstrap}"

    found = await _found(settings.model_copy(update={"kafka_bootstrap": some_down}))

    assert found["kafka"].ok


async def test_missing_topics_are_named_with_the_command_that_makes_them(settings: Settings) -> None:
    found = await _found(settings)

    assert found["topics"] == Check(
        name="topics",
        ok=False,
        found=f"missing: {', '.join(settings.every_topic)}",
        advice="Run `klantcontact topics create`, correct the settings of topics, or ask for the right to describe "
        "such a topic.",
    )


async def test_a_topic_that_departs_from_its_definition_is_named(settings: Settings) -> None:
    await create_topics(settings)

    found = await _found(settings.model_copy(update={"contact_retention_days": 3}))

    assert found["topics"] == Check(
        name="topics",
        ok=False,
        found="; ".join(f"{each} has retention.ms 604800000, not 259200000" for each in settings.input_topics),
        advice="Change the topic with Kafka's own tools, or the setting when the topic is as you want it.",
    )


async def test_partitions_behind_an_open_transaction_are_named_with_the_time_since_which_they_wait(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_topics(settings)
    kafka, topics = settings.kafka_bootstrap, (settings.contact_topics[0], settings.taak_topic)
    before = datetime.now(UTC).replace(microsecond=0)

    with open_transaction(kafka, topics[0], b"{}"), open_transaction(kafka, topics[1], b"{}"):
        in_flight = (await _found(settings))["transactions"]
        monkeypatch.setattr("services.runtime.kafka.open_transactions.LONG_MS", 0)
        long_open = (await _found(settings))["transactions"]
    ended = (await _found(settings))["transactions"]

    assert in_flight.ok
    assert ended.ok
    told = [
        re.fullmatch(r"partition 0 of (.+) waits since (.+) for the transaction that is open at offset 0", each)
        for each in long_open.found.split("; ")
    ]
    assert [each and each[1] for each in told] == list(topics)
    assert all(each and before <= datetime.fromisoformat(each[2]) <= datetime.now(UTC) for each in told)
    assert (long_open.ok, "Kafka aborts it at its timeout" in long_open.advice) == (False, True)


async def test_a_key_and_a_policy_that_do_not_fit_are_reported(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "beleid.toml"
    file.write_text("versie = ''")

    found = await _found(settings.model_copy(update={"sleutel": SecretStr("geheim"), "beleid_file": file}))

    assert found["key"] == Check(
        name="key",
        ok=False,
        found="The register's key has 6 bytes and needs at least 32. " + HOW_TO_GET_ONE,
    )
    assert found["policy"] == Check(
        name="policy",
        ok=False,
        found=f"KLANTCONTACT_BELEID_FILE: {file} does not fit:\n  versie: String should have at least 1 character",
    )


async def test_a_policy_that_names_sources_is_well_unless_no_topic_of_one_is_read(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "beleid.toml"
    named = settings.model_copy(update={"beleid_file": file})
    both = f'[bronnen."urn:a"]\n[bronnen."urn:b"]\ntopics = ["{settings.contact_topics[0]}", "elsewhere"]\n'

    file.write_text(both)
    well = (await _found(named))["policy"]
    file.write_text(f'{both}[bronnen."urn:c"]\ntopics = ["elsewhere"]\n')
    mute = (await _found(named))["policy"]

    assert well == Check(name="policy", ok=True, found=f"version V6898-voorstel-2023-10, from {file}, names 2 sources")
    assert mute == Check(
        name="policy",
        ok=False,
        found="urn:c may write to elsewhere alone, which the classifier does not read",
        advice=MUTE_ADVICE,
    )


async def test_the_key_is_compared_with_that_of_the_register(settings: Settings) -> None:
    async with await connect(settings) as client:
        await RegisterKey(client[settings.mongo_database], Sleutels(b"s" * 40)).claim()

    own = await _found(settings)
    other = await _found(settings.model_copy(update={"sleutel": SecretStr("t" * 40)}))

    assert own["key"] == Check(name="key", ok=True, found="40 bytes, version 1, that of the register")
    assert (other["key"].ok, other["key"].found.partition(":")[2][:39]) == (
        False,
        " this is not the key of the register in",
    )


async def test_servers_that_are_away_are_reported_and_hide_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.mongo.client.SELECTION_MILLISECONDS", 200)
    monkeypatch.setattr("services.runtime.mongo.client.DIRECT_MILLISECONDS", 200)
    kafka, mongo = f"{HOST}:{free_port()}", f"{HOST}:{free_port()}"

    found = await _found(Settings(kafka_bootstrap=kafka, mongo_uri=f"mongodb://{mongo}/", sleutel=SecretStr("s" * 40)))

    assert [found[name] for name in ("key", "kafka", "topics", "mongodb")] == [
        Check(name="key", ok=False, found=f"MongoDB at {mongo} does not answer."),
        Check(
            name="kafka",
            ok=False,
            found=f"Kafka at {kafka} does not answer.",
            advice="Start it, or correct KLANTCONTACT_KAFKA_BOOTSTRAP.",
        ),
        Check(name="topics", ok=False, found=f"Kafka at {kafka} does not answer."),
        Check(
            name="mongodb",
            ok=False,
            found=f"MongoDB at {mongo} does not answer.",
            advice="Start it, or correct KLANTCONTACT_MONGO_URI.",
        ),
    ]
