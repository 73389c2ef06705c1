"""The services."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
import typer
import uvloop

from services.cli.arguments import settings
from services.cli.lazy import load
from services.cli.streams import FAULTS_FOUND, WRONG_USE
from services.runtime import garbage
from services.runtime.errors import InvalidSettings
from services.runtime.observe import logs
from services.runtime.settings import Settings

app = typer.Typer(help="Run a service until SIGTERM or Ctrl-C.", no_args_is_help=True, add_completion=False)


@app.command("classifier")
def run_classifier() -> None:
    """Judge contacts from contact.ended, record what was decided, and publish what is registered."""
    _serve("services.classifier.main")


@app.command("projector")
def run_projector() -> None:
    """Keep the collections klantcontacten, partijen and interne_taken up to date with what was published."""
    _serve("services.projector.main")


@app.command("bridge")
def run_bridge() -> None:
    """Keep Open Klant, where employees see klantcontacten and interne taken, equal to the projector's collections."""
    _serve("services.bridge.main")


@app.command("mapper")
def run_mapper() -> None:
    """Map messages of platforms to contact.ended, by the mappings that the channels file names."""
    _serve("services.channels.mapper.main")


@app.command("intake")
def run_intake() -> None:
    """Receive messages of telephony, forms and mail over HTTP, and write them to the raw topics of the channels."""
    _serve("services.channels.intake.main")


def _serve(service: str) -> None:
    """Run a service to its end. Its log says why it stopped; for wrong settings that is one line.

    Only that service is loaded: none ever runs in the process of another.
    """
    run: Callable[[Settings], Awaitable[None]] = load(service, "run")
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
