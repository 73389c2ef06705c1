"""A redrive is ended half-way, or Kafka or MongoDB goes away: the next redrive continues where it stopped."""

import json
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from services.local.servers.stack import Stack
from services.operations.dead_letters.states import COLLECTION
from tests.faults.classifier_process import World
from tests.support.commands import run_command
from tests.support.kafka_tools import read_committed
from tests.support.letters import publish_letters
from tests.support.operators_commands import command_stopped_before, go_on, let_lease_lapse, let_lease_last

LETTERS = 200
PER_SECOND = 50
"""So many are marked at once, fewer than a producer holds while nobody answers."""

SENT = 75
"""Before the redrive stands still: fifty of them are marked."""

NAMES = {"kafka": "Kafka", "mongod": "MongoDB"}


def _stopped_half_way(world: World, *options: str) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    """Start a redrive that stands still half-way: one that runs may be through when a test comes to do its part."""
    words = ["dlq", "redrive", *options, "--rate", str(PER_SECOND)]
    path = "services.operations.dead_letters.states"
    return command_stopped_before(world.settings, words, module=path, function="LetterStates.confirm", calls=SENT)


def _marked(world: World) -> int:
    with MongoClient[dict[str, Any]](world.settings.mongo_uri) as client:
        return client[world.settings.mongo_database][COLLECTION].count_documents({"changes.state": "redriven"})


@contextmanager
def _database_of(world: World) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](world.settings.mongo_uri) as client:
        yield client[world.settings.mongo_database]


def _times_sent(world: World) -> Counter[int]:
    """Count how often each letter was sent back."""
    messages = read_committed(world.settings.kafka_bootstrap, [world.settings.contact_topics[0]])
    return Counter(json.loads(each.value() or b"")["number"] for each in messages)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
@pytest.mark.parametrize("named", ["by a file", "by id"])
def test_a_redrive_of_named_letters_that_was_ended_half_way_goes_on_where_it_was(
    world: World, tmp_path: Path, number: signal.Signals, named: str
) -> None:
    lines = [json.dumps({"letter": f"0-{each}", "event": {"number": each}}) for each in range(LETTERS)]
    file = tmp_path / "corrected.jsonl"
    file.write_text("\n".join(lines))
    by_id = [word for each in range(LETTERS) for word in ("--id", f"0-{each}")]
    which = ["--from", str(file)] if named == "by a file" else by_id
    publish_letters(world.settings, [json.dumps({"number": each}).encode() for each in range(LETTERS)])
    with _stopped_half_way(world, *which) as first, _database_of(world) as there:
        first.send_signal(number)
        _, said = go_on(first)
        if number is signal.SIGKILL:
            let_lease_last(there)
            refused = run_command(world.settings, "dlq", "redrive", *which)
            assert refused.returncode == 1
            assert f"`klantcontact dlq redrive` holds the operators' lock: process {first.pid} of " in refused.stderr
            let_lease_lapse(there)
        else:
            told = re.fullmatch(
                r"Interrupted: (\d+) letters? sent back and marked\. Start again for the rest\.\n", said
            )
            assert told, said
            assert int(told[1]) == PER_SECOND

    assert _marked(world) == PER_SECOND
    done = run_command(world.settings, "dlq", "redrive", *which)

    left = LETTERS - PER_SECOND
    assert (done.returncode, done.stdout) == (0, f"{left} letters sent back, {PER_SECOND} earlier\n")
    assert done.stderr.startswith(f"  {PER_SECOND} sent back earlier, and not again.")
    assert _marked(world) == LETTERS
    times = _times_sent(world)
    assert times.keys() == set(range(LETTERS))
    assert sum(times.values()) - LETTERS <= PER_SECOND


@pytest.mark.parametrize("part", ["kafka", "mongod"])
def test_what_goes_away_in_the_middle_is_told_and_the_next_redrive_does_the_rest(
    own_stack: Stack, own_world: World, part: str
) -> None:
    server = own_stack.kafka if part == "kafka" else own_stack.mongod
    assert server is not None
    publish_letters(own_world.settings, [json.dumps({"number": number}).encode() for number in range(LETTERS)])
    with _stopped_half_way(own_world, "--all") as first:
        # Frozen first, as a host that is gone: what Kafka has not said that it has may not be marked.
        server.pause()
        status, err = go_on(first)
    server.kill()
    server.start()

    with _database_of(own_world) as there:
        let_lease_lapse(there)
    marked = _marked(own_world)
    said = re.fullmatch(
        rf"{NAMES[part]} at \S+ (can't do it now \(\w+\)|does not answer)\. (?P<marked>\d+) letters? sent "
        r"back and marked; of \d+ more it is not known\. Start again: it continues where it stopped, and a letter that "
        r"is sent twice changes nothing\.\n",
        err,
    )
    assert said, err
    assert status == 1
    # What MongoDB did last it may not have been able to say.
    assert int(said["marked"]) <= marked <= int(said["marked"]) + PER_SECOND < LETTERS

    done = run_command(own_world.settings, "dlq", "redrive", "--all")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{LETTERS - marked} letters sent back\n", "")
    assert _marked(own_world) == LETTERS
    times = _times_sent(own_world)
    assert times.keys() == set(range(LETTERS))
    assert sum(times.values()) - LETTERS <= PER_SECOND
