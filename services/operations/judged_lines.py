"""A file of events, judged line by line as the classifier would, over memory: no Kafka, no MongoDB.

It is the same fold as the classifier's, and remembers partijen, consent and decisions from line to line.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Final

from schemas.decoding import decode
from schemas.faults import Refusal
from services.domain.case import prepare
from services.domain.judgement import Judgement
from services.domain.numbers import Numbers
from services.domain.policy import Beleid
from services.domain.register import Register
from services.domain.sleutels import Sleutels

_KEY: Final = bytes(32)
"""Nothing is kept, so there is nothing for a key to protect."""

_NOW: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""The moment of the decision is in no answer."""


def judged_lines(lines: Iterable[bytes], beleid: Beleid) -> Iterator[tuple[int, Judgement | Refusal]]:
    """Judge structured CloudEvents, one a line, in order. Gives each line's number and what came of it.

    Lines count from 1, empty ones too; those are skipped. A Refusal is of the event itself; what only the register
    shows, which here is what the lines before it left, is a judgement that is Refused.
    """
    sleutels = Sleutels(_KEY)
    register = Register(beleid, Numbers(count(1), count(1), count(1)))
    for line_number, line in enumerate(lines, start=1):
        if line.strip():
            received = decode(line)
            if isinstance(received, Refusal):
                yield line_number, received
            else:
                yield line_number, register.judge(prepare(received, sleutels, beleid), _NOW)
