"""The checker: what is there in the end beside what should be there. It asks no service, and no code that publishes.

An event that is missing was lost, unless it belongs to a revisie that a later one of the same contact overtook before
it went out: then all of its events are missing, and the later ones say all that counts (`docs/subscribe.md`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any, Final

from services.domain.ids import contact_key
from tests.chaos.expected import Decision, Expected, comparable
from tests.chaos.load import Acknowledged, digest_of
from tests.chaos.observed import Observed, Output
from tests.chaos.stored import numbers_twice, projection_differs, register_differs
from tests.chaos.violations import Place, Violation

IN_FLIGHT: Final = 500
"""Records of a batch. One that lies further behind can't have been recorded before this one was published."""


@dataclass
class Result:
    """What the checker found."""

    contacts: int = 0
    """Records of `contact.ended`."""
    events: int = 0
    letters: int = 0
    overtaken: int = 0
    """Revisies and letters that a later revisie overtook before they went out. By design."""
    violations: list[Violation] = field(default_factory=list)


def check(observed: Observed, expected: Expected, acknowledged: Sequence[Acknowledged]) -> Result:
    """Compare everything."""
    result = Result(len(observed.inputs), len(observed.outputs), len(observed.letters))
    found = list(_kept(observed, acknowledged))
    found += _events(observed, expected, result)
    found += _letters(observed, expected, result)
    found += numbers_twice(observed)
    found += register_differs(observed, expected)
    found += projection_differs(observed, expected)
    result.violations = found
    return result


def _kept(observed: Observed, acknowledged: Sequence[Acknowledged]) -> Iterator[Violation]:
    """Yield each acknowledged record that is not there. Equal ones are counted."""
    promised = Counter((each.partition, each.digest) for each in acknowledged)
    there = Counter((each.partition, digest_of(each.value)) for each in observed.inputs)
    for (partition, _), times in (promised - there).items():
        yield Violation("lost by Kafka", f"{times} records of partition {partition} that it had acknowledged")


# Events


def _events(observed: Observed, expected: Expected, result: Result) -> Iterator[Violation]:
    of_contact: defaultdict[str, list[Output]] = defaultdict(list)
    for each in observed.outputs:
        herkomst = each.body["data"]["herkomst"]
        of_contact[contact_key(herkomst["source"], herkomst["contactId"])].append(each)
    for key, decisions in expected.decisions.items():
        yield from _of_contact(key, decisions, of_contact.pop(key, []), result)
    for key, strange in of_contact.items():
        yield Violation("doubled", f"{len(strange)} events of contact {key}, which was never decided")


def _of_contact(key: str, decisions: Sequence[Decision], seen: Sequence[Output], result: Result) -> Iterator[Violation]:
    went_out = next((each for each in _possible(decisions) if _streams(each) == _sequence(seen)), None)
    if went_out is None:
        yield from _wrong(key, decisions, seen)
    else:
        result.overtaken += len(decisions) - len(went_out)
    meant = {each.body["id"]: each.body for decision in decisions for each in decision.events}
    for each in seen:
        body = meant.get(each.body["id"])
        if body is not None and (differing := list(_differing(comparable(body), comparable(each.body)))):
            what = f"event {each.body['id']} of contact {key} in {', '.join(differing)}"
            yield Violation("decided otherwise", what, _last(decisions))


def _possible(decisions: Sequence[Decision]) -> Iterator[Sequence[Decision]]:
    """Yield what may have gone out: all decisions, or without some that could be overtaken."""
    could_be = _overtakable(decisions)
    for number in range(len(could_be) + 1):
        for gone in combinations(could_be, number):
            yield [each for each in decisions if each not in gone]


def _overtakable(decisions: Sequence[Decision]) -> Sequence[Decision]:
    """Return those that a later one can have overtaken before they went out."""
    return [one for one, later in pairwise(decisions) if 0 < later.offset - one.offset <= IN_FLIGHT]


def _streams(decisions: Sequence[Decision]) -> Mapping[tuple[str, str], list[str]]:
    return _sequence([event for each in decisions for event in each.events])


def _sequence(events: Sequence[Output]) -> Mapping[tuple[str, str], list[str]]:
    """Return the ids of the events of each key of each topic, in order."""
    streams: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for each in events:
        streams[each.topic, each.key].append(each.body["id"])
    return streams


def _wrong(key: str, decisions: Sequence[Decision], seen: Sequence[Output]) -> Iterator[Violation]:
    """Yield in which ways the events of a contact are not those that should be there."""
    found = list(_missing_or_doubled(key, decisions, seen))
    yield from found or [Violation("out of order", f"events of contact {key}", _last(decisions))]


def _missing_or_doubled(key: str, decisions: Sequence[Decision], seen: Sequence[Output]) -> Iterator[Violation]:
    there = Counter(each.body["id"] for each in seen)
    meant = Counter(each.body["id"] for decision in decisions for each in decision.events)
    for event_id, times in (there - meant).items():
        yield Violation("doubled", f"event {event_id} of contact {key}, {times} too often", _last(decisions))
    missing = meant - there
    for decision in decisions:
        ids = [each.body["id"] for each in decision.events]
        gone = [each for each in ids if each in missing and not there[each]]
        if gone and len(gone) < len(ids):
            what = f"{len(gone)} of {len(ids)} events of contact {key} revisie {decision.revisie}"
            yield Violation("half", what, (decision.partition, decision.offset))
        elif gone and decision not in _overtakable(decisions):
            yield Violation("lost", f"contact {key} revisie {decision.revisie}", (decision.partition, decision.offset))


def _last(decisions: Sequence[Decision]) -> Place:
    return decisions[-1].partition, decisions[-1].offset


def _differing(one: Any, other: Any, path: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield the paths at which two values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            yield from _differing(one.get(name), other.get(name), f"{path}.{name}" if path else name)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (each, its_other) in enumerate(zip(one, other, strict=True)):
            yield from _differing(each, its_other, f"{path}.{at}")
    elif one != other:
        yield path


# Letters


def _letters(observed: Observed, expected: Expected, result: Result) -> Iterator[Violation]:
    seen = Counter((each.partition, each.offset) for each in observed.letters)
    for each in observed.letters:
        place = (each.partition, each.offset)
        if place not in expected.letters:
            yield Violation("doubled", f"a letter ({each.kind}) of a good contact", place)
        elif expected.letters[place] != each.kind:
            yield Violation("decided otherwise", f"refused as {each.kind}, not {expected.letters[place]}", place)
        if each.sleutel is not None and each.sleutel not in observed.letter_keys:
            yield Violation("letter without key", "nobody can open it", place)
    for place, times in seen.items():
        if times > 1:
            yield Violation("doubled", f"a letter {times} times", place)
    for place in expected.letters.keys() - seen.keys():
        if _is_overtaken(place, expected):
            result.overtaken += 1
        else:
            yield Violation("lost", "a letter", place)


def _is_overtaken(place: Place, expected: Expected) -> bool:
    """Whether a later revisie of the refused contact came soon behind it."""
    partition, offset = place
    decisions = expected.decisions.get(expected.refused_contacts.get(place, ""), [])
    return any(each.partition == partition and 0 < each.offset - offset <= IN_FLIGHT for each in decisions)
