"""One run: the world, its load, the faults, the recovery, and the check of what is left."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin._listoffsets import OffsetSpec
from pymongo import MongoClient

from services.local.servers.errors import LocalStackError
from tests.chaos.checker import Result, check
from tests.chaos.expected import expect
from tests.chaos.faults.mongo import UNREPLICATED
from tests.chaos.kafka_cluster import VERSION
from tests.chaos.load import PER_SECOND, Acknowledged, Load
from tests.chaos.observed import Ends, observe
from tests.chaos.plan import SETTLE_SECONDS, Kind, Planned, drawn
from tests.chaos.recovery import Recovery, Struck
from tests.chaos.town import Town
from tests.chaos.violations import Violation
from tests.chaos.world import PARTITIONS, World, running_world
from tests.support.kafka_tools import ANSWER_SECONDS, admin_client, committed_offsets, holds_readers_up

WARM_SECONDS: Final = 90.0
RECOVERY_SECONDS: Final = 180.0
"""The longest wait, after the last fault, until everything is as before."""

MOST_BYTES: Final = 200_000_000
"""Of an instance: a third above what `docs/capacity.md` names, so that only growth is found."""

LOOK_SECONDS: Final = 0.25
UNDISTURBED: Final = "nothing"
UNDISTURBED_PROBES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What a run is to do."""

    seed: int
    kinds: Sequence[Kind]
    minutes: float
    """How long faults are injected."""
    version: str = VERSION
    """Of Kafka."""
    per_second: int = PER_SECOND
    """Records that the publisher sends."""


@dataclass
class Outcome:
    """What a run leaves to be told."""

    result: Result
    struck: Sequence[Struck]
    acknowledged: Sequence[Acknowledged]
    kafka: str
    mongodb: str
    peaks: Mapping[str, int]
    """The most bytes that an instance of each service had in memory."""
    ends: Mapping[str, Sequence[str]]
    """How each process ended without being asked to."""
    not_injected: Sequence[str]
    unreplicated: int
    """Writes of a primary that no other member got."""
    kept: int
    """Those that are there all the same."""


@dataclass
class _Fight:
    """What the lanes of a run share."""

    world: World
    recovery: Recovery
    deadline: float
    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    not_injected: list[str] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def strike(self, kind: Kind, planned: Planned) -> Struck | None:
        """Do one fault, and begin to wait for the recovery. Return None where it could not be done."""
        fault = planned.fault
        began = time.monotonic()
        self.say(
            f"+{began - self.began:7.1f} s  {kind.name} {planned.number}: {fault.name} "
            f"({planned.target}, {planned.seconds:.1f} s)"
        )
        try:
            fault.inject(self.world, planned.target, planned.seconds)
        except LocalStackError as error:
            self.not_injected.append(f"{kind.name} {planned.number}: {error}")
            return None
        struck = Struck(kind.name, fault.name, planned.target, began, time.monotonic())
        self.recovery.ended(struck)
        return struck


class _Lane(threading.Thread):
    """Does the faults of one lane, one after another."""

    def __init__(self, kind: Kind, lane: int, seed: int, fight: _Fight) -> None:
        super().__init__(name=f"{kind.name} {lane}", daemon=True)
        self._kind, self._fight = kind, fight
        self._faults = drawn(seed, kind, lane)

    def run(self) -> None:
        """Go on until the time is over, and do one fault at least."""
        try:
            last: Struck | None = None
            for planned in self._faults:
                time.sleep(planned.pause)
                self._settle(last if planned.patient else None)
                if planned.number > 1 and time.monotonic() > self._fight.deadline:
                    return
                last = self._fight.strike(self._kind, planned)
        except BaseException as error:  # noqa: BLE001 - the driver raises it
            self._fight.errors.append(error)

    def _settle(self, last: Struck | None) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            if self._kind.settled(self._fight.world) and (last is None or last.recovered is not None):
                return
            time.sleep(LOOK_SECONDS)


def run(orders: Orders, say: Callable[[str], None]) -> Outcome:
    """Run the system under fire, and check it. Logs and data stay when something is wrong."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    say(f"Logs and data are in {folder}.")
    with running_world(folder, version=orders.version, kinds=[each.name for each in orders.kinds]) as world:
        outcome = _fought(world, orders, say)
    if not outcome.result.violations:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def _fought(world: World, orders: Orders, say: Callable[[str], None]) -> Outcome:
    [topic] = world.settings.contact_topics
    load = Load(world.kafka.bootstrap, topic, PARTITIONS, Town(orders.seed), per_second=orders.per_second)
    recovery = Recovery(world, load)
    load.start()
    recovery.start()
    _undisturbed(recovery)
    fight = _Fight(world, recovery, time.monotonic() + orders.minutes * 60, say)
    lanes = [_Lane(kind, lane, orders.seed, fight) for kind in orders.kinds for lane in range(len(kind.lanes))]
    for each in lanes:
        each.start()
    for each in lanes:
        each.join()
    if fight.errors:
        raise fight.errors[0]
    say("The faults are over. Everything has to be as before …")
    unanswered = load.stop()
    recovery.wait(RECOVERY_SECONDS)
    recovery.stop()
    return _checked(world, load, recovery.struck, fight, unanswered)


def _undisturbed(recovery: Recovery) -> None:
    """Wait until the system works, and learn how long a contact takes when nothing is wrong."""
    for number in range(UNDISTURBED_PROBES + 1):
        now = time.monotonic()
        probe = Struck(UNDISTURBED, UNDISTURBED, "", now, now)
        recovery.ended(probe)
        recovery.wait(WARM_SECONDS)
        assert probe.recovered is not None, "the system works before anything is done to it"
        if number == 0:
            recovery.struck.clear()  # the services were starting


def _checked(world: World, load: Load, struck: Sequence[Struck], fight: _Fight, unanswered: int) -> Outcome:
    late = [_wait("the classifier", lambda: _is_decided(world))]
    observed = observe(
        world.settings, lambda ends: late.append(_wait("the projector", lambda: _is_projected(world, ends)))
    )
    result = check(observed, expect(observed.inputs, world.settings), load.acknowledged)
    result.violations += [each for each in late if each is not None]
    result.violations += [
        Violation("not recovered", f"{each.name} ({each.target})") for each in struck if each.recovered is None
    ]
    result.violations += [
        Violation("too much memory", f"an instance of the {service} had {peak / 1e6:.0f} MB")
        for service, peak in world.keeper.peaks.items()
        if peak > MOST_BYTES
    ]
    if unanswered:
        result.violations.append(Violation("not recovered", f"Kafka did not answer {unanswered} records"))
    with MongoClient[dict[str, Any]](world.mongo.uri) as client:
        kept = client["chaos"][UNREPLICATED].count_documents({})
    return Outcome(
        result=result,
        struck=struck,
        acknowledged=load.acknowledged,
        kafka=world.kafka.version,
        mongodb=world.mongo.version(),
        peaks=world.keeper.peaks,
        ends={name: each.ends for name, each in world.members.items() if each.ends},
        not_injected=fight.not_injected,
        unreplicated=world.unreplicated,
        kept=kept,
    )


def _wait(who: str, done: Callable[[], bool]) -> Violation | None:
    """Wait until a service has done all its work; return what is wrong when it does not."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < deadline:
        try:
            if done():
                return None
        except (KafkaException, AssertionError):
            pass  # a broker that has just come back
        time.sleep(LOOK_SECONDS)
    return Violation("not recovered", f"{who} has not done all its work in {RECOVERY_SECONDS:.0f} s")


def _is_decided(world: World) -> bool:
    """Whether all that came in is committed as handled, and all that came of it can be read."""
    settings = world.settings
    [topic] = settings.contact_topics
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call] # it has no types
    places = {TopicPartition(topic, each): latest for each in range(PARTITIONS)}
    asked = admin_client(settings.kafka_bootstrap).list_offsets(places)
    ends = [each.result(ANSWER_SECONDS).offset for each in asked.values()]
    committed = committed_offsets(
        settings.kafka_bootstrap, group=settings.classifier_group, topic=topic, partitions=PARTITIONS
    )
    outputs = [*settings.output_topics, settings.dead_letter_topic]
    return committed == ends and not holds_readers_up(settings.kafka_bootstrap, outputs)


def _is_projected(world: World, ends: Ends) -> bool:
    settings = world.settings
    for topic in settings.output_topics:
        committed = committed_offsets(
            settings.kafka_bootstrap, group=settings.projector_group, topic=topic, partitions=PARTITIONS
        )
        if any(at < ends.get((topic, partition), 0) for partition, at in enumerate(committed)):
            return False
    return True
