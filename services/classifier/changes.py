"""From a record of `toestemming.gewijzigd` to what is judged: a publisher's change, or the municipality's own.

The municipality's own changes are instructions of its commands, signed with the register's key. They name a partij by
its id and need no authentication: an employee knows who asked. A publisher can't make one, and can't speak under the
source of those.
"""

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from schemas.cloudevents import Header
from schemas.contact_ended_v1 import Betrokkene, Rol, Toestemming
from schemas.faults import Fault, FaultKind, Refusal, RefusalKind
from schemas.positions import Position
from schemas.reading.consent import decode_change, without_onderwerpen
from schemas.reading.decoding import Received
from schemas.values import value_class
from services.domain.case import INSTRUCTED, Case, Instruction, prepare
from services.domain.policy import Beleid
from services.domain.sleutels import Sleutels
from services.runtime.kafka.records import Record

log = structlog.get_logger()

OPDRACHT: Final = "klantcontact_opdracht"
"""The header with the signature of an instruction, over the value of its record."""

_SIGNED: Final = b"change "
"""Before the value: a signature for another use is none here."""

_OWN: Final = ":opdracht"
_KANAAL: Final = "opdracht"


def own_source(source: str) -> str:
    """Return the source of the municipality's own changes. `source` is the classifier's."""
    return source + _OWN


@value_class(frozen=True, slots=True)
class Opdracht:
    """An instruction of the municipality itself about one partij."""

    wijziging_id: str
    """A UUID of its own."""
    partij_id: str
    op: datetime
    toestemming: Toestemming | None = None
    """Given or withdrawn; None: it is about a restriction."""
    beperking: bool | None = None
    """Whether processing is restricted from now on; None: it is about consent."""


def written(opdracht: Opdracht, source: str, sleutels: Sleutels) -> tuple[bytes, list[Header]]:
    """Return the value and headers of a record that asks for it. `source` is the classifier's."""
    said = opdracht.toestemming
    body = {
        "specversion": "1.0",
        "id": opdracht.wijziging_id,
        "source": own_source(source),
        "type": "nl.klantinteracties.partij.opdracht",
        "time": datetime.now(UTC).isoformat(),
        "data": {
            "wijzigingId": opdracht.wijziging_id,
            "partijId": opdracht.partij_id,
            "gewijzigdOp": opdracht.op.isoformat(),
            "toestemmingHergebruik": said.value if said is not None else None,
            "beperking": opdracht.beperking,
        },
    }
    value = json.dumps(body).encode()
    return value, [(OPDRACHT, sleutels.signature(_SIGNED + value).encode())]


@value_class(frozen=True, slots=True)
class ChangeReader:
    """Reads the records of the topics for changes."""

    topics: Collection[str]
    source: str
    """The classifier's own."""

    def read(self, record: Record, sleutels: Sleutels, beleid: Beleid) -> Case | Refusal:
        """Return what is judged, or why there is none."""
        if record.oversized is not None:
            return Refusal(RefusalKind.TE_GROOT, (Fault("", FaultKind.TE_GROOT),))
        position = Position(record.topic, record.partition, record.offset)
        if _is_signed(record, sleutels):
            return _instructed(record.value or b"", sleutels, beleid, position)
        headers = [(name, value) for name, value in record.headers if value is not None]
        received = decode_change(record.value, headers, record.written_at)
        if isinstance(received, Refusal):
            return received
        case = prepare(received, sleutels, beleid, position=position)
        if received.source == own_source(self.source):
            return replace(case, not_allowed=(Fault("source", FaultKind.BRON_NIET_TOEGESTAAN),))
        return case


def _is_signed(record: Record, sleutels: Sleutels) -> bool:
    for name, signature in record.headers:
        if name == OPDRACHT and record.value is not None:
            if sleutels.has_signed((signature or b"").decode(errors="replace"), _SIGNED + record.value):
                return True
            log.warning("instruction.ignored", header=OPDRACHT)
    return False


def _instructed(value: bytes, sleutels: Sleutels, beleid: Beleid, position: Position) -> Case:
    body: dict[str, Any] = json.loads(value)
    data = body["data"]
    said = data["toestemmingHergebruik"]
    klant = Betrokkene.model_construct(
        ref=data["partijId"],  # so that the digest covers it
        rol=Rol.KLANT,
        initiator=False,
        toestemming_hergebruik=Toestemming(said) if said is not None else Toestemming.NIET_GEVRAAGD,
    )
    moment = datetime.fromisoformat(data["gewijzigdOp"])
    received = Received(
        source=body["source"],
        event_id=body["id"],
        time=datetime.fromisoformat(body["time"]),
        traceparent=None,
        contact=without_onderwerpen(data["wijzigingId"], 1, _KANAAL, moment, klant),
    )
    case = prepare(received, sleutels, beleid, position=position)
    instruction = Instruction(data["partijId"], data["beperking"])
    return replace(case, gekend={0: INSTRUCTED}, not_allowed=(), instruction=instruction)
