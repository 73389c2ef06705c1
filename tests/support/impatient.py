"""`klantcontact …` that soon gives up a server that is away: `python -m tests.support.impatient dlq redrive --all`.

What it then says and leaves behind does not depend on how long it waited.
"""

from services.cli import main
from services.operations import lock
from services.operations.bridge import patience as bridge_patience
from services.operations.dead_letters import returning
from services.operations.rebuild import collections, rebuild, record
from services.runtime.mongo import client

PAUSES_SECONDS = 1.0

ANSWER_SECONDS = 3.0
"""A server of the tests takes a second to answer when the machine is busy."""


def be_impatient() -> None:
    """Bear with a server that is away no longer than that, from now on and in this process."""
    for module, name, seconds in (
        (returning, "STALL_SECONDS", ANSWER_SECONDS),
        (collections, "PATIENCE_SECONDS", PAUSES_SECONDS),
        (record, "PATIENCE_SECONDS", PAUSES_SECONDS),
        (bridge_patience, "PATIENCE_SECONDS", PAUSES_SECONDS),
        (rebuild, "GOODBYE_SECONDS", PAUSES_SECONDS),
        (lock, "RELEASE_SECONDS", PAUSES_SECONDS),
        (client, "OPERATION_MILLISECONDS", int(ANSWER_SECONDS * 1_000)),
        (lock, "OPERATION_MILLISECONDS", int(ANSWER_SECONDS * 1_000)),
        (client, "SELECTION_MILLISECONDS", int(PAUSES_SECONDS * 1_000)),
        (client, "DIRECT_MILLISECONDS", int(PAUSES_SECONDS * 1_000)),
    ):
        assert name in vars(module), f"{module.__name__} has no {name} any more"
        vars(module)[name] = seconds


if __name__ == "__main__":
    be_impatient()
    main()
