"""The cases and histories of the standard with their expected outcomes, and whether MongoDB holds those outcomes.

The demo and the tests use them. `scenarios/` has a file for each origin, with only what differs from event to event;
here they become whole events. `basisterminologie`, `artefacten` and `cases` are documents of the standard, `afgeleid`
follows from its rules, `verloop` holds longer histories of a few klanten.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from pymongo.database import Database

from schemas.contact_ended_v1 import TYPE
from services.domain.ids import contact_key, klantcontact_id, taak_id
from services.projector.mongo.writes import Collection, places_of
from services.runtime.mongo.client import Document

Uitkomst = Mapping[str, Any]
"""Of one onderwerp, as `klantcontact classify` prints it."""

ORIGINS: Final = ("basisterminologie", "artefacten", "cases", "afgeleid", "verloop")

SOURCE: Final = "urn:nld:oin:00000001823288444000:systeem:telefonie"
"""The source of every event that names no other."""


@dataclass(frozen=True, slots=True)
class Verwachting:
    """The expectation of one event: an outcome for each onderwerp, or a refusal at or under each of some paths."""

    uitkomsten: tuple[Uitkomst, ...] = ()
    """As `klantcontact classify` prints them, without the fields that the standard leaves open."""
    ongeldig: tuple[str, ...] = ()

    def holds_for(self, answer: Mapping[str, Any]) -> bool:
        """Whether a line that `klantcontact classify` printed is as expected."""
        if self.ongeldig:
            paths = [str(fout["pad"]) for fout in answer.get("fouten", ())]
            return all(any(_at_or_under(path, expected) for path in paths) for expected in self.ongeldig)
        shown: Sequence[Uitkomst] = answer.get("uitkomsten", ())
        return len(shown) == len(self.uitkomsten) and all(
            expected.items() <= uitkomst.items() for expected, uitkomst in zip(self.uitkomsten, shown, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Scenario:
    """One case or history: its story, the events in order, and for each of them what is expected, if anything."""

    id: str
    titel: str
    narratief: str
    gebeurtenissen: tuple[dict[str, Any], ...]
    verwacht: tuple[Verwachting | None, ...]


def load_scenarios() -> tuple[Scenario, ...]:
    """Return all scenarios, always in the same order. They share no contact and no klant."""
    folder = files("services.local").joinpath("scenarios")
    return tuple(
        _scenario(written)
        for origin in ORIGINS
        for written in json.loads(folder.joinpath(f"{origin}.json").read_text(encoding="utf-8"))
    )


def _scenario(written: Mapping[str, Any]) -> Scenario:
    return Scenario(
        id=written["id"],
        titel=written["titel"],
        narratief=written["narratief"],
        gebeurtenissen=tuple(_event(step["gebeurtenis"]) for step in written["verloop"]),
        verwacht=tuple(_expectation(step["verwacht"]) for step in written["verloop"]),
    )


def _event(written: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "source": SOURCE,
        "type": TYPE,
        "datacontenttype": "application/json",
        **written,
    }


def _expectation(written: Mapping[str, Any] | None) -> Verwachting | None:
    if written is None:
        return None
    return Verwachting(
        uitkomsten=tuple(
            {"onderwerpIndex": index, **uitkomst} for index, uitkomst in enumerate(written.get("uitkomsten", ()))
        ),
        ongeldig=tuple(written.get("ongeldig", ())),
    )


def _at_or_under(path: str, expected: str) -> bool:
    return path == expected or path.startswith(f"{expected}.")


@dataclass(frozen=True, slots=True)
class CheckedContact:
    """One contact of a scenario: what must be stored, and what is."""

    scenario: str
    contact_id: str
    expected: Sequence[Uitkomst]
    found: Sequence[Uitkomst]

    @property
    def is_right(self) -> bool:
        """Whether every onderwerp came out as expected."""
        return len(self.expected) == len(self.found) and all(
            expected.items() <= found.items() for expected, found in zip(self.expected, self.found, strict=True)
        )


def count_refused(scenarios: Sequence[Scenario]) -> int:
    """Count the events that must become dead letters."""
    return sum(each is not None and bool(each.ongeldig) for scenario in scenarios for each in scenario.verwacht)


def verify(
    scenarios: Sequence[Scenario], register: Database[Document], projection: Database[Document]
) -> list[CheckedContact]:
    """Compare what is stored of each contact that has an expectation, in the two databases, which may be one.

    Of a contact with several events the last state is stored, so its last expectation counts.
    """
    return [
        CheckedContact(
            scenario.id, contact_id, expectation.uitkomsten, list(_stored(register, projection, source, contact_id))
        )
        for scenario in scenarios
        for (source, contact_id), expectation in _last_expectations(scenario).items()
    ]


def _last_expectations(scenario: Scenario) -> dict[tuple[str, str], Verwachting]:
    return {
        (event["source"], event["data"]["contactId"]): expectation
        for event, expectation in zip(scenario.gebeurtenissen, scenario.verwacht, strict=True)
        if expectation is not None and not expectation.ongeldig
    }


def _stored(
    register: Database[Document], projection: Database[Document], source: str, contact_id: str
) -> Iterator[Uitkomst]:
    """Yield the outcome of each onderwerp: the rule as it was decided, the rest as the projector stored it."""
    besluit = register["besluiten"].find_one({"_id": contact_key(source, contact_id)})
    for index, onderwerp in enumerate(besluit["onderwerpen"] if besluit else ()):
        named = source, contact_id, onderwerp.get("onderwerpId", "")
        klantcontact = _projected(projection, Collection.KLANTCONTACTEN, klantcontact_id(*named))
        taak = _projected(projection, Collection.INTERNE_TAKEN, taak_id(*named))
        yield {
            "onderwerpIndex": index,
            "regel": onderwerp["regel"],
            "klantcontact": klantcontact is not None,
            "interneTaak": taak is not None,
            "partij": _partij(projection, klantcontact, onderwerp.get("partij")),
            "betrokkeneContactgegevens": klantcontact is not None and _has_details(klantcontact),
        }


def _projected(database: Database[Document], collection: Collection, identifier: str) -> Document | None:
    found = [database[each].find_one({"_id": identifier}) for each in places_of(collection)]
    return next((each for each in found if each is not None), None)


def _partij(database: Database[Document], klantcontact: Document | None, decided: str | None) -> str:
    """Return what became of the partij: `geen` without a stored one, whatever was decided."""
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
