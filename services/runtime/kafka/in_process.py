"""What differs on the broker inside the demo's process: the one place that knows it.

`klantcontact demo` and `up` fall back to librdkafka's mock cluster where no Kafka can be started. It answers most of
the protocol, and keeps nothing. They set the variable for the processes that they start. No operator sets it, so it is
none of the settings.
"""

import os

from services.runtime.settings import IN_PROCESS_BROKER

ON = "1"


def _is_in_use() -> bool:
    return os.environ.get(IN_PROCESS_BROKER) == ON


def checks_crcs() -> bool:
    """Whether the checksums of records hold. This broker changes records on the way."""
    return not _is_in_use()


def reads_stable_offsets() -> bool:
    """Whether the broker can wait for unfinished transactions when it is asked for a committed offset."""
    return not _is_in_use()


def has_administration() -> bool:
    """Whether topics are created and described by request. This broker creates one at the first question about it."""
    return not _is_in_use()
