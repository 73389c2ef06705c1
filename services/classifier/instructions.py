"""How an operator asks the classifier for something: by a header on a copy of a contact in `contact.ended`.

The copy goes to the partition of the contact. So the instance that owns the partition decides, and all that is promised
about a contact holds for the copy. A header can ask for a new judgement by the rules in force, as every user may that
may publish contacts. It can also ask for the events of the contact again. Those can be hundreds of times as much
as the contact itself, so that request is signed with the register's key.

An instruction to erase is a record of its own, on the partition of the contact, with a header that signs its value
with the register's key: no publisher can ask for it.
"""

import re
import zlib
from collections.abc import Mapping
from typing import Any, Final

import orjson
import structlog

from schemas.cloudevents import Header, Headers
from schemas.outputs import Reden
from services.domain.case import Case
from services.domain.herbeoordeling import Feiten, Herbeoordeling
from services.domain.sleutels import Sleutels
from services.domain.wissing import SoortWissing, Wissing

log = structlog.get_logger()

HERBEOORDELING: Final = "klantcontact_herbeoordeling"
"""The judgement that is to be replaced, and by which facts: `1 vastgelegd`."""

PUBLISH_AGAIN: Final = "klantcontact_publish_again"
"""A request for the events of the revisie in force, with its signature."""

WISSING: Final = "klantcontact_wissing"
"""The signature of an instruction to erase."""

MOST_PLAIN_BYTES: Final = 256 * 1024
"""An instruction above it is compressed. The klantcontacten of one contact repeat its actoren and partijen: of the
largest contact they are some MB, and a record of Kafka one at most."""

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


def signed_wissing(wissing: Wissing, sleutels: Sleutels) -> tuple[bytes, list[Header]]:
    """Return the value and the headers of the record that asks to erase."""
    value = orjson.dumps(_asked(wissing))
    if len(value) > MOST_PLAIN_BYTES:
        value = zlib.compress(value)
    return value, [(WISSING, sleutels.of_instruction(value).encode())]


def wissing_of(headers: Headers, value: bytes | None, sleutels: Sleutels) -> Wissing | None:
    """Return the instruction to erase that a record is. With a wrong signature it is none: a record like any other."""
    for name, signature in headers:
        if name == WISSING:
            signed = (signature or b"").decode(errors="replace")
            if value is not None and sleutels.is_instruction(signed, value):
                return _wissing(orjson.loads(value if value.startswith(b"{") else zlib.decompress(value)))
            log.warning("instruction.ignored", header=WISSING)
    return None


def _asked(wissing: Wissing) -> dict[str, Any]:
    return {
        "opdracht": wissing.opdracht,
        "soort": wissing.soort,
        "verzoek": wissing.verzoek,
        "reden": wissing.reden,
        "contact": wissing.contact_key,
        "partijId": wissing.partij_id,
        "revisie": wissing.revisie,
        "besluitversie": wissing.besluitversie,
        "leegt": wissing.leegt,
        "opnieuw": wissing.opnieuw,
        "vervallen": wissing.vervallen,
    }


def _wissing(asked: Mapping[str, Any]) -> Wissing:
    return Wissing(
        opdracht=asked["opdracht"],
        soort=SoortWissing(asked["soort"]),
        verzoek=asked["verzoek"],
        reden=Reden(asked["reden"]),
        contact_key=asked["contact"],
        partij_id=asked["partijId"],
        revisie=asked["revisie"],
        besluitversie=asked["besluitversie"],
        leegt=asked["leegt"],
        opnieuw=tuple(asked["opnieuw"]),
        vervallen=tuple(asked["vervallen"]),
    )
