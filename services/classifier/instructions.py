"""How an operator asks the classifier for a new judgement: by a header on a copy of a contact in `contact.ended`.

The copy goes to the partition of the contact. So the instance that owns the partition decides, and all that is promised
about a contact holds for the copy. A header can ask no more than a new judgement by the rules in force. Every user that
may publish contacts may ask.
"""

import re
from typing import Final

import structlog

from schemas.cloudevents import Header, Headers
from services.domain.herbeoordeling import Feiten, Herbeoordeling

log = structlog.get_logger()

HERBEOORDELING: Final = "klantcontact_herbeoordeling"
"""The judgement that is to be replaced, and by which facts: `1 vastgelegd`."""

_FORM: Final = re.compile(rf"([1-9][0-9]{{0,8}}) ({'|'.join(Feiten)})".encode())


def with_herbeoordeling(headers: Headers, asked: Herbeoordeling) -> list[Header]:
    """Return the headers of a copy that asks for a new judgement, in place of an earlier request."""
    kept = [header for header in headers if header[0] != HERBEOORDELING]
    return [*kept, (HERBEOORDELING, f"{asked.besluitversie} {asked.feiten}".encode())]


def herbeoordeling_of(headers: Headers) -> Herbeoordeling | None:
    """Return what a record asks. A header that can't be read asks nothing: the record is a repeat like any other."""
    for name, value in headers:
        if name == HERBEOORDELING:
            if value is not None and (read := _FORM.fullmatch(value)):
                return Herbeoordeling(int(read[1]), Feiten(read[2].decode()))
            log.warning("instruction.ignored", header=HERBEOORDELING)
    return None
