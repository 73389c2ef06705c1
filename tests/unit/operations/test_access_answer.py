"""What of the dead letters a klant may know."""

from datetime import UTC, datetime
from typing import Any, Final

from services.operations.access.answer import Release, answer
from services.operations.access.gather import Gathered
from services.operations.access.own import AnswerPart
from services.operations.places.numbers import KlantNumbers
from services.operations.places.place import FoundItem, PlaceFound, PlaceKind, StayTerm
from services.operations.places.traces import Traces
from services.runtime.settings import Settings

AT: Final = datetime(2026, 11, 30, tzinfo=UTC)
SETTINGS: Final = Settings()
LETTERS: Final = SETTINGS.dead_letter_topic
REFUSED: Final = {"kind": "contact_ongeldig", "paths": ["data.kanaal"]}


def letter(**given: Any) -> FoundItem:  # noqa: ANN401 - any field of it
    content = {**given.pop("content", {}), **REFUSED}
    return FoundItem(place=LETTERS, kind=PlaceKind.TOPIC, id=f"{LETTERS}/0/1", content=content, written_at=AT, **given)


def made(*letters: FoundItem, everything: bool = False) -> AnswerPart:
    places = [
        PlaceFound(name=name, kind=kind, found=len(letters), term=StayTerm.OWN)
        for name, kind in ((LETTERS, PlaceKind.TOPIC), ("dead_letters", PlaceKind.REGISTER))
    ]
    traces = Traces(is_klant=True, numbers=KlantNumbers(None, ()))
    found = Gathered(at=AT, request="Z-1", traces=traces, items=letters, places=places, groups=[])
    return answer(found, SETTINGS, Release(everything=everything))


def shown(answered: AnswerPart) -> tuple[int, list[str]]:
    return len(answered["geweigerdeBerichten"]), [each["plaats"] for each in answered["plaatsen"]]


def test_a_letter_of_an_ordinary_contact_shows() -> None:
    assert shown(made(letter(contact_key="k"))) == (1, [LETTERS, "dead_letters"])


def test_nothing_shows_that_there_is_a_letter_of_a_confidential_contact() -> None:
    confidential = letter(confidential=True)

    assert shown(made(confidential)) == (0, [])
    assert shown(made(confidential, letter())) == (1, [LETTERS, "dead_letters"])
    assert shown(made(confidential, everything=True)) == (1, [LETTERS, "dead_letters"])


def test_a_letter_that_nobody_can_read_shows_to_the_one_who_weighs_alone() -> None:
    """Its contact may be confidential: no decision says that it is not."""
    closed = letter(contact_key="k", confidential=None)

    assert shown(made(closed)) == (0, [])
    assert shown(made(closed, everything=True)) == (1, [LETTERS, "dead_letters"])


def test_what_was_sent_shows_in_any_form() -> None:
    odd = {"betrokkenen": {"rol": "klant"}, "onderwerpen": 5, "contactId": ["c"], "kind": 1}

    assert made(letter(content=odd), everything=True)["geweigerdeBerichten"][0]["gegevens"]["onderwerpen"] == []
