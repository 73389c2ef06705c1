"""How an operator asks the classifier for something: by a header on a copy of a contact in `contact.ended`.

The copy goes to the partition of the contact. So the instance that owns the partition decides, and all that is promised
about a contact holds for the copy. A header can ask for a new judgement by the rules in force, as every user may that
may publish contacts. It can also ask for the events of the contact again. Those can be hundreds of times as much
as the contact itself, so that request is signed with the register's key.
"""

import re
from typing import Final

import structlog

from schemas.cloudevents import Header, Headers
from services.domain.case import Case
from services.domain.herbeoordeling import Feiten, Herbeoordeling
from services.domain.sleutels import Sleutels

log = structlog.get_logger()

HERBEOORDELING: Final = "klantcontact_herbeoordeling"
"""The judgement that is to be replaced, and by which facts: `1 vastgelegd`."""

PUBLISH_AGAIN: Final = "klantcontact_publish_again"
"""A request for the events of the revisie in force, with its signature."""

_FORM: Final = re.compile(rf"([1-9][0-9]{{0,8}}) ({'|'.join(Feiten)})".encode())


def with_herbeoordeling(headers: Headers, asked: Herbeoordeling) -> list[Header]:
    """Return the headers of a copy that asks for a new judgement, in place of an earlier request."""
    kept = [header for header in headers if header[0] not in (HERBEOORDELING, PUBLISH_AGAIN)]
    return [*kept, (HERBEOORDELING, f"{asked.besluitversie} {asked.feiten}".encode())]


def herbeoordeling_of(headers: Headers) -> Herbeoordeling | None:
    """Return what a record asks. A header that can't be read asks nothing: the record is a repeat like any other."""
    for name, value in headers:
        if name == HERBEOORDELING:
            if value is not None and (read := _FORM.fullmatch(value)):
                return Herbeoordeling(int(read[1]), Feiten(read[2].decode()))
            log.warning("instruction.ignored", header=HERBEOORDELING)
    return None


def with_publish_again(headers: Headers, case: Case, sleutels: Sleutels) -> list[Header]:
    """Return the headers of a copy that asks for the events of its contact, in place of an earlier request."""
    kept = [header for header in headers if header[0] not in (HERBEOORDELING, PUBLISH_AGAIN)]
    return [*kept, (PUBLISH_AGAIN, sleutels.of_request(*_meant(case)).encode())]


def asks_to_publish_again(headers: Headers, case: Case, sleutels: Sleutels) -> bool:
    """Whether a record asks for its events. A request with a wrong signature asks nothing."""
    for name, value in headers:
        if name == PUBLISH_AGAIN:
            if value is not None and sleutels.is_request(value.decode(errors="replace"), *_meant(case)):
                return True
            log.warning("instruction.ignored", header=PUBLISH_AGAIN)
    return False


def _meant(case: Case) -> tuple[str, int]:
    return case.key, case.received.contact.revisie
