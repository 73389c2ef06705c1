"""For operators: whether everything is there that the services need."""

from typing import Annotated

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import waiting
from services.cli.screen import print_table
from services.cli.streams import FAULTS_FOUND
from services.operations.checks import Check
from services.operations.doctor import examine
from services.operations.rights import rights_check

app = typer.Typer(add_completion=False)

Role = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="ROLE|USER",
        help="Look only whether the login in MongoDB has exactly the rights of a role of docs/roles.md. An "
        "administrator can name another user.",
    ),
]


@app.command()
def doctor(*, role: Role = None, as_json: AsJson = False) -> None:
    """Look whether everything is there that the services need, and say what to do about what is not."""
    with waiting("asking Kafka and MongoDB", shown=not as_json):
        checks = uvloop.run(_checks(role))
    if as_json:
        print_json({"checks": checks})
    else:
        print_table(
            ("ok" if check.ok else "NOT OK", check.name, f"{check.found}\n{check.advice}".strip()) for check in checks
        )
    raise typer.Exit(0 if all(check.ok for check in checks) else FAULTS_FOUND)


async def _checks(role: str | None) -> list[Check]:
    return await examine(settings()) if role is None else [await rights_check(settings(), role)]
