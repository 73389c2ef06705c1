"""A redrive is ended half-way, or Kafka or MongoDB goes away: the next redrive continues where it stopped."""

import json
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from services.local.servers.stack import Stack
from services.operations.dead_letters.states import COLLECTION
from tests.faults.classifier_process import World
from tests.support.commands import environment
from tests.support.kafka_tools import read_committed
from tests.support.letters import publish_letters
from tests.support.operators_commands import let_lease_lapse
from tests.support.waiting import wait_for

LETTERS = 1_000
FEW_LETTERS = 200
PER_SECOND = 50
"""Slow enough to be caught half-way. So many are marked at once, fewer than a producer holds while nobody answers."""

END_SECONDS = 60

NAMES = {"kafka": "Kafka", "mongod": "MongoDB"}


class Redrive:
    """`klantcontact dlq redrive` as a process."""

    def __init__(self, world: World, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.impatient", "dlq", "redrive", *options],
            env=environment(world.settings, ["dlq", "redrive"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def end(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def outcome(self) -> tuple[int, str, str]:
        """Wait for its end; return its exit status, stdout and stderr."""
        out, err = self._process.communicate(timeout=END_SECONDS)
        return self._process.returncode, out, err


def _marked(world: World) -> int:
    with MongoClient[dict[str, Any]](world.settings.mongo_uri) as client:
        return client[world.settings.mongo_database][COLLECTION].count_documents({"changes.state": "redriven"})


def _let_lease_lapse(world: World) -> None:
    with MongoClient[dict[str, Any]](world.settings.mongo_uri) as client:
        let_lease_lapse(client[world.settings.mongo_database])


def _times_sent(world: World) -> Counter[int]:
    """Count how often each letter was sent back."""
    messages = read_committed(world.settings.kafka_bootstrap, [world.settings.contact_topics[0]])
    return Counter(json.loads(each.value() or b"")["number"] for each in messages)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
@pytest.mark.parametrize("named", ["by a file", "by id"])
def test_a_redrive_of_named_letters_that_was_ended_half_way_goes_on_where_it_was(
    world: World, tmp_path: Path, number: signal.Signals, named: str
) -> None:
    lines = [json.dumps({"letter": f"0-{each}", "event": {"number": each}}) for each in range(FEW_LETTERS)]
    file = tmp_path / "corrected.jsonl"
    file.write_text("\n".join(lines))
    by_id = [word for each in range(FEW_LETTERS) for word in ("--id", f"0-{each}")]
    which = ["--from", str(file)] if named == "by a file" else by_id
    publish_letters(world.settings, [json.dumps({"number": each}).encode() for each in range(FEW_LETTERS)])
    first = Redrive(world, *which, "--rate", str(PER_SECOND))
    wait_for("some are sent back and marked", lambda: _marked(world) > 0)
    first.end(number)
    said = first.outcome()[2]
    if number is signal.SIGKILL:
        refused = Redrive(world, *which).outcome()
        assert refused[0] == 1
        assert f"`klantcontact dlq redrive` holds the operators' lock: process {first.pid} of " in refused[2]
        _let_lease_lapse(world)

    marked = _marked(world)
    if number is signal.SIGINT:
        told = re.fullmatch(r"Interrupted: (\d+) letters? sent back and marked\. Start again for the rest\.\n", said)
        assert told, said
        assert int(told[1]) <= marked <= int(told[1]) + PER_SECOND
    assert 0 < marked < FEW_LETTERS
    status, out, err = Redrive(world, *which).outcome()

    assert (status, out) == (0, f"{FEW_LETTERS - marked} letters sent back, {marked} earlier\n")
    assert err.startswith(f"  {marked} sent back earlier, and not again.")
    assert _marked(world) == FEW_LETTERS
    times = _times_sent(world)
    assert times.keys() == set(range(FEW_LETTERS))
    assert sum(times.values()) - FEW_LETTERS <= PER_SECOND


@pytest.mark.parametrize("part", ["kafka", "mongod"])
def test_what_goes_away_in_the_middle_is_told_and_the_next_redrive_does_the_rest(
    own_stack: Stack, own_world: World, part: str
) -> None:
    server = own_stack.kafka if part == "kafka" else own_stack.mongod
    assert server is not None
    publish_letters(own_world.settings, [json.dumps({"number": number}).encode() for number in range(LETTERS)])
    first = Redrive(own_world, "--all", "--rate", str(PER_SECOND))
    wait_for("some are sent back and marked", lambda: _marked(own_world) > 0)

    # Frozen first, as a host that is gone: what Kafka has not said that it has may not be marked.
    server.pause()
    status, out, err = first.outcome()
    server.kill()
    server.start()

    _let_lease_lapse(own_world)
    marked = _marked(own_world)
    said = re.fullmatch(
        rf"{NAMES[part]} at \S+ (can't do it now \(\w+\)|does not answer)\. (?P<marked>\d+) letters? sent "
        r"back and marked; of \d+ more it is not known\. Start again: it continues where it stopped, and a letter that "
        r"is sent twice changes nothing\.\n",
        err,
    )
    assert said, err
    assert (status, out) == (1, "")
    # What MongoDB did last it may not have been able to say.
    assert int(said["marked"]) <= marked <= int(said["marked"]) + PER_SECOND < LETTERS

    status, out, err = Redrive(own_world, "--all").outcome()
    assert (status, out, err) == (0, f"{LETTERS - marked} letters sent back\n", "")
    assert _marked(own_world) == LETTERS
    times = _times_sent(own_world)
    assert times.keys() == set(range(LETTERS))
    assert sum(times.values()) - LETTERS <= PER_SECOND
