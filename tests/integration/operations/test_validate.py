"""`klantcontact validate` as a publisher uses it: its output and its exit status."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.contract.changes import changed, whole_event
from tests.support.commands import klantcontact
from tests.support.contacts import contact_ended, encoded

SECONDS = 60

DONE, FAULTS_FOUND, WRONG_USE = 0, 1, 2

CANARY = "zqcanaryqz"


def _validate(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return klantcontact("validate", *arguments, stdin=stdin)


def test_valid_events_are_counted_and_end_with_0(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(encoded(contact_ended("c-1")) + b"\n\n" + encoded(contact_ended("c-2")))

    done = _validate(str(file))

    assert (done.returncode, done.stdout, done.stderr) == (DONE, b"2 events: 2 valid, 0 invalid\n", b"")


def test_faults_are_reported_by_line_with_a_hint_and_the_line_of_the_schema() -> None:
    wrong: dict[str, Any] = contact_ended("c-2")
    wrong["data"]["kanal"] = wrong["data"].pop("kanaal")

    done = _validate("-", stdin=encoded(contact_ended("c-1")) + b"\n" + encoded(wrong) + b"\n{\n")

    schema = "schemas/json/contact.ended.1.json"
    lines = Path(schema).read_text("utf-8").splitlines()
    required = (
        lines.index('  "required": [') + 1 + json.loads(Path(schema).read_bytes())["required"].index("kanaal") + 1
    )
    assert done.returncode == FAULTS_FOUND
    assert done.stdout.decode() == (
        "line 2, contact c-2\n"
        "  data.kanaal: ontbreekt\n"
        '    Send a text of 1 to 50 characters, such as "telefoon". null counts as absent. '
        "Free text; no rule depends on it, though a municipality's policy may.\n"
        f"    {schema}:{required}  required\n"
        "  data.kanal: not read, no such field; is `kanaal` meant?\n"
        "\n"
        "line 3\n"
        "  the event: onleesbaar\n"
        "    Send one JSON object a record: UTF-8, no byte order mark, nothing before or after it.\n"
        "    schemas/json/contact.ended.1.event.json:6  type: object\n"
        "\n"
        "3 events: 1 valid, 2 invalid\n"
        "      1  data.kanaal: ontbreekt\n"
        "      1  the event: onleesbaar\n"
    )


def test_a_program_gets_one_object_a_line_for_each_event() -> None:
    remark: dict[str, Any] = contact_ended("c-1")
    remark["data"]["extra"] = 1

    done = _validate("--json", "-", stdin=encoded(remark) + b"\n" + encoded(contact_ended("c-1", onderwerp="Anders")))

    first, second = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (FAULTS_FOUND, b"")
    assert first == {
        "lineNumber": 1,
        "contactId": "c-1",
        "findings": [],
        "unknownFields": [{"pad": "data.extra", "meant": None}],
        "warnings": [],
    }
    [finding] = second["findings"]
    assert (second["lineNumber"], finding["pad"], finding["soort"]) == (2, "data.revisie", "revisie_conflict")
    assert set(finding) == {"pad", "soort", "hint", "schema"}
    assert set(finding["schema"]) == {"file", "line", "rule"}


def test_no_value_of_an_event_is_shown() -> None:
    texts = [place for place in _texts(whole_event()["data"], "data") if not place.startswith("data.contactId")]
    events = [changed({place: CANARY * 200}) for place in texts] + [changed({place: [CANARY]}) for place in texts]
    events += [changed(dict.fromkeys(texts, CANARY)), changed({"data.extra": {"x": CANARY}})]
    lines = b"\n".join(map(encoded, events))

    shown, for_programs = _validate("-", stdin=lines), _validate("--json", "-", stdin=lines)

    assert f"{len(events)} events: ".encode() in shown.stdout
    assert shown.stdout.count(b"line ") > len(texts)
    assert all(CANARY.encode() not in each for done in (shown, for_programs) for each in (done.stdout, done.stderr))


def _texts(value: object, path: str) -> list[str]:
    """Return the path of every text in an event."""
    if isinstance(value, str):
        return [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for name, each in items for place in _texts(each, f"{path}.{name}")]


def test_a_name_that_would_control_the_screen_is_escaped() -> None:
    steering: dict[str, Any] = contact_ended("c\x1b[31m-1")
    steering["data"]["\x1b[2Jx"] = 1

    done = _validate("-", stdin=encoded(steering))

    assert (done.returncode, b"\x1b" in done.stdout) == (DONE, False)
    assert "data.\ufffd[2Jx: not read".encode() in done.stdout


def test_validate_judges_by_the_given_policy(tmp_path: Path) -> None:
    policy = tmp_path / "beleid.toml"
    policy.write_text("versie = 1\n")

    done = _validate("--policy", str(policy), "-")

    assert (done.returncode, done.stdout) == (WRONG_USE, b"")
    assert b"versie" in done.stderr


def test_wrong_use_is_told_and_ends_with_2() -> None:
    missing, none = _validate("/nowhere/events.jsonl"), _validate()

    assert [(done.returncode, done.stdout) for done in (missing, none)] == [(WRONG_USE, b"")] * 2
    assert b"No such file or directory" in missing.stderr
    assert b"Missing argument" in none.stderr


@pytest.mark.parametrize(("laid_out", "advice"), [("object", "`jq -c . FILE`"), ("array", "`jq -c '.[]' FILE`")])
def test_json_over_several_lines_is_refused_with_the_command_that_puts_it_on_one(laid_out: str, advice: str) -> None:
    event = contact_ended("c-1")
    text = json.dumps(event if laid_out == "object" else [event], indent=2).encode()

    for command in ("validate", "classify", "publish"):
        done = klantcontact(command, "-", stdin=text)

        assert (done.returncode, done.stdout) == (WRONG_USE, b"")
        assert advice in " ".join(done.stderr.decode().replace("│", " ").split())


def _record(tree: dict[str, Any], prefix: str) -> bytes:
    headers = [{"name": f"{prefix}{name}", "value": value} for name, value in tree.items() if name != "data"]
    return json.dumps({"headers": headers, "value": json.dumps(tree["data"])}).encode() + b"\n"


def test_records_in_binary_mode_are_checked_with_their_headers() -> None:
    right, wrong = (_record(contact_ended("c-1"), prefix) for prefix in ("ce_", "ce-"))

    done = _validate("--binary", "-", stdin=right + wrong)

    assert done.returncode == FAULTS_FOUND
    assert done.stdout.decode().splitlines()[:2] == ["line 2, contact c-1", "  the event: kopregels"]


def test_a_line_that_holds_no_record_is_wrong_use() -> None:
    done = _validate("--binary", "-", stdin=encoded(contact_ended("c-1")))

    assert (done.returncode, done.stdout) == (WRONG_USE, b"")
    told = " ".join(done.stderr.decode().replace("│", " ").split())
    assert "line 1: needs one of event, value and valueBase64" in told


def test_an_id_that_looks_personal_is_a_warning_that_does_not_repeat_it() -> None:
    personal = contact_ended("c-1")
    personal["data"]["contactId"] = "999990019"

    done = _validate("-", stdin=encoded(personal))

    assert (done.returncode, "999990019" in done.stdout.decode()) == (DONE, False)
    assert done.stdout.decode() == (
        "line 1\n"
        "  data.contactId: warning\n"
        "    This looks like a BSN, an e-mail address or a telephone number. It stands in events, logs and traces: "
        "use an id that says nothing.\n\n"
        "1 events: 1 valid, 0 invalid\n"
        "1 with an id, key or source that looks personal\n"
    )
