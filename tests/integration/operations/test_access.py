"""What a klant gets on a request for access: all that is about him, and nothing of anybody else."""

from collections.abc import Iterator
from datetime import datetime

import orjson
import pytest

from services.cli.json_values import json_value
from services.local.servers.stack import Stack
from services.operations.access.answer import Release, answer
from services.operations.access.gather import Gathered, gather
from services.operations.access.own import AnswerPart
from services.operations.access.page import access_page
from services.operations.audit.chain import Action
from services.operations.places.search import traces_of
from services.runtime.errors import TransientFailure
from tests.support.examples import ALICE, BOB
from tests.support.explain_town import Town
from tests.support.places_town import CONFIDENTIAL_TEXT, EMPLOYEE, MARKUP, SHARED_TEXT, bsn_subject, filled_town, mark

FIELDS = (
    "onderwerpown",
    "mail",
    "tel",
    "voornaam",
    "naam",
    "own",
    "others",
    "alone",
    "waits",
    "refused",
    "taak",
    "onderwerpalone",
)


@pytest.fixture(scope="module")
def town(stack: Stack) -> Iterator[Town]:
    """The town that all these tests read."""
    with filled_town(stack) as made:
        yield made


async def gathered(town: Town) -> Gathered:
    traces = await traces_of(town.settings, bsn_subject(ALICE))
    return await gather(town.settings, traces, request="Z-2026-1", reason="request of the klant")


def text_of(made: AnswerPart) -> str:
    return orjson.dumps(json_value(made)).decode()


async def test_a_klant_gets_what_is_about_him_and_nothing_of_others(town: Town) -> None:
    found = await gathered(town)

    made = answer(found, town.settings, Release())
    texts = {"json": text_of(made), "page": access_page(made)}

    for text in texts.values():
        assert ALICE in text
        assert BOB not in text
        assert [each for each in FIELDS if mark(BOB, each) in text] == []
        assert {mark(ALICE, each) for each in ("mail", "voornaam", "naam", "alone", "onderwerpown", "taak")} <= {
            each for each in (mark(ALICE, name) for name in FIELDS) if each in text
        }
        assert CONFIDENTIAL_TEXT not in text
        assert mark(ALICE, "together") not in text
        assert EMPLOYEE not in text
        assert "c-secret" not in text
    assert MARKUP not in texts["page"]
    assert "&lt;script&gt;" in texts["page"]
    assert SHARED_TEXT in texts["json"]


async def test_the_one_who_weighs_gets_the_confidential_contact_too(town: Town) -> None:
    found = await gathered(town)

    whole = answer(found, town.settings, Release(everything=True))
    nummer = next(each["nummer"] for each in whole["klantcontacten"] if each["vertrouwelijk"])
    weighed = answer(found, town.settings, Release(nummers=frozenset({nummer})))

    assert CONFIDENTIAL_TEXT in text_of(whole)
    assert mark(BOB, "naam") not in text_of(whole)
    assert sorted(each["redenen"] for each in whole["teWegen"]) == [["anderen"], ["vertrouwelijk"]]
    assert mark(ALICE, "together") in text_of(whole)
    assert CONFIDENTIAL_TEXT in text_of(weighed)
    assert CONFIDENTIAL_TEXT in access_page(weighed)
    with pytest.raises(AssertionError):
        access_page(whole)


async def test_messages_of_channels_are_for_the_one_who_weighs_and_show_no_confidential_contact(town: Town) -> None:
    found = await gathered(town)

    shown = answer(found, town.settings, Release())["kanaalBerichten"]
    weighing = answer(found, town.settings, Release(everything=True))["kanaalBerichten"]

    # What became of the third nobody knows: it may be of a confidential contact.
    assert [(each["plaats"].split(".", 1)[1], each["teWegen"]) for each in shown] == [
        ("kanaal.open-forms/0/0", ["onduidelijk"])
    ]
    assert isinstance(shown[0]["totUiterlijk"], datetime)
    assert "bericht" not in shown[0]
    assert [each["plaats"].split(".", 1)[1] for each in weighing] == [
        *(f"kanaal.open-forms/0/{offset}" for offset in range(3)),
        "kanaal.open-forms.dlq/0/0",
    ]
    assert mark(ALICE, "form") in weighing[0]["bericht"]
    assert weighing[3]["reden"] == "onleesbaar"


async def test_the_answer_has_decisions_consent_letters_places_and_recipients(town: Town) -> None:
    town.commit("afnemer", town.settings.registered_topic, 1)

    made = answer(await gathered(town), town.settings, Release())

    assert (made["soort"], made["versie"], made["verzoek"]) == ("nl.klantinteracties.inzage", 1, "Z-2026-1")
    by_contact = {each["contactId"]: each for each in made["besluiten"]}
    assert by_contact["c-alone"]["onderwerpen"][0]["regel"] == "V4"
    assert "Geauthenticeerd" in by_contact["c-alone"]["onderwerpen"][0]["toelichting"]
    assert [len(each["eerder"]) for key, each in by_contact.items() if key == "c-gone"] == [1]
    assert len(by_contact["c-both"]["klant"]) == 1
    assert {each["verklaring"] for each in made["toestemming"]} == {"gegeven"}
    assert sum("contactId" in each for each in made["toestemming"]) == len(made["toestemming"]) - 2
    assert [len(each["velden"]) for each in made["geweigerdeBerichten"]] == [1, 1]
    assert [each["teWegen"] for each in made["geweigerdeBerichten"]] == [[], ["onduidelijk"]]
    assert all(isinstance(each["totUiterlijk"], datetime) for each in made["ontvangenBerichten"])
    assert "afnemer" in {each["groep"] for each in made["ontvangers"]["afnemers"]}
    assert "Inzage geven" in {each["naam"] for each in made["verwerkingen"]}
    names = {each["plaats"] for each in made["plaatsen"]}
    assert "oplog" in names
    assert not any(each.endswith("vertrouwelijk") for each in names)


async def test_without_a_record_in_the_audit_trail_nothing_is_handed_on(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(_settings: object, action: Action) -> None:
        assert action.command == "access"
        assert action.request == "Z-2026-1"
        assert action.counts["klantcontacten"] == 3
        raise TransientFailure

    monkeypatch.setattr("services.operations.access.gather.record", refused)
    with pytest.raises(TransientFailure):
        await gathered(town)
