"""Writing a page about a person to a file that only this user may read."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

PageFile = Annotated[
    Path | None,
    typer.Option("--page", metavar="FILE", help="Write a page in Dutch to this new file; only you can read it."),
]


@contextmanager
def written_page(file: Path | None) -> Iterator[Callable[[str], None] | None]:
    """Provide what writes the page, for the block; None without a file. Without a page the file goes again.

    Raises typer.BadParameter when the file exists or can't be made: no page is written over.
    """
    if file is None:
        yield None
        return
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="--page") from error
    done = False
    try:
        with os.fdopen(number, "w", encoding="utf-8") as opened:

            def write(text: str) -> None:
                nonlocal done
                opened.write(text)
                done = True

            yield write
    finally:
        if not done:
            file.unlink(missing_ok=True)
