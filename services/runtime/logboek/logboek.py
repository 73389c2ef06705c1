"""Records for the Logboek Dataverwerkingen: one for each processing and each betrokkene, none left out by sampling.

Source: Logius, "Logboek dataverwerkingen", interface and attributes in the namespace `dpl.core`.

A betrokkene is named by an HMAC of its partijId, under a key of its own: the Logboek and the register can only be
joined by somebody who has that key.
"""

import asyncio
import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final, Protocol

from services.runtime.secret import load_ldv_sleutel
from services.runtime.settings import Settings

SUBJECT_TYPE: Final = "urn:klantinteracties:betrokkene:hmac-sha256"
"""Says of `dpl.core.data_subject_id` that it is a pseudonym of this register."""


class Activity(StrEnum):
    """The processings, by their id in `schemas/verwerkingen.toml`."""

    REGISTREREN = "registreren"
    HERSTELLEN = "herstellen"
    INZAGE = "inzage"
    WISSEN = "wissen"
    TOESTEMMING = "toestemming"
    BEPERKEN = "beperken"
    OPSCHONEN = "opschonen"
    DATALEK = "datalek"


class Exported(Protocol):
    """Sends records in the background."""

    def record(
        self, name: str, traceparent: str | None, attributes: dict[str, str], *, started_ns: int, ended_ns: int
    ) -> None:
        """Take in a record. Returns at once."""


class Logboek:
    """Makes records of processings."""

    def __init__(self, exported: Exported, key: bytes, register: str) -> None:
        """`register`: what stands before the id of a processing."""
        self._exported = exported
        self._begun = hmac.new(key, digestmod="sha256")
        self._register = register

    def record(
        self, activity: Activity, partijen: Iterable[str], *, started_ns: int, traceparent: str | None = None
    ) -> None:
        """Record that a processing, begun at `started_ns` (nanoseconds since 1970), concerned these partijen."""
        ended_ns = time.time_ns()
        for partij_id in dict.fromkeys(partijen):
            attributes = {
                "dpl.core.processing_activity_id": f"{self._register}{activity.value}",
                "dpl.core.data_subject_id": self.subject(partij_id),
                "dpl.core.data_subject_id_type": SUBJECT_TYPE,
            }
            self._exported.record(activity.value, traceparent, attributes, started_ns=started_ns, ended_ns=ended_ns)

    def subject(self, partij_id: str) -> str:
        """Return by which name the Logboek knows the klant of a partij."""
        hashed = self._begun.copy()
        hashed.update(partij_id.encode())
        return urlsafe_b64encode(hashed.digest()).rstrip(b"=").decode()


@contextmanager
def logboek(process: str, settings: Settings) -> Iterator[Logboek | None]:
    """Send records within the block where the settings name an endpoint, and the last ones at its end.

    Raises InvalidSettings for a key that can't be read.
    """
    if settings.ldv_otlp_endpoint is None:
        yield None
        return
    from services.runtime.logboek.export import exported

    key = load_ldv_sleutel(settings)
    with exported(process, settings.ldv_otlp_endpoint) as sending:
        yield Logboek(sending, key, settings.ldv_register)


async def record_for_command(
    command: str, settings: Settings, activity: Activity, partijen: Iterable[str], *, started_ns: int
) -> None:
    """Record what a command of an operator is going to show, and wait until it is sent, two seconds at most.

    Raises InvalidSettings for a key that can't be read.
    """
    if settings.ldv_otlp_endpoint is not None:
        await asyncio.to_thread(_record, command, settings, activity, list(partijen), started_ns)


def _record(command: str, settings: Settings, activity: Activity, partijen: Iterable[str], started_ns: int) -> None:
    with logboek(command, settings) as book:
        if book is not None:
            book.record(activity, partijen, started_ns=started_ns)
