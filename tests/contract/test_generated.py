"""What is made of the models is there, is what they make now, and agrees with what the services do."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from schemas import contact_ended_v1, dead_letters
from schemas.faults import HINTS, FaultKind
from schemas.generate import main
from schemas.generation import files
from schemas.generation.examples import CASES, input_name
from schemas.generation.json_schemas import json_schemas
from schemas.generation.published import EVENTS, PublishedEvent
from services.runtime.kafka.topics import topic_definitions
from services.runtime.settings import Settings


def asyncapi() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(files.ASYNCAPI.read_text("utf-8"))
    return document


# Drift ----------------------------------------------------------------------------------------------------------------


def test_what_lies_there_is_what_would_be_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_making_is_the_same_every_time() -> None:
    assert files.generated() == files.generated()


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another folder to generate into, which holds only the examples of input."""
    (tmp_path / "examples").mkdir()
    for case in CASES:
        (tmp_path / "examples" / input_name(case)).write_bytes((files.EXAMPLES / input_name(case)).read_bytes())
    monkeypatch.setattr("schemas.generate.SCHEMAS", tmp_path / "schemas")
    for name in ("JSON_SCHEMAS", "EXAMPLES", "ASYNCAPI", "FAULTS", "PAGE"):
        monkeypatch.setattr(files, name, tmp_path / getattr(files, name).relative_to(files.SCHEMAS))
    return tmp_path


def test_making_writes_what_is_missing_and_then_nothing(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "json/contact.ended.1.json" in capsys.readouterr().out
    assert main([]) == 0
    assert capsys.readouterr().out == ""
    assert main(["--check"]) == 0
    made = elsewhere / "asyncapi.yaml"
    assert made.read_text("utf-8") == files.SCHEMAS.joinpath("asyncapi.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    "name", ["json/taak.created.1.json", "asyncapi.yaml", "faults.md", "index.html", "examples/unknown.json"]
)
def test_a_file_that_differs_is_named_with_what_to_do(
    name: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([])
    (elsewhere / name).write_text("{}", "utf-8")
    capsys.readouterr()
    assert main(["--check"]) == 1
    assert capsys.readouterr().err == f"{name} is not what the models make: run `make schemas`\n"
    assert main([]) == 0
    assert main(["--check"]) == 0


# JSON Schemas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(json_schemas()))
def test_a_json_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(json_schemas()[name])


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_a_schema_is_named_as_dataschema_names_it(event: PublishedEvent) -> None:
    schemas = json_schemas()
    assert schemas[event.data_file]["$id"] == f"urn:klantinteracties:schema:{event.name}:{event.version}"
    assert schemas[event.event_file]["$id"] == f"urn:klantinteracties:schema:{event.name}:{event.version}:event"
    assert schemas[event.event_file]["properties"]["type"]["const"] == event.module.TYPE


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_every_object_and_nearly_every_field_says_what_it_is(event: PublishedEvent) -> None:
    schema = json_schemas()[event.event_file]
    assert all("description" in each for each in (schema, *schema["$defs"].values()))


def test_what_goes_out_is_null_only_where_null_means_something() -> None:
    for event in (each for each in EVENTS if not each.is_input):
        text = json.dumps(json_schemas()[event.event_file])
        assert text.count('"null"') == (event.name == "klantcontact.registered")


# AsyncAPI -------------------------------------------------------------------------------------------------------------


def test_the_asyncapi_document_is_one() -> None:
    meta = json.loads(Path(__file__).with_name("asyncapi-3.0.0.schema.json").read_text("utf-8"))
    assert [error.message for error in Draft7Validator(meta).iter_errors(asyncapi())] == []


def test_every_reference_of_the_document_leads_somewhere() -> None:
    document = asyncapi()
    for reference in _references(document):
        if reference.startswith("#/"):
            found: Any = document
            for step in reference.removeprefix("#/").split("/"):
                found = found[step]
        else:
            assert (files.SCHEMAS / reference).is_file(), reference


def _references(tree: object) -> list[str]:
    if isinstance(tree, dict):
        own = [tree["$ref"]] if isinstance(tree.get("$ref"), str) else []
        return [*own, *(each for value in tree.values() for each in _references(value))]
    return [each for value in tree for each in _references(value)] if isinstance(tree, list) else []


def test_topics_are_those_of_the_services() -> None:
    """All but the topic of what was erased, which nobody outside reads or writes."""
    names = ("retention.ms", "retention.bytes")
    configurations = {
        channel["address"]: channel["bindings"]["kafka"]["topicConfiguration"]
        for channel in asyncapi()["channels"].values()
    }
    told = {
        address: [",".join(each["cleanup.policy"]), *(str(each[name]) for name in names)]
        for address, each in configurations.items()
    }
    assert told == {
        each.name: [each.configuration[name] for name in ("cleanup.policy", *names)]
        for each in topic_definitions(Settings())
        if each.name not in {Settings().erased_topic, Settings().audit_topic}
    }


def test_headers_of_a_dead_letter_are_those_of_the_services() -> None:
    assert set(asyncapi()["components"]["messages"]["deadLetter"]["headers"]["properties"]) == dead_letters.NAMES


def test_every_event_is_on_a_channel_and_has_an_example() -> None:
    messages = asyncapi()["components"]["messages"]
    on_channels = {name for channel in asyncapi()["channels"].values() for name in channel["messages"]}
    assert on_channels == set(messages)
    for event in EVENTS:
        [message] = [each for each in messages.values() if each["payload"].get("$ref") == f"./json/{event.event_file}"]
        assert message["examples"][0]["payload"]["type"] == event.type


# Faults ---------------------------------------------------------------------------------------------------------------


def test_every_kind_of_error_has_a_hint_that_names_something_to_do() -> None:
    assert set(HINTS) == set(FaultKind)
    assert all(text.endswith(".") and text in files.FAULTS.read_text("utf-8") for text in HINTS.values())


def test_versions_stand_in_types_as_in_constants() -> None:
    for event in EVENTS:
        fields = event.event.model_fields
        assert fields["type"].annotation.__args__ == (event.module.TYPE,)  # type: ignore[union-attr] # a Literal
    assert contact_ended_v1.VERSION == 1
