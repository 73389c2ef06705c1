"""The faults that a plan injects."""

from enum import StrEnum
from typing import NamedTuple


class FaultKind(StrEnum):
    """A fault happens at a request to a server. In the end every await of the services waits for one."""

    CRASH_BEFORE = "killed before the request"
    CRASH_AFTER = "killed before the answer"
    LOST_REQUEST = "request lost"
    LOST_ANSWER = "answer lost"
    FREEZE = "frozen for longer than a session"
    LEAVE = "asked to end"
    REBALANCE = "partitions divided anew"
    LATE_END = "transactions ended late"
    BROKER_RESTART = "broker restarted, ends forgotten"
    MONGO_AWAY = "MongoDB away"


class Fault(NamedTuple):
    """A fault, and the number of the request at which it happens."""

    at: int
    kind: FaultKind
