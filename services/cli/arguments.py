"""What commands share of what is typed: the settings, a file of events, and the usual options."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from services.cli.screen import tell

if TYPE_CHECKING:
    from services.domain.policy import Beleid
    from services.runtime.settings import Settings

FAULTS_FOUND: Final = 1
WRONG_USE: Final = 2

EventsFile = Annotated[Path, typer.Argument(metavar="FILE|-", help="CloudEvents, one JSON object a line; - is stdin.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for a program to read.")]
AsJsonLines = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout, for a program to read.")]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="TOML file; else KLANTCONTACT_BELEID_FILE.")]


def are_text(arguments: Sequence[str]) -> bool:
    """Tell whether all that was typed is UTF-8. What is not could neither be looked for nor shown."""
    try:
        "".join(arguments).encode()
    except UnicodeEncodeError:
        return False
    return True


def settings() -> "Settings":
    """Read the settings from the environment."""
    from services.runtime.settings import load_settings

    return load_settings()


def beleid(policy: Path | None) -> "Beleid":
    """Read the policy that `--policy` names, else that of the settings."""
    from services.domain.policy import Beleid
    from services.runtime.policy_file import load_policy_file

    if policy is not None:
        return load_policy_file(policy, Beleid, given_as="--policy")
    return load_policy_file(settings().beleid_file, Beleid)


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Open a file for its lines, or stdin for `-`."""
    if file == Path("-"):
        if sys.stdin.isatty():
            tell("Type or paste events, one a line; Ctrl-D ends.")
        yield sys.stdin.buffer
        return
    try:
        lines = file.open("rb")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    with lines:
        yield lines


def count_lines(lines: BinaryIO) -> int | None:
    """Count the lines that say something from here on, and go back; None for what can be read only once, as a pipe."""
    if not lines.seekable():
        return None
    here = lines.tell()
    number = sum(1 for line in lines if line.strip())
    lines.seek(here)
    return number
