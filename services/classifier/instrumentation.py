"""What the classifier shows of its work in logs, metrics and traces: ids and our own words only.

In traces there is one span for each contact whose publisher began a trace.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Final, assert_never

import structlog

from schemas.cloudevents import trace_id
from schemas.faults import RefusalKind
from schemas.outputs import PartijRegel, Reden
from schemas.reading.decoding import Received
from schemas.values import value_class
from services.domain.besluit import BesluitRecord
from services.domain.changed import regels
from services.domain.outcome import (
    OUTCOMES,
    Declined,
    Erased,
    Executed,
    Failed,
    InstructionAnswer,
    Outcome,
    Overtaken,
    Published,
    Refused,
    Repeated,
    Skipped,
)
from services.domain.personal import FIELDS, may_look_personal, personal_fields
from services.domain.toelichting import Kanttekening
from services.runtime.exactly_once.ports import Message
from services.runtime.exactly_once.telling import tell_committed
from services.runtime.kafka.records import Record, value_bytes
from services.runtime.logboek.logboek import Activity, Logboek
from services.runtime.observe import metrics
from services.runtime.observe.tracing import Attributes, Spans

log = structlog.get_logger()

MAX_FAULTS: Final = 20
"""In the log line of one record; its dead letter has more of them."""

OTHER_SOURCES: Final = "andere"
"""The label of every source that the policy does not name: a publisher makes up its own."""

DECIDE: Final = "contact.decide"
"""The name of a record's span."""


@value_class(frozen=True, slots=True)
class Handled:
    """A record, its outcome, and what goes out for it."""

    record: Record
    outcome: Outcome | InstructionAnswer
    messages: Sequence[Message]

    def weight(self) -> int:
        """Return the bytes that go out."""
        return sum(map(value_bytes, self.messages))


def tell_batch(batch: Sequence[Handled], counted_sources: frozenset[str]) -> None:
    """Log and count a batch that was published and committed: one line, and at debug one for each record.

    `counted_sources`: those that are counted by name.
    """
    outcomes = Counter(handled.outcome.name for handled in batch)
    _count(batch, outcomes)
    if log.is_enabled_for(logging.DEBUG):
        for handled in batch:
            _tell(handled.record, handled.outcome)
    tell_committed(batch, letters=outcomes[Refused.name] + outcomes[Failed.name], **outcomes)
    if outcomes[Overtaken.name]:
        _tell_overtaken([each for each in batch if isinstance(each.outcome, Overtaken)], counted_sources)


def _tell_overtaken(overtaken: Sequence[Handled], counted_sources: frozenset[str]) -> None:
    """Count what changed nothing, and log where the first of it lies: `explain` shows its contact."""
    for handled in overtaken:
        received = handled.outcome.received
        assert received is not None, "what was judged was read"
        source = received.source if received.source in counted_sources else OTHER_SOURCES
        metrics.OVERTAKEN.labels(source=source).inc()
    first = overtaken[0].record
    log.warning(
        "contacts.overtaken",
        topic=first.topic,
        partition=first.partition,
        first_offset=first.offset,
        number=len(overtaken),
    )


def tell_spans(spans: Spans, batch: Sequence[Handled], *, started_ns: int) -> None:
    """Record what was decided, as children of the publishers' spans. A record that can't be read has no parent."""
    for handled in batch:
        if (received := handled.outcome.received) is not None:
            attributes = _attributes(handled.record, handled.outcome, received)
            spans.record(DECIDE, received.traceparent, attributes, started_ns=started_ns)


def tell_logboek(book: Logboek, batch: Sequence[Handled], *, started_ns: int) -> None:
    """Record which klanten the decisions of a batch concerned, those that it took something back from included."""
    for handled in batch:
        match handled.outcome:
            case Published(received, besluit):
                partijen = sorted(besluit.partijen_ever)
                book.record(_activity(besluit), partijen, started_ns=started_ns, traceparent=received.traceparent)
            case Executed(wissing) as executed:
                taken_back = [each.body["data"].get("partijId") for each in executed.gone]
                partijen = [each for each in (wissing.partij_id, *taken_back) if each is not None]
                by_term = wissing.reden is Reden.BEWAARTERMIJN
                book.record(Activity.OPSCHONEN if by_term else Activity.WISSEN, partijen, started_ns=started_ns)


def _activity(besluit: BesluitRecord) -> Activity:
    if not besluit.is_change:
        return Activity.REGISTREREN
    return Activity.BEPERKEN if PartijRegel.B in regels(besluit) else Activity.TOESTEMMING


def _attributes(record: Record, outcome: Outcome | InstructionAnswer, received: Received) -> Attributes:
    return {
        **record.attributes,
        "klantcontact.outcome": outcome.name,
        "klantcontact.source": received.source,
        "klantcontact.contact_id": received.contact.contact_id,
        "klantcontact.revisie": received.contact.revisie,
        "klantcontact.rules": outcome.rules,
    }


# Counting

# At 0 from the start: Prometheus sees no increase when a series begins, and would miss the first ones.
for _outcome in OUTCOMES:
    metrics.CONTACTS.labels(outcome=_outcome.name)
for _kind in RefusalKind:
    metrics.DEAD_LETTERS.labels(kind=_kind.value)
for _field in FIELDS:
    metrics.PERSONAL_IDS.labels(field=_field)


def show_source_counters(counted_sources: frozenset[str]) -> None:
    """Show the counters of these sources, and of all others, at 0."""
    for source in (*counted_sources, OTHER_SOURCES):
        metrics.OVERTAKEN.labels(source=source)


def _count(batch: Sequence[Handled], outcomes: Counter[str]) -> None:
    for name, number in outcomes.items():
        metrics.CONTACTS.labels(outcome=name).inc(number)
    kinds = Counter(each.outcome.refusal.kind for each in batch if isinstance(each.outcome, Refused))
    for kind, number in kinds.items():
        metrics.DEAD_LETTERS.labels(kind=kind.value).inc(number)
    published = [(each.outcome, each.record.key) for each in batch if isinstance(each.outcome, Published)]
    _count_decided([outcome.besluit for outcome, _ in published])
    read = [(outcome.received, key) for outcome, key in published]
    for received, _ in read:
        for path in received.unknown_fields:
            metrics.count_unknown_field(path)
    if may_look_personal(read):
        for received, key in read:
            for personal in personal_fields(received, key):
                metrics.PERSONAL_IDS.labels(field=personal).inc()


def _count_decided(besluiten: Sequence[BesluitRecord]) -> None:
    rules = Counter(regel for besluit in besluiten for regel in regels(besluit))
    for rule, number in rules.items():
        metrics.DECISIONS.labels(rule=rule.value).inc(number)
    withdrawals = sum(Kanttekening.INTREKKING_ZONDER_GEVOLG in each.kanttekeningen for each in besluiten)
    metrics.WITHDRAWALS_WITHOUT_EFFECT.inc(withdrawals)
    for besluit in besluiten:
        if besluit.is_change and not besluit.partijen:
            for note in besluit.kanttekeningen:
                metrics.CHANGES_WITHOUT_EFFECT.labels(reason=note).inc()


# One line a record


def _tell(record: Record, outcome: Outcome | InstructionAnswer) -> None:
    match outcome:
        case Published(received, besluit):
            log.debug(
                "contact.decided",
                repeated=isinstance(outcome, Repeated),
                contact_id=besluit.contact_id,
                revisie=besluit.revisie,
                besluitversie=besluit.besluitversie,
                rules=outcome.rules,
                policy=besluit.beleidsversie,
                notes=list(besluit.kanttekeningen),
                trace_id=_trace_id(received.traceparent),
            )
        case Skipped(received, besluit):
            log.debug(
                "contact.skipped",
                reason=outcome.name,
                contact_id=received.contact.contact_id,
                revisie=received.contact.revisie,
                revisie_in_force=besluit.revisie,
                trace_id=_trace_id(received.traceparent),
            )
        case Erased(received):
            log.debug(
                "contact.erased",
                contact_id=received.contact.contact_id,
                revisie=received.contact.revisie,
                trace_id=_trace_id(received.traceparent),
            )
        case Executed(wissing) | Declined(wissing):
            declined = outcome.bezwaar.value if isinstance(outcome, Declined) else None
            log.debug("erasure.answered", instruction=wissing.opdracht, kind=wissing.soort.value, declined=declined)
        case Failed():
            pass  # `tell_own_failure` has logged it
        case Refused(refusal):
            log.debug(
                "contact.refused",
                kind=refusal.kind.value,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                faults=[f"{fault.pad}: {fault.soort}" for fault in refusal.faults[:MAX_FAULTS]],
            )
        case _:
            assert_never(outcome)


def _trace_id(traceparent: str | None) -> str | None:
    return trace_id(traceparent) if traceparent is not None else None
