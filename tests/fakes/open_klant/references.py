"""Fields that point to other rows, and the lists of rows that point here."""

from dataclasses import dataclass

from tests.fakes.open_klant.fields import Field, Reading, Site, read_fields, read_uuid
from tests.fakes.open_klant.problems import WHOLE, InvalidParam, Refused, refused
from tests.fakes.open_klant.rows import Values


@dataclass(frozen=True, kw_only=True)
class Uuid(Field):
    """The uuid of a row; `noun` is what Open Klant calls such a row."""

    to: str
    noun: str
    required: bool = True
    column: str | None = None
    """Where the row must have a given value in a column: which column, …"""
    value: str | None = None
    """… and which value."""

    def parse(self, value: object, reading: Reading) -> str:
        """Return the uuid of a row that exists."""
        uuid = read_uuid(value)
        row = reading.register[self.to].rows.get(uuid)
        if row is None:
            raise refused("invalid", f"{self.noun} object bestaat niet.")
        if self.column and row[self.column] != self.value:
            raise refused("invalid", f"{self.noun} object moet het soort '{self.value}' hebben.")
        return uuid


@dataclass(frozen=True, kw_only=True)
class Reference(Field):
    """A row elsewhere, sent as `{"uuid": …}`."""

    uuid: Uuid

    def parse(self, value: object, reading: Reading) -> object:
        """Return the uuid of the row."""
        return read_fields({"uuid": self.uuid}, value, reading, partial=False)["uuid"]

    def show(self, name: str, row: Values, site: Site) -> object:
        """Return a link to the row."""
        return site.link(self.uuid.to, row[name]) if row[name] else None


@dataclass(frozen=True, kw_only=True)
class References(Field):
    """Several rows elsewhere. `reads` reads one of them, and `shows` one that an answer shows."""

    reads: Field

    def parse(self, value: object, reading: Reading) -> list[object]:
        """Return what was read of each."""
        if not isinstance(value, list):
            kind = type(value).__name__
            raise refused("not_a_list", f'Verwachtte een lijst met items, maar kreeg type "{kind}".', name=WHOLE)
        read, wrong = list[object](), list[InvalidParam]()
        for number, item in enumerate(value):
            try:
                read.append(self.reads.read(item, reading))
            except Refused as refusal:
                wrong += refusal.under(str(number)).params
        if wrong:
            raise Refused(wrong)
        return read

    def nothing(self) -> list[object]:
        """Return no rows."""
        return []

    def show(self, name: str, row: Values, site: Site) -> object:
        """Return a link to each row."""
        return [self.reads.show("one", {"one": uuid}, site) for uuid in row[name]]


@dataclass(frozen=True, kw_only=True)
class Children(Field):
    """The rows elsewhere that point here."""

    of: str
    by: str
    read_only: bool = True

    def show(self, name: str, row: Values, site: Site) -> list[object]:
        """Return a link to each."""
        return [site.link(self.of, child["uuid"]) for child in site.register[self.of].where(self.by, row["uuid"])]


@dataclass(frozen=True, kw_only=True)
class Always(Field):
    """A field of something that is not here, which shows one value."""

    value: object
    read_only: bool = True

    def show(self, name: str, row: Values, site: Site) -> object:
        """Return the value."""
        return self.value


def refers(to: str, noun: str, *, required: bool = False, null: bool = True) -> Reference:
    """Return the field of a reference to a row of this resource."""
    return Reference(uuid=Uuid(to=to, noun=noun), required=required, null=null)
