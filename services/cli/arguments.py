"""What commands share of what is typed: the settings, a file of events, and the usual options."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from services.cli.streams import tell
from services.domain.policy import Beleid
from services.runtime.load_settings import load_settings
from services.runtime.settings import Settings
from services.runtime.toml_file import load_toml_file

BRACKETS: Final = {b"{": ".", b"[": "'.[]'", b"[{": "'.[]'"}
"""How JSON over several lines begins, and what jq calls the events in it."""

EventsFile = Annotated[Path, typer.Argument(metavar="FILE|-", help="CloudEvents, one JSON object a line; - is stdin.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for a program to read.")]
AsJsonLines = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout, for a program to read.")]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="TOML file; else KLANTCONTACT_BELEID_FILE.")]
ToTopic = Annotated[
    str | None, typer.Option("--topic", help="Where they would be sent; else that of KLANTCONTACT_CONTACT_TOPICS.")
]


def settings() -> Settings:
    """Return the settings that the environment holds."""
    return load_settings()


def beleid(policy: Path | None) -> Beleid:
    """Return the policy that `--policy` names, else that of the settings."""
    if policy is not None:
        return load_toml_file(policy, Beleid, given_as="--policy")
    return load_toml_file(settings().beleid_file, Beleid)


def to_topic(topic: str | None, beleid: Beleid) -> str | None:
    """Return the topic that `--topic` names, else that of the settings; None when the policy says nothing of topics.

    Raises BadParameter when the settings have several: the policy may allow a source some of them only.
    """
    if topic is not None or all(bron.topics is None for bron in beleid.bronnen.values()):
        return topic
    topics = settings().contact_topics
    if len(topics) > 1:
        msg = f"There is a topic for each publisher, and the policy says whose. Name one: {', '.join(topics)}."
        raise typer.BadParameter(msg, param_hint="--topic")
    return topics[0]


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Open a file for its lines, or stdin for `-`. Raises BadParameter for JSON that is spread over several lines."""
    if file == Path("-"):
        if sys.stdin.isatty():
            tell("Type or paste events, one a line; Ctrl-D ends.")
        assert isinstance(sys.stdin.buffer, BufferedReader), "what Python reads stdin with"
        _refuse_spread(sys.stdin.buffer)
        yield sys.stdin.buffer
        return
    try:
        lines = file.open("rb")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    with lines:
        _refuse_spread(lines)
        yield lines


def _refuse_spread(lines: BufferedReader) -> None:
    """Raise BadParameter when the first line is only a bracket, which begins JSON over several lines. Reads nothing."""
    line, end, _ = lines.peek().lstrip().partition(b"\n")
    if end and line.strip() in BRACKETS:
        raise typer.BadParameter(
            "The JSON in it is spread over several lines, and each event must stand on one. "
            f"`jq -c {BRACKETS[line.strip()]} FILE` writes it so."
        )


def count_lines(lines: BinaryIO) -> int | None:
    """Count the lines that are left, empty ones aside, and go back; None for a pipe, which is read only once."""
    if not lines.seekable():
        return None
    here = lines.tell()
    number = sum(1 for line in lines if line.strip())
    lines.seek(here)
    return number
