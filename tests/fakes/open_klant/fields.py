"""The fields of a body: how each value is read, with all that is wrong in it, and how it is shown."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from tests.fakes.open_klant.names import camel_again
from tests.fakes.open_klant.problems import WHOLE, InvalidParam, Refused, refused
from tests.fakes.open_klant.rows import Register, Values

Check = Callable[[str], str | None]
"""Return what is wrong with a text, in words, or None."""

TRUE: Final = ("true", "t", "yes", "y", "on", "1")
FALSE: Final = ("false", "f", "no", "n", "off", "0")

SLUG: Final = re.compile(r"[-a-zA-Z0-9_]+")


@dataclass(frozen=True)
class Reading:
    """A body that is being read: as it was sent, for the row that it changes, if any."""

    register: Register
    body: Any
    row: Values | None = None
    partial: bool = False


@dataclass(frozen=True)
class Site:
    """Where rows are shown: their register, and the address that links begin with."""

    register: Register
    url: str

    def link(self, resource: str, uuid: str) -> dict[str, str]:
        """Return a link to a row."""
        return {"uuid": uuid, "url": f"{self.url}/{resource}/{uuid}"}


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field that a body may have, or an answer only."""

    required: bool = False
    null: bool = False
    empty: object = None
    read_only: bool = False

    def read(self, value: object, reading: Reading) -> object:
        """Return the value for the row. Raise Refused where it is not valid."""
        if value is None:
            if self.null:
                return self.nothing()
            raise refused("null")
        return self.parse(value, reading)

    def nothing(self) -> object:
        """Return what a row holds where nothing was sent."""
        return self.empty

    def parse(self, value: object, reading: Reading) -> object:
        """Return the value for the row, of a value that is not null."""
        raise NotImplementedError

    def show(self, name: str, row: Values, site: Site) -> object:
        """Return the value that an answer shows."""
        return row[name]


@dataclass(frozen=True)
class Unique:
    """The column of a table in which no two rows have the same value; `noun` is what Open Klant calls a row."""

    table: str
    column: str
    noun: str

    def taken(self, text: str, reading: Reading) -> bool:
        """Whether another row has this value."""
        mine = reading.row["uuid"] if reading.row else None
        return any(row["uuid"] != mine for row in reading.register[self.table].where(self.column, text))


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """A text without spaces at its ends."""

    longest: int | None = None
    shortest: int = 1
    blank: bool = False
    empty: object = ""
    checks: Sequence[Check] = ()
    unique: Unique | None = None
    slug: bool = False

    def parse(self, value: object, reading: Reading) -> str:
        """Return the text, trimmed; a number becomes text."""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise refused("invalid", "Not a valid string.")
        text = str(value).strip()
        if not text:
            if self.blank:
                return ""
            raise refused("blank")
        if wrong := [*self._wrong(text, reading)]:
            raise Refused(wrong)
        return text

    def _wrong(self, text: str, reading: Reading) -> Sequence[InvalidParam]:
        wrong = [InvalidParam("", "invalid", reason) for check in self.checks if (reason := check(text))]
        if self.unique and self.unique.taken(text, reading):
            reason = f"Er bestaat al een {self.unique.noun} met eenzelfde {self.unique.column}."
            wrong.append(InvalidParam("", "unique", reason))
        if self.longest and len(text) > self.longest:
            reason = f"Zorg ervoor dat dit veld niet meer dan {self.longest} karakters bevat."
            wrong.append(InvalidParam("", "max_length", reason))
        if len(text) < self.shortest:
            reason = f"Zorg ervoor dat dit veld minimaal {self.shortest} karakters bevat."
            wrong.append(InvalidParam("", "min_length", reason))
        if "\x00" in text:
            wrong += refused("null_characters_not_allowed").params
        if self.slug and not SLUG.fullmatch(text):
            reason = 'Voer een geldige "slug" in, bestaande uit letters, cijfers, lage streepjes of streepjes.'
            wrong.append(InvalidParam("", "invalid", reason))
        return wrong


@dataclass(frozen=True, kw_only=True)
class Choice(Field):
    """One of a few texts."""

    options: Sequence[str]
    empty: object = ""

    def parse(self, value: object, reading: Reading) -> str:
        """Return the text."""
        if (text := str(value)) in self.options:
            return text
        raise refused("invalid_choice", f'"{text}" is een ongeldige keuze.')


@dataclass(frozen=True, kw_only=True)
class Flag(Field):
    """Yes or no."""

    def parse(self, value: object, reading: Reading) -> bool | None:
        """Return the truth that is meant: Open Klant takes words for it too."""
        word = str(value).lower()
        if word in TRUE:
            return True
        if word in FALSE:
            return False
        if self.null and word in ("null", ""):
            return None
        raise refused("invalid", "Must be a valid boolean.")


@dataclass(frozen=True, kw_only=True)
class Number(Field):
    """A whole number."""

    lowest: int
    highest: int

    def parse(self, value: object, reading: Reading) -> int:
        """Return the number."""
        try:
            number = int(re.sub(r"\.0*\s*$", "", str(value)))
        except ValueError as error:
            raise refused("invalid", "Een geldig getal is vereist.") from error
        if number > self.highest:
            reason = f"Zorg ervoor dat deze waarde kleiner is dan of gelijk is aan {self.highest}."
            raise refused("max_value", reason)
        if number < self.lowest:
            reason = f"Zorg ervoor dat deze waarde groter is dan of gelijk is aan {self.lowest}."
            raise refused("min_value", reason)
        return number


@dataclass(frozen=True, kw_only=True)
class Moment(Field):
    """A date and a time, shown in UTC."""

    now: bool = False
    """Whether a new row without one gets the moment at which it was made."""

    def nothing(self) -> str | None:
        """Return the present moment, or None."""
        return shown_moment(datetime.now(UTC)) if self.now else None

    def parse(self, value: object, reading: Reading) -> str:
        """Return the moment as an answer shows it."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError as error:
            form = "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]"
            reason = f"Datetime heeft een ongeldig formaat, gebruik 1 van de volgende formaten: {form}."
            raise refused("invalid", reason) from error
        return shown_moment(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


@dataclass(frozen=True, kw_only=True)
class Day(Field):
    """A date."""

    def parse(self, value: object, reading: Reading) -> str:
        """Return the date as an answer shows it."""
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError as error:
            reason = "Date heeft het verkeerde formaat, gebruik 1 van deze formaten: YYYY-MM-DD."
            raise refused("invalid", reason) from error


@dataclass(frozen=True, kw_only=True)
class Group(Field):
    """A few fields that are sent together: one that is left out is emptied."""

    fields: Mapping[str, Field]
    null: bool = True

    def nothing(self) -> Values:
        """Return the group with nothing in it."""
        return empties(self.fields)

    def parse(self, value: object, reading: Reading) -> Values:
        """Return all fields of the group."""
        return {**empties(self.fields), **read_fields(self.fields, value, reading, partial=False)}


@dataclass(frozen=True, kw_only=True)
class Metadata(Field):
    """A map of texts. Its keys go through the same changes of case as the names of fields."""

    longest: int = 255

    def parse(self, value: object, reading: Reading) -> dict[str, object]:
        """Return the map."""
        if not isinstance(value, dict):
            kind = type(value).__name__
            raise refused("not_a_dict", f'Verwachtte een dictionary van items, maar kreeg type "{kind}".')
        sent = {camel_again(key): text for key, text in value.items()}
        return read_fields(dict.fromkeys(sent, Text(longest=self.longest)), sent, reading, partial=False)


def read_fields(fields: Mapping[str, Field], body: object, reading: Reading, *, partial: bool) -> Values:
    """Return the values that a body gives. Raise Refused with all that is wrong with them."""
    if not isinstance(body, dict):
        reason = f"Ongeldige data. Verwacht een dictionary, kreeg een {type(body).__name__}."
        raise refused("invalid", reason, name=WHOLE)
    values, wrong = {}, list[InvalidParam]()
    for name, each in fields.items():
        try:
            if each.read_only:
                continue
            if name in body:
                values[name] = each.read(body[name], reading)
            elif each.required and not partial:
                raise refused("required")
        except Refused as refusal:
            wrong += refusal.under(told_name(name)).params
    if wrong:
        raise Refused(wrong)
    return values


def empties(fields: Mapping[str, Field]) -> Values:
    """Return what a row holds where nothing is sent."""
    return {name: each.nothing() for name, each in fields.items() if not each.read_only}


def told_name(name: str) -> str:
    """Return the name by which a refusal tells of a field: Open Klant's code has an underscore before a digit."""
    return re.sub(r"(?<=[a-z])(?=\d)", "_", name)


def read_uuid(value: object) -> str:
    """Return a uuid as text. Raise Refused where it is none."""
    try:
        return str(UUID(str(value)))
    except ValueError as error:
        raise refused("invalid", "Must be a valid UUID.") from error


def shown_moment(moment: datetime) -> str:
    """Return a moment as an answer shows it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
