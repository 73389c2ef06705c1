"""Records of any form in a topic: a search looks for ids and numbers in them, counts them, and goes on."""

from typing import Final

import orjson
import pytest
from aiokafka import ConsumerRecord

from schemas.identities import Identity
from schemas.reading.origin import Origin, origin_in
from services.domain.ids import change_key, contact_key
from services.domain.sleutels import Sleutels
from services.operations.places.events import as_object, is_about, read_event
from services.operations.places.numbers import KlantNumbers
from services.operations.places.published import event_is_about
from services.operations.places.traces import Traces, key_in
from tests.support.examples import ALICE, SOURCE

SLEUTELS: Final = Sleutels(b"a key of the tests, thirty-two bytes")
PARTIJ: Final = "0c8f5a07-1c5f-5b36-8c3e-6f0f2f9f5a11"
HALF: Final = r"\ud800"
"""Half of a surrogate pair, as JSON may write it."""

FORMS: Final = {
    "nothing": None,
    "no JSON": b"\xff\x00 999990676",
    "a number": b"999990676",
    "an array": b'[{"data": "999990676"}]',
    "data is a list": b'{"type": [], "data": ["999990676", {"herkomst": {}}]}',
    "data is a text": b'{"source": 5, "data": "999990676"}',
    "base64 is a number": b'{"data_base64": 5, "x": "999990676"}',
    "lists are objects": b'{"data": {"contactId": ["x"], "betrokkenen": {"a": "999990676"}, "onderwerpen": 1}}',
    "betrokkenen are texts": b'{"source": "s", "data": {"contactId": "c", "betrokkenen": ["999990676"]}}',
    "a taak is a text": b'{"data": {"interneTaak": "x", "herkomst": "y", "klantcontact": 7}}',
    "half characters": f'{{"source": "{HALF}", "data": {{"contactId": "{HALF}", "n": "999990676"}}}}'.encode(),
    "half a contactId": f'{{"source": "{SOURCE}", "data": {{"contactId": "c{HALF}", "n": "999990676"}}}}'.encode(),
}


def of_klant() -> Traces:
    numbers = KlantNumbers(SLEUTELS, [SLEUTELS.of_identity(Identity("bsn", ALICE, 0))])
    return Traces(is_klant=True, numbers=numbers, partij_ids={PARTIJ}, things={PARTIJ})


@pytest.mark.parametrize("value", FORMS.values(), ids=FORMS.keys())
def test_a_record_of_a_publisher_is_about_the_klant_whose_number_stands_in_it_whatever_its_form(
    value: bytes | None,
) -> None:
    traces = of_klant()

    assert is_about(read_event(value, ()), traces) is (ALICE.encode() in (value or b""))
    assert traces.contacts == {}, "nobody knows which betrokkene this is"


@pytest.mark.parametrize("value", FORMS.values(), ids=FORMS.keys())
def test_a_record_in_a_topic_of_ours_is_about_the_klant_whose_id_stands_in_it_whatever_its_form(
    value: bytes | None,
) -> None:
    def about(text: bytes | None) -> bool:
        record = ConsumerRecord("t", 0, 0, 0, 0, b"k", text, 0, 1, 1, [])
        try:
            event = as_object(orjson.loads(text or b""))
        except orjson.JSONDecodeError:
            event = {}
        return event_is_about(event, record, of_klant())

    assert about(value) is False
    assert about((value or b"") + PARTIJ.encode()) is True


def test_a_change_outside_a_contact_is_no_contact_of_that_name() -> None:
    assert key_in({"source": SOURCE, "contactId": "x"}) == contact_key(SOURCE, "x")
    assert key_in({"source": SOURCE, "wijzigingId": "x"}) == change_key(SOURCE, "x")
    assert origin_in({"source": SOURCE, "wijzigingId": "x"}) == Origin(SOURCE, "x")
    assert key_in(["x"]) is key_in({"source": SOURCE}) is key_in({"source": 1, "contactId": []}) is None


@pytest.mark.parametrize(
    ("value", "confidential"),
    [
        (b'{"data": {"vertrouwelijk": true}}', True),
        (b'{"data": {"vertrouwelijk": false}}', False),
        (b'{"data": {"vertrouwelijk": true, "inhoud": "cut', True),
        (b'{"data": {"inhoud": "cut', False),
        (b"", None),
        (None, None),
    ],
)
def test_an_event_that_is_broken_may_still_say_that_its_contact_is_confidential(
    value: bytes | None, *, confidential: bool | None
) -> None:
    assert read_event(value, ()).is_confidential is confidential
