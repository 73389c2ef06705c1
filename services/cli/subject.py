"""The options of commands about a person: who is meant, for which request of the municipality, and why."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from services.cli.streams import tell
from services.domain.personal import looks_personal
from services.operations.subjects import FORMS, MAX_BYTES, InvalidSubject, Subject, read_subject

MAX_CHARACTERS: Final = 100
"""Of a request."""

MAX_REASON: Final = 200
"""Characters."""


def _kept(text: str, most: int) -> str:
    if not 1 <= len(text) <= most or not text.isprintable() or text.isspace():
        raise typer.BadParameter(f"needs 1 to {most} printable characters")
    if looks_personal(text):
        raise typer.BadParameter("seems to name a BSN, an e-mail address or a telephone number, and is kept for good")
    return text


def _request(text: str) -> str:
    return _kept(text, MAX_CHARACTERS)


def _reason(text: str) -> str:
    return _kept(text, MAX_REASON)


def _ground(text: str | None) -> str | None:
    return text if text is None else _kept(text, MAX_REASON)


RequestNumber = Annotated[
    str,
    typer.Option(
        metavar="NUMBER",
        callback=_request,
        help="The municipality's own number of the case. It is kept: put no name, BSN or address in it.",
    ),
]
ReasonGiven = Annotated[
    str,
    typer.Option(
        callback=_reason,
        help=f"Why, in at most {MAX_REASON} characters. It is kept: name no person in it.",
    ),
]
RefusedOn = Annotated[
    str | None,
    typer.Option(
        "--refuse",
        metavar="GROUND",
        callback=_ground,
        help="Erase nothing; record that it is refused, and on which ground: 17(3), Archiefwet. Name no person in it.",
    ),
]
SubjectFile = Annotated[
    Path | None,
    typer.Option("--from", metavar="FILE", help="Who is meant, as one JSON object; standard input unless given."),
]


def asked_subject(file: Path | None) -> Subject:
    """Return who is meant by a file, or by standard input. Raises typer.BadParameter, which repeats no value."""
    try:
        return read_subject(_text(file))
    except InvalidSubject as error:
        raise typer.BadParameter(str(error), param_hint="--from" if file else "standard input") from None


def _text(file: Path | None) -> bytes:
    if file is None or file == Path("-"):
        if sys.stdin.isatty():
            tell(f"{FORMS}\nCtrl-D ends.")
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="--from") from error
