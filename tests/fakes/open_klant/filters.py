"""The query parameters of a list: each gives the uuids of the rows that it finds."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import eq, ge, gt, le, lt
from typing import Final, Protocol
from uuid import UUID

from tests.fakes.open_klant.fields import shown_moment
from tests.fakes.open_klant.problems import refused
from tests.fakes.open_klant.rows import Register, value_at

Uuids = Collection[str]


class Filter(Protocol):
    """A query parameter of a list."""

    def find(self, register: Register, table: str, text: str) -> Uuids:
        """Return the uuids of the rows that a value finds. Raise Refused where it is no valid value."""
        ...


@dataclass(frozen=True)
class Equal:
    """Finds rows by the whole text of a column, or by one of a few texts."""

    column: str
    options: Collection[str] = ()

    def find(self, register: Register, table: str, text: str) -> Uuids:
        """Return the rows with this text."""
        if self.options and text not in self.options:
            reason = f"Selecteer een geldige keuze. {text} is geen beschikbare keuze."
            raise refused("invalid_choice", reason)
        return [row["uuid"] for row in register[table].where(self.column, text)]


@dataclass(frozen=True)
class Contains:
    """Finds rows by a part of the text of a column, whatever the case of its letters."""

    column: str

    def find(self, register: Register, table: str, text: str) -> Uuids:
        """Return the rows with this text in it."""
        part = text.lower()
        return [uuid for uuid, row in register[table].rows.items() if part in value_at(row, self.column).lower()]


@dataclass(frozen=True)
class Flagged:
    """Finds rows by a yes or no: that of a column, or what `told` makes of it. Other words find all."""

    column: str
    told: Callable[[object], object] = lambda value: value

    def find(self, register: Register, table: str, text: str) -> Uuids:
        """Return the rows of which it is so, or is not so."""
        rows = register[table].rows
        if (wanted := _truth(text)) is None:
            return list(rows)
        return [uuid for uuid, row in rows.items() if self.told(row[self.column]) is wanted]


@dataclass(frozen=True)
class Refers:
    """Finds rows by the uuid of the row that a column points to; `uuid` is the row itself."""

    column: str

    def find(self, register: Register, table: str, text: str) -> Uuids:
        """Return the rows that point to this one."""
        try:
            uuid = str(UUID(text))
        except ValueError as error:
            raise refused("invalid", "Voer een geldige UUID in.") from error
        if self.column == "uuid":
            return [uuid] if uuid in register[table].rows else []
        return [row["uuid"] for row in register[table].where(self.column, uuid)]


@dataclass(frozen=True)
class RefersByUrl:
    """Finds rows by the address of the row that a column points to."""

    column: str

    def find(self, register: Register, table: str, text: str) -> Uuids:
        """Return the rows that point to this one."""
        if not re.match(r"https?://[^\s/]+", text):
            raise refused("invalid", "Voer een geldige URL in.")
        try:
            uuid = str(UUID(text.rstrip("/").split("/")[-1]))
        except ValueError:
            return []
        return Refers(self.column).find(register, table, uuid)


COMPARISONS: Final = {"exact": eq, "gt": gt, "gte": ge, "lt": lt, "lte": le}


@dataclass(frozen=True)
class Moments:
    """Finds rows by the moment or the day in a column."""

    column: str
    comparison: str = "exact"
    days: bool = False

    def find(self, register: Register, table: str, text: str) -> Uuids:
        """Return the rows with such a moment."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            form = "datum" if self.days else "datum/tijd"
            raise refused("invalid", f"Voer een geldige {form} in.") from error
        wanted = moment.date().isoformat() if self.days else shown_moment(moment)
        compare = COMPARISONS[self.comparison]
        rows = register[table].rows.items()
        return [uuid for uuid, row in rows if row[self.column] and compare(row[self.column], wanted)]


@dataclass(frozen=True)
class Through:
    """Finds rows by the row that a column points to: those that another filter finds there."""

    column: str
    to: str
    found: Filter

    def find(self, register: Register, table: str, text: str) -> Uuids:
        """Return the rows that point to one that is found."""
        there = self.found.find(register, self.to, text)
        return {row["uuid"] for uuid in there for row in register[table].where(self.column, uuid)}


@dataclass(frozen=True)
class Owning:
    """Finds rows by those that point to it: those that another filter finds there."""

    of: str
    by: str
    found: Filter

    def find(self, register: Register, table: str, text: str) -> Uuids:
        """Return the rows to which one points that is found."""
        there = self.found.find(register, self.of, text)
        return {register[self.of].rows[uuid][self.by] for uuid in there} - {None}


@dataclass(frozen=True)
class OwnsAny:
    """Finds rows by whether any points to it, of those that have something in a column."""

    of: str
    by: str
    having: str = "uuid"

    def find(self, register: Register, table: str, text: str) -> Uuids:
        """Return the rows of which it is so, or is not so."""
        owners = {row[self.by] for row in register[self.of].rows.values() if row[self.having]}
        rows, wanted = register[table].rows, _truth(text)
        return [uuid for uuid in rows if wanted is None or (uuid in owners) is wanted]


@dataclass(frozen=True)
class Nothing:
    """Finds nothing: it asks for what is not here."""

    def find(self, register: Register, table: str, text: str) -> Uuids:
        """Return nothing."""
        return ()


BY_UUID: Final[Mapping[str, Filter]] = {"uuid": Refers("uuid"), "url": RefersByUrl("uuid")}
"""The two ways to name a row itself."""


def reference(name: str, column: str) -> Mapping[str, Filter]:
    """Return the two parameters that find rows by what a column points to."""
    return {f"{name}__uuid": Refers(column), f"{name}__url": RefersByUrl(column)}


def identificator(prefix: str, group: str) -> Mapping[str, Filter]:
    """Return the parameters that find rows by the codes of a group, as in `actoridentificatorObjectId`."""
    codes = ("CodeObjecttype", "CodeRegister", "CodeSoortObjectId", "ObjectId")
    return {f"{prefix}{code}": Equal(f"{group}.{code[0].lower()}{code[1:]}") for code in codes}


def select(filters: Mapping[str, Filter], register: Register, table: str, query: Mapping[str, str]) -> Uuids:
    """Return the uuids of the rows that all parameters find. Raise Refused where one has no valid value."""
    found: Uuids | None = None
    for name, text in query.items():
        if text:
            hits = filters[name].find(register, table, text)
            found = hits if found is None else {*found}.intersection(hits)
    return register[table].rows.keys() if found is None else found


def _truth(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
