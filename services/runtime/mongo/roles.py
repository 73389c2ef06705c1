"""The roles in MongoDB: what each service and each task may do, by collection, and no more.

This table is the one truth. `deploy/mongodb/roles.js` and `docs/roles.md` are made from it, the local stack gives its
users these roles, `klantcontact doctor --as` compares a login with them, and the tests run every service and command
under its role.

A rename needs no right on the whole database where a user may empty the one name and fill the other: MongoDB asks
`find` and `dropCollection` on the former, and `insert`, `createIndex` and `dropCollection` on the latter.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.runtime.mongo.client import Document
from services.runtime.settings import Settings


class Holder(StrEnum):
    """Which of the two databases, which may be one."""

    REGISTER = "register"
    PROJECTION = "projection"


@dataclass(frozen=True, slots=True)
class Right:
    """MongoDB's actions on some collections of one database. The name "" stands for the whole database."""

    holder: Holder
    collections: Sequence[str]
    actions: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoRole:
    """A role: whom it serves, in words, which commands run under it, and its rights."""

    serves: str
    commands: Sequence[str] = ()
    rights: Sequence[Right]
    of_cluster: Sequence[str] = ()
    """Actions on the servers themselves, which show no document."""


ORDINARY: Final = ("klantcontacten", "partijen", "interne_taken")
CONFIDENTIAL: Final = ("klantcontacten_vertrouwelijk", "interne_taken_vertrouwelijk")
PROJECTED: Final = (*ORDINARY, *CONFIDENTIAL, "vervallen")
"""The collections that a rebuild makes anew, with these endings behind their names meanwhile and afterwards."""
NEW: Final = tuple(f"{each}_nieuw" for each in PROJECTED)
FORMER: Final = tuple(f"{each}_vorige" for each in PROJECTED)
REHEARSED: Final = ("herbouw_proef", "herbouw_proef_vorige")

DECIDED: Final = ("partijregister", "besluiten", "nummers", "tellingen", "sleutelcontrole")
"""What the classifier keeps."""

READ: Final = ("find",)
ADD: Final = ("insert", "update")
KEEP: Final = ("find", *ADD)
CHANGE: Final = (*KEEP, "remove")
EMPTIED: Final = ("find", "dropCollection")
FILLED: Final = ("insert", "createIndex", "dropCollection")


def _register(collections: Iterable[str], *actions: str) -> Right:
    return Right(Holder.REGISTER, tuple(collections), actions)


def _projection(collections: Iterable[str], *actions: str) -> Right:
    return Right(Holder.PROJECTION, tuple(collections), actions)


def _taken(*seen: str) -> tuple[Right, ...]:
    return (_projection(seen, *READ), _projection((each for each in seen if "taken" in each), "update"))


ROLES: Final[Mapping[str, MongoRole]] = {
    "classifier": MongoRole(
        serves="the classifier: it sees no contents",
        commands=("run classifier",),
        rights=(
            _register(DECIDED, *KEEP),
            _register(("partijregister", "besluiten"), "createIndex"),
            _register(("besluiten",), "listIndexes", "dropIndex"),
            _register(("partijregister",), "remove"),
            _register(("wissingen",), "find", "insert"),
            _register(("dead_letter_keys",), *ADD, "createIndex"),
            _register(("stopped_partitions",), *CHANGE),
            _register(("skipped_records",), *ADD),
        ),
    ),
    "projector": MongoRole(
        serves="the projector: it sees nothing of the register",
        commands=("run projector",),
        rights=(
            _projection(PROJECTED, *CHANGE, "createCollection", "createIndex", "collMod"),
            _projection(("vervallen",), "listIndexes"),
            _projection(("plaatsclaims",), "insert", "remove", "createCollection", "createIndex"),
            _projection(("herbouw",), *READ),
            _projection(("stopped_partitions",), *CHANGE),
            _projection(("skipped_records",), *ADD),
            _projection(("",), "listCollections"),
        ),
    ),
    "mapper": MongoRole(
        serves="the mapper of channels: it keeps the keys of dead letters, and reads no register",
        commands=("run mapper",),
        rights=(
            _register(("besluiten",), *READ),
            _register(("dead_letter_keys",), *ADD, "createIndex"),
            _register(("stopped_partitions",), *CHANGE),
            _register(("skipped_records",), *ADD),
        ),
    ),
    "operator": MongoRole(
        serves="an operator",
        commands=("dlq", "doctor", "explain", "rebuild", "replay", "skip", "stats"),
        rights=(
            _register(DECIDED, *READ),
            _register(("dead_letters",), *KEEP, "createIndex"),
            _register(("dead_letter_keys",), "find", "update"),
            _register(("operators_lock", "audit_head"), *KEEP),
            _register(("stopped_partitions",), "find", "update"),
            _projection(("stopped_partitions",), "find", "update"),
            _projection(("skipped_records",), "find", "remove"),
            _projection(PROJECTED, *CHANGE, "createIndex", "dropCollection"),
            _projection(NEW, *CHANGE, "createCollection", "createIndex", "listIndexes", "dropCollection"),
            _projection(FORMER, "find", *FILLED),
            _projection(("plaatsclaims",), "insert", "remove", "createCollection", "createIndex"),
            _projection(("herbouw",), *KEEP),
            _projection(REHEARSED, "find", *FILLED),
            _projection(("",), "listCollections"),
        ),
        of_cluster=("serverStatus",),
    ),
    "privacy": MongoRole(
        serves="the privacy officer",
        commands=("access", "affected", "audit", "erase", "erase-report", "restrict", "retain", "selftest", "withdraw"),
        rights=(
            # What is to be shown or gone is searched for everywhere, also where others put it.
            _register(("",), "find", "listCollections"),
            _projection(("",), "find", "listCollections"),
            _register(("wissingen", "verwerkte_taken"), *CHANGE),
            _register(("operators_lock", "audit_head"), *KEEP),
            _register(("tellingen",), "remove"),
        ),
        of_cluster=("serverStatus",),
    ),
    "key": MongoRole(
        serves="the replacement of the register's key",
        commands=("rotate-key",),
        rights=(
            _register(("partijregister", "besluiten"), "find", "update", "createCollection", "collMod"),
            _register(("sleutelcontrole", "dead_letter_keys"), "find", "update"),
            _register(("operators_lock", "audit_head"), *KEEP),
        ),
        of_cluster=("serverStatus",),
    ),
    "reader": MongoRole(
        serves="an application that shows ordinary contacts",
        rights=(_projection(ORDINARY, *READ),),
    ),
    "reader-confidential": MongoRole(
        serves="an application that shows confidential contacts too",
        rights=(_projection((*ORDINARY, *CONFIDENTIAL), *READ),),
    ),
    "taken": MongoRole(
        serves="an application in which ordinary interne taken are done",
        rights=_taken(*ORDINARY),
    ),
    "taken-confidential": MongoRole(
        serves="an application in which confidential interne taken are done too",
        rights=_taken(*ORDINARY, *CONFIDENTIAL),
    ),
}


def role_name(settings: Settings, role: str) -> str:
    """Return the name of a role in MongoDB. Several registers in one MongoDB have roles of their own."""
    return f"{settings.mongo_database}-{role}"


def role_of_command(words: Sequence[str]) -> str | None:
    """Return the role under which a command runs; None when it does not reach MongoDB."""
    typed = " ".join(words)
    return next(
        (
            name
            for name, role in ROLES.items()
            for command in role.commands
            if typed == command or typed.startswith(f"{command} ")
        ),
        None,
    )


def privileges(settings: Settings, role: str) -> list[Document]:
    """Return the privileges of a role as `createRole` takes them, each collection once."""
    databases = {Holder.REGISTER: settings.register_database, Holder.PROJECTION: settings.mongo_database}
    granted: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for right in ROLES[role].rights:
        for collection in right.collections:
            granted[databases[right.holder], collection].update(right.actions)
    of_collections: list[Document] = [
        {"resource": {"db": database, "collection": collection}, "actions": sorted(actions)}
        for (database, collection), actions in sorted(granted.items())
    ]
    of_cluster = ROLES[role].of_cluster
    return [*of_collections, *([{"resource": {"cluster": True}, "actions": list(of_cluster)}] if of_cluster else [])]
