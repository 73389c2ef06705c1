"""An explanation in rows of a name and what there is to say, of which a terminal of 100 by 50 shows all.

Of a list the first few are shown; a program gets them all.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from services.cli.dlq_screen import UNKNOWN_KIND, WHOLE_EVENT
from services.domain.consent import Moment
from services.domain.numbers import NumberKind
from services.operations.explain.decision import Decision, OnderwerpDecision, PartijFacts, TakenBack
from services.operations.explain.explain import Explained, NotDecided
from services.operations.explain.in_kafka import InKafka, Letter, Letters, Sighting
from services.operations.explain.projected import Projected, State
from services.operations.wording import printable, to_the_second

Row = tuple[str, str]

MOST: Final = {"onderwerp": 2, "betrokkene": 1, "earlier": 2, "taken back": 2, "projector": 4, "dead letters": 2}
"""So many of each fit, and one more where that is the last: it takes the place of saying so."""

MAX_PATHS: Final = 1

MAX_ELSEWHERE: Final = 40
"""Characters of the id of another contact, which stands in the middle of a line."""


def explained(found: Explained, asked: str) -> Iterator[Row]:
    """Give the rows for a contact that was decided; the onderwerp whose klantcontact was asked for comes first."""
    decision, kafka = found.decision, found.kafka
    yield from _heading(decision, kafka)
    onderwerpen = sorted(decision.onderwerpen, key=lambda each: not _is_asked(each, asked))
    yield from _few("onderwerp", [_onderwerp(each, decision) for each in onderwerpen])
    yield from _few("betrokkene", [_betrokkene(each, decision) for each in decision.partijen])
    if decision.vervolg:
        yield "follow-up", f"of klantcontact {decision.vervolg.nummer} ({decision.vervolg.klantcontact_id})"
    for note in decision.kanttekeningen:
        yield "note", note
    yield from _few(
        "earlier",
        [
            f"{to_the_second(each.besloten_op)}: revisie {each.revisie}, judgement {each.besluitversie}, "
            f"{'/'.join(dict.fromkeys(each.regels))}, policy {printable(each.beleidsversie)}"
            for each in reversed(decision.voorgangers)
        ],
    )
    yield from _few("taken back", [_taken_back(each) for each in decision.taken_back])
    late = [each for each in found.projected if each.state in {State.ABSENT, State.OUTDATED}]
    rest = [each for each in found.projected if each not in late]
    yield from _few("projector", [_projected(each, kafka) for each in (*late, *rest)])
    if kafka and late:
        yield "", _behind(kafka)
    if kafka and kafka.letters:
        yield from _letters(kafka.letters)


def not_decided(found: NotDecided) -> Iterator[Row]:
    """Give the rows for a contact that Kafka knows and of which there is no decision record."""
    yield "contact", printable(found.contact_id)
    yield "decision", "none"
    for each in found.sightings:
        yield "record", _sighting(each)
    if found.letters:
        yield from _letters(found.letters)


def _few(name: str, texts: Sequence[str], *, number: int | None = None) -> Iterator[Row]:
    """Give the first of some texts, and say how many there are besides; `number` when they are not even all here."""
    number = len(texts) if number is None else number
    shown = texts[: MOST[name] if number > MOST[name] + 1 else number]
    for at, text in enumerate(shown):
        yield name if at == 0 else "", text
    if more := number - len(shown):
        yield "", f"… and {more} more; --json gives more of them"


# The decision --------------------------------------------------------------------------------------------------------


def _heading(decision: Decision, kafka: InKafka | None) -> Iterator[Row]:
    yield "contact", f"{printable(decision.contact_id)} of {printable(decision.source)}"
    confidential = ", vertrouwelijk" if decision.vertrouwelijk else ""
    yield "", f"took place {to_the_second(decision.plaatsgevonden_op)}; revisie {decision.revisie}{confidential}"
    policy = printable(decision.beleidsversie)
    yield "decided", f"{to_the_second(decision.besloten_op)}, judgement {decision.besluitversie}, by policy {policy}"
    if decision.position:
        at = f"{decision.position.topic}, partition {decision.position.partition}, offset {decision.position.offset}"
        yield "record", f"{at}{_held(kafka)}"
    if decision.trace_id:
        yield "trace", decision.trace_id


def _held(kafka: InKafka | None) -> str:
    if kafka is None or kafka.record_is_held is None:
        return ""
    return ": still there" if kafka.record_is_held else ": no longer there"


def _is_asked(onderwerp: OnderwerpDecision, asked: str) -> bool:
    given = onderwerp.klantcontact
    return given is not None and asked in {given.id, given.nummer}


def _onderwerp(onderwerp: OnderwerpDecision, decision: Decision) -> str:
    given, taak = onderwerp.klantcontact, onderwerp.interne_taak
    outcome = [
        f"klantcontact {given.nummer} ({given.id})" if given else "no klantcontact",
        f"interne taak {taak.nummer}" if taak else "no interne taak",
        f"partij {onderwerp.partij}" if onderwerp.partij else "no partij",
    ]
    if onderwerp.contactgegevens:
        outcome.append("contact details at the betrokkene")
    since = onderwerp.since_besluitversie
    unchanged = f"; unchanged since judgement {since}" if since < decision.besluitversie else ""
    return (
        f"{printable(onderwerp.onderwerp_id)}: {onderwerp.regel}, VNG {onderwerp.herkomst}{unchanged}\n"
        f"{onderwerp.toelichting}\n{', '.join(outcome)}"
    )


def _betrokkene(facts: PartijFacts, decision: Decision) -> str:
    put = ", default details put there" if facts.vult else ""
    return (
        f"{facts.positie + 1}: gekend by {printable(facts.middel)}; partij {facts.nummer} {facts.resultaat}{put}\n"
        f"{_consent(facts, decision)}\n{_before(facts, decision)}"
    )


def _consent(facts: PartijFacts, decision: Decision) -> str:
    answer = "yes" if facts.consent else "no"
    if facts.statement is None:
        return f"consent: {answer}, nothing was ever stated"
    where = "this contact" if facts.statement.in_this_contact else _contact(facts.statement.contact, decision)
    return f"consent: {answer}, {facts.statement.toestemming} in {where}"


def _before(facts: PartijFacts, decision: Decision) -> str:
    if not facts.bekend:
        return "before: not known"
    if facts.leeg:
        return "before: known and empty"
    if facts.gevuld is None:
        return "before: known, without default details"
    return f"before: known, filled by {_contact(facts.gevuld, decision)}"


def _contact(moment: Moment, decision: Decision) -> str:
    source = "" if moment.source == decision.source else f" of {printable(moment.source)}"
    return f"contact {printable(moment.contact_id, MAX_ELSEWHERE)}{source}, {to_the_second(moment.op)}"


def _taken_back(each: TakenBack) -> str:
    what = f"{_kind(each.kind)} {each.nummer}"
    if each.moved:
        what += " from the topic it was on: vertrouwelijk changed"
    if each.resultaat:
        what += f", which is {each.resultaat}"
    return f"{what}; {to_the_second(each.op)}, revisie {each.revisie}, judgement {each.besluitversie}"


# What came of it -----------------------------------------------------------------------------------------------------


def _projected(each: Projected, kafka: InKafka | None) -> str:
    what = f"{_kind(each.kind)} {each.nummer}"
    match each.state:
        case State.STORED:
            details = [each.status] if each.status else []
            if each.leeg is not None:
                details.append("leeg" if each.leeg else "with details")
            return ", ".join([f"{what} stored", *details, _version(each)])
        case State.REMOVED:
            return f"{what} removed"
        case State.OUTDATED:
            return f"{what} not yet: still as by {_version(each)}"
        case State.ABSENT if kafka and not kafka.projector_behind:
            return f"{what} is not there; others may have removed it, and `klantcontact doctor` sees to our own part"
        case State.ABSENT:
            return f"{what} not yet"


def _version(each: Projected) -> str:
    assert each.version is not None, "what is there has one"
    if each.kind is NumberKind.PARTIJ:
        return f"versie {each.version[0]}"
    return "revisie {}, judgement {}".format(*each.version)


def _behind(kafka: InKafka) -> str:
    if not kafka.projector_behind:
        return "the projector has read everything"
    return f"the projector has at most {kafka.projector_behind} records to go"


def _sighting(each: Sighting) -> str:
    where = f"{each.position.topic}, partition {each.position.partition}, offset {each.position.offset}"
    what = (
        "read and not decided: it was refused, or nothing is left of the decision"
        if each.is_judged
        else "not judged yet"
    )
    return f"{where}, of {printable(each.source)}: {what}"


def _letters(letters: Letters) -> Iterator[Row]:
    if not letters.number:
        yield "dead letters", "none"
        return
    yield from _few("dead letters", [_letter(each) for each in reversed(letters.newest)], number=letters.number)


def _letter(letter: Letter) -> str:
    paths = [printable(path) or WHOLE_EVENT for path in letter.paths]
    more = f" (+{len(paths) - MAX_PATHS})" if len(paths) > MAX_PATHS else ""
    where = f" at {', '.join(paths[:MAX_PATHS])}{more}" if paths else ""
    return f"{letter.id}, {to_the_second(letter.written_at)}, {letter.state}: {letter.kind or UNKNOWN_KIND}{where}"


def _kind(kind: NumberKind) -> str:
    return kind.replace("_", " ")
