"""`klantcontact …`: what a person types. Each command is a few lines around library code that does the work.

Exit status: 0 done; 1 the work found faults, or what it needs is away; 2 wrong use or wrong settings; 130 interrupted
by Ctrl-C, except where that is how one ends it (`run`, `up`). What a program may read goes to stdout, what is for a
person only to stderr. A command imports only what it needs, so that `--help` answers at once.
"""

import logging
import sys

import typer

from services.cli import dlq, explain, local, operators, publishers, rebuild, replay, run
from services.cli.arguments import FAULTS_FOUND, WRONG_USE, are_text, open_what_is_closed, written_out
from services.cli.screen import tell
from services.local.servers.errors import LocalStackError
from services.runtime.errors import InvalidSettings, KlantcontactError

ABOUT = (
    "From contact.ended to a register of klantcontacten that keeps exactly what it may keep, and can say why.\n\n"
    "Telephony and channel systems publish an event when a contact has ended. The rules of VNG question V6898 then "
    "decide whether it is registered, whether somebody has to follow up, and which contact details may be kept.\n\n"
    "[bold]Three things to try first[/bold]\n\n"
    "[cyan]klantcontact demo[/cyan] – runs everything on real servers and shows, for each case of the standard, "
    "whether what is stored is right.\n\n"
    "[cyan]klantcontact classify events.jsonl[/cyan] – says what would be registered for your own events. It needs "
    "no servers.\n\n"
    "[cyan]klantcontact up[/cyan] – starts everything on this machine, for you to send events to, until Ctrl-C."
)

EPILOG = (
    "Settings are environment variables that begin with KLANTCONTACT_; docs/settings.md lists them. Exit status: "
    "0 done, 1 the work found faults or what it needs is away, 2 wrong use or settings, 130 interrupted by Ctrl-C."
)

app = typer.Typer(help=ABOUT, epilog=EPILOG, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(publishers.app)
app.add_typer(run.app, name="run", rich_help_panel=operators.PANEL)
app.add_typer(operators.app)
app.add_typer(replay.app)
app.add_typer(dlq.app, name="dlq", rich_help_panel=operators.PANEL)
app.add_typer(rebuild.app)
app.add_typer(explain.app)
app.add_typer(local.app)


def main() -> None:
    """Run the command line: the entry point of the package."""
    open_what_is_closed()
    if not are_text(sys.argv[1:]):
        tell("What was typed is not all UTF-8: there are characters in it that this terminal writes in another way.")
        sys.exit(WRONG_USE)
    # Until a service sets up its log, what the libraries write of a server that is away is not for the screen.
    logging.basicConfig(handlers=[logging.NullHandler()])
    try:
        with written_out():
            app()
    except (KlantcontactError, LocalStackError) as error:
        tell(str(error))
        sys.exit(WRONG_USE if isinstance(error, InvalidSettings) else FAULTS_FOUND)
