"""Reads the records of a batch, in turns with the rest of the process.

An instruction to erase stands alone in its batch: what came before it is published first, and what comes after it is
judged by what it left.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from schemas.dead_letters import MAX_FAULTS
from schemas.faults import Refusal
from services.classifier.ports import HeavyBatch
from services.domain.case import Case
from services.domain.wissing import Wissing
from services.runtime.kafka.records import Record
from services.runtime.turns import Turns

Read = Callable[[Record], Case | Wissing | Refusal]
"""`services.classifier.cases.read`, with the keys and the policy of this service."""


async def read_in_turns(records: Sequence[Record], read: Read, *, most_parts: float) -> list[Case | Wissing | Refusal]:
    """Return what each record is.

    Raises HeavyBatch for more than `most_parts` betrokkenen and onderwerpen, and for an instruction that is not alone.
    """
    done: list[Case | Wissing | Refusal] = []
    parts, turns = 0, Turns()
    for record in records:
        each = read(record)
        if isinstance(each, Refusal):
            # An event can have thousands of faults, and a hundred such events wait for each other here.
            each = replace(each, faults=each.faults[:MAX_FAULTS])
        elif isinstance(each, Wissing):
            if len(records) > 1:
                raise HeavyBatch(fits=len(done) or 1)
        else:
            parts += len(each.received.contact.betrokkenen) + len(each.received.contact.onderwerpen)
        if parts > most_parts and done:
            raise HeavyBatch(fits=len(done))
        done.append(each)
        if turns.is_over:
            await turns.pause()
    return done
