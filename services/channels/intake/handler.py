"""Handles one delivery: check its proof, unpack it, write its messages to Kafka, answer."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from schemas.cloudevents import Header, valid_traceparent
from schemas.raw_messages import CLOUDEVENT_PREFIX, CONTENT_TYPE, DELIVERY, PROOF, TRACEPARENT, moment_header
from services.channels.intake.delivery import Delivery, form_fields
from services.channels.intake.envelopes import unpack
from services.channels.intake.gate import Entrance, Gate
from services.channels.intake.ports import RawTopics
from services.channels.intake.replies import NOT_GENUINE, Rejected, Reply, graph_validated, webhook_allowed
from services.channels.intake_fields import ProofKind

DELIVERY_IDS: Final = (b"i-twilio-idempotency-token", b"x-amz-firehose-request-id", b"idempotency-key")
"""The headers in which a platform names a delivery, the same one each time that it tries again."""

_PLAIN: Final = re.compile(rb"[\x21-\x7e]{1,200}")
"""An id without spaces or control characters."""

_VALIDATION_TOKEN: Final = re.compile(r"[\x20-\x7e]{1,1000}")


class Intake:
    """Takes deliveries whole or not at all. Each method raises Rejected for a request that the intake refuses."""

    def __init__(self, entrances: Mapping[str, Entrance], topics: RawTopics) -> None:
        """`entrances` by the name in the path."""
        self._entrances = entrances
        self._gate = Gate(entrances)
        self._topics = topics

    async def take(self, delivery: Delivery) -> Reply:
        """Write the messages of a delivery to Kafka, and return the reply."""
        received_at = datetime.now(UTC)
        entrance = self._gate.admit(delivery)
        unpacked = unpack(entrance.kanaal.omhulsel, delivery, most_bytes=entrance.kanaal.max_bytes)
        headers = [
            (CONTENT_TYPE, unpacked.content_type),
            moment_header(received_at),
            (PROOF, str(entrance.kanaal.authenticatie).encode()),
            *_kept(delivery.headers),
        ]
        await self._topics.write(entrance.topic, unpacked.messages, headers)
        return unpacked.reply

    def validate(self, naam: str, query: bytes) -> Reply | None:
        """Answer Microsoft Graph, which asks whether we want a subscription; return None for any other request.

        The question needs no proof: the intake writes nothing for it, and each notification is proven by itself.
        """
        entrance = self._entrances.get(naam)
        if entrance is None or entrance.kanaal.authenticatie is not ProofKind.GRAPH:
            return None
        try:
            tokens = [value for name, value in form_fields(query) if name == "validationToken"]
        except ValueError:
            return None
        return graph_validated(tokens[0]) if len(tokens) == 1 and _VALIDATION_TOKEN.fullmatch(tokens[0]) else None

    def allow(self, naam: str, origin: str | None) -> Reply:
        """Answer a sender of CloudEvents that asks whether it may deliver.

        Source: CloudEvents, HTTP 1.1 Web Hooks for Event Delivery 1.0, 4.
        """
        entrance = self._entrances.get(naam)
        if entrance is None or origin is None or origin not in entrance.kanaal.oorsprongen:
            raise Rejected(NOT_GENUINE)
        return webhook_allowed(origin)


def _kept(headers: Mapping[bytes, bytes]) -> list[Header]:
    """Return the headers of a request that its raw records keep: none of those that prove its origin."""
    delivery = next((headers[name] for name in DELIVERY_IDS if name in headers), b"")
    traceparent = valid_traceparent(headers.get(b"traceparent", b"").decode("ascii", "replace"))
    attributes = [
        (name.decode("ascii"), value) for name, value in headers.items() if name.startswith(CLOUDEVENT_PREFIX.encode())
    ]
    return [
        *([(DELIVERY, delivery)] if _PLAIN.fullmatch(delivery) else []),
        *([(TRACEPARENT, traceparent.encode())] if traceparent is not None else []),
        *attributes,
    ]
