"""The mappings that come with klantcontact: their examples, their schema, and what they leave to a municipality."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from schemas.generation.mapping_schema import mapping_schema
from schemas.mapping_file import Converter, MappingFile
from schemas.mapping_shorthands import SHORTHANDS
from services.channels.mapping.files import EXAMPLES, SHIPPED, shipped_file, shipped_names
from services.channels.mapping.mapping import load
from services.channels.mapping.outcome import MappedContact
from services.channels.message_files import EXPECTED
from services.domain.policy import DEFAULT
from services.operations.classify import classify
from services.operations.map_messages import goldens, rules_in
from tests.support.mappings import SMALL

FILES = sorted(SHIPPED.glob("*/*.toml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_example_becomes_what_is_expected(file: Path) -> None:
    found = {each.name: each.is_right for each in goldens(file)}
    assert found
    assert all(found.values()), [name for name, right in found.items() if not right]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_name_of_an_example_is_what_becomes_of_it(file: Path) -> None:
    for golden in goldens(file):
        last = golden.found[-1]
        kinds = {each["uitkomst"] for each in golden.found}
        named = golden.name.split("-")[0]
        rules = {rule for each in golden.found for rule in each.get("regels", ())}
        assert named in rules | kinds, (golden.name, last)


WANTED = {
    "open-forms": {"V1", "V2", "V3", "V4", "overgeslagen", "geweigerd"},
    "amazon-connect": {"G2", "V1", "V2", "V3", "V4", "overgeslagen", "geweigerd"},
    "genesys-cloud": {"G2", "V1", "V2", "V3", "V4", "overgeslagen", "geweigerd"},
    "twilio-taskrouter": {"G2", "V1", "V2", "V3", "V4", "overgeslagen", "geweigerd"},
    "mail": {"V2", "overgeslagen", "geweigerd"},
}


def test_each_mapping_has_an_example_of_every_outcome_that_its_channel_can_have() -> None:
    assert {
        name: {each.name.split("-")[0] for each in goldens(SHIPPED / name / f"{name}.toml")} for name in WANTED
    } == WANTED
    assert sorted(WANTED) == shipped_names()


def test_a_name_that_is_not_shipped_has_no_file() -> None:
    assert shipped_file("../open-forms/open-forms") is None
    assert shipped_file("open-forms") == SHIPPED / "open-forms/open-forms.toml"


def test_a_new_preferred_address_is_consent_only_when_the_privacy_officer_says_so() -> None:
    text = (SHIPPED / "open-forms/open-forms.toml").read_text("utf-8")
    message = (SHIPPED / "open-forms/voorbeelden/V3-digid.json").read_bytes()
    confirmed = text.replace('isNewPreferred = "niet_gevraagd"', 'isNewPreferred = "gegeven"')
    assert confirmed != text
    rules = []
    for each in (text, confirmed):
        (outcome,) = load(each, "open-forms.toml").map_json(message)
        assert isinstance(outcome, MappedContact)
        (answer,) = classify([outcome.value], DEFAULT)
        rules.append(answer["uitkomsten"][0]["regel"])
    assert rules == ["V3", "V4"]


# The JSON Schema for editors ------------------------------------------------------------------------------------------

EDITOR = Draft202012Validator(mapping_schema())


@pytest.mark.parametrize("text", [SMALL, *(file.read_text("utf-8") for file in FILES)])
def test_an_editor_accepts_what_loads(text: str) -> None:
    assert list(EDITOR.iter_errors(tomllib.loads(text))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('contactId = "id"', 'contactID = "id"'),
        ('rol = { vast = "klant" }', 'rol = { vast = "klnt" }'),
        ('als = "bijgeknipt"', 'als = "hoofdletters"'),
        ("{ bsn = ", "{ bns = "),
        ("formaat = 1", "formaat = 2"),
        ('naam = { vast = "KCC" }', 'naam = { vast = "KCC", tabel = "x" }'),
    ],
)
def test_an_editor_marks_a_mistake(old: str, new: str) -> None:
    assert old in SMALL
    assert list(EDITOR.iter_errors(tomllib.loads(SMALL.replace(old, new))))


def test_the_schema_that_lies_there_is_the_one_for_editors() -> None:
    assert json.loads(Path("schemas/json/mapping.1.json").read_text("utf-8")) == mapping_schema()


# The page for who writes a mapping ------------------------------------------------------------------------------------

PAGE = Path("schemas/mapping.md").read_text("utf-8")


def test_the_worked_example_gives_what_the_page_shows() -> None:
    message, data = (each.group(1) for each in re.finditer(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
    shown = re.search(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert shown is not None
    (outcome,) = load(shown[1], "mijn-telefonie.toml").map_json(message.encode())
    assert isinstance(outcome, MappedContact)
    assert json.loads(outcome.value)["data"] == json.loads(data)
    (answer,) = classify([outcome.value], DEFAULT)
    assert f"revisie {outcome.revisie}, {answer['uitkomsten'][0]['regel']}\n" in PAGE


def test_the_page_names_every_converter_shorthand_and_key() -> None:
    shorthands = {name for each in SHORTHANDS.values() for name in each}
    for name in [*Converter, *shorthands, *MappingFile.model_fields]:
        assert name in PAGE, name


def test_the_page_names_every_attribute_that_a_shipped_mapping_reads() -> None:
    read = {name for file in FILES for name in re.findall(r"\bkc_[a-z_]+", file.read_text("utf-8"))}
    assert read - set(re.findall(r"`(kc_[a-z_]+)`", PAGE)) == set()


@pytest.mark.parametrize("backwards", [False, True])
def test_the_examples_come_out_as_they_say_also_together_and_in_another_order(*, backwards: bool) -> None:
    """So a person may send any of them, one after another, to a system that runs."""
    files = sorted(SHIPPED.glob(f"*/{EXAMPLES}/*{EXPECTED}"), reverse=backwards)
    goldens = [json.loads(each) for file in files for each in file.read_text("utf-8").splitlines()]
    events = [each for each in goldens if each["uitkomst"] == "event"]

    judged = classify((json.dumps(each["event"]).encode() for each in events), DEFAULT)

    assert [rules_in(each) for each in judged] == [each["regels"] for each in events]
