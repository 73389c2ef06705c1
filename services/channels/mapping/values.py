"""The tree of a mapping, ready to be asked: each node gives the value of one place of an event for a document."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from schemas.mapping_faults import MappingFaultKind
from schemas.values import value_class
from services.channels.mapping.bounds import MAX_CHARACTERS, MAX_ITEMS, MAX_VALUES
from services.channels.mapping.converters import Convert
from services.channels.mapping.errors import Unconvertible, Unmappable
from services.channels.mapping.expressions import Interpreter, Search

ANY_OTHER: Final = "*"
ITEM: Final = "item"
WHOLE: Final = "alles"

JsonTree = Any
Step = str | int


@value_class(frozen=True, slots=True)
class FieldOrigin:
    """Where a field of an event came from: its path, the place in the mapping, the text there, and the value."""

    pad: str
    place: str
    written: str
    value: JsonTree


class Run:
    """The making of one contact: how much it may still take and, where it is asked for, where each field came from."""

    __slots__ = ("_characters", "_values", "interpreter", "origins", "path", "whole")

    def __init__(self, whole: JsonTree, interpreter: Interpreter, *, told: bool = False) -> None:
        self.whole = whole
        self.interpreter = interpreter
        self.path: list[Step] = []
        self.origins: list[FieldOrigin] | None = [] if told else None
        self._values = MAX_VALUES
        self._characters = MAX_CHARACTERS

    def count(self, place: str) -> None:
        """Count one value. Raises Unmappable after the last."""
        self._values -= 1
        if self._values < 0:
            raise Unmappable(place, MappingFaultKind.TE_VEEL)

    def take(self, value: JsonTree, place: str) -> None:
        """Check a value that a path found, and count its characters. Raises Unmappable for an object, or too many."""
        if isinstance(value, str):
            self._characters -= len(value)
            if self._characters < 0:
                raise Unmappable(place, MappingFaultKind.TE_VEEL)
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, list | dict):
                    raise Unmappable(place, MappingFaultKind.GEEN_WAARDE)
                self.count(place)
                self.take(each, place)
        elif isinstance(value, dict):
            raise Unmappable(place, MappingFaultKind.GEEN_WAARDE)

    def tell(self, place: str, written: str, value: JsonTree) -> None:
        """Keep where the field at the current path came from."""
        if self.origins is not None:
            self.origins.append(FieldOrigin(".".join(map(str, self.path)), place, written, value))


class ValueNode(Protocol):
    """One place of an event. Its value is None where it is left out."""

    def value(self, document: JsonTree, run: Run) -> JsonTree:
        """Return the value for a document. Raises Unmappable."""


@value_class(frozen=True, slots=True)
class ConstantValue:
    """The same for every message. It is never left out."""

    place: str
    constant: JsonTree

    def value(self, _document: JsonTree, run: Run) -> JsonTree:
        """Return the constant."""
        run.count(self.place)
        run.tell(self.place, "vast", self.constant)
        return self.constant


@value_class(frozen=True, slots=True)
class PathValue:
    """What a path finds, through its converters and its table."""

    place: str
    search: Search
    converters: Sequence[Convert]
    table: Mapping[str, JsonTree] | None
    default: JsonTree
    written: str

    def value(self, document: JsonTree, run: Run) -> JsonTree:
        """Return what the path finds; the default when it finds nothing."""
        run.count(self.place)
        found = self._looked_up(self._converted(self.search(document, run.interpreter)))
        run.take(found, self.place)
        if _is_nothing(found):
            found = self.default
        run.tell(self.place, self.written, found)
        return found

    def _converted(self, found: JsonTree) -> JsonTree:
        for convert in self.converters:
            if found is None or found == "":
                return None
            try:
                found = convert(found)
            except Unconvertible:
                raise Unmappable(self.place, MappingFaultKind.OMZETTING) from None
        return found

    def _looked_up(self, found: JsonTree) -> JsonTree:
        if self.table is None or found is None or found == "":
            return found
        if isinstance(found, list | dict):
            raise Unmappable(self.place, MappingFaultKind.OPZOEKEN)
        return self.table.get(_as_entry(found), self.table.get(ANY_OTHER))


def _as_entry(found: JsonTree) -> str:
    """Return a value as the name of an entry: TOML's are texts."""
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found)


def _is_nothing(value: JsonTree) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


@value_class(frozen=True, slots=True)
class ObjectValue:
    """An object: the fields that have a value. It is left out without any, or when its condition is false.

    `together`: fields without which the object says nothing, as a digital address without `adres`.
    `kept_empty`: lists that the contract requires, which stay when nothing is in them.
    """

    place: str
    condition: Search | None
    fields: Mapping[str, ValueNode]
    together: frozenset[str] = frozenset()
    kept_empty: frozenset[str] = frozenset()

    def value(self, document: JsonTree, run: Run) -> JsonTree:
        """Return the object, or None."""
        if self.condition is not None and not self.condition.holds(document, run.interpreter):
            return None
        made: dict[str, JsonTree] = {}
        for name, node in self.fields.items():
            run.path.append(name)
            value = node.value(document, run)
            run.path.pop()
            if not _is_nothing(value) or isinstance(node, ConstantValue):
                made[name] = value
            elif name in self.together:
                return None
            elif name in self.kept_empty:
                made[name] = []
        return made or None


@value_class(frozen=True, slots=True)
class EachValue:
    """One object for each item that a path finds. In it the document has `item`, and `alles` for the whole message."""

    place: str
    search: Search
    inner: ObjectValue

    def documents(self, document: JsonTree, run: Run) -> Iterator[JsonTree]:
        """Yield the document of each item. Raises Unmappable."""
        found = self.search(document, run.interpreter)
        if found is None:
            return
        if not isinstance(found, list):
            raise Unmappable(self.place, MappingFaultKind.GEEN_LIJST)
        if len(found) > MAX_ITEMS:
            raise Unmappable(self.place, MappingFaultKind.TE_VEEL)
        for item in found:
            yield {ITEM: item, WHOLE: run.whole}


@value_class(frozen=True, slots=True)
class ListValue:
    """A list: the items that have a value."""

    place: str
    items: Sequence[ValueNode | EachValue]

    def value(self, document: JsonTree, run: Run) -> JsonTree:
        """Return the list, or None when nothing is in it."""
        made: list[JsonTree] = []
        for item in self.items:
            if isinstance(item, EachValue):
                for inner in item.documents(document, run):
                    self._add(item.inner, inner, run, made)
            else:
                self._add(item, document, run, made)
        return made or None

    @staticmethod
    def _add(node: ValueNode, document: JsonTree, run: Run, made: list[JsonTree]) -> None:
        told = len(run.origins) if run.origins is not None else 0
        run.path.append(len(made))
        value = node.value(document, run)
        run.path.pop()
        if not _is_nothing(value):
            made.append(value)
        elif run.origins is not None:
            del run.origins[told:]
