"""Every metric of the services. A name that is not here does not exist, and a typo fails type checking.

Labels take few values, all our own: never one from a message.
"""

import re

from prometheus_client import Counter, Gauge, Histogram

CONTACTS = Counter("klantcontact_contacts", "Records taken from contact.ended, by what became of them.", ["outcome"])

DECISIONS = Counter("klantcontact_decisions", "Onderwerpen decided, by rule of the decision table.", ["rule"])

DEAD_LETTERS = Counter("klantcontact_dead_letters", "Records sent to the dead letters, by kind.", ["kind"])

UNKNOWN_FIELDS = Counter(
    "klantcontact_unknown_fields",
    "Fields that the contract does not know and that were ignored, by path.",
    ["path"],
)
"""Counted through `count_unknown_field` only."""

BATCH_SIZE_CONTACTS = Histogram(
    "klantcontact_batch_size_contacts",
    "Records in one batch of one partition.",
    buckets=(1, 10, 50, 100, 250, 500, 1000, 2500, 5000),
)

BATCH_STEP_SECONDS = Histogram(
    "klantcontact_batch_step_seconds",
    "Time that one step took for a whole batch.",
    ["step"],
    # From one contact alone to a database that answers at the end of its patience.
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

LAST_COMMIT_TIMESTAMP_SECONDS = Gauge(
    "klantcontact_last_commit_timestamp_seconds", "When a batch was last committed, in seconds since 1970."
)

OWN_FAILURES = Counter("klantcontact_own_failures", "Messages on which our own code failed. Each is a bug of ours.")

TRANSIENT_FAILURES = Counter(
    "klantcontact_transient_failures",
    "Times that a part did not answer and was waited for, by part.",
    ["part"],
)

PROJECTED_EVENTS = Counter("klantcontact_projected_events", "Events written into the collections, by type.", ["type"])

MAX_UNKNOWN_PATHS = 100
"""Paths that get a series of their own. The contract itself has fewer fields: more are not a publisher ahead
of us but one gone wrong."""

OTHER_PATHS = "other"

_PLAIN_PATH = re.compile(r"[A-Za-z_.]{1,100}")
_known_paths: set[str] = set()


def count_unknown_field(path: str) -> None:
    """Count an ignored field. What may not be a field's name (a publisher can put a number or a text in its
    place) and what comes after the first 100 paths is counted together as `other`.
    """
    if path not in _known_paths:
        if len(_known_paths) >= MAX_UNKNOWN_PATHS or not _PLAIN_PATH.fullmatch(path):
            path = OTHER_PATHS
        else:
            _known_paths.add(path)
    UNKNOWN_FIELDS.labels(path=path).inc()
