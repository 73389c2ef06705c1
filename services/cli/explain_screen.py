"""An explanation in rows that fit a terminal of 100 by 50. Of a list it shows the first few; `--json` has all."""

from collections.abc import Iterator
from typing import Final

from schemas.cloudevents import trace_id
from services.cli.explain_open_klant import in_open_klant
from services.cli.explain_rows import MANY, Row, channel_rows, few, letter_rows, mapped, where
from services.domain.besluit import (
    BesluitRecord,
    Intrekking,
    KlantcontactIntrekking,
    OnderwerpBesluit,
    PartijBesluit,
    PartijIntrekking,
    TaakIntrekking,
    Voorganger,
)
from services.domain.consent import Moment
from services.domain.intrekkingen import number_taken_back
from services.domain.numbers import NumberKind
from services.domain.rules import rule_of
from services.domain.toelichting import Kanttekening, kanttekening
from services.operations.explain.contact_records import OvertakenRecords, Sighting
from services.operations.explain.explain import Explained, NotDecided
from services.operations.explain.in_kafka import InKafka
from services.operations.explain.projected import Projected, ProjectedState
from services.operations.wording import printable, printable_id, to_the_second

MAX_ELSEWHERE: Final = 40
"""Characters of the id of another contact, which stands in the middle of a line."""


def explained(found: Explained, asked: str) -> Iterator[Row]:
    """Return the rows for a contact that was decided; the onderwerp whose klantcontact was asked for comes first."""
    besluit, kafka = found.besluit, found.kafka
    yield from _heading(besluit, kafka)
    onderwerpen = sorted(enumerate(besluit.onderwerpen), key=lambda each: not _is_asked(each[1], besluit, asked))
    yield from few("onderwerp", [_onderwerp(at, each, besluit) for at, each in onderwerpen])
    yield from few("betrokkene", [_betrokkene(each, besluit) for each in besluit.partijen])
    if besluit.gewist:
        request = printable(besluit.gewist.verzoek)
        yield "erased", f"in part, {to_the_second(besluit.gewist.op)}, for request {request}; the contact is closed"
    if besluit.vervolg:
        yield "follow-up", f"of klantcontact {besluit.vervolg.nummer} ({besluit.vervolg.klantcontact_id})"
    for note in besluit.kanttekeningen:
        yield "note", kanttekening(Kanttekening(note))
    yield from few("earlier", [_earlier(each) for each in reversed(besluit.voorgangers)])
    yield from few("taken back", [_taken_back(each, besluit) for each in besluit.intrekkingen])
    late = [each for each in found.projected if each.state in {ProjectedState.ABSENT, ProjectedState.OUTDATED}]
    rest = [each for each in found.projected if each not in late]
    yield from few("projector", [_projected(each, kafka) for each in (*late, *rest)])
    if kafka and late:
        yield "", _behind(kafka)
    yield from few("Open Klant", [in_open_klant(each) for each in found.open_klant])
    if kafka:
        for each in kafka.waiting:
            yield "waiting", _sighting(each)
        if kafka.overtaken and kafka.overtaken.number:
            yield from _overtaken(kafka.overtaken)
        if kafka.letters:
            yield from letter_rows(kafka.letters)
        yield from channel_rows(kafka.of_channels or ())


def not_decided(found: NotDecided) -> Iterator[Row]:
    """Return the rows for a contact that has no decision record."""
    yield "contact", printable_id(found.contact_id)
    yield "decision", "none"
    for each in found.sightings:
        yield "record", _sighting(each)
    if not found.sightings:
        yield "record", "none in the topics of publishers"
    if found.letters:
        yield from letter_rows(found.letters)
    yield from channel_rows(found.of_channels or (), most=MANY)


# The decision --------------------------------------------------------------------------------------------------------


def _heading(besluit: BesluitRecord, kafka: InKafka | None) -> Iterator[Row]:
    what = "change" if besluit.is_change else "contact"
    yield what, f"{printable_id(besluit.contact_id)} of {printable_id(besluit.source)}"
    confidential = ", vertrouwelijk" if besluit.vertrouwelijk else ""
    took_place = f"took place {to_the_second(besluit.plaatsgevonden_op)}; " if besluit.plaatsgevonden_op else ""
    yield "", f"{took_place}revisie {besluit.revisie}{confidential}"
    policy = printable(besluit.beleidsversie)
    yield "decided", f"{to_the_second(besluit.besloten_op)}, judgement {besluit.besluitversie}, by policy {policy}"
    if besluit.position:
        yield "record", f"{where(besluit.position)}{_held(kafka)}"
    if kafka and kafka.mapped:
        yield "message", mapped(kafka.mapped)
    if besluit.traceparent:
        yield "trace", trace_id(besluit.traceparent)


def _held(kafka: InKafka | None) -> str:
    if kafka is None or kafka.record_is_held is None:
        return ""
    return ": still there" if kafka.record_is_held else ": no longer there"


def _is_asked(onderwerp: OnderwerpBesluit, besluit: BesluitRecord, asked: str) -> bool:
    had = besluit.numbers_of(onderwerp.onderwerp_id)
    return onderwerp.klantcontact and had is not None and asked in {had.klantcontact_id, had.klantcontact_nummer}


def _onderwerp(at: int, onderwerp: OnderwerpBesluit, besluit: BesluitRecord) -> str:
    name = printable(onderwerp.onderwerp_id) if onderwerp.onderwerp_id else f"number {at + 1}"
    rule, had = rule_of(onderwerp.regel), besluit.numbers_of(onderwerp.onderwerp_id)
    outcome = [
        f"klantcontact {had.klantcontact_nummer} ({had.klantcontact_id})"
        if had and onderwerp.klantcontact
        else "no klantcontact",
        f"interne taak {had.taak_nummer}" if had and onderwerp.interne_taak else "no interne taak",
        f"partij {onderwerp.partij}" if onderwerp.partij else "no partij",
    ]
    if onderwerp.contactgegevens:
        outcome.append("contact details at the betrokkene")
    since = besluit.judgement_of(onderwerp)
    unchanged = f"; unchanged since judgement {since}" if since < besluit.besluitversie else ""
    return f"{name}: {onderwerp.regel}, VNG {rule.source}{unchanged}\n{rule.toelichting}\n{', '.join(outcome)}"


def _betrokkene(partij: PartijBesluit, besluit: BesluitRecord) -> str:
    put = ", default details put there" if partij.vult else ""
    return (
        f"{partij.positie + 1}: gekend by {printable(partij.middel)}; partij {partij.nummer} {partij.resultaat}{put}\n"
        f"{_consent(partij, besluit)}\n{_before(partij, besluit)}"
    )


def _consent(partij: PartijBesluit, besluit: BesluitRecord) -> str:
    answer = "yes" if partij.consent else "no"
    counted = partij.statement_that_counted(besluit.moment)
    if counted is None:
        return f"consent: {answer}, nothing was ever stated"
    this = "this change" if besluit.is_change else "this contact"
    where = this if counted.contact.is_of(besluit.moment) else _contact(counted.contact, besluit)
    return f"consent: {answer}, {counted.toestemming} in {where}"


def _before(partij: PartijBesluit, besluit: BesluitRecord) -> str:
    stand = partij.stand
    if not stand.bekend:
        return "before: not known"
    if stand.leeg:
        return "before: known and empty"
    if stand.gevuld is None:
        return "before: known, without default details"
    return f"before: known, filled by {_contact(stand.gevuld, besluit)}"


def _contact(moment: Moment, besluit: BesluitRecord) -> str:
    source = "" if moment.source == besluit.source else f" of {printable(moment.source)}"
    what = "change" if moment.wijziging else "contact"
    return f"{what} {printable(moment.contact_id, MAX_ELSEWHERE)}{source}, {to_the_second(moment.op)}"


def _earlier(each: Voorganger) -> str:
    return (
        f"{to_the_second(each.besloten_op)}: revisie {each.revisie}, judgement {each.besluitversie}, "
        f"{'/'.join(dict.fromkeys(each.regels))}, policy {printable(each.beleidsversie)}"
    )


def _taken_back(each: Intrekking, besluit: BesluitRecord) -> str:
    kind, nummer = number_taken_back(besluit, each)
    what = f"{_kind(kind)} {nummer}"
    if isinstance(each, KlantcontactIntrekking | TaakIntrekking) and each.verplaatst:
        what += " from the topic it was on: vertrouwelijk changed"
    if isinstance(each, PartijIntrekking):
        what += f", which is {each.resultaat}"
    why = each.aanleiding
    return f"{what}; {to_the_second(why.besloten_op)}, revisie {why.revisie}, judgement {why.besluitversie}"


# What came of it -----------------------------------------------------------------------------------------------------


def _projected(each: Projected, kafka: InKafka | None) -> str:
    what = f"{_kind(each.kind)} {each.nummer}"
    match each.state:
        case ProjectedState.STORED:
            details = [each.status] if each.status else []
            if each.leeg is not None:
                details.append("leeg" if each.leeg else "with details")
            return ", ".join([f"{what} stored", *details, _version(each)])
        case ProjectedState.REMOVED:
            return f"{what} removed"
        case ProjectedState.OUTDATED:
            return f"{what} not yet: still as by {_version(each)}"
        case ProjectedState.ABSENT if kafka and not kafka.projector_behind:
            return f"{what} is not there; others may have removed it, and `klantcontact doctor` sees to our own part"
        case ProjectedState.ABSENT:
            return f"{what} not yet"


def _version(each: Projected) -> str:
    assert each.version is not None, "what is stored has one"
    if each.kind is NumberKind.PARTIJ:
        return f"versie {each.version[0]}"
    return "revisie {}, judgement {}".format(*each.version)


def _behind(kafka: InKafka) -> str:
    if not kafka.projector_behind:
        return "the projector has read everything"
    waits = [
        f"\npartition {each.partition} of {each.topic} waits behind a transaction that somebody has open since "
        f"{to_the_second(each.since)}"
        for each in kafka.open_transactions
    ]
    more = f" (and {len(waits) - 1} more)" if len(waits) > 1 else ""
    return f"the projector has at most {kafka.projector_behind} records to go{''.join(waits[:1])}{more}"


def _sighting(each: Sighting) -> str:
    what = (
        "read and not decided: it was refused, or nothing is left of the decision"
        if each.is_judged
        else "not judged yet"
    )
    if each.waits_since:
        what += f"; it waits behind a transaction that somebody has open since {to_the_second(each.waits_since)}"
    return f"{where(each.position)}, of {printable(each.source)}: {what}"


def _overtaken(overtaken: OvertakenRecords) -> Iterator[Row]:
    texts = [
        f"{to_the_second(each.written_at)}: revisie {each.revisie} came after a higher one, and changed nothing; "
        f"{where(each.position)}"
        for each in reversed(overtaken.newest)
    ]
    yield from few("overtaken", texts, number=overtaken.number)


def _kind(kind: NumberKind) -> str:
    return kind.replace("_", " ")
