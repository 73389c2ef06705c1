"""The metrics of requests. The intake logs nothing of a request."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Final

from services.channels.intake.gate import Entrance
from services.channels.intake.replies import Reception, Reply
from services.runtime.observe import metrics

NO_CHANNEL: Final = "andere"
"""The label of every name that is no channel: a client can make up any number of names."""

HOUR_SECONDS: Final = 3600


class Receptions:
    """Counts requests by channel, and knows how long each channel has been silent."""

    def __init__(self, entrances: Mapping[str, Entrance]) -> None:
        """`entrances` by name. A channel without a message so far is silent since now."""
        now = time.monotonic()
        self._heard_at = dict.fromkeys(entrances, now)
        for naam, entrance in entrances.items():
            metrics.CHANNEL_SILENT_SECONDS.labels(channel=naam).set_function(partial(self._silent_seconds, naam))
            metrics.CHANNEL_SILENCE_ALLOWED_SECONDS.labels(channel=naam).set(
                entrance.kanaal.stil_na_uren * HOUR_SECONDS
            )

    def tell(self, naam: str, reply: Reply, *, seconds: float) -> None:
        """Count a request. `seconds`: from its head to its answer."""
        channel = naam if naam in self._heard_at else NO_CHANNEL
        metrics.CHANNEL_RECEIVED.labels(channel=channel, outcome=reply.reception).inc()
        metrics.CHANNEL_ANSWER_SECONDS.observe(seconds)
        if reply.reception is Reception.ACCEPTED:
            self._heard_at[naam] = time.monotonic()

    def _silent_seconds(self, naam: str) -> float:
        return time.monotonic() - self._heard_at[naam]
