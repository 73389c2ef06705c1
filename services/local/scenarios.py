"""The cases and histories of the standard, with what must come of them: for the demo and for the tests.

They lie in `scenarios/`, a file for each origin, with only what differs from event to event; here they become whole
events. `basisterminologie`, `artefacten` and `cases` are documents of the standard, `afgeleid` follows from its rules,
`verloop` holds longer histories of a few klanten.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from schemas.contact_ended_v1 import TYPE

ORIGINS: Final = ("basisterminologie", "artefacten", "cases", "afgeleid", "verloop")

SOURCE: Final = "urn:nld:oin:00000001823288444000:systeem:telefonie"
"""Where every event comes from that names no other source."""


@dataclass(frozen=True, slots=True)
class Verwachting:
    """What must come of one event: an outcome for each onderwerp, or a refusal at or under each of some paths."""

    uitkomsten: tuple[Mapping[str, Any], ...] = ()
    """As `klantcontact classify` prints them, without what the standard says nothing of."""
    ongeldig: tuple[str, ...] = ()

    def holds_for(self, answer: Mapping[str, Any]) -> bool:
        """Tell whether a line that `klantcontact classify` printed says what was expected."""
        if self.ongeldig:
            paths = [str(fout["pad"]) for fout in answer.get("fouten", ())]
            return all(any(_at_or_under(path, expected) for path in paths) for expected in self.ongeldig)
        shown: Sequence[Mapping[str, Any]] = answer.get("uitkomsten", ())
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
    """Give all scenarios, always in the same order. They share no contact and no klant."""
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
