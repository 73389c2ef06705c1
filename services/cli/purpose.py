"""The options that say for what a command runs. They go into the audit trail, which is kept for years."""

from typing import Annotated

import typer

from services.domain.personal import looks_personal
from services.operations.audit.chain import Purpose

MAX_CHARACTERS = 200


def _printable(text: str | None) -> str | None:
    if text is not None and (not 1 <= len(text) <= MAX_CHARACTERS or not text.isprintable() or text.isspace()):
        raise typer.BadParameter(f"needs 1 to {MAX_CHARACTERS} printable characters")
    return text


def _checked(text: str | None) -> str | None:
    if _printable(text) is not None and looks_personal(str(text)):
        raise typer.BadParameter("looks like a BSN, an e-mail address or a telephone number, and is kept for years")
    return text


AsOperator = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        callback=_printable,
        help="The signed-in operator, where several share this user. It goes into the audit trail beside that user.",
    ),
]
ForRequest = Annotated[
    str | None,
    typer.Option(
        "--request",
        metavar="NUMBER",
        callback=_checked,
        help="The municipality's own number of the case, for the audit trail. Put no name, BSN or address in it.",
    ),
]
ForReason = Annotated[
    str | None,
    typer.Option("--reason", callback=_checked, help="Why, for the audit trail. Name no person in it."),
]


def purpose(*, request: str | None, reason: str | None, by: str | None) -> Purpose:
    """Return what these options say."""
    return Purpose(request=request, reason=reason, by=by)
