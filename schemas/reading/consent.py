"""Decodes a record of `toestemming.gewijzigd` into what is judged, or into everything that is wrong with it.

A change of consent is judged as a contact without onderwerpen, in which one klant spoke: so the register treats
statements, repeats, corrections and origins in one way. `schemas/decision.md`, "Consent outside a contact".
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from schemas.cloudevents import (
    Headers,
    attributes_size,
    binary_attributes,
    has_none_of,
    has_other_names,
    is_quoted,
    traceparent_in,
    valid_traceparent,
)
from schemas.consent_changed_v1 import TYPE, Klant, ToestemmingGewijzigd, ToestemmingGewijzigdEvent
from schemas.contact_ended_v1 import (
    Authenticatie,
    Betrokkene,
    ContactEnded,
    PartijIdentificator,
    Richting,
    Rol,
    Toestemming,
    Werkgever,
)
from schemas.faults import Fault, FaultKind, Refusal, RefusalKind
from schemas.reading.coherence import CLOCK_TOLERANCE, judge_identificatoren
from schemas.reading.decoding import (
    MANY_FAULTS,
    MAX_BYTES,
    Received,
    decode,
    faults_of,
    found_besides,
    refused,
    unreadable,
)
from schemas.reading.parsing import parse, unpack
from schemas.reading.partial import readable
from schemas.reading.tidying import tidy
from schemas.vng import SoortPartij

ID: Final = "wijzigingId"
KLANT: Final = "data.klant"


def decode_change(value: bytes | None, headers: Headers = (), written_at: datetime | None = None) -> Received | Refusal:
    """Decode a record. The moment of the change is bounded by `written_at`, the broker's, or by `time` without it."""
    if value is None:
        return unreadable()
    if len(value) > MAX_BYTES or attributes_size(headers) > MAX_BYTES:
        return Refusal(RefusalKind.TE_GROOT, (Fault("", FaultKind.TE_GROOT),))
    attributes = binary_attributes(headers)
    read = parse(value)
    if read is None:
        return unreadable()
    tree: dict[str, Any] = read if attributes is None else {**attributes, "data": read}
    if is_quoted(attributes or {}) or (has_none_of(tree) and has_other_names(headers)):
        return refused([Fault("", FaultKind.KOPREGELS)], read, (), named=ID)
    return _read(tree, list(unpack(tree)) if attributes is None else [], headers, written_at)


def decode_either(value: bytes, headers: Headers = ()) -> Received | Refusal:
    """Decode an event of a file, which may be of either kind. Its own `type` says which."""
    return decode_change(value, headers) if is_change(value, headers) else decode(value, headers)


def is_change(value: bytes, headers: Headers = ()) -> bool:
    """Whether an event says that it is a `toestemming.gewijzigd`."""
    attributes = binary_attributes(headers) if headers else None
    if attributes is None and TYPE.encode() not in value:
        return False
    tree = attributes if attributes is not None else parse(value)
    return tree is not None and tree.get("type") == TYPE


def _read(
    tree: dict[str, Any], packed: list[Fault], headers: Headers, written_at: datetime | None
) -> Received | Refusal:
    _drop_ignored(tree.get("data"))
    tidied = tidy(tree, ToestemmingGewijzigdEvent)
    faults = [*packed, *tidied.faults]
    unknown = tuple(tidied.unknown_fields)
    try:
        event = ToestemmingGewijzigdEvent.model_validate_json(json.dumps(tree))
    except ValidationError as error:
        faults += faults_of(error.errors(include_url=False, include_context=False))
        if packed and "data" not in tree:
            faults = [fault for fault in faults if fault.pad != "data"]
        if len(faults) <= MANY_FAULTS and (partly := readable(ToestemmingGewijzigdEvent, tree)):
            faults += found_besides(faults, list(_incoherences(partly, written_at)))
        return refused(faults, tree.get("data"), unknown, named=ID)
    faults += _incoherences(event, written_at)
    if faults:
        return refused(faults, tree.get("data"), unknown, named=ID)
    return Received(
        source=event.source,
        event_id=event.id,
        time=event.time,
        traceparent=valid_traceparent(event.traceparent) or traceparent_in(headers),
        contact=contact_of(event.data),
        unknown_fields=unknown,
        subject=event.subject,
    )


def _drop_ignored(data: object) -> None:
    klant = data.get("klant") if isinstance(data, dict) else None
    if isinstance(klant, dict) and klant.get("soortPartij") != SoortPartij.CONTACTPERSOON:
        klant.pop("werkteVoor", None)


def _incoherences(event: ToestemmingGewijzigdEvent, written_at: datetime | None) -> Iterator[Fault]:
    """Yield the faults over several fields. Of an event that is partly readable any value may be None."""
    data: ToestemmingGewijzigd | None = event.data
    at: datetime | None = written_at or event.time
    if data is None:
        return
    moment: datetime | None = data.gewijzigd_op
    if moment and at and moment - CLOCK_TOLERANCE > at:
        yield Fault("data.gewijzigdOp", FaultKind.IN_DE_TOEKOMST)
    klant: Klant | None = data.klant
    if klant is not None and klant.soort_partij is not None:
        yield from _of_klant(klant)


def _of_klant(klant: Klant) -> Iterator[Fault]:
    own = ("data", "klant", "partijIdentificatoren")
    yield from _of_identificatoren(klant.partij_identificatoren, own, klant.soort_partij)
    if klant.soort_partij is not SoortPartij.CONTACTPERSOON:
        if not klant.partij_identificatoren:
            yield Fault(f"{KLANT}.partijIdentificatoren", FaultKind.ONTBREEKT)
        return
    means: Authenticatie | None = klant.authenticatie
    if means is not None and means.pseudoniem is None:
        yield Fault(f"{KLANT}.authenticatie.pseudoniem", FaultKind.ONTBREEKT)
    employer: Werkgever | None = klant.werkte_voor
    if employer is None:
        yield Fault(f"{KLANT}.werkteVoor", FaultKind.ONTBREEKT)
        return
    its: tuple[PartijIdentificator, ...] = employer.partij_identificatoren
    if not its:
        yield Fault(f"{KLANT}.werkteVoor.partijIdentificatoren", FaultKind.ONTBREEKT)
    yield from _of_identificatoren(
        its, ("data", "klant", "werkteVoor", "partijIdentificatoren"), SoortPartij.ORGANISATIE
    )


def _of_identificatoren(
    identificatoren: Sequence[PartijIdentificator], base: tuple[str, ...], soort: SoortPartij
) -> list[Fault]:
    faults: list[Fault] = []
    judge_identificatoren(identificatoren, base, soort, faults)
    return faults


def contact_of(data: ToestemmingGewijzigd) -> ContactEnded:
    """Return a change of consent as what is judged."""
    klant = data.klant
    spoke = Betrokkene.model_construct(
        ref="klant",
        rol=Rol.KLANT,
        initiator=True,
        soort_partij=klant.soort_partij,
        authenticatie=klant.authenticatie,
        partij_identificatoren=klant.partij_identificatoren,
        toestemming_hergebruik=Toestemming(data.toestemming_hergebruik),
        werkte_voor=klant.werkte_voor,
    )
    return without_onderwerpen(data.wijziging_id, data.revisie, data.kanaal, data.gewijzigd_op, spoke)


def without_onderwerpen(wijziging_id: str, revisie: int, kanaal: str, op: datetime, spoke: Betrokkene) -> ContactEnded:
    """Return what one klant said or was granted outside a contact, in the form in which contacts are judged."""
    return ContactEnded.model_construct(
        contact_id=wijziging_id,
        revisie=revisie,
        kanaal=kanaal,
        richting=Richting.INKOMEND,
        tot_stand_gekomen=True,
        plaatsgevonden_op=op,
        actoren=(),
        betrokkenen=(spoke,),
        onderwerpen=(),
    )
