"""Periods of the calendar, and the file with the terms of a municipality."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from schemas.outputs import Regel
from services.operations.retain.period import Period, read_period
from services.operations.retain.terms import Terms


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "begins", "ends", "why"),
    [
        ("P5Y", "2026-03-02", "2031-03-02", "the same day, whatever leap years lie between"),
        ("P1Y", "2028-02-29", "2029-02-28", "the last day of a shorter month"),
        ("P1M", "2026-01-31", "2026-02-28", "as well"),
        ("P18M", "2026-08-31", "2028-02-29", "months beyond a year"),
        ("P2W", "2026-02-20", "2026-03-06", "weeks of seven days"),
        ("P90D", "2026-03-02", "2026-05-31", "days"),
        ("P1Y2M3W4D", "2026-01-31", "2027-04-25", "years and months first, then weeks and days"),
        ("P9999Y", "2026-03-02", "9999-12-31", "no further than a calendar reaches"),
    ],
)
def test_a_period_ends_on_a_day_of_the_calendar(period: str, begins: str, ends: str, why: str) -> None:
    assert read_period(period).after(at(begins)) == at(ends), why


@pytest.mark.parametrize("text", ["", "P", "5Y", "P5", "PT5H", "P1Y ", "P-1Y", "P1.5Y", "P0D", "P1M1Y", 5, None])
def test_what_is_no_period_is_refused(text: object) -> None:
    with pytest.raises(PydanticCustomError, match="ISO 8601"):
        read_period(text)


def test_the_example_file_sets_no_term_until_somebody_takes_a_mark_away() -> None:
    text = Path("deploy/bewaren.toml").read_text(encoding="utf-8")
    assert Terms.model_validate(tomllib.loads(text)) == Terms()

    lines = [line.removeprefix("# ") if " = " in line and line.startswith("# ") else line for line in text.splitlines()]
    terms = Terms.model_validate(tomllib.loads("\n".join(lines)))
    assert None not in {getattr(terms, name) for name in Terms.model_fields if name != "klantcontacten"}
    assert terms.klantcontacten.regels.keys() == {Regel.V0, Regel.V2, Regel.V3, Regel.V4}
    assert terms.klantcontacten.met_zaak is not None


@pytest.mark.parametrize("regel", ["G1", "G2", "V1", "V9"])
def test_a_rule_that_registers_nothing_has_no_term(regel: str) -> None:
    with pytest.raises(ValidationError):
        Terms.model_validate({"klantcontacten": {"regels": {regel: "P1Y"}}})


@pytest.mark.parametrize(
    ("met_zaak", "ends", "why"),
    [
        (None, None, "only a person can tell how long the zaak lasts"),
        ("P10Y", "P10Y", "the zaak lasts longer"),
        ("P1Y", "P5Y", "a zaak never shortens"),
    ],
)
def test_a_linked_zaak_never_shortens(met_zaak: str | None, ends: str | None, why: str) -> None:
    table: dict[str, object] = {"regels": {"V4": "P5Y"}}
    terms = Terms.model_validate({"klantcontacten": table | ({"met_zaak": met_zaak} if met_zaak else {})})
    found: Period | None = terms.of_klantcontact(Regel.V4, zaak=True)
    assert (found.text if found is not None else None) == ends, why
