"""`klantcontact …`: what a person types. Each command is a few lines around library code that does the work.

Exit status: 0 done; 1 faults were found, or a server is away; 2 wrong use or wrong settings; 130 interrupted by Ctrl-C,
except where Ctrl-C is the way to end it (`run`, `up`). Answers go to stdout, where a program may read them. Remarks for
a person go to stderr.
"""

import logging
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from services.cli.lazy import LazyCommand
from services.cli.streams import FAULTS_FOUND, WRONG_USE, are_text, open_what_is_closed, tell, written_out
from services.runtime.core_files import leave_no_core_file
from services.runtime.errors import InvalidSettings, KlantcontactError, WrongUse

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
    "0 done, 1 faults were found or a server is away, 2 wrong use or settings, 130 interrupted by Ctrl-C."
)

PUBLISHERS = "For publishers of events"
OPERATORS = "For operators"
THIS_MACHINE = "On this machine"

COMMANDS = (
    LazyCommand(
        "validate",
        "services.cli.validate",
        panel=PUBLISHERS,
        help="Show what is wrong with events, what to do about it, and which line of the schema says so.",
    ),
    LazyCommand(
        "classify",
        "services.cli.classify",
        panel=PUBLISHERS,
        help="Judge events without any server, and print for each what would be registered, as one JSON object a line.",
    ),
    LazyCommand(
        "publish",
        "services.cli.publish",
        panel=PUBLISHERS,
        help="Send events to the topic of their publisher, and say which lines the broker did not take.",
    ),
    LazyCommand(
        "map",
        "services.cli.map",
        panel=PUBLISHERS,
        help="Show what a mapping makes of messages: an event, nothing for a reason, or a refusal. It needs no server.",
    ),
    LazyCommand(
        "run",
        "services.cli.run",
        panel=OPERATORS,
        help="Run a service until SIGTERM or Ctrl-C.",
    ),
    LazyCommand(
        "doctor",
        "services.cli.doctor",
        panel=OPERATORS,
        help="Look whether everything is there that the services need, and say what to do about what is not.",
    ),
    LazyCommand(
        "selftest",
        "services.cli.selftest",
        panel=OPERATORS,
        help="Send contacts of a source of its own through the running system, compare what comes of them, and erase "
        "them.",
    ),
    LazyCommand("topics", "services.cli.topics", panel=OPERATORS, help="The Kafka topics."),
    LazyCommand(
        "replay",
        "services.cli.replay",
        panel=OPERATORS,
        help="Judge contacts again that are still in contact.ended, under today's policy, and show what would change.",
    ),
    LazyCommand(
        "dlq",
        "services.cli.dlq",
        panel=OPERATORS,
        help="The dead letters: events that were refused, with what was wrong with them. Their content shows only "
        "where you ask for it, and the audit trail has first that you see it. A letter is open, redriven or discarded; "
        "of one that is discarded, nobody can read the content any more.",
    ),
    LazyCommand(
        "skip",
        "services.cli.skip",
        panel=OPERATORS,
        help="Make the record at which a partition stopped a dead letter, so that the partition goes on.",
    ),
    LazyCommand(
        "rebuild",
        "services.cli.rebuild",
        panel=OPERATORS,
        help="Make the projector's collections anew from the topics, and put them in place while the projector goes "
        "on.",
    ),
    LazyCommand(
        "retain",
        "services.cli.retain",
        panel=OPERATORS,
        help="End what has been kept long enough, by the terms in bewaren.toml. Run it every day.",
    ),
    LazyCommand(
        "bridge",
        "services.cli.bridge",
        panel=OPERATORS,
        help="Open Klant: see what the bridge would write, write what the register has already, compare the two.",
    ),
    LazyCommand(
        "rotate-key",
        "services.cli.rotate_key",
        panel=OPERATORS,
        help="Have the newest key of the settings take over from the one that the register has, while classifiers go "
        "on.",
    ),
    LazyCommand(
        "explain",
        "services.cli.explain",
        panel=OPERATORS,
        help="Show why a contact was registered or not, and what came of it. Shows no contents and changes nothing.",
    ),
    LazyCommand(
        "access",
        "services.cli.access",
        panel=OPERATORS,
        help="Show everything about one klant, or one contact: for a request for access. Changes nothing.",
    ),
    LazyCommand(
        "erase-report",
        "services.cli.erase_report",
        panel=OPERATORS,
        help="Show, place by place, what is left of what was erased for a request, and who has yet to read of it.",
    ),
    LazyCommand(
        "affected",
        "services.cli.affected",
        panel=OPERATORS,
        help="Show which klanten and contacts lay in a topic in a period: for a data breach. Shows ids, and no "
        "contents.",
    ),
    LazyCommand(
        "erase",
        "services.cli.erase",
        panel=OPERATORS,
        help="Erase a contact, a klant or the details of a klant, for good (AVG 17). The classifier does it.",
    ),
    LazyCommand(
        "withdraw",
        "services.cli.withdraw",
        panel=OPERATORS,
        help="Withdraw a klant's consent to reuse of contact details, outside a contact (AVG 7(3)). The classifier "
        "does it.",
    ),
    LazyCommand(
        "restrict",
        "services.cli.restrict",
        panel=OPERATORS,
        help="Restrict the processing of a klant's details (AVG 18), or lift that. The classifier does it.",
    ),
    LazyCommand(
        "stats",
        "services.cli.stats",
        panel=OPERATORS,
        help="Count decisions. A correction or a new judgement is a decision too; a repeat is none.",
    ),
    LazyCommand(
        "audit",
        "services.cli.audit",
        panel=OPERATORS,
        help="The audit trail: who saw contents or changed something, with which command, when and why. It holds ids, "
        "and no contents.",
    ),
    LazyCommand(
        "demo",
        "services.cli.demo",
        panel=THIS_MACHINE,
        help="Start everything, send each case of the standard through it, and compare what is stored with what "
        "should be.",
    ),
    LazyCommand(
        "sample",
        "services.cli.sample",
        panel=THIS_MACHINE,
        help="Print made-up events, one a line, to try things on: always the same ones.",
    ),
    LazyCommand(
        "up",
        "services.cli.up",
        panel=THIS_MACHINE,
        help="Start Kafka, MongoDB and both services, print their addresses, and stop it all at Ctrl-C.",
    ),
)


class _Commands(TyperGroup):
    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - handed on as Typer gives them
        super().__init__(**attributes)
        for command in COMMANDS:
            self.add_command(command)


app = typer.Typer(
    cls=_Commands,
    help=ABOUT,
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _klantcontact() -> None:
    """Make Typer build a group although it knows no command yet; what `--help` shows is ABOUT."""


def main() -> None:
    """Run the command line: the entry point of the package."""
    leave_no_core_file()
    open_what_is_closed()
    if not are_text(sys.argv[1:]):
        tell("Not everything typed is UTF-8: some of the characters have another encoding. Type them in UTF-8.")
        sys.exit(WRONG_USE)
    # Until a service sets up its log, what the libraries write about a server that is away is not for the screen.
    logging.basicConfig(handlers=[logging.NullHandler()])
    try:
        with written_out():
            app()
    except KlantcontactError as error:
        tell(str(error))
        sys.exit(WRONG_USE if isinstance(error, InvalidSettings | WrongUse) else FAULTS_FOUND)
