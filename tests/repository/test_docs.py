"""The documentation can be followed: links, commands, options, targets and paths exist, and pages stay short."""

import ast
import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.core import TyperGroup

from schemas.meanings import field_meanings
from services.cli import app
from services.cli.lazy import LazyCommand
from services.domain.policy import DEFAULT, Beleid, Bron
from services.runtime import settings_page
from services.runtime.settings import Settings
from services.runtime.toml_file import load_toml_file
from tests.acceptance import test_operators_day

DECISIONS = Path("docs/decisions")
DECIDED = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
PAGES = [
    *map(Path, ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *sorted(Path("docs").rglob("*.md")),
]
LINKED = [*PAGES, *sorted(Path("schemas").glob("*.md"))]
ALERTS = Path("deploy/prometheus/alerts.yml")
COMPOSE = Path("docker-compose.yml")

CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"\b(?:docs|deploy|schemas|services|tests)/[\w./-]*\w/?")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _names(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", paths, ids=str)


# Links and paths ------------------------------------------------------------------------------------------------------


def _anchors(page: Path) -> set[str]:
    """Return the anchors that a forge gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", _text(page)), re.MULTILINE)
    words = [re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", heading).lower()) for heading in headings]
    return {each.strip().replace(" ", "-") for each in words}


def _leads_nowhere(link: str, folder: Path) -> bool:
    path, _, anchor = link.partition("#")
    target = folder / path
    return not target.exists() or bool(anchor and anchor not in _anchors(target))


@_names(LINKED)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    links = [link for link in LINK.findall(FENCED.sub("", _text(page))) if not re.match(r"[a-z]+:", link)]
    assert [link for link in links if _leads_nowhere(link if link[0] != "#" else page.name + link, page.parent)] == []


@_names(PAGES)
def test_every_path_that_is_named_exists(page: Path) -> None:
    named = {path for code in CODE.findall(FENCED.sub("", _text(page))) for path in PATH.findall(code)}
    assert {path for path in named if not Path(path).exists()} == set()


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, to_read = set[Path](), [Path("README.md")]
    while to_read:
        page = to_read.pop()
        if page in reached:
            continue
        reached.add(page)
        links = (link.partition("#")[0] for link in LINK.findall(FENCED.sub("", _text(page))))
        there = [(page.parent / link).resolve().relative_to(Path.cwd()) for link in links if link.endswith(".md")]
        to_read += [each for each in there if each.exists()]
    assert set(Path("docs").rglob("*.md")) - reached == set()


def test_each_alert_has_a_page_that_exists() -> None:
    rules = [rule for group in yaml.safe_load(_text(ALERTS))["groups"] for rule in group["rules"]]
    assert [each["alert"] for each in rules if _leads_nowhere(each["annotations"]["page"], Path())] == []


def test_the_page_of_alerts_lists_each_of_them() -> None:
    listed = re.findall(r"^\| `(Klantcontact\w+)` \|", _text(Path("docs/monitor.md")), re.MULTILINE)
    assert listed == re.findall(r"alert: (\w+)", _text(ALERTS))


# Commands and targets -------------------------------------------------------------------------------------------------


def _typed(text: str) -> Iterator[list[str]]:
    """Yield the words that a page shows after `klantcontact`, in a console or in a sentence."""
    consoles = [re.sub(r"\n {4}\|", " |", block) for block in CONSOLE.findall(text)]
    typed = [line[2:] for block in consoles for line in block.splitlines() if line.startswith("$ ")]
    for words in (_words(each) for each in [*typed, *CODE.findall(FENCED.sub("", text))]):
        if words and words[0].rpartition("/")[2] == "klantcontact":
            yield words[1:]


def _words(line: str) -> list[str]:
    """Return the words of one command: up to a pipe, a redirection, or a comment."""
    line = re.sub(r"^.*\| (?=\S*klantcontact )", "", line.replace("…", "x"))
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    return list(takewhile(lambda word: word not in {"|", ">"}, words))


def _unknown(words: list[str]) -> list[str]:
    """Return the words that are no command, or no option of the command before them."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while isinstance(command, TyperGroup) and rest and not rest[0].startswith("-"):
        if rest[0] not in command.commands:
            return [rest[0]]
        command = command.commands[rest.pop(0)]
        command = command.load() if isinstance(command, LazyCommand) else command
    options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
    return [word for word in rest if word.startswith("--") and word.split("=")[0] not in options]


@_names([*PAGES, ALERTS, COMPOSE])
def test_every_command_and_option_that_is_named_exists(page: Path) -> None:
    assert [(words, _unknown(words)) for words in _typed(_text(page)) if words and _unknown(words)] == []


def test_commands_are_found_in_consoles_and_in_sentences() -> None:
    text = (
        "```console\n$ jq . f | .venv/bin/klantcontact dlq show --nothing 3-1\n```\n`klantcontact no` `klantcontact up`"
    )
    assert [_unknown(words) for words in _typed(text)] == [["--nothing"], ["no"], []]


@_names(PAGES)
def test_every_target_of_make_that_is_named_exists(page: Path) -> None:
    text = _text(page)
    consoles = "\n".join(CONSOLE.findall(text))
    named = set(re.findall(r"^\$ make ([a-z-]+)", consoles, re.MULTILINE))
    named |= {target for code in CODE.findall(FENCED.sub("", text)) for target in re.findall(r"^make ([a-z-]+)$", code)}
    assert named - set(re.findall(r"^([a-z-]+):", _text(Path("Makefile")), re.MULTILINE)) == set()


# Length ---------------------------------------------------------------------------------------------------------------


@_names([page for page in PAGES if page.is_relative_to("docs") and page != DECISIONS / "README.md"])
def test_a_page_stays_within_150_lines(page: Path) -> None:
    """But for the index of decisions, which has a row for each."""
    assert len(_text(page).splitlines()) <= 150


def test_the_readme_stays_within_140_lines() -> None:
    assert len(_text(Path("README.md")).splitlines()) <= 140


# Plain English -------------------------------------------------------------------------------------------------------

TRANSLATED = re.compile(r"\b(whoever|as a rule|be it|of which|all the same|once more)\b", re.IGNORECASE)


@_names(PAGES[:3] + [page for page in PAGES if page.is_relative_to("docs")])
def test_a_page_reads_like_english(page: Path) -> None:
    assert TRANSLATED.findall(" ".join(_text(page).split())) == []


# Decisions ------------------------------------------------------------------------------------------------------------


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECIDED] == list(range(1, len(DECIDED) + 1))


@_names(DECIDED)
def test_a_decision_has_its_parts(page: Path) -> None:
    parts = _text(page).strip().split("\n\n")
    assert parts[0].startswith(f"# {page.name[:4]}. ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d · (accepted|(superseded|amended) by \[\d{4}\]\(\S+\))", parts[1])
    names = ["**Choice.**", "**Reason.**", "**Alternative.**", "**Reopen when.**"]
    assert [part.split("** ")[0] + "**" for part in parts[2:]] == names


def test_the_index_lists_every_decision_with_its_title_date_and_status() -> None:
    rows = re.findall(
        r"^\| \[\d{4}\]\((\S+)\) \| (.+?) \| (\S+) \| (.+?) \|$", _text(DECISIONS / "README.md"), re.MULTILINE
    )
    told = [_text(path).split("\n\n") for path in DECIDED]
    assert rows == [
        (path.name, parts[0][len("# 0000. ") :], *parts[1].split(" · ", 1))
        for path, parts in zip(DECIDED, told, strict=True)
    ]


# The operator's day ---------------------------------------------------------------------------------------------------

DAY = Path(test_operators_day.__file__)
SESSIONS = [Path("docs/operate", f"{name}.md") for name in ("dead-letters", "replay", "rebuild", "explain")]
NOT_OF_THE_DAY = {"up", "stats", "publish", "sample"}
"""Commands that the test does without the command line, or not at all."""


def _typed_by_the_test() -> set[str]:
    constants = (node for node in ast.walk(ast.parse(_text(DAY))) if isinstance(node, ast.Constant))
    return {str(each.value) for each in constants}


@_names(SESSIONS)
def test_every_command_of_a_session_is_typed_by_a_test(page: Path) -> None:
    typed = list(_typed("\n".join(block.group() for block in CONSOLE.finditer(_text(page)))))
    of_the_day = [words for words in typed if words[0] not in NOT_OF_THE_DAY]
    reasons = {words[words.index("--reason") + 1] for words in of_the_day if "--reason" in words}
    wanted = {word for words in of_the_day for word in words if re.fullmatch(r"--[a-z-]+|[a-z]+", word)} | reasons
    assert of_the_day
    assert wanted - _typed_by_the_test() == set()


def test_a_session_begins_with_the_sample_and_the_policies_of_the_test() -> None:
    letters, replay = (_text(page) for page in SESSIONS[:2])
    contacts, broken = test_operators_day.OF_THE_PAGES
    assert f"sample {contacts} --broken {broken} " in letters
    shown = re.search(r"printf '(.+)' > strict.toml", replay)
    assert shown is not None
    assert shown[1].replace("\\n", "\n") == test_operators_day.STRICT


# The policy ----------------------------------------------------------------------------------------------------------

POLICY = Path("docs/policy.md")
TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_page_shows_the_default_policy_and_one_that_names_sources(tmp_path: Path) -> None:
    file = tmp_path / "beleid.toml"
    policies = []
    for shown in TOML.findall(_text(POLICY)):
        file.write_text(shown, encoding="utf-8")
        policies.append(load_toml_file(file, Beleid))
    default, naming, translating = policies
    assert default == DEFAULT
    assert translating.openklant.objecttype == DEFAULT.openklant.objecttype
    assert set(translating.openklant.actor) == {"groep"}
    telefonie, other = naming.bronnen.values()
    assert other == Bron()
    assert telefonie.topics == frozenset(Settings().contact_topics)
    assert None not in (telefonie.kanalen, telefonie.middelen)


# Settings -------------------------------------------------------------------------------------------------------------


def test_the_page_of_settings_equals_the_generated_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert settings_page.main(["--check"]) == 0, capsys.readouterr().err


def test_a_page_of_settings_that_differs_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings_page, "PAGE", tmp_path / "settings.md")
    assert settings_page.main(["--check"]) == 1
    assert capsys.readouterr().err.endswith("is not what the settings make: run `make docs`\n")
    assert settings_page.main([]) == 0
    assert settings_page.main(["--check"]) == 0


def test_every_setting_has_a_description_in_whole_sentences() -> None:
    told = {name: field_meanings(Settings).get(name, "") for name in Settings.model_fields}
    assert [name for name, text in told.items() if not text.endswith(".")] == []
