"""A message of a channel leads to what became of it, and that leads back to the message, on real servers."""

from pathlib import Path

import pytest

from schemas.positions import Position
from services.channels.mapping.outcome import MappedContact, MessageRefusal, RefusedContact, SkippedContact
from services.operations.explain.explain import Explained, explain
from services.operations.explain.held import Held
from services.operations.explain.message import AtMessage, explain_message
from services.operations.explain.record import position_of
from services.operations.explain.search import Asked
from services.operations.mapped_from import MappedFrom
from services.operations.origin import UnknownContact
from services.runtime.settings import Settings
from tests.integration.operations.test_explain import CALLED, settings
from tests.support.examples import ALICE, contact
from tests.support.explain_town import Town
from tests.support.places_town import form, mapped_headers

__all__ = ["settings"]


@pytest.fixture
async def town(settings: Settings, topics: str, tmp_path: Path) -> Town:
    file = tmp_path / "kanalen.toml"
    file.write_text(f'[kanaal.open-forms]\nmapping = "open-forms"\ntopic = "{topics}.kanaal.open-forms"\n', "utf-8")
    given = settings.model_copy(update={"kanalen_file": file, "mapper_group": f"{topics}-mapper"})
    prepared = Town(given)
    await prepared.prepare()
    return prepared


async def found_at(town: Town, lies: Position, *, through: bool = True) -> AtMessage:
    return await explain_message(town.settings, lies, through=through)


async def test_a_message_and_its_contact_lead_to_each_other(town: Town) -> None:
    town.send_message(form(ALICE, "another"))
    lies = town.send_message(form(ALICE, "OF-1"))
    waiting = await found_at(town, lies)
    besluit = await town.decide(CALLED, headers=mapped_headers("open-forms/1", lies))
    town.publish(contact("c-2"), headers=mapped_headers("open-forms/1", Position(lies.topic, 0, 0)))
    town.commit(town.settings.mapper_group, lies.topic, 2)

    found, by_contact = await found_at(town, lies), await explain(town.settings, Asked("c-1"))

    assert (waiting.held, waiting.is_handled, waiting.events) == (Held.RECORD, False, ())
    assert found.is_handled
    assert found.events is not None
    [made] = found.events
    assert (made.position, made.mapping, made.contact_id) == (besluit.position, "open-forms/1", "c-1")
    assert made.regels
    assert found.now is not None
    assert found.now.mapping == "open-forms/1"
    assert [type(each) for each in found.now.outcomes] == [MappedContact]
    assert isinstance(by_contact, Explained)
    assert by_contact.kafka is not None
    assert by_contact.kafka.mapped == MappedFrom("open-forms/1", lies)


async def test_a_message_that_became_no_event_says_what_the_mapping_makes_of_it(town: Town) -> None:
    newsletter = town.send_message(form(ALICE, "OF-1").replace(b"Vraag aan de gemeente", b"Nieuwsbrief"))
    broken = town.send_message(b"no JSON")
    letter = town.refuse_message(broken, b"no JSON")

    skipped, refused = await found_at(town, newsletter), await found_at(town, broken)

    assert skipped.now is not None
    assert skipped.now.outcomes == [SkippedContact("formulier_dat_geen_contact_is")]
    assert refused.now is not None
    assert refused.now.outcomes == [RefusedContact(MessageRefusal.ONLEESBAAR)]
    assert skipped.letters is not None
    assert skipped.letters.number == 0
    assert refused.letters is not None
    assert [each.letter.id for each in refused.letters.newest] == [letter]


async def test_what_is_not_there_says_so(town: Town) -> None:
    lies = town.send_message(form(ALICE, "OF-1"))

    unread = await found_at(town, lies, through=False)
    beyond = await found_at(town, Position(lies.topic, 0, 1))

    assert (unread.events, unread.letters) == (None, None)
    assert (beyond.held, beyond.now) == (Held.NOT_YET, None)
    with pytest.raises(UnknownContact):
        await found_at(town, Position(lies.topic, 9, 0))
    assert position_of(f"{lies.topic}:0:0", town.settings) == lies
