"""Which rows point to which, and what becomes of them when the row that they point to is deleted."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class OnDelete(Enum):
    """What becomes of a row when the row that it points to is deleted."""

    CASCADE = auto()
    CLEAR = auto()
    PROTECT = auto()


@dataclass(frozen=True)
class Relation:
    """A column that holds the uuid of a row elsewhere, or a list of them."""

    table: str
    column: str
    to: str
    on_delete: OnDelete = OnDelete.CASCADE
    along: tuple[str, ...] = ()
    """The columns that are cleared with this one."""


RELATIONS: Final = (
    Relation("betrokkenen", "hadKlantcontact", "klantcontacten"),
    # So deleting a partij takes the betrokkenen of other people's klantcontacten with it.
    Relation("betrokkenen", "wasPartij", "partijen"),
    Relation("onderwerpobjecten", "klantcontact", "klantcontacten"),
    # So deleting a klantcontact takes the link of what followed it up.
    Relation("onderwerpobjecten", "wasKlantcontact", "klantcontacten"),
    Relation("bijlagen", "wasBijlageVanKlantcontact", "klantcontacten"),
    Relation("actorklantcontacten", "klantcontact", "klantcontacten"),
    Relation("actorklantcontacten", "actor", "actoren"),
    Relation("internetaken", "aanleidinggevendKlantcontact", "klantcontacten"),
    Relation("internetaken", "toegewezenAanActoren", "actoren", OnDelete.CLEAR),
    # So the address of a deleted betrokkene stays, and belongs to nobody.
    Relation("digitaleadressen", "verstrektDoorBetrokkene", "betrokkenen", OnDelete.CLEAR),
    Relation("digitaleadressen", "verstrektDoorPartij", "partijen"),
    Relation("partijen", "werkteVoorPartij", "partijen", OnDelete.CLEAR, along=("contactpersoon",)),
    Relation("partij-identificatoren", "identificeerdePartij", "partijen"),
    Relation("partij-identificatoren", "subIdentificatorVan", "partij-identificatoren", OnDelete.PROTECT),
)

LOOKED_UP: Final = {
    "actoren": ("actoridentificator.objectId",),
    "digitaleadressen": ("adres", "isStandaardAdres", "referentie"),
    "internetaken": ("nummer", "referentienummer", "status"),
    "klantcontacten": ("nummer", "referentienummer"),
    "onderwerpobjecten": ("onderwerpobjectidentificator.objectId",),
    "partijen": ("nummer",),
    "partij-identificatoren": ("partijIdentificator.objectId",),
}
"""The columns besides those of relations that have an index: with 100,000 rows a search must not read them all."""
