"""`klantcontact map`: what a person sees, what a program reads, and the exit status."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.channels.mapping.files import SHIPPED
from services.cli.map import app
from tests.support.mappings import MESSAGE, SMALL


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "klein.toml").write_text(SMALL, "utf-8")
    (tmp_path / "voorbeelden").mkdir()
    lines = [MESSAGE, {**MESSAGE, "tijd": None}, {**MESSAGE, "klant": {"bsn": "999990008"}}, {**MESSAGE, "kanaal": []}]
    (tmp_path / "voorbeelden/vier.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines), "utf-8")
    return tmp_path


def run(*arguments: str | Path, given: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], input=given)


def test_a_person_reads_what_became_of_each_message(folder: Path) -> None:
    ran = run("--mapping", folder / "klein.toml", "--classify", folder / "voorbeelden/vier.jsonl")
    assert ran.exit_code == 1
    assert ran.stdout.splitlines() == [
        "vier.jsonl:1: event of contact g-1, revisie 100, V1",
        "vier.jsonl:2: skipped, nog_bezig",
        "vier.jsonl:3: refused, contact_ongeldig",
        (
            "  data.betrokkenen.0.partijIdentificatoren.0.objectId: elfproef, from "
            "contact.betrokkenen[0].partijIdentificatoren[0].bsn"
        ),
        (
            "    Look for a typing error in the bsn or rsin. If the right number is not known, leave it out. Send "
            "digits only, as a text: 9 for a bsn or rsin, 8 for a kvk_nummer, 12 for a vestigingsnummer, such as "
            '"999990007".'
        ),
        "vier.jsonl:4: refused, mapping_fout",
        "  contact.kanaal: opzoeken",
        "    The path found a list or an object, and a table knows texts. Choose one item: `… | [0]`.",
        "1 events, 1 skipped, 2 refused",
    ]


def test_a_program_reads_the_events_from_stdin() -> None:
    ran = run("--mapping", "mail", "--json", "-", given='{"isDraft": true}\n')
    assert (ran.exit_code, json.loads(ran.stdout)) == (
        0,
        {"bericht": "stdin:1", "uitkomst": "overgeslagen", "reden": "concept"},
    )


def test_what_is_no_message_at_all_is_told_with_what_to_do() -> None:
    ran = run("--mapping", "mail", "-", given="{\n")
    assert ran.exit_code == 1
    first, second, _ = ran.stdout.splitlines()
    assert first == "stdin:1: refused, onleesbaar"
    assert second.startswith("    Send one message a file")


def test_the_explanation_shows_each_field_with_its_place(folder: Path) -> None:
    message = folder / "een.json"
    message.write_text(json.dumps(MESSAGE), "utf-8")
    shown = run("--mapping", folder / "klein.toml", "--explain", message).stdout
    assert "  data.kanaal: telefoon\n    contact.kanaal: kanaal → [tabel.kanaal]\n" in shown
    ran = run("--mapping", folder / "klein.toml", "--explain", "--json", message)
    assert {"pad": "data.contactId", "place": "contact.contactId", "written": "id", "value": "g-1"} in json.loads(
        ran.stdout
    )["herkomst"]


def test_examples_are_expected_by_write_and_then_checked(folder: Path) -> None:
    missing = run("--check", folder)
    assert missing.exit_code == 1
    assert "there is no such file: --write makes it" in missing.stdout
    assert run("--check", folder, "--write").exit_code == 0
    expected = folder / "voorbeelden/vier.verwacht.jsonl"
    assert len(expected.read_text("utf-8").splitlines()) == 4
    assert run("--check", folder).exit_code == 0
    expected.write_text(expected.read_text("utf-8").replace('"telefoon"', '"balie"'), "utf-8")
    changed = run("--check", folder)
    assert changed.exit_code == 1
    assert "  differs at [0].event.data.kanaal" in changed.stdout.splitlines()
    assert "balie" not in changed.stdout


def test_the_examples_of_all_shipped_mappings_are_checked_at_once() -> None:
    assert run("--check", SHIPPED).exit_code == 0


def test_a_wrong_mapping_is_told_with_every_place(folder: Path) -> None:
    wrong = folder / "fout.toml"
    wrong.write_text(SMALL.replace('contactId = "id"', 'contactID = "id"'), "utf-8")
    ran = run("--mapping", wrong, "-")
    assert ran.exit_code == 2
    assert f"{wrong}: contact.contactID: ContactEnded has no such field. Is `contactId` meant?" in ran.output


def test_a_mapping_without_examples_is_told(folder: Path) -> None:
    (folder / "voorbeelden/vier.jsonl").unlink()
    ran = run("--check", folder)
    assert ran.exit_code == 1
    assert "it has no example" in ran.output
