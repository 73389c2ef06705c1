"""One run: the world, its load, the faults, the recovery, and the check of what is left."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaException
from pymongo import MongoClient

from services.local.servers.errors import LocalStackError
from services.local.system import committed_messages
from services.runtime.settings import Settings
from tests.chaos.channel import messages
from tests.chaos.checker import Result, check
from tests.chaos.counts import counted, still_lacking
from tests.chaos.expected import expect
from tests.chaos.faults.mongo import UNREPLICATED
from tests.chaos.kafka_cluster import VERSION
from tests.chaos.load import PER_SECOND, Acknowledged, Load
from tests.chaos.mapped import check_channel, observe_channel
from tests.chaos.observed import Ends, observe
from tests.chaos.plan import Kind, Planned, drawn
from tests.chaos.platform import Platform
from tests.chaos.recovery import Recovery, Struck
from tests.chaos.town import Town
from tests.chaos.violations import Violation
from tests.chaos.world import PARTITIONS, World, running_world
from tests.support.kafka_tools import committed_offsets, holds_readers_up

WARM_SECONDS: Final = 300.0
"""The longest wait for a first contact. It takes 5 s on two free cores, and a minute beside three other tests."""

RECOVERY_SECONDS: Final = 180.0
"""The longest wait, after the last fault, until everything is as before."""

MOST_BYTES: Final = 200_000_000
"""Of an instance: a third above what `docs/capacity.md` names, so that only growth is found."""

OF_CHANNEL: Final = 0.25
"""The messages to the intake, as a share of the records of the publisher."""

LOOK_SECONDS: Final = 0.25
UNDISTURBED: Final = "nothing"


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
    probes: int = 5
    """Contacts before the first fault, which show how long one takes when nothing is wrong."""
    enough: Mapping[str, int] = field(default_factory=dict)
    """How often each thing that `counts.py` counts has to be done. Once all are, the faults end before their time."""


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
    kills: Mapping[str, int]
    """How often each process was killed."""
    ends: Mapping[str, Sequence[str]]
    """How each process ended without being asked to."""
    not_injected: Sequence[str]
    unreplicated: int
    """Writes of a primary that no other member got."""
    kept: int
    """Those that are there all the same."""
    messages: int = 0
    """Messages of the channel that the intake accepted."""


@dataclass
class _Fight:
    """What the lanes of a run share."""

    world: World
    recovery: Recovery
    deadline: float
    enough: Mapping[str, int]
    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    not_injected: list[str] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def is_over(self) -> bool:
        """Whether the time is over, or everything was done often enough."""
        if time.monotonic() > self.deadline:
            return True
        faults = [(each.kind, each.name, 1) for each in list(self.recovery.struck)]
        kills = {name: each.kills for name, each in self.world.members.items()}
        return bool(self.enough) and not still_lacking(self.enough, counted(kills, faults))

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
        """Go on until the fight is over, and do one fault at least."""
        try:
            last: Struck | None = None
            for planned in self._faults:
                time.sleep(planned.pause)
                self._settle(last if planned.patient else None)
                if planned.number > 1 and self._fight.is_over():
                    return
                last = self._fight.strike(self._kind, planned)
        except BaseException as error:  # noqa: BLE001 - the driver raises it
            self._fight.errors.append(error)

    def _settle(self, last: Struck | None) -> None:
        deadline = time.monotonic() + self._kind.patience
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
    platform = Platform(world.intakes, messages(orders.seed), per_second=orders.per_second * OF_CHANNEL)
    recovery = Recovery(world, lambda: [*load.probe(), *platform.probe()])
    load.start()
    platform.start()
    recovery.start()
    _undisturbed(recovery, orders.probes)
    fight = _Fight(world, recovery, time.monotonic() + orders.minutes * 60, orders.enough, say)
    lanes = [_Lane(kind, lane, orders.seed, fight) for kind in orders.kinds for lane in range(len(kind.lanes))]
    for each in lanes:
        each.start()
    for each in lanes:
        each.join()
    if fight.errors:
        raise fight.errors[0]
    say("The faults are over. Everything has to be as before …")
    unanswered = load.stop()
    platform.stop()
    recovery.wait(RECOVERY_SECONDS)
    recovery.stop()
    outcome = _checked(world, load, recovery.struck, fight, unanswered)
    outcome.result.violations += check_channel(observe_channel(_past_proxies(world)), platform)
    outcome.messages = len(platform.accepted)
    return outcome


def _undisturbed(recovery: Recovery, probes: int) -> None:
    """Wait until the system works, and learn how long a contact takes when nothing is wrong."""
    for number in range(probes + 1):
        now = time.monotonic()
        probe = Struck(UNDISTURBED, UNDISTURBED, "", now, now)
        recovery.ended(probe)
        recovery.wait(WARM_SECONDS)
        assert probe.recovered is not None, "the system works before anything is done to it"
        if number == 0:
            recovery.struck.clear()  # the services were starting


def _past_proxies(world: World) -> Settings:
    """Return the settings of a reader that no fault of the network reaches."""
    return world.settings.model_copy(update={"kafka_bootstrap": world.kafka.past_proxies})


def _checked(world: World, load: Load, struck: Sequence[Struck], fight: _Fight, unanswered: int) -> Outcome:
    settings = _past_proxies(world)
    late = list(_late("the mapper", lambda: _is_mapped(settings)))
    late += _late("the classifier", lambda: _is_decided(settings))
    observed = observe(
        settings, lambda ends: late.extend(_late("the projector", lambda: _is_projected(settings, ends)))
    )
    result = check(observed, expect(observed.inputs, settings), load.acknowledged)
    result.violations += late
    result.violations += _unwell(world, struck, unanswered)
    with MongoClient[dict[str, Any]](world.mongo.uri) as client:
        kept = client["chaos"][UNREPLICATED].count_documents({})
    return Outcome(
        result=result,
        struck=struck,
        acknowledged=load.acknowledged,
        kafka=world.kafka.version,
        mongodb=world.mongo.version(),
        peaks=world.keeper.peaks,
        kills={name: each.kills for name, each in world.members.items()},
        ends={name: each.ends for name, each in world.members.items() if each.ends},
        not_injected=fight.not_injected,
        unreplicated=world.unreplicated,
        kept=kept,
    )


def _unwell(world: World, struck: Sequence[Struck], unanswered: int) -> Iterator[Violation]:
    """Yield what is not as it was before the faults, and what was not bounded."""
    for each in struck:
        if each.recovered is None:
            yield Violation("not recovered", f"{each.name} ({each.target})")
    if unanswered:
        yield Violation("not recovered", f"Kafka did not answer {unanswered} records")
    for service, peak in world.keeper.peaks.items():
        if peak > MOST_BYTES:
            yield Violation("too much memory", f"an instance of the {service} had {peak / 1e6:.0f} MB")


def _late(who: str, is_done: Callable[[], bool]) -> Iterator[Violation]:
    """Wait until a service has done all its work; yield what is wrong when it does not."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    why = "it is behind"
    while time.monotonic() < deadline:
        try:
            if is_done():
                return
        except (KafkaException, AssertionError) as error:
            why = f"nobody can tell: {error}"
        time.sleep(LOOK_SECONDS)
    yield Violation("not recovered", f"{who} has not done all its work in {RECOVERY_SECONDS:.0f} s; {why}")


def _is_mapped(settings: Settings) -> bool:
    outputs = [*settings.contact_topics, *settings.raw_dead_letter_topics]
    return _is_done(settings, settings.raw_topics, settings.mapper_group, outputs)


def _is_decided(settings: Settings) -> bool:
    outputs = [*settings.output_topics, settings.dead_letter_topic]
    return _is_done(settings, settings.contact_topics, settings.classifier_group, outputs)


def _is_done(settings: Settings, topics: Sequence[str], group: str, outputs: Sequence[str]) -> bool:
    """Whether all that came in is committed as handled, and all that came of it can be read."""
    left = committed_messages(settings.kafka_bootstrap, topics, after_group=group)
    return not any(True for _ in left) and not holds_readers_up(settings.kafka_bootstrap, outputs)


def _is_projected(settings: Settings, ends: Ends) -> bool:
    for topic in settings.output_topics:
        committed = committed_offsets(
            settings.kafka_bootstrap, group=settings.projector_group, topic=topic, partitions=PARTITIONS
        )
        if any(at < ends.get((topic, partition), 0) for partition, at in enumerate(committed)):
            return False
    return True
