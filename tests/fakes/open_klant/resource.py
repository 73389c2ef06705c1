"""A resource: the fields of its bodies, the filters of its list, and what more Open Klant demands of a row."""

from collections.abc import Mapping
from typing import ClassVar

from tests.fakes.open_klant.fields import Field, Reading, Site, empties, read_fields
from tests.fakes.open_klant.filters import Filter
from tests.fakes.open_klant.rows import Register, Values


class Resource:
    """A resource with everything as usual; a class of its own says what is not."""

    name: ClassVar[str]
    fields: ClassVar[Mapping[str, Field]]
    filters: ClassVar[Mapping[str, Filter]]
    sorted_by: ClassVar[tuple[str, ...]] = ("pk",)
    """The columns that order the list, the greatest first."""

    def read(self, reading: Reading) -> Values:
        """Return the columns that a body gives. Raise Refused with what is wrong in it."""
        values = read_fields(self.fields, reading.body, reading, partial=reading.partial)
        self.check(values, reading)
        return values

    def check(self, values: Values, reading: Reading) -> None:
        """Raise Refused where the fields, each valid by itself, are not valid together."""

    def create(self, values: Values, register: Register) -> Values:
        """Add a row and return it."""
        return register.add(self.name, {**empties(self.fields), **values})

    def change(self, row: Values, values: Values, register: Register) -> Values:
        """Change a row and return it as it is now."""
        return register.change(self.name, row, values)

    def delete(self, row: Values, register: Register) -> None:
        """Delete a row and what depends on it."""
        register.delete(self.name, row["uuid"])

    def show(self, row: Values, site: Site) -> Values:
        """Return a row as an answer shows it."""
        shown = {name: each.show(name, row, site) for name, each in self.fields.items()}
        return {**site.link(self.name, row["uuid"]), **shown}
