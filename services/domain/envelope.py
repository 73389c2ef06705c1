"""What every event of a decision carries around its data: the envelope, why it exists, and what it follows from."""

from types import ModuleType
from typing import Final

from schemas.cloudevents import schema_urn
from schemas.values import value_class
from services.domain.besluit import Aanleiding, Besluit, OnderwerpBesluit, Stream
from services.domain.ids import identifier
from services.domain.toelichting import toelichting
from services.domain.wire import Wire

_TYPE_PREFIX: Final = "nl.klantinteracties."


@value_class(frozen=True, slots=True)
class Event:
    """One event to publish: where it goes, its Kafka key, and the CloudEvent."""

    stream: Stream
    key: str
    body: Wire


@value_class(frozen=True, slots=True)
class Sender:
    """Addresses the events of one decision; `source` is the classifier's own."""

    besluit: Besluit
    source: str

    def event(
        self,
        stream: Stream,
        module: ModuleType,
        subject: str,
        key: str,
        data: Wire,
        *,
        since: Aanleiding | None = None,
        named: str | None = None,
    ) -> Event:
        """Put data in its envelope. `since` is the decision it goes back to, `named` tells equal subjects apart."""
        besluit = self.besluit
        why = since or besluit
        kind = module.TYPE.removeprefix(_TYPE_PREFIX)
        body: Wire = {
            "specversion": "1.0",
            "id": identifier(
                besluit.source,
                kind,
                besluit.contact_id,
                named or subject,
                str(why.revisie),
                str(why.besluitversie),
            ),
            "source": self.source,
            "type": module.TYPE,
            "time": why.besloten_op,
            "subject": subject,
            "datacontenttype": "application/json",
            "dataschema": schema_urn(kind, module.VERSION),
            "data": data,
        }
        if besluit.traceparent is not None:
            body["traceparent"] = besluit.traceparent
        return Event(stream, key, body)

    def why(self, outcome: OnderwerpBesluit) -> Wire:
        """Give `besluit` and `herkomst` of what was decided about an onderwerp."""
        besluit = self.besluit
        return {
            "besluit": {
                "regel": outcome.regel,
                "beleidsversie": besluit.beleidsversie,
                "besluitversie": besluit.besluitversie,
                "toelichting": toelichting(outcome.regel, besluit.kanttekeningen),
            },
            "herkomst": self._herkomst(besluit.event_id, besluit.revisie, outcome.onderwerp_id),
        }

    def why_back(self, aanleiding: Aanleiding, onderwerp_id: str | None) -> Wire:
        """Give `besluit` and `herkomst` of what is taken back."""
        return {
            "besluit": {
                "regel": aanleiding.regel,
                "beleidsversie": aanleiding.beleidsversie,
                "besluitversie": aanleiding.besluitversie,
                "toelichting": toelichting(aanleiding.regel),
            },
            "herkomst": self._herkomst(aanleiding.event_id, aanleiding.revisie, onderwerp_id),
        }

    def _herkomst(self, event_id: str, revisie: int, onderwerp_id: str | None) -> Wire:
        herkomst: Wire = {
            "source": self.besluit.source,
            "eventId": event_id,
            "contactId": self.besluit.contact_id,
            "revisie": revisie,
        }
        if onderwerp_id is not None:
            herkomst["onderwerpId"] = onderwerp_id
        return herkomst
