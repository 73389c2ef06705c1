"""The Logboek Dataverwerkingen gets a record for each decision and each klant whom it concerns, and no value."""

import asyncio
import io
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from services.cli import main
from services.local.servers.stack import Stack
from services.local.system import System
from services.runtime.logboek import export
from services.runtime.logboek.logboek import SUBJECT_TYPE, Activity, Logboek, record_for_command
from services.runtime.settings import Settings
from tests.acceptance.pipeline import documents, publish, wait_until_all_is_stored
from tests.acceptance.shared_system import shared_system
from tests.acceptance.trace_receiver import TraceReceiver
from tests.support.commands import environment
from tests.support.examples import betrokkene, bsn, contact, event, nth_bsn
from tests.support.waiting import wait_for
from tests.unit.runtime.test_logboek import FakeExport

REGISTER = "https://example.nl/verwerkingen/"

UNSAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
"""A trace that its publisher does not keep. The Logboek does."""

CONTACTS = 40

LONG_SECONDS = 10


@pytest.fixture(scope="module")
def receiver() -> Iterator[TraceReceiver]:
    """Where the records go."""
    with TraceReceiver() as running:
        yield running


@pytest.fixture(scope="module")
def system(stack: Stack, receiver: TraceReceiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Both services with a Logboek."""
    home = tmp_path_factory.mktemp("system")
    key = tmp_path_factory.mktemp("key") / "ldv"
    key.write_text("cd" * 32)
    ldv = {
        "ldv_otlp_endpoint": f"{receiver.endpoint}/v1/traces",
        "ldv_sleutel_file": key,
        "ldv_register": REGISTER,
    }
    with shared_system(stack, home, topic_partitions=2, **ldv) as running:
        yield running


def _subject(settings: Settings, partij_id: str) -> str:
    assert settings.ldv_sleutel_file is not None
    return Logboek(FakeExport(), bytes.fromhex(settings.ldv_sleutel_file.read_text()), REGISTER).subject(partij_id)


def test_every_decision_has_a_record_for_each_klant(system: System, receiver: TraceReceiver) -> None:
    klanten: list[dict[str, Any]] = [
        contact(f"c-{number}", betrokkenen=[betrokkene(middel="digid", identificatoren=[bsn(nth_bsn(number))])])
        for number in range(CONTACTS)
    ]
    publish(system, [event(each) | {"traceparent": UNSAMPLED} for each in klanten])
    wait_until_all_is_stored(system)
    partijen = [each["_id"] for each in documents(system)["partijen"]]
    assert len(partijen) == CONTACTS

    wait_for("every record is there", lambda: len(receiver.attributes()) >= CONTACTS)

    told = receiver.attributes()
    assert sorted(each["dpl.core.data_subject_id"] for each in told) == sorted(
        _subject(system.settings, each) for each in partijen
    )
    assert [{name: value for name, value in each.items() if name != "dpl.core.data_subject_id"} for each in told] == [
        {
            "name": "registreren",
            "status": "1",
            "dpl.core.processing_activity_id": f"{REGISTER}registreren",
            "dpl.core.data_subject_id_type": SUBJECT_TYPE,
        }
    ] * CONTACTS
    said = receiver.text()
    assert [each for each in (*partijen, nth_bsn(0), "c-1") if each in said] == []


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command in this process waits for long until its records are sent: on a busy machine that can take seconds."""
    monkeypatch.setattr(export, "FLUSH_SECONDS", 60.0)


@pytest.mark.usefixtures("patient")
def test_a_command_waits_until_its_record_is_sent(system: System) -> None:
    with TraceReceiver() as receiver:
        settings = system.settings.model_copy(update={"ldv_otlp_endpoint": f"{receiver.endpoint}/v1/traces"})
        asyncio.run(record_for_command("access", settings, Activity.INZAGE, ["partij"], started_ns=1))

        [told] = receiver.attributes()
    assert (told["name"], told["dpl.core.data_subject_id"]) == ("inzage", _subject(settings, "partij"))


def test_a_logboek_that_is_away_keeps_no_command_waiting_for_long(system: System) -> None:
    settings = system.settings.model_copy(update={"ldv_otlp_endpoint": "http://127.0.0.1:9/v1/traces"})
    began = time.monotonic()
    asyncio.run(record_for_command("access", settings, Activity.INZAGE, ["partij"], started_ns=1))
    assert time.monotonic() - began < LONG_SECONDS


REQUEST = ("--request", "Z-1", "--reason", "verzoek", "--json")


def _shown(settings: Settings, *arguments: str) -> dict[str, Any]:
    """Run a command to its end, in this process, and return what it says."""
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with (
        patch.dict(os.environ, environment(settings, arguments), clear=True),
        patch.object(sys, "argv", ["klantcontact", *arguments]),
        redirect_stdout(output),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    output.seek(0)
    said = output.read()
    assert not ended.value.code, said
    shown: dict[str, Any] = json.loads(said)
    return shown


@pytest.mark.usefixtures("patient")
def test_commands_that_show_something_of_a_klant_have_a_record_for_each(system: System, tmp_path: Path) -> None:
    partij = documents(system)["partijen"][0]["_id"]
    with TraceReceiver() as receiver:
        settings = system.settings.model_copy(update={"ldv_otlp_endpoint": f"{receiver.endpoint}/v1/traces"})
        meant = tmp_path / "klant.json"
        meant.write_text(json.dumps({"partijId": partij}))
        _shown(settings, "access", "--from", str(meant), *REQUEST)
        counted = _shown(settings, "affected", "--topic", settings.contact_topics[0], "--since", "1d", *REQUEST)

        told = [(each["name"], each["dpl.core.data_subject_id"]) for each in receiver.attributes()]
        klanten = [each["partijId"] for each in counted["klanten"]]
        said = receiver.text()
    assert told[0] == ("inzage", _subject(settings, partij))
    assert sorted(told[1:]) == sorted(("datalek", _subject(settings, each)) for each in klanten)
    assert len(klanten) == CONTACTS
    assert [each for each in (partij, "Z-1") if each in said] == []
