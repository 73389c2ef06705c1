"""Kafka or MongoDB goes away under the classifier: it waits, says so, skips nothing, and doubles nothing."""

import time

import pytest

from services.local.process import Server
from services.local.stack import Stack
from tests.faults.classifier_process import ClassifierProcess, World
from tests.kafka_tools import wait_for


def _server(server: Server | None) -> Server:
    assert server is not None, "the local stack started it"
    return server


def _wait_until_it_says_so(process: ClassifierProcess, part: str) -> None:
    wait_for(f"readiness names {part}", lambda: part in process.readiness()["reasons"], seconds=20)


def _wait_until_ready(process: ClassifierProcess) -> None:
    wait_for("it is ready", lambda: process.readiness()["ready"])


def test_a_broker_that_is_restarted_is_waited_for(own_stack: Stack, own_world: World) -> None:
    process = own_world.start()
    kafka = _server(own_stack.kafka)
    with own_world.stream(per_second=200):
        wait_for("it is at work", lambda: process.log("batch.committed"))
        kafka.stop()
        _wait_until_it_says_so(process, "kafka")
        kafka.start()
        _wait_until_ready(process)
    own_world.wait_until_handled(seconds=60)
    assert own_world.outcomes() == own_world.expected()
    assert not process.has_ended


def test_a_broker_that_is_killed_is_waited_for(own_stack: Stack, own_world: World) -> None:
    process = own_world.start()
    kafka = _server(own_stack.kafka)
    with own_world.stream(per_second=200):
        wait_for("it is at work", lambda: process.log("batch.committed"))
        kafka.kill()
        kafka.start()
    own_world.wait_until_handled(seconds=60)
    assert own_world.outcomes() == own_world.expected()


def test_a_database_that_is_restarted_is_waited_for(own_stack: Stack, own_world: World) -> None:
    process = own_world.start()
    mongod = _server(own_stack.mongod)
    with own_world.stream(per_second=200):
        wait_for("it is at work", lambda: process.log("batch.committed"))
        mongod.stop()
        _wait_until_it_says_so(process, "mongodb")
        mongod.start()
        _wait_until_ready(process)
    own_world.wait_until_handled(seconds=60)
    assert own_world.outcomes() == own_world.expected()
    assert own_world.recorded() == len(own_world.published)
    assert not process.has_ended


def test_a_database_that_goes_away_is_missed_also_while_there_is_nothing_to_do(
    own_stack: Stack, own_world: World
) -> None:
    process = own_world.start()
    _wait_until_ready(process)
    mongod = _server(own_stack.mongod)
    mongod.stop()
    _wait_until_it_says_so(process, "mongodb")
    mongod.start()
    _wait_until_ready(process)


def test_a_service_that_starts_before_its_servers_waits_for_them(own_stack: Stack, own_world: World) -> None:
    kafka, mongod = _server(own_stack.kafka), _server(own_stack.mongod)
    own_world.publish(10)
    kafka.stop()
    mongod.stop()
    assert _terminated_at_its_start(own_world) == 0
    process = own_world.start()
    _wait_until_it_says_so(process, "kafka")
    kafka.start()
    _wait_until_it_says_so(process, "mongodb")
    mongod.start()
    _wait_until_ready(process)
    own_world.wait_until_handled(seconds=60)
    assert own_world.outcomes() == own_world.expected()


def _terminated_at_its_start(world: World) -> int:
    process = world.start()
    _wait_until_it_says_so(process, "kafka")
    return process.terminate()


@pytest.mark.parametrize("part", ["kafka", "mongodb"])
def test_asked_to_end_while_a_server_is_away_it_ends_in_time(own_stack: Stack, own_world: World, part: str) -> None:
    process = own_world.start()
    server = _server(own_stack.kafka if part == "kafka" else own_stack.mongod)
    with own_world.stream(per_second=200):
        wait_for("it is at work", lambda: process.log("batch.committed"))
        server.kill()  # Kafka stopped in order may forget the markers of a last commit: `hanging_transaction.py`
        _wait_until_it_says_so(process, part)
        asked = time.monotonic()
        assert process.terminate() == 0
        assert time.monotonic() - asked < own_world.settings.shutdown_seconds + 2
        server.start()
    own_world.start()
    own_world.wait_until_handled(seconds=60)
    assert own_world.outcomes() == own_world.expected()
