"""What an event of an output topic asks of the bridge. Only its ids and versions are used, never its contents.

A record that our classifier did not write asks nothing, and so does a tombstone. The projector tells of both.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic_core import from_json

from schemas import (
    klantcontact_registered_v1,
    klantcontact_withdrawn_v1,
    partij_changed_v1,
    partij_withdrawn_v1,
    taak_created_v1,
    taak_withdrawn_v1,
)
from schemas.values import value_class
from services.bridge.meant import Trigger
from services.bridge.ports import DecisionVersion

EventData = Mapping[str, Any]


@value_class(frozen=True, slots=True)
class KlantcontactAsked:
    """A klantcontact is to be looked at."""

    id: str
    trigger: Trigger


@value_class(frozen=True, slots=True)
class PartijAsked:
    """A partij is to be looked at by itself."""

    id: str
    versie: int
    nummer: str | None = None
    """Its number in Open Klant, if it is ours there."""


Asking = KlantcontactAsked | PartijAsked


def _registered(data: EventData) -> Asking:
    return KlantcontactAsked(data["klantcontact"]["klantcontactId"], Trigger(_version(data)))


def _withdrawn(data: EventData) -> Asking:
    trigger = Trigger(_version(data), withdrawn=True, moved=data["verplaatst"], nummer=data["nummer"])
    return KlantcontactAsked(data["klantcontactId"], trigger)


def _taak_created(data: EventData) -> Asking:
    taak = data["interneTaak"]
    klantcontact_id = taak["aanleidinggevendKlantcontact"]["klantcontactId"]
    return KlantcontactAsked(klantcontact_id, Trigger(taken={taak["taakId"]: _version(data)}))


def _taak_withdrawn(data: EventData) -> Asking:
    moved = frozenset({data["taakId"]} if data.get("verplaatst") else ())
    return KlantcontactAsked(data["klantcontactId"], Trigger(taken={data["taakId"]: _version(data)}, moved_taken=moved))


def _partij(data: EventData) -> Asking:
    return PartijAsked(data["partijId"], data["versie"], data.get("nummer"))


_ASKING: Final[Mapping[str, Callable[[EventData], Asking]]] = {
    klantcontact_registered_v1.TYPE: _registered,
    klantcontact_withdrawn_v1.TYPE: _withdrawn,
    taak_created_v1.TYPE: _taak_created,
    taak_withdrawn_v1.TYPE: _taak_withdrawn,
    partij_changed_v1.TYPE: _partij,
    partij_withdrawn_v1.TYPE: _partij,
}


def asking_of(value: bytes | None, own_sources: frozenset[str]) -> Asking | None:
    """Return what a record asks; None when it asks nothing."""
    try:
        event = from_json(value or b"null")
        if not isinstance(event, dict) or event.get("source") not in own_sources or event.get("type") not in _ASKING:
            return None
        return _ASKING[event["type"]](event["data"])
    except (ValueError, TypeError, KeyError):
        return None  # what can't be read the projector can't show: it stops there, and says so


def _version(data: EventData) -> DecisionVersion:
    return data["herkomst"]["revisie"], data["besluit"]["besluitversie"]
