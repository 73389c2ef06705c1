"""`maak-klantcontact`: a klantcontact, its first betrokkene and its first onderwerpobject in one call, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tests.fakes.open_klant.contacten import Betrokkenen, Klantcontacten, Onderwerpobjecten
from tests.fakes.open_klant.fields import Field, Reading, Site
from tests.fakes.open_klant.resource import Resource
from tests.fakes.open_klant.rows import Register, Values


def _without(fields: Mapping[str, Field], column: str) -> Mapping[str, Field]:
    return {name: field for name, field in fields.items() if name != column}


class _FirstBetrokkene(Betrokkenen):
    fields: ClassVar[Mapping[str, Field]] = _without(Betrokkenen.fields, "hadKlantcontact")


class _FirstOnderwerpobject(Onderwerpobjecten):
    fields: ClassVar[Mapping[str, Field]] = _without(Onderwerpobjecten.fields, "klantcontact")


@dataclass(frozen=True, kw_only=True)
class Part(Field):
    """A row inside a body: `reads` reads it, and `shows` shows it."""

    reads: Resource
    shows: Resource

    def parse(self, value: object, reading: Reading) -> Values:
        """Return the columns of the row."""
        return self.reads.read(Reading(reading.register, value))

    def show(self, name: str, row: Values, site: Site) -> Values | None:
        """Return the row as its own resource shows it."""
        return self.shows.show(row[name], site) if row[name] else None


class MaakKlantcontact(Resource):
    """Three rows in one transaction."""

    name = "maak-klantcontact"
    fields: ClassVar[Mapping[str, Field]] = {
        "klantcontact": Part(required=True, reads=Klantcontacten(), shows=Klantcontacten()),
        "betrokkene": Part(reads=_FirstBetrokkene(), shows=Betrokkenen()),
        "onderwerpobject": Part(reads=_FirstOnderwerpobject(), shows=Onderwerpobjecten()),
    }

    def create(self, values: Values, register: Register) -> Values:
        """Add the rows, and return them by their names."""
        klantcontact = Klantcontacten().create(values["klantcontact"], register)
        uuid, betrokkene, onderwerpobject = klantcontact["uuid"], None, None
        if given := values.get("betrokkene"):
            betrokkene = Betrokkenen().create({**given, "hadKlantcontact": uuid}, register)
        if given := values.get("onderwerpobject"):
            onderwerpobject = Onderwerpobjecten().create({**given, "klantcontact": uuid}, register)
        return {"klantcontact": klantcontact, "betrokkene": betrokkene, "onderwerpobject": onderwerpobject}

    def show(self, row: Values, site: Site) -> Values:
        """Return the three rows."""
        return {name: part.show(name, row, site) for name, part in self.fields.items()}
