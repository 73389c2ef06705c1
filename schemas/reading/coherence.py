"""The rules over several fields of a `contact.ended`.

They judge what could be read, so that a publisher sees every error at once, even beside a field that is invalid itself.
So any value may be None (`partial.py`), whatever its type says, and then no rule that depends on it applies.
An error over several fields is reported at the missing one, else at the later one. Source: `schemas/decision.md`,
"Validity".
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import mul

from schemas.contact_ended_v1 import (
    Betrokkene,
    CodeObjecttype,
    CodeRegister,
    CodeSoortObjectId,
    Onderwerp,
    OpgegevenAdres,
    Opvolging,
    PartijIdentificator,
    Rol,
    SoortOpvolging,
    Toestemming,
    VervolgOp,
    Werkgever,
)
from schemas.faults import Fault, FaultKind, path
from schemas.identities import identities
from schemas.values import value_class
from schemas.vng import SoortPartij

CLOCK_TOLERANCE = timedelta(minutes=5)
"""The most that a publisher's clock may run ahead of the broker's."""

ZAAK_OPVOLGING = frozenset({SoortOpvolging.ZAAK_NIEUW, SoortOpvolging.ZAAK_BESTAAND})

# The combinations that Open Klant 2.18 accepts as partij-identificator, with the digits of each number.
_COMBINATIONS = {
    CodeSoortObjectId.BSN: (CodeRegister.BRP, CodeObjecttype.NATUURLIJK_PERSOON, 9),
    CodeSoortObjectId.RSIN: (CodeRegister.HR, CodeObjecttype.NIET_NATUURLIJK_PERSOON, 9),
    CodeSoortObjectId.KVK_NUMMER: (CodeRegister.HR, CodeObjecttype.NIET_NATUURLIJK_PERSOON, 8),
    CodeSoortObjectId.VESTIGINGSNUMMER: (CodeRegister.HR, CodeObjecttype.VESTIGING, 12),
}
_FITTING = {
    SoortPartij.PERSOON: {CodeSoortObjectId.BSN},
    SoortPartij.ORGANISATIE: set(CodeSoortObjectId) - {CodeSoortObjectId.BSN},
    SoortPartij.CONTACTPERSOON: set[CodeSoortObjectId](),
}
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_OF_ZEROS = sum(_WEIGHTS) * ord("0") % 11
"""The remainder of nine zeros, as bytes: the byte of each digit is so much more than the digit."""
_ELFPROEF = frozenset({CodeSoortObjectId.BSN, CodeSoortObjectId.RSIN})
_ADDRESS_FIELDS = tuple(name for name in OpgegevenAdres.model_fields if name != "gebruik")


@value_class(frozen=True, slots=True)
class Parts:
    """The parts of a contact that the rules compare."""

    refs: Sequence[str | None]
    betrokkenen: Sequence[Betrokkene | None]
    onderwerp_ids: list[str | None]
    onderwerpen: Sequence[Onderwerp | None]
    vervolg_op: VervolgOp | None
    tot_stand_gekomen: bool | None
    plaatsgevonden_op: datetime | None


def incoherences(parts: Parts, written_at: datetime | None) -> list[Fault]:
    """Return every fault over several fields. `written_at`, the moment of the record, bounds that of the contact."""
    faults: list[Fault] = []
    if parts.plaatsgevonden_op and written_at and parts.plaatsgevonden_op - CLOCK_TOLERANCE > written_at:
        faults.append(Fault("data.plaatsgevondenOp", FaultKind.IN_DE_TOEKOMST))
    if len(parts.refs) > 1:
        _find_doubled(parts.refs, "betrokkenen", "ref", faults)
    if len(parts.onderwerp_ids) > 1:
        _find_doubled(parts.onderwerp_ids, "onderwerpen", "onderwerpId", faults)
    for index, betrokkene in enumerate(parts.betrokkenen):
        if betrokkene is not None:
            _judge_betrokkene(betrokkene, index, parts, faults)
    for index, onderwerp in enumerate(parts.onderwerpen):
        if onderwerp is not None:
            _judge_onderwerp(onderwerp, index, parts, faults)
    if parts.vervolg_op is not None:
        _judge_vervolg_op(parts.vervolg_op, faults)
    if len(parts.betrokkenen) > 1:
        _find_same_partij_twice(parts, faults)
    _find_withdrawn_by_a_bystander(parts, faults)
    return faults


def concerned_refs(onderwerpen: Sequence[Onderwerp | None], refs: Sequence[str | None]) -> set[str | None]:
    """Return the refs of the betrokkenen that at least one onderwerp concerns."""
    concerned: set[str | None] = set()
    for onderwerp in onderwerpen:
        named: Sequence[str | None] | None = onderwerp.betrokkenen if onderwerp else None
        concerned.update(refs if named is None or None in named else named)
    return concerned


# Each of these adds to `faults`. Nearly no contact has any, and generators would cost more than the rules themselves.


def _find_doubled(values: Sequence[str | None], items: str, name: str, faults: list[Fault]) -> None:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value is None:
            continue
        if value in seen:
            faults.append(Fault(path("data", items, index, name), FaultKind.DUBBEL))
        seen.add(value)


def _judge_betrokkene(betrokkene: Betrokkene, index: int, parts: Parts, faults: list[Fault]) -> None:
    base = ("data", "betrokkenen", index)
    represented: Sequence[str | None] = betrokkene.vertegenwoordigt
    for position, ref in enumerate(represented):
        if ref is not None and ref == betrokkene.ref:
            faults.append(Fault(path(*base, "vertegenwoordigt", position), FaultKind.NIET_TOEGESTAAN))
        elif _is_unknown(ref, parts):
            faults.append(Fault(path(*base, "vertegenwoordigt", position), FaultKind.ONBEKENDE_REF))
    if betrokkene.bezoekadres is not None and _has_no_content(betrokkene.bezoekadres):
        faults.append(Fault(path(*base, "bezoekadres"), FaultKind.LEEG))
    if betrokkene.correspondentieadres is not None and _has_no_content(betrokkene.correspondentieadres):
        faults.append(Fault(path(*base, "correspondentieadres"), FaultKind.LEEG))
    if betrokkene.partij_identificatoren:
        own = (*base, "partijIdentificatoren")
        judge_identificatoren(betrokkene.partij_identificatoren, own, betrokkene.soort_partij, faults)
    if betrokkene.soort_partij is SoortPartij.CONTACTPERSOON and betrokkene.werkte_voor is not None:
        _judge_employer(betrokkene.werkte_voor, (*base, "werkteVoor"), parts, faults)


def _judge_employer(
    werkte_voor: str | Werkgever, base: tuple[str | int, ...], parts: Parts, faults: list[Fault]
) -> None:
    if isinstance(werkte_voor, Werkgever):
        own = (*base, "partijIdentificatoren")
        judge_identificatoren(werkte_voor.partij_identificatoren, own, SoortPartij.ORGANISATIE, faults)
    elif _is_unknown(werkte_voor, parts):
        faults.append(Fault(path(*base), FaultKind.ONBEKENDE_REF))
    else:
        employer = _by_ref(werkte_voor, parts)
        if employer and employer.soort_partij not in (SoortPartij.ORGANISATIE, None):
            faults.append(Fault(path(*base), FaultKind.NIET_TOEGESTAAN))


def judge_identificatoren(
    identificatoren: Sequence[PartijIdentificator | None],
    base: tuple[str | int, ...],
    soort_partij: SoortPartij | None,
    faults: list[Fault],
) -> None:
    """Add the faults of the identificatoren of one partij, each at its path below `base`."""
    kinds = [each and each.code_soort_object_id for each in identificatoren]
    for position, (identificator, soort) in enumerate(zip(identificatoren, kinds, strict=True)):
        if identificator is None or soort is None:
            continue
        if soort in kinds[:position]:
            faults.append(Fault(path(*base, position, "codeSoortObjectId"), FaultKind.DUBBEL))
        if soort_partij and soort not in _FITTING[soort_partij]:
            faults.append(Fault(path(*base, position, "codeSoortObjectId"), FaultKind.NIET_TOEGESTAAN))
        _judge_identificator(identificator, (*base, position), faults)
    if CodeSoortObjectId.VESTIGINGSNUMMER in kinds and not {CodeSoortObjectId.KVK_NUMMER, None} & set(kinds):
        # The kvk_nummer, which would be one more item.
        faults.append(Fault(path(*base, len(kinds)), FaultKind.ONTBREEKT))


def _judge_identificator(identificator: PartijIdentificator, base: tuple[str | int, ...], faults: list[Fault]) -> None:
    soort, number = identificator.code_soort_object_id, identificator.object_id
    register, objecttype, digits = _COMBINATIONS[soort]
    if identificator.code_register not in (register, None) or identificator.code_objecttype not in (objecttype, None):
        faults.append(Fault(path(*base, "codeSoortObjectId"), FaultKind.NIET_TOEGESTAAN))
    if not number:
        return
    if len(number) != digits or not (number.isascii() and number.isdigit()):
        faults.append(Fault(path(*base, "objectId"), FaultKind.VERKEERDE_VORM))
    elif soort in _ELFPROEF and not passes_elfproef(number):
        faults.append(Fault(path(*base, "objectId"), FaultKind.ELFPROEF))


def passes_elfproef(number: str) -> bool:
    """Check nine digits as bsn and rsin are checked: weights 9 to 2 and -1, a multiple of 11; all zeros is refused."""
    return sum(map(mul, number.encode(), _WEIGHTS)) % 11 == _OF_ZEROS and number != "000000000"


def _has_no_content(adres: OpgegevenAdres) -> bool:
    values = (getattr(adres, name) for name in _ADDRESS_FIELDS)
    return not any(value.strip() if isinstance(value, str) else value for value in values)


def _judge_onderwerp(onderwerp: Onderwerp, index: int, parts: Parts, faults: list[Fault]) -> None:
    refs: Sequence[str | None] = onderwerp.betrokkenen or ()
    for position, ref in enumerate(refs):
        if _is_unknown(ref, parts):
            faults.append(Fault(path("data", "onderwerpen", index, "betrokkenen", position), FaultKind.ONBEKENDE_REF))
    opvolging: Opvolging | None = onderwerp.opvolging
    base = ("data", "onderwerpen", index, "opvolging")
    if opvolging is None:
        return
    if opvolging.soort is SoortOpvolging.INTERNE_TAAK:
        if opvolging.gevraagde_handeling is None:
            faults.append(Fault(path(*base, "gevraagdeHandeling"), FaultKind.ONTBREEKT))
        elif not opvolging.gevraagde_handeling.strip():
            faults.append(Fault(path(*base, "gevraagdeHandeling"), FaultKind.LEEG))
        if opvolging.toegewezen_aan is None:
            faults.append(Fault(path(*base, "toegewezenAan"), FaultKind.ONTBREEKT))
    elif opvolging.soort in ZAAK_OPVOLGING and opvolging.zaak is None:
        faults.append(Fault(path(*base, "zaak"), FaultKind.ONTBREEKT))


def _judge_vervolg_op(vervolg_op: VervolgOp, faults: list[Fault]) -> None:
    if vervolg_op.klantcontact_id is None:
        if vervolg_op.contact_id is None:
            faults.append(Fault("data.vervolgOp.contactId", FaultKind.ONTBREEKT))
            if vervolg_op.onderwerp_id is None:
                faults.append(Fault("data.vervolgOp.klantcontactId", FaultKind.ONTBREEKT))
        return
    if vervolg_op.contact_id is not None:
        faults.append(Fault("data.vervolgOp.contactId", FaultKind.NIET_TOEGESTAAN))
    if vervolg_op.onderwerp_id is not None:
        faults.append(Fault("data.vervolgOp.onderwerpId", FaultKind.NIET_TOEGESTAAN))


def _find_same_partij_twice(parts: Parts, faults: list[Fault]) -> None:
    seen: set[tuple[str, str]] = set()
    for index, betrokkene in enumerate(parts.betrokkenen):
        if betrokkene is None or betrokkene.rol in (Rol.OVERIG, None) or not _is_identifiable(betrokkene):
            continue
        found = identities(betrokkene, lambda ref: _identifiable_by_ref(ref, parts))
        shared = next((each for each in found if (each.soort, each.waarde) in seen), None)
        if shared is not None:
            faults.append(Fault(identity_path(index, shared.positie), FaultKind.DUBBELE_PARTIJ))
        seen.update((each.soort, each.waarde) for each in found)


def _is_identifiable(betrokkene: Betrokkene) -> bool:
    """Whether everything by which its partij is found could be read."""
    employer = betrokkene.werkte_voor if isinstance(betrokkene.werkte_voor, Werkgever) else None
    own: Sequence[PartijIdentificator | None] = betrokkene.partij_identificatoren
    of_employer: Sequence[PartijIdentificator | None] = employer.partij_identificatoren if employer else ()
    all_of_it = (*own, *of_employer)
    return bool(betrokkene.soort_partij) and all(
        each and each.code_soort_object_id and each.object_id for each in all_of_it
    )


def _identifiable_by_ref(ref: str, parts: Parts) -> Betrokkene | None:
    found = _by_ref(ref, parts)
    return found if found and _is_identifiable(found) else None


def identity_path(index: int, positie: int) -> str:
    """Return the path of the identity at a position; a contactpersoon has none, and gets that of its employer."""
    if positie < 0:
        return path("data", "betrokkenen", index, "werkteVoor")
    return path("data", "betrokkenen", index, "partijIdentificatoren", positie)


def _find_withdrawn_by_a_bystander(parts: Parts, faults: list[Fault]) -> None:
    withdrawing = [
        index
        for index, betrokkene in enumerate(parts.betrokkenen)
        if betrokkene is not None
        and betrokkene.toestemming_hergebruik is Toestemming.INGETROKKEN
        and betrokkene.rol not in (Rol.OVERIG, None)
    ]
    if not withdrawing or parts.tot_stand_gekomen is False:
        return
    concerned = concerned_refs(parts.onderwerpen, parts.refs)
    faults += [
        Fault(path("data", "betrokkenen", index, "toestemmingHergebruik"), FaultKind.NIET_TOEGESTAAN)
        for index in withdrawing
        if parts.refs[index] not in concerned
    ]


def _is_unknown(ref: str | None, parts: Parts) -> bool:
    return ref is not None and ref not in parts.refs and None not in parts.refs


def _by_ref(ref: str, parts: Parts) -> Betrokkene | None:
    return next((each for each, own in zip(parts.betrokkenen, parts.refs, strict=True) if own == ref), None)
