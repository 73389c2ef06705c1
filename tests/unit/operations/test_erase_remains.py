"""Whether a report of an erasure says that nothing is left."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from schemas.outputs import Reden
from services.domain.wissing import GewistItem, SoortWissing
from services.operations.erase_report.remains import is_gone
from services.operations.places.place import FoundItem, PlaceFound, PlaceKind, StayTerm

PARTIJ: Final = "0c8f5a07-1c5f-5b36-8c3e-6f0f2f9f5a11"
OTHER: Final = "1d8f5a07-1c5f-5b36-8c3e-6f0f2f9f5a12"
NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)


def erased(soort: SoortWissing) -> GewistItem:
    return GewistItem(
        key="key",
        soort=soort,
        contact_key="contact",
        partij_id=None if soort is SoortWissing.CONTACT else PARTIJ,
        op=NOW,
        verzoek="Z-1",
        reden=Reden.GEWIST,
        revisie=1,
        besluitversie=2,
    )


def held(place: str, document: dict[str, Any]) -> tuple[list[PlaceFound], list[FoundItem]]:
    found = PlaceFound(name=place, kind=PlaceKind.REGISTER, found=1, term=StayTerm.OWN)
    return [found], [FoundItem(place=place, kind=PlaceKind.REGISTER, id="1", content=document)]


CLOSED: Final = {"_id": "contact", "gewist": {"verzoek": "Z-1"}, "partijen": [{"partijId": OTHER}]}
BARE: Final = {"_id": PARTIJ, "nummer": "1", "digitaleAdressen": [], "bijdragen": [{"versie": 1}]}


@pytest.mark.parametrize(
    ("soort", "place", "document", "gone"),
    [
        (SoortWissing.BETROKKENE, "besluiten", CLOSED, True),
        (SoortWissing.BETROKKENE, "besluiten", CLOSED | {"partijen": [{"partijId": PARTIJ}]}, False),
        (SoortWissing.BETROKKENE, "besluiten", {"_id": "contact", "partijen": []}, False),
        (SoortWissing.PARTIJ, "partijen", BARE, False),
        (SoortWissing.CONTACT, "klantcontacten", {"_id": "k"}, False),
        (SoortWissing.GEGEVENS, "partijen", BARE, True),
        (SoortWissing.GEGEVENS, "partijen", BARE | {"contactnaam": {"achternaam": "A"}}, False),
        (SoortWissing.GEGEVENS, "partijen", BARE | {"bijdragen": [{"bezoekadres": {"straatnaam": "A"}}]}, False),
        (
            SoortWissing.GEGEVENS,
            "klantcontacten",
            {"_id": "k", "betrokkenen": [{"wasPartij": {"partijId": OTHER}, "contactnaam": {"achternaam": "B"}}]},
            True,
        ),
        (
            SoortWissing.GEGEVENS,
            "klantcontacten",
            {"_id": "k", "betrokkenen": [{"wasPartij": {"partijId": PARTIJ}, "contactnaam": {"achternaam": "A"}}]},
            False,
        ),
    ],
)
def test_what_stays_by_intent_is_no_rest(
    soort: SoortWissing, place: str, document: dict[str, Any], *, gone: bool
) -> None:
    assert is_gone([erased(soort)], *held(place, document)) is gone


def test_what_is_counted_and_not_shown_is_left() -> None:
    places, _ = held("partijen", {})
    assert not is_gone([erased(SoortWissing.CONTACT)], places, [])
    assert is_gone([erased(SoortWissing.CONTACT)], [], [])
