"""The rows of Open Klant: tables in memory with indexes, and deletion that cascades."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import uuid4

from tests.fakes.open_klant.relations import LOOKED_UP, RELATIONS, OnDelete, Relation

Values = dict[str, Any]
"""A row, or a part of one: columns by the names of the API. A reference is the uuid of the row that it points to."""

TABLES = (
    "actoren",
    "actorklantcontacten",
    "betrokkenen",
    "bijlagen",
    "digitaleadressen",
    "internetaken",
    "klantcontacten",
    "onderwerpobjecten",
    "partijen",
    "partij-identificatoren",
)


class Protected(Exception):
    """A row that others depend on can't be deleted."""


class Table:
    """The rows of one resource, oldest first. Each has its `uuid`, and a `pk` that grows."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.rows: dict[str, Values] = {}
        self._uuids: dict[str, defaultdict[Any, dict[str, None]]] = {column: defaultdict(dict) for column in columns}

    def put(self, row: Values) -> None:
        """Add a row, or replace the one with its uuid."""
        self._unlink(row["uuid"])
        self.rows[row["uuid"]] = row
        for column, index in self._uuids.items():
            for key in _keys(row, column):
                index[key][row["uuid"]] = None

    def drop(self, uuid: str) -> None:
        """Delete a row, if it is there."""
        self._unlink(uuid)
        self.rows.pop(uuid, None)

    def where(self, column: str, value: object) -> list[Values]:
        """Return the rows with this value in a column, oldest first; where a column holds a list, in the list."""
        if column in self._uuids:
            found = self._uuids[column].get(value, {})
            return sorted((self.rows[uuid] for uuid in found), key=_pk)
        return [row for row in self.rows.values() if value in _keys(row, column)]

    def _unlink(self, uuid: str) -> None:
        if uuid in self.rows:
            for column, index in self._uuids.items():
                for key in _keys(self.rows[uuid], column):
                    index[key].pop(uuid, None)
                    if not index[key]:
                        del index[key]


class Register:
    """All tables."""

    def __init__(self) -> None:
        self.tables = {name: Table(_indexed(name)) for name in TABLES}
        self._pks = count(1)
        self._before: list[tuple[Table, str, Values | None]] = []
        """Each row that the transaction has touched, as it was before."""

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo everything that the block does where it raises."""
        self._before.clear()
        try:
            yield
        except BaseException:
            for table, uuid, row in reversed(self._before):
                if row:
                    table.put(row)
                else:
                    table.drop(uuid)
            raise

    def add(self, name: str, values: Values) -> Values:
        """Add a row with a new uuid, and return it."""
        row = {**values, "uuid": str(uuid4()), "pk": next(self._pks)}
        self._put(self[name], row)
        return row

    def change(self, name: str, row: Values, values: Values) -> Values:
        """Replace columns of a row, and return it as it is now."""
        changed = {**row, **values}
        self._put(self[name], changed)
        return changed

    def delete(self, name: str, uuid: str) -> None:
        """Delete a row and what depends on it. Raise Protected where a row of these may not go."""
        doomed = list(self._doomed(name, uuid))
        for table, dead in doomed:
            self._before.append((self[table], dead, self[table].rows.get(dead)))
            self[table].drop(dead)
        for table, dead in doomed:
            for relation in RELATIONS:
                if relation.to == table and relation.on_delete is OnDelete.CLEAR:
                    self._clear(relation, dead)

    def _put(self, table: Table, row: Values) -> None:
        self._before.append((table, row["uuid"], table.rows.get(row["uuid"])))
        table.put(row)

    def _doomed(self, name: str, uuid: str) -> Iterator[tuple[str, str]]:
        yield name, uuid
        for relation in RELATIONS:
            if relation.to != name or relation.on_delete is OnDelete.CLEAR:
                continue
            for row in self[relation.table].where(relation.column, uuid):
                if relation.on_delete is OnDelete.PROTECT:
                    raise Protected
                yield from self._doomed(relation.table, row["uuid"])

    def _clear(self, relation: Relation, uuid: str) -> None:
        for row in self[relation.table].where(relation.column, uuid):
            held = row[relation.column]
            left = [each for each in held if each != uuid] if isinstance(held, list) else None
            self.change(relation.table, row, {relation.column: left, **dict.fromkeys(relation.along)})


def value_at(row: Values, path: str) -> Any:  # noqa: ANN401 - a column holds any value of JSON
    """Return the value of a column, or of a part of it as in `partijIdentificator.objectId`."""
    value: Any = row
    for step in path.split("."):
        value = value[step]
    return value


def _pk(row: Values) -> int:
    pk: int = row["pk"]
    return pk


def _keys(row: Values, column: str) -> list[Any]:
    value = value_at(row, column)
    return value if isinstance(value, list) else [value]


def _indexed(name: str) -> list[str]:
    return [*LOOKED_UP.get(name, ()), *(relation.column for relation in RELATIONS if relation.table == name)]
