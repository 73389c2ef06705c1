"""The envelope of every event of a decision, with its `besluit` and `herkomst`.

Also how models and chosen details become plain values for the wire, without absent fields.
"""

from functools import lru_cache
from types import ModuleType
from typing import Any, Final

from schemas.cloudevents import schema_urn
from schemas.types import Bericht
from schemas.values import value_class
from services.domain.besluit import Aanleiding, BesluitRecord, Intrekking, OnderwerpBesluit
from services.domain.details import Details
from services.domain.ids import identifier
from services.domain.streams import Stream
from services.domain.toelichting import erased, toelichting

Wire = dict[str, Any]

_DONE: Final = {"gebruik"}


def wire(model: Bericht) -> Wire:
    """Return a model as it goes over the wire: without absent fields, and without `gebruik`."""
    # `model_dump` calls this itself and takes twice the time.
    wired: Wire = model.__pydantic_serializer__.to_python(model, exclude=_DONE, exclude_none=True)
    return wired


def wired(details: Details) -> Wire:
    """Return details as they go over the wire."""
    kept: Wire = {"digitaleAdressen": [wire(adres) for adres in details.digitale_adressen]}
    if details.contactnaam is not None:
        kept["contactnaam"] = wire(details.contactnaam)
    if details.organisatienaam is not None:
        kept["organisatienaam"] = details.organisatienaam
    if details.bezoekadres is not None:
        kept["bezoekadres"] = wire(details.bezoekadres)
    if details.correspondentieadres is not None:
        kept["correspondentieadres"] = wire(details.correspondentieadres)
    return kept


_TYPE_PREFIX: Final = "nl.klantinteracties."


@lru_cache
def _named(module: ModuleType) -> tuple[str, str]:
    """Return the kind of an event, such as `taak.created`, and its `dataschema`."""
    kind: str = module.TYPE.removeprefix(_TYPE_PREFIX)
    return kind, schema_urn(kind, module.VERSION)


@value_class(frozen=True, slots=True)
class Event:
    """One event to publish: where it goes, its Kafka key, and the CloudEvent."""

    stream: Stream
    key: str
    body: Wire


@value_class(frozen=True, slots=True)
class Sender:
    """Addresses the events of one decision; `source` is the classifier's own."""

    besluit: BesluitRecord
    source: str

    def event(
        self,
        stream: Stream,
        module: ModuleType,
        subject: str,
        key: str | None,
        data: Wire,
        *,
        since: Aanleiding | None = None,
        named: str | None = None,
    ) -> Event:
        """Return data in its envelope. `since` is the decision it goes back to; `named` keeps equal subjects apart.

        An event without a `key` has its own `id` for one: no later event replaces it in a compacted topic.
        """
        besluit = self.besluit
        why = since or besluit
        kind, dataschema = _named(module)
        event_id = identifier(
            besluit.source,
            kind,
            besluit.contact_id,
            named or subject,
            str(why.revisie),
            str(why.besluitversie),
        )
        body: Wire = {
            "specversion": "1.0",
            "id": event_id,
            "source": self.source,
            "type": module.TYPE,
            "time": why.besloten_op,
            "subject": subject,
            "datacontenttype": "application/json",
            "dataschema": dataschema,
            "data": data,
        }
        if besluit.traceparent is not None:
            body["traceparent"] = besluit.traceparent
        return Event(stream, key or event_id, body)

    def why(self, outcome: OnderwerpBesluit) -> Wire:
        """Return `besluit` and `herkomst` for the outcome of an onderwerp."""
        since = outcome.sinds or self.besluit
        return {
            "besluit": {
                "regel": outcome.regel,
                "beleidsversie": since.beleidsversie,
                "besluitversie": since.besluitversie,
                "toelichting": toelichting(outcome.regel, self.besluit.kanttekeningen),
            },
            "herkomst": self._herkomst(since.event_id, since.revisie, outcome.onderwerp_id),
        }

    def why_back(self, intrekking: Intrekking, onderwerp_id: str | None) -> Wire:
        """Return `reden`, `besluit` and `herkomst` for something that is taken back."""
        aanleiding, reden = intrekking.aanleiding, intrekking.reden
        return {
            "reden": reden,
            "besluit": {
                "regel": aanleiding.regel,
                "beleidsversie": aanleiding.beleidsversie,
                "besluitversie": aanleiding.besluitversie,
                "toelichting": erased(reden) or toelichting(aanleiding.regel),
            },
            "herkomst": self._herkomst(aanleiding.event_id, aanleiding.revisie, onderwerp_id),
        }

    def why_of_change(self, aanleiding: Aanleiding) -> Wire:
        """Return `besluit` and `herkomst` for what a change outside a contact says of a partij."""
        return {
            "besluit": {
                "regel": aanleiding.regel,
                "beleidsversie": aanleiding.beleidsversie,
                "besluitversie": aanleiding.besluitversie,
                "toelichting": toelichting(aanleiding.regel),
            },
            "herkomst": self._herkomst(aanleiding.event_id, aanleiding.revisie, None),
        }

    def _herkomst(self, event_id: str, revisie: int, onderwerp_id: str | None) -> Wire:
        herkomst: Wire = {
            "source": self.besluit.source,
            "eventId": event_id,
            "wijzigingId" if self.besluit.is_change else "contactId": self.besluit.contact_id,
            "revisie": revisie,
        }
        if onderwerp_id is not None:
            herkomst["onderwerpId"] = onderwerp_id
        return herkomst
