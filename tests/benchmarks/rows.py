"""The rows of the table: a figure with its spread, beside its goal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.contest import Results
from tests.benchmarks.figures import Figure, Spread, of_pairs, of_runs


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure. Without a value it was not measured, and `note` says why."""

    what: str
    value: Spread | None
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the median reaches the goal. None without a goal or a figure."""
        if self.value is None or math.isnan(self.value.median) or (self.at_least is None and self.at_most is None):
            return None
        lowest = -math.inf if self.at_least is None else self.at_least
        highest = math.inf if self.at_most is None else self.at_most
        return lowest <= self.value.median <= highest

    @property
    def goal(self) -> str:
        """The goal in words; empty without one."""
        bounds = (("≥", self.at_least), ("≤", self.at_most))
        return " and ".join(f"{sign} {shown(bound)}{self.unit}" for sign, bound in bounds if bound is not None)

    @property
    def figure(self) -> str:
        """The median in words."""
        return "not run" if self.value is None else f"{shown(self.value.median)}{self.unit}"

    @property
    def spread(self) -> str:
        """The lowest and the highest in words; empty where there was one round."""
        if self.value is None or self.value.lowest == self.value.highest:
            return ""
        return f"{shown(self.value.lowest)} – {shown(self.value.highest)}"


def shown(value: float) -> str:
    """Return a number with as many digits as mean something."""
    if math.isnan(value):
        return "unknown"
    if math.isinf(value):
        return "never"
    if abs(value) >= 10:
        return f"{value:,.0f}"
    return f"{value:.2f}"


def ratio(
    results: Results,
    what: str,
    ours: str,
    theirs: str,
    figure: Figure,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    note: str = "",
) -> Row:
    """Return the row of one figure as a share of the same figure of another."""
    missing = [f"{name}: {why}" for name in (ours, theirs) if (why := results.why_missing(name))]
    if missing:
        return Row(what=what, value=None, at_least=at_least, at_most=at_most, note="; ".join(missing))
    value = of_pairs(results.runs[ours], results.runs[theirs], figure)
    return Row(what=what, value=value, at_least=at_least, at_most=at_most, note=note)


def plain(
    results: Results, what: str, name: str, figure: Figure, *, unit: str, at_most: float | None = None, note: str = ""
) -> Row:
    """Return the row of one figure as it is."""
    if why := results.why_missing(name):
        return Row(what=what, value=None, unit=unit, at_most=at_most, note=why)
    return Row(what=what, value=of_runs(results.runs[name], figure), unit=unit, at_most=at_most, note=note)


def of_values(what: str, values: Sequence[float], *, unit: str, at_most: float | None = None, note: str = "") -> Row:
    """Return the row of a figure that was measured once a round."""
    return Row(what=what, value=Spread.of(values), unit=unit, at_most=at_most, note=note)
