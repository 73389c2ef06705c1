"""A klant is recognised by its number in a message of a channel, in whatever form the platform sent it."""

import base64
from email.message import EmailMessage
from urllib.parse import quote

import orjson
import pytest

from schemas.contact_ended_v1 import PartijIdentificator
from schemas.identities import Identity, of_contactpersoon
from schemas.positions import Position
from schemas.reading.origin import Origin
from services.domain.sleutels import Sleutels
from services.operations.mapped_from import MappedFrom
from services.operations.places.events import is_about, message_is_about, read_event
from services.operations.places.message_text import message_text
from services.operations.places.numbers import MAX_PAIRS, KlantNumbers, candidates
from services.operations.places.traces import Traces
from tests.support.examples import ALICE, BOB, SOURCE, contact, event, kvk, line

SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")
KVK = "12345678"


def mail(text: str, *, subject: str = "Vraag", encoding: str = "base64", charset: str = "utf-8") -> bytes:
    made = EmailMessage()
    made["Message-ID"], made["From"], made["Subject"] = "<m-1@example.nl>", "k@example.nl", subject
    made.set_content(text, cte=encoding, charset=charset)
    return made.as_bytes()


def forwarded(text: str) -> bytes:
    made = EmailMessage()
    made["Message-ID"], made["From"] = "<m-2@example.nl>", "k@example.nl"
    inner = EmailMessage()
    inner.set_content(text, cte="base64")
    made.add_attachment(inner)
    return made.as_bytes()


def percents(number: str) -> str:
    return "".join(f"%{ord(each):02x}" for each in number)


IN_JSON = orjson.dumps({"bsn": ALICE}).decode()

FOUND = {
    "a field": orjson.dumps({"values": {"bsn": ALICE}}),
    "a number": b'{"bsn": %s}' % ALICE.encode(),
    "escapes": b'{"bsn": "%s"}' % b"".join(b"\\u00%x" % each for each in ALICE.encode()),
    "JSON in JSON": orjson.dumps({"task_attributes": IN_JSON}),
    "escapes in JSON in JSON": orjson.dumps({"a": IN_JSON.replace(ALICE, "".join(f"\\u00{ord(c):x}" for c in ALICE))}),
    "base64 in JSON": orjson.dumps({"data_base64": base64.b64encode(IN_JSON.encode()).decode()}),
    "base64 for addresses": orjson.dumps({"token": base64.urlsafe_b64encode(b"??>" + IN_JSON.encode()).decode()}),
    "a form": f"CallSid=CA1&bsn={ALICE}".encode(),
    "a form in percents": f"CallSid=CA1&bsn={percents(ALICE)}".encode(),
    "JSON in a form": f"a={quote(IN_JSON.replace(ALICE, percents(ALICE)))}".encode(),
    "percents in JSON": orjson.dumps({"url": f"https://example.nl/?bsn={percents(ALICE)}"}),
    "a mail": mail(f"Mijn BSN is {ALICE}.", encoding="7bit"),
    "a mail in base64": mail(f"Mijn BSN is {ALICE}."),
    "a mail in quoted-printable": mail("x" * 66 + f"ë {ALICE}", encoding="quoted-printable"),
    "a mail in UTF-16": mail(f"BSN {ALICE}", charset="utf-16"),
    "the subject of a mail": mail("Hallo", subject=f"Vraag met ë van {ALICE}"),
    "a mail within a mail": forwarded(f"BSN {ALICE}"),
    "no form at all": b"\xff\x00" + ALICE.encode() + b"\x00",
    "JSON that is cut": orjson.dumps({"values": {"bsn": ALICE}})[:-1],
}


def traces_of(*links: Identity) -> Traces:
    return Traces(is_klant=True, numbers=KlantNumbers(SLEUTELS, map(SLEUTELS.of_identity, links)))


def of_bsn(number: str) -> Traces:
    return traces_of(Identity("bsn", number, 0))


@pytest.mark.parametrize("value", FOUND.values(), ids=FOUND)
def test_a_number_is_found_in_every_form(value: bytes) -> None:
    assert message_is_about(value, of_bsn(ALICE))


@pytest.mark.parametrize("value", FOUND.values(), ids=FOUND)
def test_the_number_of_another_is_not(value: bytes) -> None:
    assert not message_is_about(value, of_bsn(BOB))


def test_a_contactpersoon_is_found_by_a_pseudoniem_under_any_name() -> None:
    employer = PartijIdentificator.model_validate_json(orjson.dumps(kvk(KVK)))
    person = traces_of(*of_contactpersoon("p-1", [employer]))
    message = {"actingSubject": {"identifier": "p-1"}, "legalSubject": {"identifier": KVK}}

    assert message_is_about(orjson.dumps(message), person)
    assert not message_is_about(orjson.dumps(message | {"actingSubject": {"identifier": "p-2"}}), person)


def test_a_contact_is_found_by_its_name_and_not_by_a_part_of_another() -> None:
    traces = Traces(is_klant=False, numbers=KlantNumbers(None, ()))
    traces.add_contact("a key", Origin(SOURCE, "OF-1"), whole=True)

    assert message_is_about(b'{"metadata": {"public_reference": "OF-1"}}', traces)
    assert not message_is_about(b'{"metadata": {"public_reference": "OF-12"}}', traces)


def test_what_was_mapped_from_a_message_of_the_klant_is_about_the_klant_and_says_which_contact_it_is() -> None:
    traces, place = of_bsn(ALICE), Position("kanaal.open-forms", 0, 7)
    traces.messages[place] = None
    nameless = read_event(line(event(contact("c-1"))), ())

    assert not is_about(nameless, traces, MappedFrom("open-forms/1", Position("kanaal.open-forms", 0, 8)))
    assert is_about(nameless, traces, MappedFrom("open-forms/1", place))
    assert traces.messages == {place: nameless.origin}


HOSTILE = {
    "deep JSON": b"[" * 100_000,
    "deep JSON in a text": orjson.dumps("[" * 100_000),
    "many parts": b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\nContent-Type: message/rfc822\n\n" * 3_000,
    "a wrong charset": b"Subject: =?x-none?b?YQ==?=\nContent-Type: text/plain; charset=x-none\n\na",
    "a header without end": b"Subject: =?utf-8?b?" + b"A" * 200_000,
    "a surrogate": b'"\\ud800"',
    "nothing": b"",
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_a_message_of_any_kind_can_be_read(value: bytes) -> None:
    assert message_text(value).text.startswith(value)


def test_pairs_of_pseudoniem_and_number_are_bounded() -> None:
    many = [f"{number:08}" for number in range(10_000_000, 10_010_000)]

    assert sum(1 for _ in candidates(orjson.dumps(many), many)) == len(many) + MAX_PAIRS
