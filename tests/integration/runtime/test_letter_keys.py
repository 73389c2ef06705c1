"""What an erasure and the keys of dead letters do to each other, in MongoDB."""

from datetime import UTC, datetime, timedelta

import pytest

from services.classifier.mongo.register import MongoRegister
from services.domain.ids import contact_key
from services.domain.outcome import Declined, Executed
from services.domain.policy import DEFAULT
from services.domain.wissen import execute
from services.runtime.letters.letter_keys import MongoLetterKeys
from services.runtime.letters.sealing import LetterKey, new_key_id
from services.runtime.letters.store import LETTER_KEYS
from services.runtime.mongo.client import connect
from services.runtime.settings import Settings
from tests.support.contacts import SOURCE
from tests.support.erasing import to_erase

NOW = datetime.now(UTC)
GONE, OTHER = contact_key(SOURCE, "c-1"), contact_key(SOURCE, "c-2")
ERASE = to_erase(contact_key=GONE, revisie=0, besluitversie=0)


def _key(contact: str | None) -> LetterKey:
    return LetterKey(new_key_id(), b"wrapped", 1, NOW, contact, SOURCE)


@pytest.mark.parametrize("letter_comes_first", [True, False])
async def test_no_letter_of_a_contact_that_was_erased_can_be_opened(
    mongo_uri: str, database: str, *, letter_comes_first: bool
) -> None:
    async with await connect(Settings(mongo_uri=mongo_uri)) as client:
        register = MongoRegister(client, database, DEFAULT)
        await register.prepare()
        keys = MongoLetterKeys(client[database], timedelta(days=1))
        await keys.prepare()
        some = [_key(GONE), _key(GONE), _key(OTHER), _key(None)]

        async def erase() -> None:
            answer = await register.erase(ERASE, lambda known: execute(known, ERASE, NOW, "urn:classifier"))
            assert isinstance(answer, Executed)

        steps = [lambda: keys.keep(some), erase]
        for step in steps if letter_comes_first else reversed(steps):
            await step()

        kept = {each["_id"]: each async for each in client[database][LETTER_KEYS].find()}
    assert [kept[each.key_id].get("gone") for each in some] == ["erased", "erased", None, None]
    assert ["wrapped" in kept[each.key_id] for each in some] == [False, False, True, True]


async def test_an_instruction_that_is_declined_forgets_no_letter(mongo_uri: str, database: str) -> None:
    async with await connect(Settings(mongo_uri=mongo_uri)) as client:
        register = MongoRegister(client, database, DEFAULT)
        await register.prepare()
        keys = MongoLetterKeys(client[database], timedelta(days=1))
        await keys.keep([_key(GONE)])
        stale = to_erase(contact_key=GONE, besluitversie=9)
        answer = await register.erase(stale, lambda known: execute(known, stale, NOW, "urn:classifier"))
        assert isinstance(answer, Declined)
        assert await client[database][LETTER_KEYS].count_documents({"wrapped": {"$exists": True}}) == 1
