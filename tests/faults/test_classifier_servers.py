"""Kafka or MongoDB goes away under the classifier: it waits, says so, skips nothing, and doubles nothing."""

from functools import partial

import pytest

from services.local.servers.process import Server
from services.local.servers.stack import Stack
from services.runtime.observe.health import Part
from tests.faults.classifier_process import ClassifierProcess, World
from tests.support.waiting import wait_for

PARTS = [Part.KAFKA, Part.MONGODB]

BACKLOG = 2_000
"""Enough contacts to keep it at work for longer than a server takes to stop."""

KILLS = 3
"""A killed broker forgets what it had not finished; the consequences show at the next kill."""


def _server(stack: Stack, part: str) -> Server:
    server = stack.kafka if part == Part.KAFKA else stack.mongod
    assert server is not None, "the local stack started it"
    return server


def _wait_until_it_says_so(process: ClassifierProcess, part: str) -> None:
    wait_for(f"readiness names {part}", lambda: part in process.reasons())


def _wait_until_ready(process: ClassifierProcess) -> None:
    wait_for("it is ready", process.is_ready)


def _handles_more(process: ClassifierProcess, handled: int) -> bool:
    return len(process.log("batch.committed")) > handled


@pytest.mark.parametrize("part", PARTS)
def test_a_server_that_is_restarted_is_waited_for(own_stack: Stack, own_world: World, part: str) -> None:
    own_world.publish(BACKLOG)
    process = own_world.start()
    server = _server(own_stack, part)
    wait_for("it is at work", lambda: process.log("batch.committed"))
    server.stop()
    _wait_until_it_says_so(process, part)
    server.start()
    _wait_until_ready(process)
    own_world.wait_until_handled()
    assert own_world.outcomes() == own_world.expected()
    assert own_world.recorded() == BACKLOG
    assert process.server.is_running


def test_a_broker_that_is_killed_time_and_again_under_load_is_waited_for(own_stack: Stack, own_world: World) -> None:
    process = own_world.start()
    kafka = _server(own_stack, Part.KAFKA)
    with own_world.stream(per_second=200):
        for _ in range(KILLS):
            handled = len(process.log("batch.committed"))
            wait_for("it is at work", partial(_handles_more, process, handled))
            kafka.kill()
            kafka.start()
    own_world.wait_until_handled()
    assert own_world.outcomes() == own_world.expected()


def test_a_database_that_goes_away_is_missed_also_while_there_is_nothing_to_do(
    own_stack: Stack, own_world: World
) -> None:
    process = own_world.start()
    _wait_until_ready(process)
    mongod = _server(own_stack, Part.MONGODB)
    mongod.stop()
    _wait_until_it_says_so(process, Part.MONGODB)
    mongod.start()
    _wait_until_ready(process)


def test_a_service_that_starts_before_its_servers_waits_for_them(own_stack: Stack, own_world: World) -> None:
    kafka, mongod = _server(own_stack, Part.KAFKA), _server(own_stack, Part.MONGODB)
    own_world.publish(10)
    kafka.stop()
    mongod.stop()
    assert _terminated_at_its_start(own_world) == 0
    process = own_world.start()
    _wait_until_it_says_so(process, Part.KAFKA)
    kafka.start()
    _wait_until_it_says_so(process, Part.MONGODB)
    mongod.start()
    _wait_until_ready(process)
    own_world.wait_until_handled()
    assert own_world.outcomes() == own_world.expected()


def _terminated_at_its_start(world: World) -> int:
    process = world.start()
    _wait_until_it_says_so(process, Part.KAFKA)
    return process.terminate()


@pytest.mark.parametrize("part", PARTS)
def test_asked_to_end_while_a_server_is_away_it_ends_by_itself(own_stack: Stack, own_world: World, part: str) -> None:
    own_world.publish(BACKLOG)
    process = own_world.start()
    server = _server(own_stack, part)
    wait_for("it is at work", lambda: process.log("batch.committed"))
    server.stop()
    _wait_until_it_says_so(process, part)
    assert process.terminate() == 0
    server.start()
    own_world.start()
    own_world.wait_until_handled()
    assert own_world.outcomes() == own_world.expected()
