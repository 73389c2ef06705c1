"""The checks of what is stored: numbers, the register, and what the projector made of the events."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from services.projector.mongo.writes import SINCE, Collection
from tests.chaos.expected import Expected
from tests.chaos.observed import Document, Observed
from tests.chaos.violations import Violation
from tests.fakes.projector_store import FakeRegister
from tests.support.projector_examples import fact

# Numbers


def numbers_twice(observed: Observed) -> Iterator[Violation]:
    """Yield each thing with two numbers, and each number of two things."""
    numbers: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for each in observed.outputs:
        for kind, identifier, number in _numbered(each.body["data"]):
            numbers[kind, identifier].add(number)
    for each_partij in observed.partijregister:
        numbers["partijId", each_partij["_id"]].add(each_partij["nummer"])
    things: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for (kind, identifier), given in numbers.items():
        if len(given) > 1:
            yield Violation("number twice", f"{kind} {identifier} has {len(given)} numbers")
        for number in given:
            things[kind, number].append(identifier)
    for (kind, number), named in things.items():
        if len(named) > 1:
            yield Violation("number twice", f"number {number} is of {len(named)} different {kind}")


def _numbered(value: Any) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401 - any JSON
    """Yield kind, id and number of all that has a number."""
    if isinstance(value, list):
        for each in value:
            yield from _numbered(each)
    elif isinstance(value, dict):
        # A taak.withdrawn names its klantcontact too; the number is that of the taak.
        kind = next((each for each in ("taakId", "partijId", "klantcontactId") if each in value), None)
        if kind is not None and "nummer" in value:
            yield kind, value[kind], value["nummer"]
        for each in value.values():
            yield from _numbered(each)


# The register


def register_differs(observed: Observed, expected: Expected) -> Iterator[Violation]:
    stored = {each["_id"]: _as_decided(each) for each in observed.besluiten}
    meant = {
        key: (each.revisie, each.besluitversie, each.digest, [one.regel.value for one in each.onderwerpen])
        for key, each in expected.register.besluiten.items()
    }
    for key in _different(stored, meant):
        yield Violation("decision record differs", f"contact {key}")
    known = {each["_id"]: _as_known(each) for each in observed.partijregister}
    partijen = {
        key: (each.versie, each.geleegd_bij, each.contacten, sorted(each.sleutels))
        for key, each in expected.register.partijen.items()
    }
    for key in _different(known, partijen):
        yield Violation("partij differs", f"partij {key}")


def _as_decided(document: Document) -> tuple[Any, ...]:
    rules = [each["regel"] for each in document["onderwerpen"]]
    return document["revisie"], document["besluitversie"], document["digest"], rules


def _as_known(document: Document) -> tuple[Any, ...]:
    sleutels = sorted(document.get("sleutels", []))
    return document.get("versie", 0), document.get("geleegdBij", 0), document.get("contacten", 0), sleutels


def _different(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    return (key for key in sorted(one.keys() | other.keys()) if one.get(key) != other.get(key))


# The projection


def projection_differs(observed: Observed, expected: Expected) -> Iterator[Violation]:
    """Yield each document that the events do not lead to, and each klantcontact that the rules do not."""
    folded = FakeRegister()
    folded.merge([fact(each.body) for each in observed.outputs])
    contents = folded.contents()
    for collection in Collection:
        stored, meant = (_without_moments(each[collection]) for each in (observed.projected, contents))
        for identifier in _different(stored, meant):
            yield Violation("projection differs", f"{collection} {identifier}")
    registered = {
        each.klantcontact_id
        for besluit in expected.register.besluiten.values()
        for each in besluit.uitgegeven
        if any(one.onderwerp_id == each.onderwerp_id for one in besluit.registered())
    }
    places = (Collection.KLANTCONTACTEN, Collection.KLANTCONTACTEN_VERTROUWELIJK)
    there = {identifier for place in places for identifier in observed.projected[place]}
    for identifier in sorted(registered ^ there):
        yield Violation("projection differs", f"klantcontact {identifier} is there or is not, against the rules")


def _without_moments(documents: Mapping[str, Document]) -> Mapping[str, Document]:
    return {
        identifier: {name: value for name, value in each.items() if name != SINCE}
        for identifier, each in documents.items()
    }
