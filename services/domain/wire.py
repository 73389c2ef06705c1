"""From models and chosen details to plain values as they go over the wire, without what is absent."""

from typing import Any

from schemas.types import Bericht
from services.domain.details import Details

Wire = dict[str, Any]

_FIELDS: dict[type[Bericht], tuple[tuple[str, str], ...]] = {}


def wire(model: Bericht) -> Wire:
    """Give a model as it goes over the wire, without what is absent; `gebruik` has done its work by then."""
    fields = _FIELDS.get(type(model))
    if fields is None:
        described = type(model).model_fields.items()
        fields = tuple((name, info.alias or name) for name, info in described if name != "gebruik")
        _FIELDS[type(model)] = fields
    values = model.__dict__
    return {
        alias: wire(value) if isinstance(value, Bericht) else value
        for name, alias in fields
        if (value := values[name]) is not None
    }


def wired(details: Details) -> Wire:
    """Give the details that may be kept in one place."""
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
