"""Whether what stands in MongoDB is what the scenarios ask for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.database import Database

from services.domain.ids import contact_key, klantcontact_id, taak_id
from services.local.scenarios import Scenario, Verwachting

Document = dict[str, Any]
Outcome = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One contact of a scenario: what must stand, and what does."""

    scenario: str
    contact_id: str
    expected: Sequence[Outcome]
    found: Sequence[Outcome]

    @property
    def is_right(self) -> bool:
        """Tell whether every onderwerp came out as expected."""
        return len(self.expected) == len(self.found) and all(
            expected.items() <= found.items() for expected, found in zip(self.expected, self.found, strict=True)
        )


def count_refused(scenarios: Sequence[Scenario]) -> int:
    """Count the events that must become dead letters."""
    return sum(each is not None and bool(each.ongeldig) for scenario in scenarios for each in scenario.verwacht)


def verify(scenarios: Sequence[Scenario], database: Database[Document]) -> list[Row]:
    """Compare each contact of which something is expected with what is stored of it.

    A contact that comes more than once is stored as it was left, so its last expectation counts.
    """
    return [
        Row(scenario.id, contact_id, expectation.uitkomsten, list(_stored(database, source, contact_id)))
        for scenario in scenarios
        for (source, contact_id), expectation in _last_expectations(scenario).items()
    ]


def _last_expectations(scenario: Scenario) -> dict[tuple[str, str], Verwachting]:
    return {
        (event["source"], event["data"]["contactId"]): expectation
        for event, expectation in zip(scenario.gebeurtenissen, scenario.verwacht, strict=True)
        if expectation is not None and not expectation.ongeldig
    }


def _stored(database: Database[Document], source: str, contact_id: str) -> Iterator[Outcome]:
    """Give the outcome of each onderwerp: the rule as it was decided, all the rest as the projector stored it."""
    besluit = database["besluiten"].find_one({"_id": contact_key(source, contact_id)})
    for index, onderwerp in enumerate(besluit["onderwerpen"] if besluit else ()):
        named = source, contact_id, onderwerp["onderwerpId"]
        klantcontact = database["klantcontacten"].find_one({"_id": klantcontact_id(*named)})
        taak = database["interne_taken"].find_one({"_id": taak_id(*named)})
        yield {
            "onderwerpIndex": index,
            "regel": onderwerp["regel"],
            "klantcontact": klantcontact is not None,
            "interneTaak": taak is not None,
            "partij": _partij(database, klantcontact, onderwerp["partij"]),
            "betrokkeneContactgegevens": klantcontact is not None and _has_details(klantcontact),
        }


def _partij(database: Database[Document], klantcontact: Document | None, decided: str | None) -> str:
    """Give what became of the partij; without a stored one there is none, whatever was decided."""
    linked = [
        each["wasPartij"]["partijId"] for each in (klantcontact or {}).get("betrokkenen", ()) if "wasPartij" in each
    ]
    stored = database["partijen"].count_documents({"_id": {"$in": linked}})
    return decided if decided is not None and linked and stored == len(linked) else "geen"


def _has_details(klantcontact: Document) -> bool:
    return any(
        each.get("digitaleAdressen") or "bezoekadres" in each or "correspondentieadres" in each
        for each in klantcontact["betrokkenen"]
    )
