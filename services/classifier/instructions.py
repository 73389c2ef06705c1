"""What an operator tells the classifier with a record: a header on a copy of a contact that is in `contact.ended`.

Through Kafka, on the partition of the contact, so that its owner decides and everything that holds for a contact holds
for this too. A header can only ask for a new judgement by the rules in force; whoever may publish contacts may ask.
"""

import re
from collections.abc import Sequence
from typing import Final

import structlog

from services.domain.herbeoordeling import Feiten, Herbeoordeling

log = structlog.get_logger()

Header = tuple[str, bytes | None]

HERBEOORDELING: Final = "klantcontact_herbeoordeling"
"""The judgement that is to be replaced, and by which facts: `1 vastgelegd`."""

_FORM: Final = re.compile(rf"([1-9][0-9]{{0,8}}) ({'|'.join(Feiten)})".encode())


def with_herbeoordeling(headers: Sequence[Header], asked: Herbeoordeling) -> list[Header]:
    """Give the headers of a copy that asks for a new judgement, instead of what it may have asked before."""
    kept = [header for header in headers if header[0] != HERBEOORDELING]
    return [*kept, (HERBEOORDELING, f"{asked.besluitversie} {asked.feiten}".encode())]


def herbeoordeling_of(headers: Sequence[Header]) -> Herbeoordeling | None:
    """Read what is asked; what can't be read is no request, and the record is a repeat as any other."""
    for name, value in headers:
        if name == HERBEOORDELING:
            if value is not None and (read := _FORM.fullmatch(value)):
                return Herbeoordeling(int(read[1]), Feiten(read[2].decode()))
            log.warning("instruction.ignored", header=HERBEOORDELING)
    return None
