"""What FastStream's polling loop fails with, which it only logs."""

import logging
from collections.abc import Callable

from aiokafka.errors import KafkaError

Fail = Callable[[BaseException], None]
"""Takes what nobody can handle."""


class LoopFailures(logging.Handler):
    """Hands on what FastStream's polling loop fails with: its log is the only place where it says so."""

    def __init__(self, fail: Fail) -> None:
        super().__init__(logging.ERROR)
        self._fail = fail

    def emit(self, record: logging.LogRecord) -> None:
        """Let a failure end the process, unless it is one of Kafka that passes."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None or (isinstance(error, KafkaError) and error.retriable):
            return
        self._fail(error)
