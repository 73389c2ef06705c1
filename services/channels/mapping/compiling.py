"""Compiles the tree under `[contact]` against the contract, and collects every mistake with its place.

What a value may be: a text (a path), a table with `pad` or `vast`, a table of fields, or a list of these.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from schemas.mapping_file import (
    CONDITION,
    CONSTANT,
    CONVERTERS,
    DEFAULT,
    FOR_EACH,
    MAX_EXPRESSION,
    PATH,
    TABLE,
    Converter,
)
from schemas.mapping_shorthands import shorthands_of
from schemas.types import Bericht
from services.channels.mapping.contract import ContractPlace, targets_of
from services.channels.mapping.converters import Convert, converter
from services.channels.mapping.errors import WrongPlace
from services.channels.mapping.expressions import Search, WrongExpression
from services.channels.mapping.values import (
    ITEM,
    WHOLE,
    ConstantValue,
    EachValue,
    ListValue,
    ObjectValue,
    PathValue,
    ValueNode,
)

_OF_A_VALUE: Final = frozenset({PATH, CONSTANT, CONVERTERS, TABLE, DEFAULT})
_NO_FIELD: Final = frozenset({CONDITION, FOR_EACH})
_MAX_CONVERTERS: Final = 5

Tables = Mapping[str, Mapping[str, Any]]


class Compiler:
    """Compiles the parts of one file. `mistakes` has what is wrong, in the order of the file."""

    def __init__(self, tables: Tables) -> None:
        self.mistakes: list[WrongPlace] = []
        self.used: set[str] = set()
        """The tables that some value uses."""
        self._tables = tables
        self._depth_of_each = 0

    def search(self, text: object, place: str) -> Search | None:
        """Return a compiled expression."""
        if not isinstance(text, str) or not 0 < len(text) <= MAX_EXPRESSION:
            self._wrong(place, f"Write a path: a text of 1 to {MAX_EXPRESSION} characters.")
            return None
        try:
            search = Search(text, place)
        except WrongExpression as error:
            self._wrong(place, str(error))
            return None
        strangers = search.names_of_document() - {ITEM, WHOLE} if self._depth_of_each else set()
        if strangers:
            names = ", ".join(sorted(strangers))
            self._wrong(
                place,
                f"Inside `{FOR_EACH}` the document has only `{ITEM}` and `{WHOLE}`, and this asks for {names}. "
                f"Write {ITEM}.… for the item and {WHOLE}.… for the whole message.",
            )
            return None
        return search

    def object_value(self, raw: object, model: type[Bericht], place: str) -> ObjectValue | None:
        """Return an object of the contract."""
        if not isinstance(raw, dict):
            self._wrong(place, f"Write a table with the fields of {model.__name__}.")
            return None
        if FOR_EACH in raw:
            self._wrong(place, f"`{FOR_EACH}` makes several. It stands only in a list: write [{{ … }}].")
            return None
        return self._one_object(raw, model, place)

    def _one_object(self, raw: Mapping[str, Any], model: type[Bericht], place: str) -> ObjectValue:
        condition = self.search(raw[CONDITION], f"{place}.{CONDITION}") if CONDITION in raw else None
        targets, shorts = targets_of(model), shorthands_of(model)
        written: dict[str, tuple[Any, str]] = {}
        together: set[str] = set()
        for name, value in raw.items():
            if name in targets:
                self._set(written, name, value, _at(place, name))
            elif name in shorts:
                together.add(shorts[name].field)
                for field, expanded in shorts[name].expanded(value).items():
                    self._set(written, field, expanded, _at(place, name))
            elif name not in _NO_FIELD:
                self._unknown(name, model, place)
        missing = [name for name, target in targets.items() if target.required and name not in written]
        if missing:
            self._wrong(place, f"{model.__name__} needs {', '.join(missing)} too: add what is missing.")
        fields: dict[str, ValueNode] = {}
        for name, (value, where) in written.items():
            node = self.value(value, targets[name], where)
            if node is not None:
                fields[name] = node
        kept = frozenset(name for name, target in targets.items() if target.is_list and target.required)
        return ObjectValue(place, condition, fields, frozenset(together), kept)

    def _set(self, written: dict[str, tuple[Any, str]], name: str, value: object, place: str) -> None:
        if name in written:
            self._wrong(place, f"`{name}` is there already, by a short-hand or by itself. Take one of the two out.")
        written[name] = (value, place)

    def _unknown(self, name: str, model: type[Bericht], place: str) -> None:
        if name in _OF_A_VALUE:
            self._wrong(
                _at(place, name),
                f"`{name}` belongs to a value with `{PATH}` or `{CONSTANT}`. Here are the fields of {model.__name__}.",
            )
            return
        names = [*targets_of(model), *shorthands_of(model)]
        near = get_close_matches(name, names, n=1)
        meant = f" Is `{near[0]}` meant?" if near else f" It has {', '.join(names)}."
        self._wrong(_at(place, name), f"{model.__name__} has no such field.{meant}")

    def value(self, raw: object, target: ContractPlace, place: str) -> ValueNode | None:
        """Return what fills one place."""
        if target.is_list:
            return self._list(raw, target, place)
        if target.model is not None and isinstance(raw, dict) and not raw.keys() & {PATH, CONSTANT}:
            return self.object_value(raw, target.model, place)
        if not target.takes_value:
            assert target.model is not None, "what takes no value takes objects"
            self._wrong(place, f"Write a table with the fields of {target.model.__name__}.")
            return None
        return self._leaf(raw, target, place)

    def _list(self, raw: object, target: ContractPlace, place: str) -> ValueNode | None:
        if target.model is None and (isinstance(raw, str) or (isinstance(raw, dict) and raw.keys() & {PATH, CONSTANT})):
            return self._leaf(raw, target, place)
        if not isinstance(raw, list):
            what = f"tables with the fields of {target.model.__name__}" if target.model else "values"
            self._wrong(place, f"Write a list of {what}: [{{ … }}], or a table [[{place}]] for each.")
            return None
        items: list[ValueNode | EachValue] = []
        for index, each in enumerate(raw):
            where = f"{place}[{index}]"
            for one, spot in self._separated(each, target, where):
                item = self._item(one, target, spot)
                if item is not None:
                    items.append(item)
        return ListValue(place, tuple(items))

    def _separated(self, raw: object, target: ContractPlace, place: str) -> list[tuple[object, str]]:
        """Return the tables that one table with two short-hands stands for: `{ vestiging = …, kvk = … }`."""
        shorts = shorthands_of(target.model) if target.model and isinstance(raw, dict) else {}
        if not isinstance(raw, dict) or not shorts:
            return [(raw, place)]
        found = [name for name in raw if name in shorts]
        for name in found:
            beside = shorts[name].beside
            if beside is not None and beside not in raw:
                self._wrong(_at(place, name), f"A {name} is known only beside its `{beside}`: add {beside} = ….")
        if len(found) < 2:  # noqa: PLR2004 - one, or none
            return [(raw, place)]
        rest = {name: value for name, value in raw.items() if name not in found}
        return [({**rest, name: raw[name]}, place) for name in found]

    def _item(self, raw: object, target: ContractPlace, place: str) -> ValueNode | EachValue | None:
        if target.model is None:
            return self._leaf(raw, target.item(), place)
        if not isinstance(raw, dict) or FOR_EACH not in raw:
            return self.object_value(raw, target.model, place)
        search = self.search(raw[FOR_EACH], _at(place, FOR_EACH))
        self._depth_of_each += 1
        inner = self._one_object(raw, target.model, place)
        self._depth_of_each -= 1
        return EachValue(_at(place, FOR_EACH), search, inner) if search is not None else None

    def _leaf(self, raw: object, target: ContractPlace, place: str) -> ValueNode | None:
        if isinstance(raw, str):
            raw = {PATH: raw}
        if not isinstance(raw, dict):
            self._wrong(place, f"Write a constant as {{ {CONSTANT} = … }}, and a path as a text.")
            return None
        strange = raw.keys() - _OF_A_VALUE
        if strange or (PATH in raw) == (CONSTANT in raw):
            self._wrong(
                place,
                f"A value has exactly one of `{PATH}` and `{CONSTANT}`; beside `{PATH}` it may have `{CONVERTERS}`, "
                f"`{TABLE}` and `{DEFAULT}`. A condition stands at an object, or in the path: condition && value.",
            )
            return None
        if CONSTANT in raw:
            if len(raw) > 1:
                self._wrong(place, f"`{CONSTANT}` is always the same, and takes nothing beside it.")
                return None
            if not (target.is_list and isinstance(raw[CONSTANT], list)):
                self._fits(raw[CONSTANT], target, _at(place, CONSTANT))
            else:
                for each in raw[CONSTANT]:
                    self._fits(each, target, _at(place, CONSTANT))
            return ConstantValue(place, raw[CONSTANT])
        return self._path(raw, target, place)

    def _path(self, raw: Mapping[str, Any], target: ContractPlace, place: str) -> ValueNode | None:
        search = self.search(raw[PATH], place)
        names = raw.get(CONVERTERS, [])
        names = names if isinstance(names, list) else [names]
        converters = [self._converter(name, target, _at(place, CONVERTERS)) for name in names]
        if len(names) > _MAX_CONVERTERS:
            self._wrong(_at(place, CONVERTERS), f"At most {_MAX_CONVERTERS} converters.")
        table = None
        if TABLE in raw:
            table = self._table(raw[TABLE], target, _at(place, TABLE))
        if DEFAULT in raw:
            self._fits(raw[DEFAULT], target, _at(place, DEFAULT))
        if search is None:
            return None
        written = " → ".join([search.text, *map(str, names), *([f"[{TABLE}.{raw[TABLE]}]"] if TABLE in raw else [])])
        known = tuple(each for each in converters if each is not None)
        return PathValue(place, search, known, table, raw.get(DEFAULT), written)

    def _converter(self, name: object, target: ContractPlace, place: str) -> Convert | None:
        try:
            return converter(Converter(str(name)), target.cut_at)
        except ValueError:
            self._wrong(place, f"There is no such converter. There are {', '.join(Converter)}.")
            return None

    def _table(self, name: object, target: ContractPlace, place: str) -> Mapping[str, Any] | None:
        if not isinstance(name, str) or name not in self._tables:
            known = ", ".join(sorted(self._tables)) or "none"
            self._wrong(place, f"The file has no such table. Add it as [{TABLE}.NAME]; there is {known}.")
            return None
        self.used.add(name)
        table = self._tables[name]
        for entry, value in table.items():
            self._fits(value, target, f"{TABLE}.{name}.{entry}", f" It goes to {place.rpartition('.')[0]}.")
        return table

    def _fits(self, constant: object, target: ContractPlace, place: str, about: str = "") -> None:
        mistake = target.mistake_in(constant)
        if mistake is not None:
            self._wrong(place, f"This does not fit `{target.name}`: {mistake}.{about}")

    def _wrong(self, place: str, message: str) -> None:
        self.mistakes.append(WrongPlace(place, message))


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
