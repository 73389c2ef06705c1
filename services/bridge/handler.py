"""Handles one record, until Open Klant is equal or the record has become a dead letter.

The bridge skips nothing because a server is away. It waits for the projector, for Open Klant, and for another instance
that is at work on the same klantcontact or partij.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import structlog

from services.bridge.answers import AnsweredCalls, counting_answers
from services.bridge.converge import Convergence
from services.bridge.errors import Behind, CallRefused, FailsEachTime, Leased, LetterReason, NummerBezet, Unavailable
from services.bridge.instrumentation import count_converged
from services.bridge.klantcontacten import Klantcontacten
from services.bridge.meant import state_name
from services.bridge.outage import CAP_SECONDS, FIRST_SECONDS, Outage, Sleep, doubling
from services.bridge.partijen import state_name as partij_state
from services.bridge.poison import Poison
from services.bridge.ports import BridgeLetter, BridgeLetters, ProjectorProgress
from services.bridge.triggers import Asking, KlantcontactAsked
from services.runtime.errors import TransientFailure
from services.runtime.kafka.records import Record
from services.runtime.observe import bridge_metrics, metrics
from services.runtime.observe.failures import where
from services.runtime.observe.health import Health, Part

log = structlog.get_logger()

PROJECTOR_SECONDS: Final = (0.25, 5.0)
"""The first pause for the projector, and the longest."""


class BridgeHandler:
    """Handles records. Several lanes call it at once."""

    def __init__(
        self,
        klantcontacten: Klantcontacten,
        *,
        outage: Outage,
        letters: BridgeLetters,
        progress: ProjectorProgress,
        health: Health,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._klantcontacten = klantcontacten
        self._outage = outage
        self._letters = letters
        self._progress = progress
        self._health = health
        self._sleep = sleep

    async def handle(self, asking: Asking, record: Record) -> None:
        """Make what a record asks for equal. Returns when its position may be committed."""
        outcome: Convergence | LetterReason
        with counting_answers() as answers:
            try:
                outcome = await self._patiently(asking, record, answers)
            except CallRefused as refusal:
                outcome = await self._letter(asking, record, LetterReason.GEWEIGERD, refusal, answers)
            except FailsEachTime as failure:
                outcome = await self._letter(asking, record, LetterReason.FAALT, failure, answers)
            except NummerBezet as taken:
                outcome = await self._letter(asking, record, LetterReason.NUMMER_BEZET, taken, answers)
            except Exception as bug:
                log.exception("bridge.failed", where=where(bug), id=asking.id)
                metrics.OWN_FAILURES.inc()
                outcome = await self._letter(asking, record, LetterReason.EIGEN_FOUT, bug, answers)
        count_converged(kind_of(asking), outcome)

    async def _patiently(self, asking: Asking, record: Record, answers: AnsweredCalls) -> Convergence:
        for_projector, for_others = doubling(*PROJECTOR_SECONDS), doubling(*PROJECTOR_SECONDS)
        for_open_klant, poison = doubling(FIRST_SECONDS, CAP_SECONDS), Poison(self._outage)
        while True:
            await self._outage.passed()
            answers.forget()
            try:
                with bridge_metrics.CONVERGE_SECONDS.time():
                    outcome = await self._once(asking, record)
            except Behind:
                await self._wait(for_projector)
            except Leased:
                await self._sleep(next(for_others))
            except Unavailable as failure:
                metrics.TRANSIENT_FAILURES.labels(part=failure.part).inc()
                await poison.found_in(failure)
                await self._outage.ride_out(failure, asking.id, next(for_open_klant))
            except TransientFailure as failure:
                metrics.TRANSIENT_FAILURES.labels(part=failure.part).inc()
                await self._sleep(next(for_others))
            else:
                self._outage.done(asking.id, answers)
                return outcome

    async def _once(self, asking: Asking, record: Record) -> Convergence:
        """Converge. A projector that is past the record, and shows less than the record says, will show no more of it.

        Raises Behind while it may show more: also while a rebuild puts its collections in place.
        """
        try:
            return await self._converge(asking, settled=False)
        except Behind:
            if not await self._progress.is_past(record):
                raise
        outcome = await self._converge(asking, settled=True)
        if not await self._progress.is_past(record):
            raise Behind
        return outcome

    async def _wait(self, pauses: Iterator[float]) -> None:
        began = time.monotonic()
        await self._sleep(next(pauses))
        bridge_metrics.PROJECTOR_WAIT_SECONDS.inc(time.monotonic() - began)

    async def _converge(self, asking: Asking, *, settled: bool) -> Convergence:
        if isinstance(asking, KlantcontactAsked):
            return await self._klantcontacten.converge(asking.id, replace(asking.trigger, settled=settled))
        return await self._klantcontacten.converge_partij(
            asking.id, 0 if settled else asking.versie, nummer=asking.nummer
        )

    async def _letter(
        self, asking: Asking, record: Record, reason: LetterReason, error: Exception, answers: AnsweredCalls
    ) -> LetterReason:
        """Write a dead letter, however long Kafka refuses it. Readiness says why meanwhile."""
        self._outage.done(asking.id, answers)
        bridge_metrics.DEAD_LETTERS.labels(kind=reason).inc()
        log.warning("bridge.dead_letter", id=asking.id, kind=reason, reason=_told(error))
        letter = BridgeLetter(kind_of(asking), asking.id, reason, _told(error), record)
        with self._health.reporting(Part.KAFKA, by=f"letter of {asking.id}") as report:
            for pause_seconds in doubling(*PROJECTOR_SECONDS):
                try:
                    await self._letters.write(letter)
                    await self._klantcontacten.give_up(state_of(asking), reason)
                except TransientFailure as failure:
                    metrics.TRANSIENT_FAILURES.labels(part=failure.part).inc()
                    report(str(failure) if failure.part == Part.KAFKA else None)
                    await self._sleep(pause_seconds)
                else:
                    break
        return reason


def kind_of(asking: Asking) -> str:
    """Return what a record is about, as metrics and letters name it."""
    return "klantcontact" if isinstance(asking, KlantcontactAsked) else "partij"


def state_of(asking: Asking) -> str:
    """Return the name of the state that a record is about."""
    return state_name(asking.id) if isinstance(asking, KlantcontactAsked) else partij_state(asking.id)


def _told(error: Exception) -> str:
    """Return why, without a value: our own errors have none, and of others only the place counts."""
    return str(error) if isinstance(error, CallRefused | NummerBezet | FailsEachTime) else where(error)
