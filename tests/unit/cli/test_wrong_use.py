"""Wrong use of every command: exit status 2, nothing on stdout, and a message that says what to type instead.

The commands run in this process, with servers that do not exist: what is refused here is refused before any is asked.
"""

from collections.abc import Iterator
from io import BufferedReader, BytesIO, TextIOWrapper
from pathlib import Path
from typing import Final

import pytest
from typer.core import TyperGroup

from services import cli
from services.cli import COMMANDS, main
from services.cli.streams import WRONG_USE
from services.operations.explain.search import SeveralContacts
from services.operations.subjects import SeveralPartijen
from services.runtime import garbage
from services.runtime.errors import KlantcontactError
from services.runtime.settings import PREFIX

REQUEST: Final = "--request 2026-1 --reason x"
NO_JSON: Final = "This is no JSON. Give one JSON object in one of these forms"
A_MOMENT: Final = "a moment looks like 2026-11-20T09:00:00+01:00, with its offset"

NO_FILTER: Final = "give a filter that says which, or --all"
NO_LETTERS: Final = "--in takes a topic of dead letters: contact.ended.dlq."
NO_TOPIC: Final = "The classifier does not read that topic. It reads contact.ended"
NO_POLICY: Final = "/nowhere can't be read (No such file or directory). Give that file, or leave --policy out."
ONE_OF_TWO: Final = "Give --mapping and the files with messages, or --check and a folder."

WRONG: Final = (
    ("access", "Missing option '--request'"),
    (f"access {REQUEST}", "choose --json, --page FILE or both"),
    (f"access {REQUEST} --to-weigh --page p.html", "--page: the page is for the klant"),
    (f"access {REQUEST} --json", f"standard input: {NO_JSON}"),
    (f"access {REQUEST} --json --from /nowhere", "--from: /nowhere: No such file or directory"),
    (f"access {REQUEST} --json --from LATIN", f"--from: {NO_JSON}"),
    (f"affected {REQUEST} --topic contact.ended --since yesterday", f"--since: {A_MOMENT}"),
    (f"affected {REQUEST} --topic contact.ended --since 1h --until 2h", "--since: must lie before --until"),
    (f"affected {REQUEST} --topic strange --since 1h", "The settings name no topic strange. They name: contact.ended"),
    ("audit verify --strange", "No such option"),
    ("audit show --since yesterday", f"--since: {A_MOMENT}"),
    ("bridge dry-run --last 0", "greater than or equal to 1"),
    ("bridge backfill --since yesterday", "does not match the formats '%Y-%m-%d'"),
    ("bridge reconcile --again", "--again: It goes with --repair."),
    ("bridge doctor --afdelingen /nowhere", "file '/nowhere' does not exist"),
    ("bridge doctor --afdelingen LATIN", "is not UTF-8. Save it as UTF-8."),
    ("classify /nowhere", "/nowhere: No such file or directory"),
    ("classify SPREAD", "`jq -c . FILE` writes it so"),
    ("classify --policy /nowhere -", NO_POLICY),
    ("classify --policy LATIN -", "is not TOML"),
    ("demo strange", "unexpected extra argument"),
    ("dlq list --kind strange", "is not one of 'onleesbaar', 'te_groot'"),
    ("dlq list --path ..", "--path: a path looks like data.onderwerpen.*.inhoud"),
    ("dlq list --source telefonie", "--source: a source looks like urn:nld:oin"),
    ("dlq list --since yesterday", f"--since: {A_MOMENT}"),
    ("dlq list --until 2026-11-20T09:00:00", f"--until: {A_MOMENT}"),
    ("dlq list --since 1h --until 2h", "--since must lie before --until"),
    ("dlq list --id 120", "--id: a letter's id looks like 3-120"),
    ("dlq list --in strange", NO_LETTERS),
    ("dlq show 120", "ID: a letter's id looks like 3-120"),
    ("dlq show 3-120 --in strange", NO_LETTERS),
    ("dlq export /nowhere/letters.jsonl", "FILE: /nowhere/letters.jsonl: No such file or directory"),
    ("dlq export --in strange", NO_LETTERS),
    ("dlq redrive --all --state all", "name letters that are not open one by one, with --id"),
    ("dlq redrive", NO_FILTER),
    ("dlq redrive --dry-run", NO_FILTER),
    ("dlq redrive --all --kind te_groot", f"{NO_FILTER}, not both"),
    ("dlq redrive --all --from /nowhere", f"{NO_FILTER}, not both"),
    ("dlq redrive --all --rate 0", "--rate"),
    ("dlq redrive --all --in strange", NO_LETTERS),
    ("dlq redrive --from /nowhere", "--from: /nowhere: No such file or directory"),
    ("dlq redrive --from -", "--from: it is read twice, so it has to be a file"),
    ("dlq redrive --from /nowhere --id 3-1", "--from: the file says which letters"),
    ("dlq discard --id 3-1", "Missing option '--reason'"),
    ("dlq discard --reason x", NO_FILTER),
    ("dlq discard --reason x --id 3-1 --all", f"{NO_FILTER}, not both"),
    ("dlq discard --reason x --id 3-1 --in strange", NO_LETTERS),
    (f"dlq discard --reason {'x' * 201} --id 3-1", "--reason takes 1 to 200 characters"),
    ("doctor strange", "unexpected extra argument"),
    (f"erase {REQUEST}", "give one of --contact, --partij, --details and --reapply"),
    (f"erase {REQUEST} --contact --partij", "give one of --contact, --partij, --details and --reapply"),
    (f"erase {REQUEST} --details --reapply", "give one of --contact, --partij, --details and --reapply"),
    (f"erase {REQUEST} --reapply --refuse 17(3)(b)", "--refuse: --reapply takes no refusal"),
    (f"erase {REQUEST} --partij", f"standard input: {NO_JSON}"),
    (f"erase {REQUEST} --partij --from CONTACT", "--contact takes a contact"),
    ("erase --partij --reason x", "Missing option '--request'"),
    ("erase --partij --reason x --request 999990007", "seems to name a BSN"),
    ("erase-report --request 2026-1 --from /nowhere", "--from: /nowhere: No such file or directory"),
    ("erase-report --request 2026-1 --page /nowhere/p.html", "--page: /nowhere/p.html: No such file or directory"),
    ("explain", "Missing argument"),
    ("explain c-1 --nummer", "the nummer of a klantcontact has one to ten digits"),
    ("explain 1 --nummer --contact", "--nummer and --contact exclude each other"),
    ("map", ONE_OF_TWO),
    ("map x.json", ONE_OF_TWO),
    ("map --mapping mail --check .", ONE_OF_TWO),
    ("map --mapping mail --write x.json", "--write: It goes with --check."),
    ("map --mapping mail /nowhere", "/nowhere: No such file or directory"),
    ("map --mapping /nowhere -", "Name a TOML file, or one of amazon-connect"),
    ("map --mapping LATIN -", "This is not UTF-8. Save it as UTF-8."),
    ("map --check /nowhere", "/nowhere has no mapping"),
    ("publish /nowhere", "/nowhere: No such file or directory"),
    ("publish --topic strange -", f"--topic: {NO_TOPIC}"),
    ("rebuild --drop-old --dry-run", "--drop-old does nothing else"),
    ("replay --from yesterday", A_MOMENT),
    ("replay --from 1h --to 2h", "--from must lie before --to"),
    ("replay --offsets 3", "--offsets looks like 3:1000-1999"),
    ("replay --contact c-1 --offsets 0:0-1", "not several of them"),
    ("replay --topic contact.ended --contact c-1", "Leave --topic out with --contact"),
    ("replay --publish-again --with-current-register", "--publish-again judges nothing"),
    ("replay --policy /nowhere", NO_POLICY),
    (f"restrict {REQUEST}", "give one of --on and --off"),
    (f"restrict {REQUEST} --on --from CONTACT", "This is about a klant, not about a contact: name the klant."),
    (f"restrict {REQUEST} --on", f"standard input: {NO_JSON}"),
    (f"retain {REQUEST} --at 2031-01-01", "--at: It is of a dry run: give --dry-run too."),
    (f"retain {REQUEST} --most 0", "greater than or equal to 1"),
    ("rotate-key", "Missing option '--request'"),
    ("run strange", "No such command 'strange'"),
    ("run classifier strange", "unexpected extra argument"),
    ("run projector strange", "unexpected extra argument"),
    ("run bridge strange", "unexpected extra argument"),
    ("run mapper strange", "unexpected extra argument"),
    ("run intake strange", "unexpected extra argument"),
    ("sample 0", "greater than or equal to 1"),
    ("sample 1 --broken 2", "--broken can't be more than all of them"),
    ("selftest --topic strange", NO_TOPIC),
    ("selftest --policy /nowhere", NO_POLICY),
    ("selftest --take-back strange", "--take-back': a run has a name of ten small letters"),
    ("skip contact.ended 0 0", "Missing option '--reason'"),
    (f"skip contact.ended 0 0 --reason {'x' * 201}", "--reason: a reason has 1 to 200 characters"),
    (f"skip contact.ended {2**31} 0 --reason x", "less than or equal to 2147483647"),
    (f"skip contact.ended 0 {2**63} --reason x", "less than or equal to 9223372036854775807"),
    ("stats --by strange", "--by takes rule, source, day, topic"),
    ("stats --since 2026-11-21 --until 2026-11-20", "--since lies after --until"),
    ("topics create strange", "unexpected extra argument"),
    ("topics mark strange", "unexpected extra argument"),
    ("up --folder LATIN", "is a file"),
    ("up --folder LATIN/below", "Not a directory"),
    ("validate /nowhere", "/nowhere: No such file or directory"),
    ("validate --binary LATIN", "--binary: line 1: is no JSON"),
    ("validate --policy /nowhere -", NO_POLICY),
    (f"withdraw {REQUEST} --at yesterday", f"--at: {A_MOMENT}"),
    (f"withdraw {REQUEST} --at 2999-01-01T00:00:00Z", "--at: lies in the future"),
    (f"withdraw {REQUEST} --from /nowhere", "--from: /nowhere: No such file or directory"),
)


@pytest.fixture(autouse=True)
def _no_servers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Name servers that do not exist, the files that the words name, and a terminal that is wide enough."""
    monkeypatch.setenv(f"{PREFIX}KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv(f"{PREFIX}MONGO_URI", "mongodb://127.0.0.1:1")
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BufferedReader(BytesIO())))
    for module, name in ((cli, "leave_no_core_file"), (garbage, "search_less_often")):
        monkeypatch.setattr(module, name, lambda: None)  # each is for the whole process, and for good
    (tmp_path / "LATIN").write_bytes(b"caf\xe9\n")
    (tmp_path / "CONTACT").write_text('{"klantcontactNummer": "1"}')
    (tmp_path / "SPREAD").write_bytes(b"{\n}\n")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("words", "told"), WRONG, ids=[words[:60] for words, _ in WRONG])
def test_it_says_what_to_type_and_ends_with_2(
    words: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["klantcontact", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()

    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (WRONG_USE, ""), err
    assert told in " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize("several", [SeveralContacts, SeveralPartijen])
def test_who_or_what_is_meant_several_times_is_wrong_use(
    several: type[KlantcontactError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> None:
        raise several("Name one: 7, 8.")

    monkeypatch.setattr("sys.argv", ["klantcontact"])
    monkeypatch.setattr(cli, "app", command)
    with pytest.raises(SystemExit) as ended:
        main()

    assert (ended.value.code, capsys.readouterr()) == (WRONG_USE, ("", "Name one: 7, 8.\n"))


def test_no_command_is_left_out() -> None:
    assert {words for words in _all_commands() if not any(each.startswith(words) for each, _ in WRONG)} == set()


def _all_commands() -> Iterator[str]:
    for command in COMMANDS:
        itself = command.load()
        yield from (
            (f"{command.name} {name}" for name in itself.commands)
            if isinstance(itself, TyperGroup)
            else (str(command.name),)
        )
