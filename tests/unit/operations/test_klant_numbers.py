"""A klant is recognised by its numbers in any text, from the hashes that the register has of them."""

import base64

import orjson
import pytest

from schemas.contact_ended_v1 import PartijIdentificator
from schemas.identities import of_contactpersoon, of_identificatoren
from services.domain.sleutels import Sleutels
from services.operations.places.events import is_about, own_betrokkenen, read_event
from services.operations.places.numbers import KlantNumbers
from services.operations.places.traces import Traces
from tests.support.examples import ALICE, BOB, Wire, betrokkene, bsn, contact, event, kvk, line, vestiging

SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")
KVK, VESTIGING = "12345678", "000012345678"


def identificator(given: Wire) -> PartijIdentificator:
    return PartijIdentificator.model_validate_json(orjson.dumps(given))


def traces_of_alice() -> Traces:
    links = [SLEUTELS.of_identity(each) for each in of_identificatoren([identificator(bsn(ALICE))])]
    return Traces(is_klant=True, numbers=KlantNumbers(SLEUTELS, links))


def of_alice(contact_id: str = "c-1") -> bytes:
    return line(event(contact(contact_id, betrokkenen=[betrokkene(identificatoren=[bsn(ALICE)])])))


WHOLE = of_alice()
PACKED = orjson.loads(WHOLE)
PACKED["data_base64"] = base64.b64encode(orjson.dumps(PACKED.pop("data"))).decode()

FOUND = {
    "whole": WHOLE,
    "cut": WHOLE[: WHOLE.index(ALICE.encode()) + 12],
    "in base64": orjson.dumps(PACKED),
    "written with escapes": WHOLE.replace(ALICE.encode(), b"".join(b"\\u00%x" % each for each in ALICE.encode())),
    "as a number": WHOLE.replace(b'"%s"' % ALICE.encode(), ALICE.encode()),
    "under another name": WHOLE.replace(b"partijIdentificatoren", b"identificatoren"),
    "in a text": line(event(contact(onderwerpen=[{"onderwerp": f"BSN {ALICE}."}]))),
}


@pytest.mark.parametrize("value", FOUND.values(), ids=FOUND)
def test_a_number_is_found_wherever_it_stands(value: bytes) -> None:
    assert is_about(read_event(value, ()), traces_of_alice())


NOT_FOUND = {
    "of another": WHOLE.replace(ALICE.encode(), BOB.encode()),
    "in a longer row": WHOLE.replace(ALICE.encode(), b"1" + ALICE.encode()),
    "nothing": b"",
}


@pytest.mark.parametrize("value", NOT_FOUND.values(), ids=NOT_FOUND)
def test_another_number_is_not(value: bytes) -> None:
    assert not is_about(read_event(value, ()), traces_of_alice())


def test_a_betrokkene_with_the_number_makes_the_contact_one_of_the_klant_and_a_text_does_not() -> None:
    traces = traces_of_alice()

    is_about(read_event(FOUND["in a text"], ()), traces)
    assert traces.contacts == {}
    is_about(read_event(WHOLE, ()), traces)
    assert len(traces.contacts) == 1


def test_the_klant_is_told_from_others_in_the_same_event() -> None:
    both = [betrokkene("a", identificatoren=[bsn(BOB)]), betrokkene("b", identificatoren=[bsn(ALICE)])]

    assert own_betrokkenen(read_event(line(event(contact(betrokkenen=both))), ()), traces_of_alice()) == [1]


def test_a_vestiging_and_a_contactpersoon_are_found_by_two_values_together() -> None:
    own = [identificator(kvk(KVK)), identificator(vestiging(VESTIGING))]
    employer = [identificator(kvk(KVK))]
    of_vestiging = KlantNumbers(SLEUTELS, map(SLEUTELS.of_identity, of_identificatoren(own)))
    of_person = KlantNumbers(SLEUTELS, map(SLEUTELS.of_identity, of_contactpersoon("p-1", employer)))
    person = betrokkene(
        "p",
        middel="eherkenning",
        pseudoniem="p-1",
        soort="contactpersoon",
        werkte_voor={"partijIdentificatoren": [kvk(KVK)]},
    )

    assert of_vestiging.stand_in(orjson.dumps([vestiging(VESTIGING), kvk(KVK)]))
    assert not of_vestiging.stand_in(orjson.dumps([kvk(KVK)]))
    assert of_person.own(person, [])
    assert not of_person.own(person | {"authenticatie": {"middel": "eherkenning", "pseudoniem": "p-2"}}, [])


def test_without_the_key_no_number_is_looked_for() -> None:
    assert not KlantNumbers(None, ["1:bsn:x"]).stand_in(WHOLE)
