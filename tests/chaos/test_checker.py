"""The checker finds each thing that may not be, and only that. Each test plants one."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from pydantic import SecretStr

from services.classifier.mongo.documents import besluit_document, partij_document
from services.classifier.mongo.register import KEPT_WITHOUT_TRACE
from services.projector.mongo.writes import Collection
from services.runtime.settings import Settings
from tests.chaos.checker import IN_FLIGHT, Result, check
from tests.chaos.expected import Decision, Expected, expect
from tests.chaos.load import Acknowledged, digest_of
from tests.chaos.observed import Input, Letter, Observed
from tests.chaos.town import Town
from tests.fakes.projector_store import FakeRegister
from tests.support.projector_examples import fact

RECORDS = 600
PARTITIONS = 3
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
SETTINGS = Settings(sleutel=SecretStr("a key of the tests, thirty-two bytes"))


def _inputs() -> Sequence[Input]:
    town = Town(7)
    sent = [town.next() for _ in range(RECORDS)]
    offsets: Counter[int] = Counter()
    inputs = []
    for key, value in sent:
        partition = int(key.removeprefix("klant-")) % PARTITIONS
        inputs.append(Input(partition, offsets[partition], value, NOW))
        offsets[partition] += 1
    return inputs


INPUTS = _inputs()
EXPECTED = expect(INPUTS, SETTINGS)
ACKNOWLEDGED = [Acknowledged(each.partition, each.offset, digest_of(each.value), 0.0) for each in INPUTS]


def _undisturbed() -> Observed:
    """Return what an undisturbed run leaves."""
    outputs = [event for decisions in EXPECTED.decisions.values() for each in decisions for event in each.events]
    return _with_projection(
        Observed(
            inputs=INPUTS,
            outputs=outputs,
            letters=[Letter(*place, kind, "sleutel") for place, kind in EXPECTED.letters.items()],
            besluiten=[besluit_document(each, KEPT_WITHOUT_TRACE) for each in EXPECTED.register.besluiten.values()],
            partijregister=[partij_document(each) for each in EXPECTED.register.partijen.values()],
            letter_keys=frozenset({"sleutel"}),
            projected={},
        )
    )


def _with_projection(observed: Observed) -> Observed:
    """Return the same with the projection of its events."""
    register = FakeRegister()
    register.merge([fact(each.body) for each in observed.outputs])
    return replace(observed, projected=register.contents())


UNDISTURBED = _undisturbed()


def _found(observed: Observed, expected: Expected = EXPECTED) -> Counter[str]:
    return Counter(each.check for each in _checked(observed, expected).violations)


def _checked(observed: Observed, expected: Expected = EXPECTED) -> Result:
    return check(observed, expected, ACKNOWLEDGED)


def _decision(fits: Callable[[Sequence[Decision]], bool], at: int = -1) -> Decision:
    """Return a decision of the first contact whose decisions fit."""
    return next(each for each in EXPECTED.decisions.values() if fits(each))[at]


def _without(*events: object) -> Observed:
    return replace(UNDISTURBED, outputs=[each for each in UNDISTURBED.outputs if each not in events])


def test_an_undisturbed_run_has_no_violations() -> None:
    assert _checked(UNDISTURBED).violations == []
    assert _checked(UNDISTURBED).overtaken == 0
    assert len(EXPECTED.letters) > RECORDS / 20
    assert {len(each) for each in EXPECTED.decisions.values()} > {1, 2}


def test_a_decision_without_its_events_is_lost() -> None:
    decision = _decision(lambda each: bool(each[-1].events))
    assert _found(_without(*decision.events))["lost"] == 1


def test_a_decision_without_one_of_its_events_is_half() -> None:
    decision = _decision(lambda each: len(each) == 1 and len(each[-1].events) > 1)
    assert _found(_without(decision.events[0]))["half"] == 1


def test_an_event_that_comes_twice_is_doubled() -> None:
    again = replace(UNDISTURBED, outputs=[*UNDISTURBED.outputs, UNDISTURBED.outputs[0]])
    assert _found(again) == {"doubled": 1}


def test_events_of_a_contact_that_was_never_decided_are_too_many() -> None:
    strange: Any = {**UNDISTURBED.outputs[0].body, "data": {"herkomst": {"source": "urn:x", "contactId": "c-x"}}}
    more = [*UNDISTURBED.outputs, UNDISTURBED.outputs[0]._replace(body=strange)]
    with pytest.raises(Exception, match="data"):
        _found(replace(UNDISTURBED, outputs=more))  # it is not even an event


def test_a_revisie_that_comes_before_an_earlier_one_is_out_of_order() -> None:
    first, second = next(
        (one.events[0], other.events[0])
        for decisions in EXPECTED.decisions.values()
        for one, other in pairwise(decisions)
        if one.events and other.events
        if (one.events[0].topic, one.events[0].key) == (other.events[0].topic, other.events[0].key)
        if one.events[0].body["id"] != other.events[0].body["id"]
    )
    swapped = {id(first): second, id(second): first}
    assert _found(replace(UNDISTURBED, outputs=[swapped.get(id(each), each) for each in UNDISTURBED.outputs])) == {
        "out of order": 1
    }


def test_a_revisie_that_a_later_one_overtook_is_counted_apart() -> None:
    decision = _decision(
        lambda each: len(each) == 2 and bool(each[0].events) and len(each[1].events) > 1 and not _shared(each), at=0
    )
    result = _checked(_with_projection(_without(*decision.events)))
    assert (result.violations, result.overtaken) == ([], 1)


def test_a_revisie_that_comes_far_before_the_next_was_not_overtaken() -> None:
    key, decisions = next((key, each) for key, each in EXPECTED.decisions.items() if len(each) == 2 and each[0].events)
    early = replace(decisions[0], offset=decisions[1].offset - IN_FLIGHT - 1)
    expected = replace(EXPECTED, decisions={**EXPECTED.decisions, key: [early, decisions[1]]})
    assert _found(UNDISTURBED, expected) == {}
    assert _found(_with_projection(_without(*early.events)), expected)["lost"] == 1


def _shared(decisions: Sequence[Decision]) -> bool:
    first, second = ({each.body["id"] for each in decision.events} for decision in decisions)
    return bool(first & second)


def test_an_event_with_other_contents_was_decided_otherwise() -> None:
    place, event = next(
        (at, each) for at, each in enumerate(UNDISTURBED.outputs) if "regel" in each.body["data"]["besluit"]
    )
    data = {
        **event.body["data"],
        "besluit": {
            **event.body["data"]["besluit"],
            "regel": "V2" if event.body["data"]["besluit"]["regel"] != "V2" else "V4",
        },
    }
    outputs = list(UNDISTURBED.outputs)
    outputs[place] = event._replace(body={**event.body, "data": data})
    assert _found(_with_projection(replace(UNDISTURBED, outputs=outputs))) == {"decided otherwise": 1}


def test_a_number_of_two_things_is_found() -> None:
    numbered = [at for at, each in enumerate(UNDISTURBED.outputs) if "interneTaak" in each.body["data"]][:2]
    outputs = list(UNDISTURBED.outputs)
    one, other = (outputs[at] for at in numbered)
    number = one.body["data"]["interneTaak"]["nummer"]
    taak = {**other.body["data"]["interneTaak"], "nummer": number}
    outputs[numbered[1]] = other._replace(body={**other.body, "data": {**other.body["data"], "interneTaak": taak}})
    assert _found(_with_projection(replace(UNDISTURBED, outputs=outputs)))["number twice"] >= 1


def test_a_partij_too_many_differs() -> None:
    more = [*UNDISTURBED.partijregister, {"_id": "p-x", "nummer": "999", "versie": 1}]
    assert _found(replace(UNDISTURBED, partijregister=more)) == {"partij differs": 1}


def test_a_decision_record_that_is_missing_differs() -> None:
    assert _found(replace(UNDISTURBED, besluiten=UNDISTURBED.besluiten[1:])) == {"decision record differs": 1}


def test_a_document_that_is_missing_differs() -> None:
    documents = dict(UNDISTURBED.projected[Collection.KLANTCONTACTEN])
    documents.popitem()
    less = {**UNDISTURBED.projected, Collection.KLANTCONTACTEN: documents}
    # The events lead to it, and so do the rules.
    assert _found(replace(UNDISTURBED, projected=less)) == {"projection differs": 2}


def test_a_letter_that_is_missing_is_lost_and_one_that_comes_twice_is_doubled() -> None:
    broken = next(
        each for each in UNDISTURBED.letters if (each.partition, each.offset) not in EXPECTED.refused_contacts
    )
    others = [each for each in UNDISTURBED.letters if each != broken]
    assert _found(replace(UNDISTURBED, letters=others)) == {"lost": 1}
    assert _found(replace(UNDISTURBED, letters=[*UNDISTURBED.letters, broken])) == {"doubled": 1}


def test_a_letter_of_a_good_contact_and_one_without_a_key_are_found() -> None:
    good = next(each for each in INPUTS if (each.partition, each.offset) not in EXPECTED.letters)
    more = [*UNDISTURBED.letters, Letter(good.partition, good.offset, "interne_fout", "gone")]
    assert _found(replace(UNDISTURBED, letters=more)) == {"doubled": 1, "letter without key": 1}


def test_a_record_that_kafka_acknowledged_and_lost_is_found() -> None:
    beyond = Acknowledged(0, RECORDS, digest_of(b"x"), 0.0)
    assert [each.check for each in check(UNDISTURBED, EXPECTED, [*ACKNOWLEDGED, beyond]).violations] == [
        "lost by Kafka"
    ]
