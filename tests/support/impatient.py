"""`klantcontact …` that soon gives up a server that is away: `python -m tests.support.impatient dlq redrive --all`.

What it then says and leaves behind does not depend on how long it waited.
"""

from services.cli import main
from services.operations import lock
from services.operations.dead_letters import returning
from services.operations.rebuild import collections, rebuild, record
from services.runtime.mongo import client

PAUSES_SECONDS = 1.0

ANSWER_SECONDS = 3.0
"""A server of the tests takes a second to answer when the machine is busy."""


def be_impatient() -> None:
    """Bear with a server that is away no longer than that, from now on and in this process."""
    vars(returning)["STALL_SECONDS"] = ANSWER_SECONDS
    vars(collections)["PATIENCE_SECONDS"] = PAUSES_SECONDS
    vars(record)["PATIENCE_SECONDS"] = PAUSES_SECONDS
    vars(rebuild)["GOODBYE_SECONDS"] = PAUSES_SECONDS
    vars(lock)["RELEASE_SECONDS"] = PAUSES_SECONDS
    for module in (client, lock):
        vars(module)["OPERATION_MILLISECONDS"] = int(ANSWER_SECONDS * 1_000)
    for name in ("SELECTION_MILLISECONDS", "DIRECT_MILLISECONDS"):
        vars(client)[name] = int(PAUSES_SECONDS * 1_000)


if __name__ == "__main__":
    be_impatient()
    main()
