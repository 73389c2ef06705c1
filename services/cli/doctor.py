"""For operators: whether everything is there that the services need."""

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import waiting
from services.cli.screen import print_table
from services.cli.streams import FAULTS_FOUND
from services.operations.doctor import examine

app = typer.Typer(add_completion=False)


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """Look whether everything is there that the services need, and say what to do about what is not."""
    with waiting("asking Kafka and MongoDB", shown=not as_json):
        checks = uvloop.run(examine(settings()))
    if as_json:
        print_json({"checks": checks})
    else:
        print_table(
            ("ok" if check.ok else "NOT OK", check.name, f"{check.found}\n{check.advice}".strip()) for check in checks
        )
    raise typer.Exit(0 if all(check.ok for check in checks) else FAULTS_FOUND)
