"""Ids that anyone can compute, and numbers: `schemas/decision.md`, "Ids and numbers"."""

import uuid
from itertools import count
from urllib.parse import quote

import pytest

from services.domain.ids import betrokkene_id, contact_key, identifier, klantcontact_id, taak_id
from services.domain.numbers import LAST_NUMBER, NumberKind, Numbers
from tests.support.examples import BOB, CALL_BACK, OTHER_SOURCE, SOURCE, betrokkene, contact, known, onderwerp, stranger
from tests.unit.domain.desk import Desk


def worked_out(source: str, name: str) -> str:
    return str(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, source), name))


def test_ids_are_uuid5_in_the_namespace_of_the_source() -> None:
    assert klantcontact_id(SOURCE, "c-1", "0") == worked_out(SOURCE, "klantcontact|c-1|0")
    assert taak_id(SOURCE, "c-1", "0") == worked_out(SOURCE, "taak|c-1|0")
    assert betrokkene_id(SOURCE, "c-1", "0", "k") == worked_out(SOURCE, "betrokkene|c-1|0|k")
    assert contact_key(SOURCE, "c-1") == worked_out(SOURCE, "contact|c-1")


def test_an_id_equals_one_computed_by_hand() -> None:
    # python3 -c "import uuid; print(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, 'urn:x'), 'klantcontact|c-1|0'))"
    assert klantcontact_id("urn:x", "c-1", "0") == "4e646667-22e7-5db4-a3a9-21e41a0e17e4"


def test_another_source_gives_another_id() -> None:
    assert klantcontact_id(SOURCE, "c-1", "0") != klantcontact_id(OTHER_SOURCE, "c-1", "0")


@pytest.mark.parametrize(
    ("part", "encoded"),
    [
        ("AZaz09-._~", "AZaz09-._~"),
        ("a|b", "a%7Cb"),
        ("a b", "a%20b"),
        ("a/b", "a%2Fb"),
        ("50%", "50%25"),
        ("é", "%C3%A9"),
        ("😀", "%F0%9F%98%80"),
        ("a+b!*'()", "a%2Bb%21%2A%27%28%29"),
        ("a\nb", "a%0Ab"),
        ("a\n", "a%0A"),
    ],
)
def test_each_part_is_percent_encoded_as_in_a_uri_component(part: str, encoded: str) -> None:
    assert identifier(SOURCE, "klantcontact", part, "0") == worked_out(SOURCE, f"klantcontact|{encoded}|0")


def test_no_character_is_an_exception() -> None:
    for part in map(chr, range(1, 0x180)):
        assert identifier(SOURCE, part) == worked_out(SOURCE, quote(part, safe="-._~"))


def test_a_part_can_not_forge_the_separator() -> None:
    assert klantcontact_id(SOURCE, "a|b", "c") != klantcontact_id(SOURCE, "a", "b|c")


def test_the_source_may_be_of_any_length() -> None:
    source = "urn:nld:oin:" + "0" * 500
    assert identifier(source, "x") == worked_out(source, "x")


def test_the_events_bear_these_ids() -> None:
    data = contact("c|1", betrokkenen=[known()], onderwerpen=[onderwerp("ond é", opvolging=CALL_BACK)])
    brought = Desk().bring(data)
    [registered] = brought.of_kind("klantcontact.registered")
    [taak] = brought.of_kind("taak.created")
    klantcontact = worked_out(SOURCE, "klantcontact|c%7C1|ond%20%C3%A9")
    assert registered.data["klantcontact"]["klantcontactId"] == klantcontact
    assert registered.body["subject"] == registered.key == taak.key == klantcontact
    assert taak.data["interneTaak"]["taakId"] == worked_out(SOURCE, "taak|c%7C1|ond%20%C3%A9")
    assert taak.body["subject"] == taak.data["interneTaak"]["taakId"]
    assert brought.betrokkene["betrokkeneId"] == worked_out(SOURCE, "betrokkene|c%7C1|ond%20%C3%A9|k")


def test_an_onderwerp_without_id_is_named_by_its_position() -> None:
    data = contact(onderwerpen=[onderwerp("a"), onderwerp(opvolging=CALL_BACK)])
    assert Desk().bring(data).registered[0]["klantcontact"]["klantcontactId"] == klantcontact_id(SOURCE, "c-1", "1")


def test_a_partij_is_named_after_the_revisie_that_it_was_made_for() -> None:
    partij = Desk().bring(contact(betrokkenen=[known()], revisie=3)).partij
    assert partij["partijId"] == worked_out(SOURCE, "partij|c-1|3|k")


def test_a_partij_without_identificator_has_one_name_in_every_revisie() -> None:
    person = betrokkene(middel="digid")
    partij = Desk().bring(contact(betrokkenen=[person], revisie=3)).partij
    assert partij["partijId"] == worked_out(SOURCE, "partij|c-1|k")


def test_event_ids_differ_between_events_and_between_revisies() -> None:
    desk = Desk()
    data = contact(onderwerpen=[onderwerp("a", opvolging=CALL_BACK), onderwerp("b", opvolging=CALL_BACK)])
    ids = [each.body["id"] for revisie in (1, 2) for each in desk.bring({**data, "revisie": revisie}).sent]
    assert len(set(ids)) == len(ids) == 8


def test_the_first_judgement_of_a_revisie_is_besluitversie_1() -> None:
    assert Desk().bring(contact(betrokkenen=[known()])).registered[0]["besluit"]["besluitversie"] == 1


# Numbers


def test_numbers_count_by_kind() -> None:
    numbers = Numbers(count(1), count(10), count(100))
    assert [numbers.take(NumberKind.KLANTCONTACT) for _ in range(2)] == ["1", "2"]
    assert [numbers.take(NumberKind.PARTIJ) for _ in range(2)] == ["10", "11"]
    assert [numbers.take(NumberKind.INTERNE_TAAK) for _ in range(2)] == ["100", "101"]


def test_no_number_has_more_than_ten_digits() -> None:
    assert len(str(LAST_NUMBER)) == 10
    assert len(str(LAST_NUMBER + 1)) == 11


def test_numbers_are_unique_per_kind() -> None:
    desk = Desk()
    two = [onderwerp("a", opvolging=CALL_BACK), onderwerp("b", opvolging=CALL_BACK)]
    sent = [each for name in ("c-1", "c-2") for each in desk.bring(contact(name, onderwerpen=two)).sent]
    klantcontacten = [each.data["klantcontact"]["nummer"] for each in sent if "klantcontact" in each.data]
    taken = [each.data["interneTaak"]["nummer"] for each in sent if "interneTaak" in each.data]
    assert (klantcontacten, taken) == (["1", "2", "3", "4"], ["1", "2", "3", "4"])


def test_numbers_stay_the_same_over_revisies() -> None:
    desk = Desk()
    with_taak = contact("c-1", betrokkenen=[known()], onderwerpen=[onderwerp(opvolging=CALL_BACK)])
    first = desk.bring(with_taak)
    desk.bring(contact("c-1", revisie=2, betrokkenen=[stranger()]))
    desk.bring(contact("c-2", betrokkenen=[known(number=BOB)], onderwerpen=[onderwerp(opvolging=CALL_BACK)]))
    third = desk.bring({**with_taak, "revisie": 3})
    for one in (first, third):
        [registered] = one.registered
        [taak] = [each.data["interneTaak"] for each in one.of_kind("taak.created")]
        assert registered["klantcontact"]["nummer"] == registered["partijen"][0]["nummer"] == taak["nummer"] == "1"


def test_a_klantcontact_without_taak_takes_no_number_of_a_taak() -> None:
    desk = Desk()
    desk.bring(contact("c-1", betrokkenen=[known()]))
    second = desk.bring(contact("c-2", onderwerpen=[onderwerp(opvolging=CALL_BACK)]))
    assert second.of_kind("taak.created")[0].data["interneTaak"]["nummer"] == "1"
    assert second.registered[0]["klantcontact"]["nummer"] == "2"


def test_a_taak_that_a_later_revisie_adds_gets_its_number_then() -> None:
    desk = Desk()
    desk.bring(contact("c-1", betrokkenen=[known()]))
    later = desk.bring(contact("c-1", revisie=2, betrokkenen=[known()], onderwerpen=[onderwerp(opvolging=CALL_BACK)]))
    assert later.of_kind("taak.created")[0].data["interneTaak"]["nummer"] == "1"
    assert later.registered[0]["klantcontact"]["nummer"] == "1"


def test_an_onderwerp_that_is_not_registered_takes_no_number() -> None:
    desk = Desk()
    desk.bring(contact("c-1"))
    assert desk.bring(contact("c-2", betrokkenen=[known()])).registered[0]["klantcontact"]["nummer"] == "1"
