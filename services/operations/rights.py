"""The doctor's check of a login in MongoDB: it has the rights of its role, and no others."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pymongo.errors import OperationFailure

from services.operations.checks import Check, failed
from services.runtime.errors import InvalidSettings, KlantcontactError
from services.runtime.mongo.client import Client, Document, connect
from services.runtime.mongo.errors import REFUSED_USER, translate_mongo_errors
from services.runtime.mongo.roles import ROLES, privileges, role_name
from services.runtime.settings import Settings

NAME: Final = "rights"

SCRIPT_ADVICE: Final = "Run deploy/mongodb/roles.js again, and give the user this role and no other: docs/security.md."

ANY: Final = ""
"""As the name of a database or a collection: each of them."""

CLUSTER: Final = "the servers"


class Granted(NamedTuple):
    """One action on one resource."""

    database: str
    collection: str
    action: str

    def covers(self, wanted: "Granted") -> bool:
        """Whether who has this right has the wanted one too."""
        return (
            self.action == wanted.action
            and self.database in {wanted.database, ANY}
            and self.collection in {wanted.collection, ANY}
        )


async def rights_check(settings: Settings, name: str) -> Check:
    """Compare the present login with a role, or another user of MongoDB with the role that it bears."""
    try:
        async with await connect(settings) as client:
            with translate_mongo_errors(settings):
                if name in ROLES:
                    return _compared(settings, name, *await _present_login(client))
                return await _of_user(client, settings, name)
    except InvalidSettings as error:
        return failed(NAME, error)
    except KlantcontactError as error:
        return failed(NAME, error, "See the log of MongoDB.")


async def _present_login(client: Client) -> tuple[str, Sequence[Document]]:
    status = await client.admin.command("connectionStatus", showPrivileges=True)
    users = status["authInfo"]["authenticatedUsers"]
    return ", ".join(each["user"] for each in users), status["authInfo"]["authenticatedUserPrivileges"]


async def _of_user(client: Client, settings: Settings, name: str) -> Check:
    """Compare a user, named as in MongoDB (`user`, or `user@database`), with the role of ours that it has."""
    user, _, database = name.partition("@")
    asked = {"user": user, "db": database or "admin"}
    try:
        told = await client.admin.command("usersInfo", asked, showPrivileges=True)
    except OperationFailure as error:
        if error.code not in REFUSED_USER:
            raise
        found = f"{name} is none of the roles {', '.join(ROLES)}, and this login may not look at users (viewUser)"
        return Check(name=NAME, ok=False, found=found, advice="Name a role, or log in as an administrator.")
    if not told["users"]:
        return Check(name=NAME, ok=False, found=f"{name} is no role and no user of MongoDB", advice=SCRIPT_ADVICE)
    (there,) = told["users"]
    ours = {role_name(settings, role): role for role in ROLES}
    borne = [ours[each["role"]] for each in there["roles"] if each["role"] in ours]
    if len(borne) != 1:
        bears = f"{', '.join(borne)}: more than one role" if borne else "none of the roles of this register"
        return Check(name=NAME, ok=False, found=f"{name} has {bears}", advice=SCRIPT_ADVICE)
    return _compared(settings, borne[0], name, there["inheritedPrivileges"])


def _compared(settings: Settings, role: str, user: str, found: Sequence[Document]) -> Check:
    if not user:
        return Check(
            name=NAME,
            ok=False,
            found="nobody is logged in: this MongoDB does not ask who a client is, so each may do all",
            advice="Start every mongod with `--keyFile`, and give the services a login: docs/security.md.",
        )
    wanted, held = set(_granted(privileges(settings, role))), set(_granted(found))
    missing = [each for each in wanted if not any(right.covers(each) for right in held)]
    surplus = held - wanted
    if not missing and not surplus:
        return Check(name=NAME, ok=True, found=f"user {user} has exactly the rights of the role {role}")
    told = [
        f"{what}: {'; '.join(_told(rights))}"
        for what, rights in (("missing", missing), ("too many", surplus))
        if rights
    ]
    return Check(name=NAME, ok=False, found="\n".join([f"user {user}, role {role}", *told]), advice=SCRIPT_ADVICE)


def _granted(found: Iterable[Mapping[str, Any]]) -> Iterator[Granted]:
    for each in found:
        resource = each["resource"]
        database, collection = resource.get("db", ANY), resource.get("collection", ANY)
        if "db" not in resource:
            database, collection = (CLUSTER, CLUSTER) if "cluster" in resource else (ANY, ANY)
        yield from (Granted(database, collection, action) for action in each["actions"])


def _told(rights: Iterable[Granted]) -> Iterator[str]:
    by_place: defaultdict[str, list[str]] = defaultdict(list)
    for each in sorted(rights):
        by_place[_place(each)].append(each.action)
    yield from (f"{', '.join(actions)} on {place}" for place, actions in by_place.items())


def _place(right: Granted) -> str:
    if right.database == CLUSTER:
        return CLUSTER
    if right.database == ANY:
        return "every database"
    return f"{right.database}.{right.collection}" if right.collection else f"the whole database {right.database}"
