"""A marked value in every personal field, followed through the whole system: it stands only where its rule allows.

Each event has marks of its own, so that a mark that turns up names its event and its field.
"""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from services.local.servers.stack import Stack
from services.local.system import System
from tests.acceptance.pipeline import documents, publish, read_all, wait_until_all_is_stored
from tests.acceptance.trace_receiver import TraceReceiver
from tests.support.commands import run_command
from tests.support.kafka_tools import ANSWER_SECONDS
from tests.support.waiting import wait_for

BSNS = {"V1": "999940454", "V3": "999940466", "V4": "999940478", "invalid": "999940491"}
"""The number is a mark too: a digest of it may be stored, the number itself only where the rule allows."""

PERSONAL = (
    "voorletters",
    "voornaam",
    "voorvoegsel",
    "achternaam",
    "organisatienaam",
    "pseudoniem",
    "followup",
    "default",
    "street",
    "line",
    "onderwerp",
    "inhoud",
    "extra",
)


def _mark(event: str, field: str) -> str:
    return f"zq{event.lower()}{PERSONAL.index(field):02}qz"


def _betrokkene(event: str, *, authenticated: bool, toestemming: str) -> dict[str, Any]:
    betrokkene: dict[str, Any] = {
        "ref": "k",
        "rol": "klant",
        "contactnaam": {
            "voorletters": _mark(event, "voorletters"),
            "voornaam": _mark(event, "voornaam"),
            "voorvoegselAchternaam": _mark(event, "voorvoegsel"),
            "achternaam": _mark(event, "achternaam"),
        },
        "organisatienaam": _mark(event, "organisatienaam"),
        "toestemmingHergebruik": toestemming,
        "partijIdentificatoren": [
            {
                "codeRegister": "brp",
                "codeObjecttype": "natuurlijk_persoon",
                "codeSoortObjectId": "bsn",
                "objectId": BSNS[event],
            }
        ],
        "digitaleAdressen": [
            {"soortDigitaalAdres": "overig", "adres": _mark(event, "followup")},
            {"soortDigitaalAdres": "overig", "adres": _mark(event, "default"), "gebruik": "standaard"},
        ],
        "bezoekadres": {"straatnaam": _mark(event, "street"), "gebruik": "standaard"},
        "correspondentieadres": {"adresregel1": _mark(event, "line")},
        "onbekend": _mark(event, "extra"),
    }
    if authenticated:
        betrokkene["authenticatie"] = {"middel": "digid", "pseudoniem": _mark(event, "pseudoniem")}
    return betrokkene


def _trace_of(event: str) -> str:
    return f"{event.encode().hex():0>32}"


def _event(event: str, *, authenticated: bool, toestemming: str = "niet_gevraagd") -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"canary-{event}",
        "source": "urn:nld:oin:00000001823288444000:systeem:telefonie",
        "type": "nl.klantinteracties.contact.ended",
        "time": "2026-03-02T10:00:00Z",
        "traceparent": f"00-{_trace_of(event)}-00f067aa0ba902b7-01",
        "data": {
            "contactId": f"canary-{event}",
            "kanaal": "telefoon",
            "plaatsgevondenOp": "2026-03-02T09:50:00Z",
            "actoren": [{"soortActor": "medewerker", "naam": "KCC"}],
            "betrokkenen": [_betrokkene(event, authenticated=authenticated, toestemming=toestemming)],
            "onderwerpen": [
                {
                    "onderwerpId": f"subject-{event}",
                    "onderwerp": _mark(event, "onderwerp"),
                    "inhoud": _mark(event, "inhoud"),
                }
            ],
        },
    }


def _invalid() -> dict[str, Any]:
    event = _event("invalid", authenticated=True, toestemming="gegeven")
    betrokkene = event["data"]["betrokkenen"][0]
    event["source"] = _mark("invalid", "organisatienaam")
    betrokkene["rol"] = _mark("invalid", "achternaam")
    betrokkene["toestemmingHergebruik"] = _mark("invalid", "voornaam")
    event["data"]["plaatsgevondenOp"] = _mark("invalid", "inhoud")
    return event


ALLOWED = {
    "V1": frozenset[str](),
    "V3": frozenset({BSNS["V3"], _mark("V3", "onderwerp"), _mark("V3", "inhoud")}),
    "V4": frozenset(
        {
            BSNS["V4"],
            *(_mark("V4", each) for each in PERSONAL if each not in {"pseudoniem", "followup", "line", "extra"}),
        }
    ),
    "invalid": frozenset[str](),
}
"""What may stand in outputs and collections: nothing asks for follow-up here, so details for that go nowhere."""


@pytest.fixture(scope="module")
def traces() -> Iterator[TraceReceiver]:
    """What takes the traces of the services that are started after this."""
    with TraceReceiver() as receiver, pytest.MonkeyPatch.context() as environment:
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        yield receiver


@pytest.fixture(scope="module")
def fed(traces: TraceReceiver, system: System) -> System:
    assert traces.endpoint
    with MongoClient[dict[str, Any]](system.settings.mongo_uri) as client:
        client.admin.command("profile", 0, slowms=-1)  # all that mongod would log of a slow query, it logs of each
    publish(
        system,
        [
            _event("V1", authenticated=False, toestemming="gegeven"),
            _event("V3", authenticated=True),
            _event("V4", authenticated=True, toestemming="gegeven"),
            _invalid(),
            json.dumps(_event("V4", authenticated=True, toestemming="gegeven")).encode()[:-40],
        ],
    )
    wait_until_all_is_stored(system)
    return system


def _marks(event: str) -> Iterator[str]:
    yield BSNS[event]
    yield from (_mark(event, field) for field in PERSONAL)


EVERY_MARK = [mark for event in BSNS for mark in _marks(event)]


def _found(text: str) -> set[str]:
    return {mark for mark in EVERY_MARK if mark in text}


def test_no_mark_is_in_a_log_line_or_a_metric(fed: System) -> None:
    for name, service in fed.services.items():
        log = service.log_file.read_text(encoding="utf-8")
        assert "contact.decided" in log or name == "projector", "the log has to say something to be of any use here"
        assert _found(log) == set()
        with urllib.request.urlopen(f"http://{service.address}/metrics", timeout=ANSWER_SECONDS) as answer:
            assert _found(answer.read().decode()) == set()
        with urllib.request.urlopen(f"http://{service.address}/readyz", timeout=ANSWER_SECONDS) as answer:
            assert _found(answer.read().decode()) == set()


def test_each_contact_has_one_trace_from_its_publisher_to_what_is_stored_without_a_mark(
    traces: TraceReceiver, fed: System
) -> None:
    assert fed.services
    stored = ["contact.decide", "klantcontact.store"]
    expected = {_trace_of("V1"): ["contact.decide"], _trace_of("V3"): stored, _trace_of("V4"): stored}
    wait_for("every span is exported", lambda: traces.names() == expected)
    assert _found(traces.text()) == set()


def test_every_line_of_the_logs_is_one_json_object_with_an_event(fed: System) -> None:
    for service in fed.services.values():
        for line in service.log_file.read_text(encoding="utf-8").splitlines():
            assert "event" in json.loads(line), line


def test_no_mark_is_in_a_key_or_a_header(fed: System) -> None:
    for message in read_all(fed, fed.settings.topics):
        envelope = [
            message.key or b"",
            *(part for name, value in message.headers for part in (name.encode(), value or b"")),
        ]
        assert _found(b" ".join(envelope).decode("utf-8", "replace")) == set()


def test_the_outputs_hold_what_the_rules_allow_and_nothing_else(fed: System) -> None:
    outputs = read_all(fed, fed.settings.output_topics)
    found = _found(" ".join(message.value.decode() for message in outputs))
    assert found == set().union(*ALLOWED.values())


def test_the_collections_hold_what_the_rules_allow_and_nothing_else(fed: System) -> None:
    stored = documents(fed)
    read_models = {name: stored.pop(name) for name in ("klantcontacten", "partijen", "interne_taken")}
    assert _found(json.dumps(read_models, default=str)) == set().union(*ALLOWED.values())
    assert {"besluiten", "partijregister"} <= set(stored)
    assert _found(json.dumps(stored, default=str)) == set()


def test_no_name_of_a_contact_that_left_no_trace_is_in_a_collection(fed: System) -> None:
    stored = json.dumps(documents(fed), default=str)
    names = [name for event in ("V1", "V4") for name in (f"canary-{event}", f"subject-{event}", _trace_of(event))]
    assert [name for name in names if name in stored] == ["canary-V4", "subject-V4", _trace_of("V4")]


def test_what_is_refused_is_sealed_and_opens_with_the_key_of_the_register_alone(fed: System) -> None:
    letters = read_all(fed, [fed.settings.dead_letter_topic])
    assert len(letters) == 2
    assert _found(" ".join(repr(each) for each in letters)) == set()
    exported = run_command(fed.settings, "dlq", "export")
    assert _found(exported.stdout) >= {_mark("invalid", "inhoud"), _mark("V4", "street")}
    assert _found(exported.stderr) == set()
    without = fed.settings.model_copy(update={"sleutel": None, "sleutel_file": None})
    refused = run_command(without, "dlq", "export")
    assert (refused.stdout, _found(refused.stderr)) == ("", set())
    assert "2 left out: the content can't be read: the settings hold no key" in refused.stderr


def test_the_log_of_mongod_holds_no_mark(stack: Stack, fed: System) -> None:
    assert fed.services
    if stack.mongod is not None:
        assert _found(stack.mongod.log_file.read_text(encoding="utf-8", errors="replace")) == set()


def test_no_file_beside_the_topics_and_the_database_holds_a_mark(fed: System) -> None:
    written = [path for path in Path(fed.home).glob("*.log") if path.is_file()]
    assert written
    assert all(_found(path.read_text(encoding="utf-8", errors="replace")) == set() for path in written)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_no_mark_is_in_an_explanation_or_a_count(fed: System, options: tuple[str, ...]) -> None:
    for event in BSNS:
        told = run_command(fed.settings, "explain", f"canary-{event}", *options)
        assert f"canary-{event}" in told.stdout, "it has to say something to be of any use here"
        assert _found(told.stdout + told.stderr) == set()
    counted = run_command(fed.settings, "stats", "--by", "rule,source,day", *options)
    assert "V4" in counted.stdout
    assert _found(counted.stdout + counted.stderr) == set()
