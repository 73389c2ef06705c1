"""A part: one row of Open Klant as our register wants it; and what is noted of the rows that we wrote.

Each part has a key, which begins with its resource and is the same in every revisie. A note holds the uuid of the row
and a *merk*: a keyed hash of its contents. So the bridge's own state says what changed, and holds no contents.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

import orjson

from schemas.values import value_class
from services.bridge.resources import Body, Resource, canonical

KLANTCONTACT: Final = Resource.KLANTCONTACTEN.value
PARTIJ: Final = Resource.PARTIJEN.value
"""The keys of the rows on which all others of a klantcontact or partij hang."""


@value_class(frozen=True, slots=True)
class Signer:
    """Makes a merk. It has a key, since a telephone number is guessed from a plain hash of it."""

    key: bytes = field(repr=False)

    def merk(self, value: object) -> str:
        """Return the merk of a JSON value."""
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str)
        return hmac.new(self.key, text, hashlib.sha256).hexdigest()[:32]


@value_class(frozen=True, slots=True)
class WantedPart:
    """One row as it should be."""

    key: str
    body: Body
    """Canonical."""
    merk: str
    parent: str | None = None
    """The key of the part on which it hangs."""
    at_creation: Body = field(default_factory=dict)
    """Fields that the bridge writes once, when it creates the row."""
    toegewezen: tuple[str, ...] = ()
    """Of an interne taak: the uuids of its actoren."""

    @property
    def resource(self) -> Resource:
        """The resource of the row."""
        return resource_of(self.key)


@value_class(frozen=True, slots=True)
class Noted:
    """A row that we wrote."""

    uuid: str
    merk: str
    toegewezen: tuple[str, ...] = ()


@value_class(frozen=True, slots=True)
class Ours:
    """What the bridge's state knows of a klantcontact or partij."""

    rows: Mapping[str, Noted] = field(default_factory=dict)
    """By key."""
    is_new: bool = True
    """Whether the bridge never began on it. Then Open Klant has no row of ours of it."""
    is_done: bool = False
    """Whether the last convergence came to its end."""
    in_flight: frozenset[str] = frozenset()
    """When the bridge last ended: the merken of the parts that a call was to create, or the uuid of the row that it was
    to remove; and the merken of rows that an earlier call created, and that it had yet to remove."""
    removed: frozenset[str] = frozenset()
    """The keys of rows that somebody else removed. They are not made again."""

    @property
    def was_removing(self) -> bool:
        """Whether we were removing a row when the bridge last ended: then its absence is our own doing."""
        return any(each.uuid in self.in_flight for each in self.rows.values())


NOTHING_OF_OURS: Final = Ours()


ROOTS: Final = {"kc": Resource.KLANTCONTACTEN, "partij": Resource.PARTIJEN, "actor": Resource.ACTOREN}


def root_of(state: str) -> Resource:
    """Return the resource, and so the key, of the row that a state is about. Its name begins with the kind."""
    return ROOTS[state.partition(":")[0]]


def resource_of(key: str) -> Resource:
    """Return the resource that a key begins with."""
    return Resource(key.partition("/")[0])


def giver_of(key: str) -> str:
    """Return the key of what an address hangs on: a betrokkene or a partij."""
    return key.partition("/")[2].rpartition("/")[0]


def key_of(resource: Resource, *names: str) -> str:
    """Return the key of a row."""
    return "/".join((resource.value, *names))


def made_part(
    signer: Signer,
    resource: Resource,
    fields: Mapping[str, Any],
    *,
    key: str | None = None,
    parent: str | None = None,
    at_creation: Body | None = None,
    toegewezen: tuple[str, ...] = (),
) -> WantedPart:
    """Return a part. Without `key` it gets one of its contents: the bridge never changes such a row."""
    body = canonical(resource, fields)
    merk = signer.merk(body)
    return WantedPart(key or key_of(resource, parent or "", merk), body, merk, parent, at_creation or {}, toegewezen)
