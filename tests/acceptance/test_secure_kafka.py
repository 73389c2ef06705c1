"""Over TLS, with logins, and with exactly the rights that `docs/kafka-rights.md` lists: all goes as without.

With fewer, each command and service says so, ends, and leaves everything as it was.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvloop
from aiokafka import TopicPartition
from pydantic import SecretStr
from pymongo import MongoClient

from services.local.servers.network import free_port
from services.local.system import committed_messages
from services.operations.bridge import patience
from services.runtime.kafka.clients import range_consumer
from tests.acceptance.policy import STRICT
from tests.acceptance.secure_town import RIGHTS, Ran, Town, contacts, drop_databases, settings_on
from tests.fakes.open_klant.server import OpenKlant
from tests.support.contacts import SOURCE, encoded
from tests.support.intake_channels import SECRET
from tests.support.kafka_tools import ANSWER_SECONDS, holds_readers_up, publish_values, read_committed
from tests.support.secure_kafka import SecureKafka, make_authority, rights_in, secure_kafka
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

ALL_TOPICS = (
    "topic `contact.ended`, `toestemming.gewijzigd`, `contact.ended.dlq`, `klantcontact.registered`, "
    "`klantcontact.registered.vertrouwelijk`, `taak.created`, `taak.created.vertrouwelijk`, `klantcontact.gewist`, "
    "`klantcontact.audit`"
)

LISTED = "docs/kafka-rights.md lists the rights of each service and command."

TOPICS_TOLD = "does not let this user describe and create topics"

AUDIT = "Read, Write topic `klantcontact.audit`; Write transactional id `klantcontact.audit`"

NO_TRAIL = "Without a record in the audit trail this command shows and changes nothing."

REQUEST = "--request Z-1 --reason verzoek"

INPUTS = "`contact.ended`, `toestemming.gewijzigd`"

STORED = {"klantcontacten": 5, "interne_taken": 5, "partijen": 1, "besluiten": 5}
"""What comes of the five contacts."""

REFUSED = [
    pytest.param("", "publish {events}", "has no topic contact.ended", "ask for the right to describe", id="nothing"),
    pytest.param(
        "Read topic `contact.ended`",
        "publish {events}",
        "does not let this user write to contact.ended",
        "",
        id="no write",
    ),
    pytest.param(
        "Read topic `contact.ended`; Write topic `taak.created`",
        "publish {events}",
        "does not let this user write to contact.ended",
        "Ask for",
        id="no write to contact.ended",
    ),
    pytest.param(f"Describe {ALL_TOPICS}", "dlq list", "does not let this user read", "Ask for", id="no letters"),
    pytest.param(
        f"Read topic `contact.ended.dlq`, {INPUTS}; {AUDIT}",
        "dlq redrive --all",
        "does not let this user write to contact.ended",
        "",
        id="no redrive",
    ),
    pytest.param(
        f"Read topic `contact.ended.dlq`, {INPUTS}; Write topic `taak.created`; {AUDIT}",
        "dlq redrive --all",
        "does not let this user write to contact.ended",
        "0 letters sent back and marked",
        id="no redrive to contact.ended",
    ),
    pytest.param(f"Describe {ALL_TOPICS}", "replay", "does not let this user read", "Ask for", id="no replay"),
    pytest.param(
        f"Read topic `contact.ended`; Describe group `klantcontact-classifier`; {AUDIT}",
        "replay --execute --policy {strict}",
        "does not let this user write to contact.ended",
        "",
        id="no request",
    ),
    pytest.param(
        f"Read, Write topic `contact.ended`; {AUDIT}",
        "replay --execute --policy {strict}",
        "does not let this user see the group klantcontact-classifier",
        "",
        id="no answer to a request",
    ),
    pytest.param(
        f"Read topic {INPUTS}; Describe group `klantcontact-classifier`; {AUDIT}",
        "restrict --on --from {klant} --request Z-2 --reason verzoek",
        "does not let this user write to toestemming.gewijzigd",
        "",
        id="no change",
    ),
    pytest.param(
        f"Write topic `toestemming.gewijzigd`; {AUDIT}",
        "withdraw --from {klant} --request Z-2 --reason verzoek",
        "does not let this user see the group klantcontact-classifier",
        "",
        id="no answer to a change",
    ),
    pytest.param(
        f"Describe {ALL_TOPICS}; {AUDIT}", "rebuild", "does not let this user read", "Ask for", id="no events"
    ),
    pytest.param(
        "Read topic `contact.ended.dlq`", "dlq export", "shows this user no topic", NO_TRAIL, id="no audit topic"
    ),
    pytest.param(
        "Read topic `contact.ended.dlq`, `klantcontact.audit`; Write transactional id `klantcontact.audit`",
        "dlq export",
        "does not let this user write to klantcontact.audit",
        NO_TRAIL,
        id="no append",
    ),
    pytest.param(
        "Read topic `contact.ended.dlq`; Read, Write topic `klantcontact.audit`",
        "dlq export",
        "does not let this user write to klantcontact.audit",
        NO_TRAIL,
        id="no id of the trail",
    ),
    pytest.param(f"Describe {ALL_TOPICS}", "topics create", TOPICS_TOLD, "Ask for", id="no definitions"),
    pytest.param("", "topics create", TOPICS_TOLD, "Ask for", id="no topics"),
]


ANOTHER = "Read group `another`; Write transactional id `another-*`"
BUT_ONE = (
    "`contact.ended.dlq`, `klantcontact.registered.vertrouwelijk`, `taak.created`, `taak.created.vertrouwelijk`, "
    "`klantcontact.gewist`"
)

OTHERS = {
    "no position": f"Read {ALL_TOPICS}; {AUDIT}",
    "no configuration": f"{ANOTHER}; Read, Write {ALL_TOPICS}; Read group `another-projector`",
    "no group": f"Read, Write, DescribeConfigs {ALL_TOPICS}; Write transactional id `another-*`",
    "no id": f"Read, Write, DescribeConfigs {ALL_TOPICS}; Read group `another`",
    "no contacts": f"{ANOTHER}; Describe topic `contact.ended`; Read topic `toestemming.gewijzigd`; "
    f"Write {ALL_TOPICS.replace('`contact.ended`, ', '')}; "
    f"DescribeConfigs {ALL_TOPICS}",
    "no registered": f"{ANOTHER}; Read topic `contact.ended`, `toestemming.gewijzigd`; "
    f"Describe, DescribeConfigs {ALL_TOPICS}; Write topic {BUT_ONE}",
    "no messages": "Describe topic `kanaal.open-forms`",
    "no projector": "Read group `klantcontact-openklant`; Read, DescribeConfigs topic `klantcontact.registered`, "
    "`taak.created`; Write, DescribeConfigs topic `openklant.dlq`",
    "no triggers": "Read group `klantcontact-openklant`; Describe group `klantcontact-projector`; Describe topic "
    "`taak.created`; Read topic `klantcontact.registered`; DescribeConfigs topic `klantcontact.registered`, "
    "`taak.created`, `openklant.dlq`; Write topic `openklant.dlq`",
    "no taken": "Read group `another-projector`; Describe topic `taak.created`; Read topic `klantcontact.registered`, "
    f"`klantcontact.registered.vertrouwelijk`, `taak.created.vertrouwelijk`; DescribeConfigs {ALL_TOPICS}",
}
"""Users from whom something is withheld that they come to only after some time, and services beside the town's."""


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    """A broker with the users of that page, and those of which something is withheld."""
    folder = tmp_path_factory.mktemp("secure")
    with secure_kafka(folder) as running:
        lesser = {f"refused {case.id}": rights_in(str(case.values[0])) for case in REFUSED}
        others = {name: rights_in(words) for name, words in OTHERS.items()}
        running.grant({**RIGHTS, **lesser, **others, "CN=user": RIGHTS["doctor"]})
        yield running


@pytest.fixture(scope="module")
def town(kafka: SecureKafka, mongo_uri: str) -> Iterator[Town]:
    """Both services have taken in five contacts, of which one is known, and one broken event."""
    settings = settings_on(kafka, mongo_uri)
    town = Town(kafka, settings)
    (kafka.folder / "events").write_bytes(b"\n".join([*map(encoded, contacts()), b'{"kapot": true}']))
    (kafka.folder / "strict").write_text(STRICT)
    (kafka.folder / "who").write_text(json.dumps({"source": SOURCE, "contactId": "c-1"}))
    (kafka.folder / "whom").write_text(json.dumps({"source": SOURCE, "contactId": "never-came"}))
    identificatoren = contacts()[0]["data"]["betrokkenen"][0]["partijIdentificatoren"]
    (kafka.folder / "klant").write_text(json.dumps({"partijIdentificatoren": identificatoren}))
    assert town.run("topics create", "topics create").status == 0
    with ExitStack() as undo:
        undo.callback(drop_databases, settings)
        services = [town.service(name, town.settings_of(f"run {name}")) for name in ("classifier", "projector")]
        for service in services:
            undo.enter_context(service)
        assert town.run("publish", "publish {events}") == Ran(0, "6 sent, 0 refused by the broker\n")
        for service in services:
            wait_for("it is ready", service.is_ready)
        # Each output topic is projected by itself, and the dead letter comes from a partition of its own.
        wait_for("all is stored", lambda: [town.documents().get(name) for name in STORED] == list(STORED.values()))
        letters = settings.dead_letter_topic
        wait_for("the broken event is a letter", lambda: len(read_committed(kafka.plain, [letters])) == 1)
        yield town


# Enough rights --------------------------------------------------------------------------------------------------------


def test_each_command_and_service_that_reaches_kafka_has_a_row() -> None:
    services = {"run bridge", "run classifier", "run intake", "run mapper", "run projector"}
    others = {"publish", "topics create", "topics mark", "doctor", "explain", "rebuild"}
    assert RIGHTS.keys() == services | others | {
        "access",
        "affected",
        "erase-report",
        "dlq",
        "dlq redrive",
        "replay",
        "replay --execute",
        "skip",
        "bridge doctor",
        "bridge backfill",
        "bridge reconcile",
        "rotate-key",
        "audit",
        "erase",
        "erase --reapply",
        "selftest",
        "withdraw",
        "restrict",
        "retain",
    }


def test_a_contact_goes_in_and_its_documents_come_out(town: Town) -> None:
    documents = town.documents()

    assert {name: documents[name] for name in STORED} == STORED


SERVED = [
    ("doctor", "doctor", 0, "transactions answer"),
    ("topics create", "topics create", 0, "existed"),
    ("topics mark", "topics mark", 0, ""),
    ("dlq", "dlq list", 0, "1 letter in 1 group"),
    ("dlq redrive", "dlq redrive --all", 0, "1 letter sent back"),
    ("replay", "replay", 0, "5  same"),
    # The classifier has another policy, and hears and leaves what it is asked.
    (
        "replay --execute",
        "replay --execute --policy {strict}",
        1,
        "does the classifier run with the policy that was used here?",
    ),
    ("explain", "explain c-1", 0, "stored, revisie 1, judgement 1"),
    ("access", "access --from {who} --request Z-1 --reason test --json", 0, '"soort":"nl.klantinteracties.inzage"'),
    ("erase-report", "erase-report --request Z-1", 1, "The ledger has nothing of this request"),
    (
        "affected",
        "affected --topic contact.ended --since 1d --request Z-1 --reason test",
        0,
        "records of 5 contacts and 1 known klant",
    ),
    ("rebuild", "rebuild", 0, "The new collections are in place"),
    ("rebuild", "rebuild --drop-old", 0, "interne_taken_vorige                 5 documents dropped"),
    ("erase", f"erase --contact --from {{whom}} {REQUEST}", 0, "1  contacts as a whole"),
    ("erase --reapply", f"erase --reapply {REQUEST}", 0, "There is nothing left of it to erase"),
    ("selftest", "selftest", 0, "documents gone again"),
    ("withdraw", f"withdraw --from {{klant}} {REQUEST}", 0, "No consent is in force."),
    ("restrict", f"restrict --on --from {{klant}} {REQUEST}", 0, "Its processing is restricted"),
    ("restrict", f"restrict --off --from {{klant}} {REQUEST}", 0, "Its processing is not restricted."),
    ("retain", f"retain {REQUEST}", 0, "Went: 0 contacts"),
    ("refused nothing", "stats", 0, "V2 "),
    ("dlq", "dlq export", 0, "1 letter written"),
    ("audit", "audit verify", 0, "The trail is whole."),
    ("audit", "audit show --command explain", 0, "User:explain"),
]


@pytest.mark.parametrize(("user", "command", "status", "says"), SERVED, ids=[command for _, command, *_ in SERVED])
def test_the_rights_of_the_page_are_enough(town: Town, user: str, command: str, status: int, says: str) -> None:
    ran = town.run(user, command)

    assert says in ran.said
    assert ran.status == status


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [("bridge backfill", 0, ""), ("bridge reconcile --repair", 1, "Open Klant")],
    ids=["backfill", "reconcile"],
)
def test_the_rights_of_the_page_are_enough_to_change_open_klant(
    town: Town, command: str, status: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No source goes out, and nobody answers there: each command still writes to the audit trail first."""
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 1.0)
    token = town.kafka.folder / "openklant.token"
    token.write_text("0" * 40)
    away = {"openklant_url": "http://127.0.0.1:9", "openklant_token_file": token}

    ran = town.run(" ".join(command.split()[:2]), command, away)

    assert says in ran.said
    assert ran.status == status
    assert command.split()[1] in town.run("audit", "audit show --command bridge").said


_AFFECTED_FORMS = f"affected --topic kanaal.open-forms --since 1d {REQUEST}"
_ACCESS = f"access --from {{who}} --json {REQUEST}"


def test_the_rights_of_the_page_are_enough_for_a_channel(town: Town) -> None:
    file = town.kafka.folder / "kanalen.toml"
    file.write_text('[kanaal.open-forms]\nmapping = "open-forms"', "utf-8")
    channel = {"kanalen_file": file}
    letters = "--in kanaal.open-forms.dlq"

    assert "kanaal.open-forms.dlq" in town.run("topics create", "topics create", channel).said
    publish_values(town.kafka.plain, "kanaal.open-forms", [b"{"])
    with town.service("mapper", town.settings_of("run mapper").model_copy(update=channel)) as mapper:
        wait_for("it is a letter", lambda: sum(mapper.measured("klantcontact_dead_letters_total").values()) == 1)
        wait_for("it can be read", lambda: not holds_readers_up(town.kafka.plain, ["kanaal.open-forms.dlq"]))
        assert (
            "open-forms: open-forms/1, from kanaal.open-forms to contact.ended"
            in town.run("doctor", "doctor", channel).said
        )
        assert "1 letter in 1 group" in town.run("dlq", f"dlq list {letters}", channel).said
        assert "no event" in town.run("replay", "replay --topic kanaal.open-forms", channel).said
        told = [town.run("explain", f"explain kanaal.open-forms:{each}:0", channel).said for each in (0, 1)]
        assert "onleesbaar" in "".join(told)
        assert "1 record of 0 contacts" in town.run("affected", _AFFECTED_FORMS, channel).said
        assert '"kanaal.open-forms"' in town.run("access", _ACCESS, channel).said
        assert "1 letter sent back" in town.run("dlq redrive", f"dlq redrive --all {letters}", channel).said
        wait_for("it is one again", lambda: sum(mapper.measured("klantcontact_dead_letters_total").values()) == 2)


@pytest.fixture(scope="module")
def beside(town: Town) -> Iterator[tuple[OpenKlant, dict[str, object]]]:
    """An Open Klant in which somebody else has the number of one klantcontact, and the settings with which the bridge
    finds it. The projector shows one of the five klantcontacten no more.
    """
    token = town.kafka.folder / "openklant.token"
    with OpenKlant().running() as open_klant, MongoClient[dict[str, Any]](town.settings.mongo_uri) as client:
        token.write_text(open_klant.token)
        shown = client[town.settings.mongo_database]["klantcontacten"]
        numbers = sorted(each["klantcontact"]["nummer"] for each in shown.find())
        theirs = {"nummer": numbers[0], "kanaal": "balie", "onderwerp": "x", "taal": "nld", "vertrouwelijk": False}
        httpx.post(
            f"{open_klant.url}/klantcontacten",
            json=theirs,
            headers={"Authorization": f"Token {open_klant.token}"},
            timeout=ANSWER_SECONDS,
            trust_env=False,
        ).raise_for_status()
        one = shown.find_one_and_delete({"klantcontact.nummer": numbers[1]})
        assert one is not None
        yield (
            open_klant,
            {"openklant_url": open_klant.root, "openklant_token_file": token, "bridge_sources": SOURCE},
        )
        shown.insert_one(one)


def _unread_by_the_bridge(town: Town) -> bool:
    """Whether the bridge has a record to read. Its own lag is 0 too before it knows its partitions."""
    settings = town.settings
    unread = committed_messages(town.kafka.plain, settings.bridge_topics, after_group=settings.openklant_group)
    return any(True for _ in unread)


def test_the_rights_of_the_page_are_enough_for_the_bridge(
    town: Town, beside: tuple[OpenKlant, dict[str, object]]
) -> None:
    """It asks how far the projector is about the klantcontact that is gone, and writes letters about the number, of
    the klantcontact and of its taak.
    """
    open_klant, there = beside
    assert "openklant.dlq" in town.run("topics create", "topics create", there).said

    with town.service("bridge", town.settings_of("run bridge").model_copy(update=there)) as bridge:
        wait_for("all is handled", lambda: not _unread_by_the_bridge(town))
        wait_for("it is ready", bridge.is_ready)

    assert len(open_klant.register["klantcontacten"].rows) == 1 + 3
    assert "2 letters in 1 group" in town.run("dlq", "dlq list --in openklant.dlq", there).said
    checks = json.loads(town.run("bridge doctor", "bridge doctor --json", there).said)["checks"]
    assert {each["name"]: each["found"] for each in checks if each["name"] in {"projector", "bridge"}} == {
        "projector": "has read everything",
        "bridge": "has read everything",
    }


@pytest.mark.parametrize(
    ("user", "told"),
    [
        ("no projector", "does not let this user see the group klantcontact-projector"),
        ("no triggers", "a right that it needs on a topic: taak.created"),
    ],
)
def test_a_bridge_that_may_not_read_ends_and_says_so(
    town: Town, beside: tuple[OpenKlant, dict[str, object]], user: str, told: str
) -> None:
    with town.service("bridge", town.settings_of(user).model_copy(update=beside[1])) as process:
        status = process.wait()

    (refused,) = process.log("service.refused")
    assert status == 2
    assert told in refused["reason"]


def test_a_user_may_be_known_by_its_certificate(town: Town) -> None:
    certificate = {
        "kafka_certificate_file": town.kafka.folder / "user.pem",
        "kafka_key_file": town.kafka.folder / "user.key",
    }
    no_login = {"kafka_security_protocol": "SSL", "kafka_username": None, "kafka_password": None}

    ran = town.run("", "doctor", {"kafka_bootstrap": town.kafka.certificate, **certificate, **no_login})

    told = "all 9, 2 partitions each, but 1 of toestemming.gewijzigd, but 1 of klantcontact.audit"
    assert told in ran.said
    assert ran.status == 0


def test_a_reader_is_gone_as_soon_as_it_is_stopped(town: Town) -> None:
    """TLS says farewell, and the broker answers only when it has nothing else to say."""
    place = TopicPartition(town.settings.taak_topic, 0)

    async def is_gone_soon() -> bool:
        reader = range_consumer(town.settings_of("rebuild"))
        await reader.start()
        reader.assign([place])
        reader.seek(place, 0)
        await reader.getmany(timeout_ms=200)
        stopping = asyncio.create_task(reader.stop())
        gone, _ = await asyncio.wait({stopping}, timeout=ANSWER_SECONDS)
        await stopping
        return bool(gone)

    async def several_times() -> list[bool]:
        return [await is_gone_soon() for _ in range(5)]

    assert all(uvloop.run(several_times()))


# Not let in -----------------------------------------------------------------------------------------------------------

STRANGERS = [
    pytest.param(
        {"kafka_password": SecretStr("verkeerd-wachtwoord")},
        "refuses the login. Correct KLANTCONTACT_KAFKA_USERNAME or its password.",
        id="wrong password",
    ),
    pytest.param(
        {"kafka_ca_file": "other.pem"},
        "is not trusted: unable to get local issuer certificate. Put the CA that signed it in "
        "KLANTCONTACT_KAFKA_CA_FILE",
        id="an authority that did not sign",
    ),
    pytest.param(
        {"kafka_sasl_mechanism": "SCRAM-SHA-256"},
        "has no such login. Correct KLANTCONTACT_KAFKA_SASL_MECHANISM.",
        id="a mechanism that the broker does not have",
    ),
    pytest.param(
        {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_ca_file": None},
        "hangs up at the first word. Does KLANTCONTACT_KAFKA_SECURITY_PROTOCOL fit that port?",
        id="no TLS",
    ),
]


@pytest.mark.parametrize(("changes", "says"), STRANGERS)
@pytest.mark.parametrize("command", ["doctor", "publish {events}"])
def test_who_is_not_let_in_hears_why(town: Town, command: str, changes: dict[str, object], says: str) -> None:
    make_authority(town.kafka.folder, "other")
    if changes.get("kafka_ca_file"):
        changes = {"kafka_ca_file": town.kafka.folder / "other.pem"}
    before = town.ends()

    ran = town.run("publish", command, changes)

    assert says in ran.said
    assert "verkeerd-wachtwoord" not in ran.said
    assert ran.status == (1 if command == "doctor" or "hangs up" in says else 2)
    assert town.ends() == before


def test_a_service_with_a_wrong_password_ends_and_says_so(town: Town) -> None:
    wrong = {"kafka_username": "run classifier", "kafka_password": SecretStr("verkeerd-wachtwoord")}
    with town.service("classifier", town.settings.model_copy(update=wrong)) as process:
        status = process.wait()

    (refused,) = process.log("service.refused")
    assert status == 2
    assert refused["reason"].endswith("refuses the login. Correct KLANTCONTACT_KAFKA_USERNAME or its password.")
    assert "verkeerd-wachtwoord" not in process.said()


# Too few rights -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("_rights", "command", "says", "and_says"), REFUSED)
def test_a_command_that_lacks_a_right_says_so_and_does_nothing(
    town: Town, request: pytest.FixtureRequest, _rights: str, command: str, says: str, and_says: str
) -> None:
    before = town.documents(), town.ends()

    ran = town.run(f"refused {request.node.callspec.id}", command)

    assert says in ran.said
    assert and_says in ran.said
    assert ran.status == 2
    assert (town.documents(), town.ends()) == before


def test_a_rebuild_that_may_not_see_how_far_the_projector_is_leaves_all_as_it_was(town: Town) -> None:
    """It asks only where documents differ, and has built everything by then."""
    with MongoClient[dict[str, Any]](town.settings.mongo_uri) as client:
        taken = client[town.settings.mongo_database]["interne_taken"]
        one = taken.find_one_and_delete({})
        assert one is not None
        before = town.documents()

        ran = town.run("no position", "rebuild")

        after = town.documents()
        taken.insert_one(one)
    assert "does not let this user see the group klantcontact-projector" in ran.said
    assert (ran.status, after) == (2, before)


@pytest.mark.parametrize(
    ("service", "user", "lacks"),
    [
        ("classifier", "no group", "a group: another"),
        ("classifier", "no contacts", "a topic: contact.ended"),
        ("projector", "no taken", "a topic: taak.created"),
    ],
)
def test_a_service_that_may_not_read_ends_and_says_so(town: Town, service: str, user: str, lacks: str) -> None:
    with town.service(service, town.in_another_group(user)) as process:
        status = process.wait()

    (refused,) = process.log("service.refused")
    assert status == 2
    assert refused["reason"] == f"Kafka does not give this user a right that it needs on {lacks}. {LISTED}"


@pytest.mark.parametrize("service", ["classifier", "projector"])
def test_a_service_that_may_not_see_whose_clock_its_topics_keep_ends_and_names_the_right(
    town: Town, service: str
) -> None:
    with town.service(service, town.in_another_group("no configuration")) as process:
        status = process.wait()

    (refused,) = process.log("service.refused")
    names = town.settings.topics if service == "classifier" else town.settings.output_topics
    assert status == 2
    told = f"does not let this user describe the configuration of {', '.join(names)} (DescribeConfigs)"
    assert told in refused["reason"]


@pytest.mark.parametrize(
    ("user", "lacks"),
    [
        ("no id", "a transactional id"),
        # It says which one at first, and this when it takes the partition over again.
        ("no registered", "a topic"),
    ],
)
def test_a_classifier_that_may_not_write_waits_and_says_so(town: Town, user: str, lacks: str) -> None:
    told = f"Kafka does not give this user a right that it needs on {lacks}. {LISTED}"
    before = town.committed()

    with town.service("classifier", town.in_another_group(user)) as process:
        wait_for("it says so", lambda: process.reasons().get("kafka") == told)

    assert town.committed() == before


@pytest.fixture(scope="module")
def one_channel(town: Town) -> Path:
    """A channels file with one channel, whose raw topic is there."""
    (town.kafka.folder / "geheim").write_text(SECRET)
    file = town.kafka.folder / "intake.toml"
    file.write_text(
        '[kanaal.open-forms]\nmapping = "open-forms"\nauthenticatie = "api_sleutel"\ngeheim_bestand = "geheim"\n'
    )
    assert town.run("topics create", "topics create", {"kanalen_file": file}).status == 0
    return file


@pytest.mark.parametrize(
    ("user", "status", "told"),
    [
        ("run intake", 204, None),
        # Without Write on any topic Kafka does not even number what it sends.
        ("no messages", 503, f"Kafka does not give this user a right that it needs on the cluster. {LISTED}"),
    ],
)
def test_the_intake_answers_2xx_only_where_it_may_write(
    town: Town, one_channel: Path, user: str, status: int, told: str | None
) -> None:
    settings = town.settings_of(user).model_copy(update={"kanalen_file": one_channel, "intake_port": free_port()})
    with town.service("intake", settings) as process:
        wait_for("it takes requests", lambda: process.log("intake.served"))
        answer = httpx.post(
            f"http://127.0.0.1:{settings.intake_port}/in/open-forms",
            json={},
            headers={"Authorization": SECRET},
            timeout=ANSWER_SECONDS,
            trust_env=False,
        )
        assert answer.status_code == status
        wait_for("readiness has looked", lambda: process.status("/readyz") in {200, 503} and _told(process) == told)


def _told(process: ServiceProcess) -> str | None:
    return process.reasons().get("kafka")
