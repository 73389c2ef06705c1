"""The rows that Open Klant has of a klantcontact or partij."""

from collections.abc import Iterator, Mapping
from typing import Final

from schemas.values import value_class
from services.bridge.parts import Signer, WantedPart
from services.bridge.resources import PARENT, ApiRow, Body, Resource, canonical


@value_class(frozen=True, slots=True)
class FoundRow:
    """A row that Open Klant has. One that the bridge did not read has a uuid, and no contents."""

    resource: Resource
    uuid: str
    parent: str | None = None
    """The uuid of the row on which it hangs; None where the bridge did not read that."""
    body: Body | None = None
    """Canonical."""
    merk: str | None = None
    toegewezen: tuple[str, ...] = ()
    """Of an interne taak: the uuids of its actoren."""
    status: str | None = None
    """Of an interne taak."""


@value_class(frozen=True, slots=True)
class FoundRows:
    """The rows that Open Klant has of one klantcontact or partij."""

    rows: tuple[FoundRow, ...] = ()

    @property
    def by_uuid(self) -> Mapping[str, FoundRow]:
        """The rows by uuid."""
        return {each.uuid: each for each in self.rows}

    def of(self, resource: Resource, parent: str | None = None) -> Iterator[FoundRow]:
        """Yield the rows of a resource, or those of them that hang on one row."""
        yield from (each for each in self.rows if each.resource is resource and parent in (None, each.parent))

    def without(self, resource: Resource) -> "FoundRows":
        """Return the rows of the other resources."""
        return FoundRows(tuple(each for each in self.rows if each.resource is not resource))


NOTHING_FOUND: Final = FoundRows()


def row_of(resource: Resource, answer: ApiRow, signer: Signer) -> FoundRow:
    """Return a row as Open Klant answered it, with its merk."""
    body = canonical(resource, answer)
    return FoundRow(
        resource,
        answer["uuid"],
        _parent(resource, answer),
        body,
        signer.merk(body),
        tuple(sorted(each["uuid"] for each in answer.get("toegewezenAanActoren") or ())),
        answer.get("status"),
    )


def unread(resource: Resource, uuid: str, parent: str | None) -> FoundRow:
    """Return a row that the bridge did not read."""
    return FoundRow(resource, uuid, parent)


def _parent(resource: Resource, answer: ApiRow) -> str | None:
    for (child, _), name in PARENT.items():
        if child is resource and answer.get(name):
            return str(answer[name]["uuid"])
    return None


def is_same(part: WantedPart, row: FoundRow) -> bool:
    """Whether a row without a note is the row of this part, also where its fields differ."""
    if row.body is None or row.resource is not part.resource:
        return False
    if part.resource is Resource.BETROKKENEN:
        return all(row.body.get(name) == part.body.get(name) for name in ("rol", "wasPartij"))
    if part.resource is Resource.PARTIJ_IDENTIFICATOREN:
        says, wanted = row.body["partijIdentificator"], part.body["partijIdentificator"]
        # A partij has one of a kind. Without a partij it must be the very number.
        return bool(says["codeSoortObjectId"] == wanted["codeSoortObjectId"] if row.parent else says == wanted)
    return part.resource in {Resource.KLANTCONTACTEN, Resource.PARTIJEN, Resource.INTERNE_TAKEN}
