"""Every metric of the services. A name that is not here does not exist, and a typo fails type checking.

Labels take few values, all our own or the operator's, and never one from a message. The comment beside a label says
what bounds it.
"""

import time
from bisect import bisect_left
from collections import Counter as CountOf
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

MINUTE, HOUR, DAY = 60, 3_600, 86_400

PASSING_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, MINUTE, 5 * MINUTE, HOUR, DAY)
"""From a batch that passes at once to a weekend's backlog."""

# The classifier: the outcome of contacts -----------------------------------------------------------------------------

CONTACTS = Counter(
    "klantcontact_contacts",
    "Records taken from the topics of publishers, by outcome.",
    ["outcome"],  # `services.domain.outcome.OUTCOMES`
)

DECISIONS = Counter(
    "klantcontact_decisions",
    "Onderwerpen decided, by rule of the decision table.",
    ["rule"],  # the rows of `services.domain.rules`
)

DEAD_LETTERS = Counter(
    "klantcontact_dead_letters",
    "Records sent to the dead letters, by kind.",
    ["kind"],  # `schemas.faults.RefusalKind`
)

PUBLISHED_TO_DECIDED_SECONDS = Histogram(
    "klantcontact_published_to_decided_seconds",
    "Time from when Kafka took a record of a publisher until its outcome was published; repeats count too.",
    buckets=PASSING_SECONDS,
)

NUMBERS_HANDED_OUT = Gauge(
    "klantcontact_numbers_handed_out",
    "Numbers handed out, by series; a series ends at 9999999999. Every instance says the same.",
    ["kind"],  # `services.domain.numbers.NumberKind`
)

UNKNOWN_FIELDS = Counter(
    "klantcontact_unknown_fields",
    "Ignored fields that the contract does not know, by the object that they stand in.",
    ["path"],  # objects of the contract: `count_unknown_field`
)
"""Counted through `count_unknown_field` only."""

PERSONAL_IDS = Counter(
    "klantcontact_personal_ids",
    "Contacts in which an id, key or source looks as if it names a person, by field.",
    ["field"],  # `services.domain.personal.FIELDS`
)

WITHDRAWALS_WITHOUT_EFFECT = Counter(
    "klantcontact_withdrawals_without_effect",
    "Contacts in which consent was withdrawn by somebody who is not gekend, or without contact; repeats count too.",
)

CHANGES_WITHOUT_EFFECT = Counter(
    "klantcontact_changes_without_effect",
    "Changes of consent outside a contact that touched no partij, by the reason; repeats count too.",
    ["reason"],  # the notes of the decision: the klant is not known, or was not authenticated
)

OVERTAKEN = Counter(
    "klantcontact_overtaken",
    "Contacts whose revisie is lower than the one in force, so that they change nothing, by source.",
    ["source"],  # those that the policy names; `andere` for all others
)

# The mapper: the messages of channels --------------------------------------------------------------------------------

CHANNEL_MAPPED = Counter(
    "klantcontact_channel_mapped",
    "Contacts in the messages of a channel, by mapping and by what became of them.",
    ["channel", "mapping", "outcome"],  # of the channels file; `services.channels.mapper.instrumentation.MappedAs`
)

CHANNEL_SKIPPED = Counter(
    "klantcontact_channel_skipped",
    "Contacts in the messages of a channel that became no event, by the reason in its mapping.",
    ["channel", "reason"],  # those that the mapping names, and `geen_contact`
)

# The intake: requests of platforms ------------------------------------------------------------------------------------

CHANNEL_RECEIVED = Counter(
    "klantcontact_channel_received",
    "Requests of platforms to the intake, by channel and outcome.",
    # those of the channels file, and `andere` for every other name; `services.channels.intake.replies.Reception`
    ["channel", "outcome"],
)

CHANNEL_ANSWER_SECONDS = Histogram(
    "klantcontact_channel_answer_seconds",
    "Time from the head of a request until its answer, which waits for Kafka.",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 4, 5),
)

CHANNEL_SILENT_SECONDS = Gauge(
    "klantcontact_channel_silent_seconds",
    "Time since this intake last accepted a request of a channel, or since its start.",
    ["channel"],  # those of the channels file
)

CHANNEL_SILENCE_ALLOWED_SECONDS = Gauge(
    "klantcontact_channel_silence_allowed_seconds",
    "How long a channel may be silent, as the channels file says.",
    ["channel"],  # as above
)

CHANNEL_CUT_CONNECTIONS = Counter(
    "klantcontact_channel_cut_connections",
    "Connections that the intake closed on a client, by the reason.",
    ["reason"],  # full, head, malformed, slow
)

# The projector: documents stored -------------------------------------------------------------------------------------

PROJECTED_EVENTS = Counter(
    "klantcontact_projected_events",
    "Events written into the collections, by type.",
    ["type"],  # the six that the contract has
)

CONTACT_TO_STORED_SECONDS = Histogram(
    "klantcontact_contact_to_stored_seconds",
    "Time from when a contact took place (plaatsgevondenOp) until its klantcontact was stored; repeats count too.",
    # From a contact of seconds to one that its source held back for days.
    buckets=(10, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, DAY, 7 * DAY),
)

DECIDED_TO_STORED_SECONDS = Histogram(
    "klantcontact_decided_to_stored_seconds",
    "Time from the decision, which an event gives as its own time, until the event was stored; repeats count too.",
    buckets=PASSING_SECONDS,
)

OPEN_TAKEN = Gauge("klantcontact_open_taken", "Interne taken with status te_verwerken. Every instance says the same.")

PASSED_OVER_RECORDS = Counter(
    "klantcontact_passed_over_records",
    "Records of an output topic that our classifier did not write, passed over by the projector, by topic and reason.",
    ["topic", "reason"],  # the three topics that the projector reads; `services.projector.errors.ForeignReason`
)

# Both: batches and positions -----------------------------------------------------------------------------------------

BATCH_SIZE_RECORDS = Histogram(
    "klantcontact_batch_size_records",
    "Records in one batch.",
    buckets=(1, 10, 50, 100, 250, 500, 1000, 2500, 5000),
)

BATCH_STEP_SECONDS = Histogram(
    "klantcontact_batch_step_seconds",
    "Time that one step took for a whole batch.",
    ["step"],  # decode, decide, encode and publish; map and publish; write and commit
    # From one contact alone to a database that answers at the end of its patience.
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

LAST_COMMIT_TIMESTAMP_SECONDS = Gauge(
    "klantcontact_last_commit_timestamp_seconds",
    "When a batch was last committed, in seconds since 1970; 0 before the first.",
)

LAG_RECORDS = Gauge(
    "klantcontact_lag_records",
    "Records of an assigned partition that are not handled yet, those behind an open transaction included.",
    ["topic", "partition"],  # those that this instance is assigned; the series of others are removed
)

OLDEST_UNPROCESSED_AGE_SECONDS = Gauge(
    "klantcontact_oldest_unprocessed_age_seconds",
    "How long the oldest record of an assigned partition that is not handled yet has waited in Kafka; 0 without any.",
    ["topic", "partition"],  # as above
)

OPEN_TRANSACTION_AGE_SECONDS = Gauge(
    "klantcontact_open_transaction_age_seconds",
    "How long an assigned partition has waited for an open transaction; 0 for the first 40 seconds, and without any.",
    ["topic", "partition"],  # as above
)

COLLECTION_DOCUMENTS = Gauge(
    "klantcontact_collection_documents",
    "Documents in a collection, to the nearest thousand, as MongoDB estimates. Every instance says the same.",
    ["collection"],  # partijregister and besluiten; those of `services.projector.mongo.writes`
)

RECORDS_MISSING = Counter(
    "klantcontact_records_missing",
    "Times that the next records of a partition were gone from Kafka before this process had handled them.",
)
"""Without labels, so that the series exists from the start. The log says which partition, and from which offset on."""

OVERSIZED_BATCHES = Counter(
    "klantcontact_oversized_batches",
    "Batches that were passed over because they unpack to more than the limit.",
)
"""Without labels, as above. The log says which partition and offsets."""

# Both: whether all is well -------------------------------------------------------------------------------------------

READY = Gauge("klantcontact_ready", "Whether /readyz says that the service is ready (1) or not (0).")

TRANSIENT_FAILURES = Counter(
    "klantcontact_transient_failures",
    "Times that a part did not answer and the service waited for it, by part.",
    ["part"],  # `services.runtime.observe.health.Part`
)

OWN_FAILURES = Counter("klantcontact_own_failures", "Messages on which our own code failed. Each is a bug of ours.")

OWN_FAILURES_IN_A_ROW = Gauge(
    "klantcontact_own_failures_in_a_row",
    "Messages in a row on which our own code failed, of the partition with the longest row. A run stops the partition.",
)

STOPPED = Gauge(
    "klantcontact_stopped",
    "The partitions that stopped because our own code failed on their records.",
)

SKIPPED_RECORDS = Counter(
    "klantcontact_skipped_records",
    "Records that a stopped partition passed over, by topic: an operator's `skip`, or the third start that met them.",
    ["topic"],  # those of the settings
)

# Ignored fields ------------------------------------------------------------------------------------------------------


def count_unknown_field(path: str) -> None:
    """Count an ignored field by the object that it stands in. Its own name could be a person's."""
    UNKNOWN_FIELDS.labels(path=path.rpartition(".")[0]).inc()


# Observing -----------------------------------------------------------------------------------------------------------


def observe_all(histogram: Histogram, values: Sequence[float]) -> None:
    """Observe each of the values in a histogram without labels, at a sixth of the cost of `observe` for each."""
    histogram._sum.inc(sum(values))  # noqa: SLF001 - prometheus_client has nothing for many values
    for bucket, count in CountOf(bisect_left(histogram._upper_bounds, each) for each in values).items():  # noqa: SLF001
        histogram._buckets[bucket].inc(count)  # noqa: SLF001


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Measure how long a step of a batch takes."""
    started = time.perf_counter()
    try:
        yield
    finally:
        BATCH_STEP_SECONDS.labels(step=step).observe(time.perf_counter() - started)
