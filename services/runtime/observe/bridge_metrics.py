"""The metrics of the bridge to Open Klant, with the same law as `metrics.py`."""

from prometheus_client import Counter, Gauge, Histogram

from services.runtime.observe.metrics import MINUTE

CONVERGED = Counter(
    "klantcontact_bridge_converged",
    "Klantcontacten and partijen that were looked at and made equal in Open Klant, by kind and outcome.",
    ["kind", "outcome"],  # klantcontact or partij; `services.bridge.converge.Convergence`, and dead_letter
)

CALLS = Counter(
    "klantcontact_bridge_calls",
    "Calls of Open Klant, by resource, method and status; `none` without an answer.",
    ["resource", "method", "status"],  # `services.bridge.resources.Resource` and maak-klantcontact; those of HTTP
)

CALL_SECONDS = Histogram(
    "klantcontact_bridge_call_seconds",
    "Time of one call of Open Klant.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

CONVERGE_SECONDS = Histogram(
    "klantcontact_bridge_converge_seconds",
    "Time to make one klantcontact or partij equal in Open Klant, waits left out.",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, MINUTE),
)

PROJECTOR_WAIT_SECONDS = Counter(
    "klantcontact_bridge_projector_wait_seconds",
    "Seconds that lanes waited for the projector to show an event.",
)

OLDEST_UNEQUAL_AGE_SECONDS = Gauge(
    "klantcontact_bridge_oldest_unequal_age_seconds",
    "How long the oldest klantcontact or partij whose writing to Open Klant began is not equal yet; 0 without any. "
    "Every instance says the same.",
)

DEAD_LETTERS = Counter(
    "klantcontact_bridge_dead_letters",
    "Klantcontacten and partijen that can't be written to Open Klant, by kind.",
    ["kind"],  # `services.bridge.errors.LetterReason`
)

OUTAGE = Gauge(
    "klantcontact_bridge_outage",
    "Whether all lanes wait for Open Klant, or one waits until an orphaned standard address is removed there (1).",
)

REMOVED_BY_OTHERS = Counter(
    "klantcontact_bridge_removed_by_others",
    "Rows of ours that somebody else removed from Open Klant. They are not made again.",
)
