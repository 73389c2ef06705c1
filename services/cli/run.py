"""The two services."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import typer

from services.cli.arguments import FAULTS_FOUND, WRONG_USE, settings
from services.runtime.errors import InvalidSettings

if TYPE_CHECKING:
    from services.runtime.settings import Settings

app = typer.Typer(help="Run one of the two services until SIGTERM or Ctrl-C.", no_args_is_help=True)


@app.command("classifier")
def run_classifier() -> None:
    """Judge contacts from contact.ended, record what was decided, and publish what is registered."""
    from services.classifier.main import run

    _serve(run)


@app.command("projector")
def run_projector() -> None:
    """Keep the collections klantcontacten, partijen and interne_taken up to date with what was published."""
    from services.projector.main import run

    _serve(run)


def _serve(run: "Callable[[Settings], Awaitable[None]]") -> None:
    """Run a service to its end. Its log says why it stopped; wrong settings are told plainly."""
    import asyncio

    import structlog
    import uvloop

    from services.runtime import garbage
    from services.runtime.observe import logs

    given = settings()
    logs.configure(given)
    garbage.search_less_often()

    async def watched() -> None:
        logs.watch_loop(asyncio.get_running_loop())
        await run(given)

    try:
        uvloop.run(watched())
    except InvalidSettings as error:
        structlog.get_logger().critical("service.refused", reason=str(error))
        raise typer.Exit(WRONG_USE) from error
    except Exception as error:
        structlog.get_logger().critical("service.failed", exc_info=error)
        raise typer.Exit(FAULTS_FOUND) from error
