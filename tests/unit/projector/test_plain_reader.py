"""The reader of events accepts what the models accept, and refuses at the same places; it returns plain values."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from services.projector.events import EventModel
from services.projector.plain_reader import plain_reader

MODELS: Final[TypeAdapter[EventModel]] = TypeAdapter(Annotated[EventModel, Field(discriminator="type")])
READER: Final = plain_reader(MODELS)

EXAMPLES: Final = sorted(
    path
    for path in Path("schemas/examples").glob("*.json")
    if not path.name.startswith(("contact.ended", "toestemming.gewijzigd"))
)
WRONG: Final[tuple[object, ...]] = (7, -1, 2**53, True, "", " ", "x" * 2000, "2026-13-01T00:00:00Z", [], [7], {}, 1.5)

MAY_BE_NULL: Final = ("data", "klantcontact", "indicatieContactGelukt")

Steps = tuple[str | int, ...]


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def event(request: pytest.FixtureRequest) -> dict[str, Any]:
    example: dict[str, Any] = json.loads(request.param.read_text("utf-8"))
    return example


def as_plain(event: object) -> object:
    return READER.validate_json(json.dumps(event))


def as_model(event: object) -> object:
    model = MODELS.validate_json(json.dumps(event))
    plain = model.model_dump(by_alias=True, exclude_none=True)
    if "klantcontact" in plain["data"]:
        klantcontact = plain["data"]["klantcontact"]
        klantcontact.setdefault("indicatieContactGelukt", None)
    return listed(plain)


def listed(value: object) -> object:
    """Return a value with lists for its tuples, and texts for the members of its enums."""
    match value:
        case dict():
            return {name: listed(each) for name, each in value.items()}
        case list() | tuple():
            return [listed(each) for each in value]
        case str():
            return str(value)
    return value


def test_an_event_is_what_its_model_says_in_plain_values(event: dict[str, Any]) -> None:
    plain = as_plain(event)
    assert plain == as_model(event)
    assert {type(each) for each in values_in(plain)}.isdisjoint({tuple})


def test_what_is_absent_stays_absent_and_a_field_with_a_default_gets_it() -> None:
    event = json.loads(Path("schemas/examples/taak.created.terugbelverzoek.json").read_text("utf-8"))
    event["data"]["interneTaak"] = {
        name: value
        for name, value in event["data"]["interneTaak"].items()
        if name not in {"toelichting", "vertrouwelijk"}
    }
    taak = READER.validate_json(json.dumps(event))["data"]["interneTaak"]
    assert "toelichting" not in taak
    assert taak["vertrouwelijk"] is False


def test_two_events_share_no_list_that_they_lack() -> None:
    event = json.loads(Path("schemas/examples/klantcontact.registered.gekende-klant.json").read_text("utf-8"))
    for partij in event["data"]["partijen"]:
        del partij["vervallenIdentificatoren"]
    one, other = (READER.validate_json(json.dumps(event))["data"]["partijen"][0] for _ in range(2))
    assert one["vervallenIdentificatoren"] == []
    assert one["vervallenIdentificatoren"] is not other["vervallenIdentificatoren"]


def test_a_field_that_is_wrong_or_lacks_is_refused_where_the_model_refuses_it(event: dict[str, Any]) -> None:
    for steps in paths(event):
        for wrong in WRONG:
            assert refusals(READER.validate_json, put(event, steps, wrong)) == refusals(
                MODELS.validate_json, put(event, steps, wrong)
            ), (steps, wrong)
        assert refusals(READER.validate_json, without(event, steps)) == refusals(
            MODELS.validate_json, without(event, steps)
        ), steps


def test_null_is_refused_but_where_it_means_unknown(event: dict[str, Any]) -> None:
    for steps in paths(event):
        is_refused = bool(refusals(READER.validate_json, put(event, steps, None)))
        assert is_refused is (steps != MAY_BE_NULL), steps


def refusals(validate: Any, event: object) -> set[Steps]:  # noqa: ANN401 - of either reader
    try:
        validate(json.dumps(event))
    except ValidationError as error:
        return {each["loc"] for each in error.errors()}
    return set()


def paths(value: object, before: Steps = ()) -> Iterator[Steps]:
    """Yield the place of each value within an event, objects and lists included, that the models know."""
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inner:
        yield (*before, step)
        yield from paths(each, (*before, step))


def put(event: Any, steps: Steps, value: object) -> Any:  # noqa: ANN401 - JSON
    step, *rest = steps
    inner = put(event[step], tuple(rest), value) if rest else value
    if isinstance(event, dict):
        return {**event, step: inner}
    return [inner if at == step else each for at, each in enumerate(event)]


def without(event: Any, steps: Steps) -> Any:  # noqa: ANN401 - JSON
    step, *rest = steps
    if rest:
        return put(event, (step,), without(event[step], tuple(rest)))
    if isinstance(event, dict):
        return {name: each for name, each in event.items() if name != step}
    return [each for at, each in enumerate(event) if at != step]


def values_in(value: object) -> Iterator[object]:
    yield value
    inner: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from values_in(each)
