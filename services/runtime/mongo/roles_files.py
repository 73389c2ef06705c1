"""Makes `docs/roles.md` and `deploy/mongodb/roles.js` from the table of roles: `python -m … [--check]`."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from services.runtime.mongo.roles import ROLES, Holder, MongoRole

PAGE: Final = Path("docs/roles.md")
SCRIPT: Final = Path("deploy/mongodb/roles.js")

INTRODUCTION: Final = """\
# Roles in MongoDB

<!-- Made from services/runtime/mongo/roles.py by `make docs`. Change it there. -->

What each service and each task may do, by collection. A user of MongoDB has one of these roles and no other.
[Security](security.md#rights-in-mongodb) says how to make them. A test runs each service and command under its role,
and sees every other right refused (`tests/privacy/test_roles.py`).

*register* is the database of `MONGO_REGISTER_DATABASE`, *projection* that of `MONGO_DATABASE`. The two may be one. In
MongoDB a role is named after the latter, as in `klantcontact-classifier`.
"""

NAMES: Final = {"": "the whole database"}

TEMPLATE: Final = """\
// The roles in MongoDB, made from services/runtime/mongo/roles.py by `make docs`. Change them there.
//
//   mongosh "mongodb://ADMINISTRATOR@HOST:27017/admin?replicaSet=rs0" --file deploy/mongodb/roles.js
//
// mongosh asks for the password. Set KLANTCONTACT_MONGO_DATABASE and KLANTCONTACT_MONGO_REGISTER_DATABASE where the
// services have them. A role that exists gets the rights that stand here, and no others.

const projection = process.env.KLANTCONTACT_MONGO_DATABASE || "klantcontact";
const register = process.env.KLANTCONTACT_MONGO_REGISTER_DATABASE || projection;
const databases = { register, projection };

const roles = {
ROLES};

const admin = db.getSiblingDB("admin");
for (const [name, { rights, cluster }] of Object.entries(roles)) {
  const granted = new Map();
  for (const [database, collections, actions] of rights) {
    for (const collection of collections) {
      const key = JSON.stringify({ db: databases[database], collection });
      granted.set(key, new Set([...(granted.get(key) ?? []), ...actions]));
    }
  }
  const privileges = [...granted].map(([key, actions]) => ({ resource: JSON.parse(key), actions: [...actions] }));
  if (cluster.length) privileges.push({ resource: { cluster: true }, actions: cluster });
  const role = `${projection}-${name}`;
  const exists = admin.runCommand({ rolesInfo: role }).roles.length > 0;
  admin.runCommand({ [exists ? "updateRole" : "createRole"]: role, privileges, roles: [] });
  print(`${exists ? "updated" : "created"} ${role}`);
}
"""


def made() -> Mapping[Path, str]:
    """Return the contents of both files."""
    return {PAGE: _page(), SCRIPT: TEMPLATE.replace("ROLES", "".join(_script_lines()))}


def _page() -> str:
    return "\n".join([INTRODUCTION, *(line for name, role in ROLES.items() for line in _section(name, role))])


def _section(name: str, role: MongoRole) -> Iterator[str]:
    commands = "" if not role.commands else f" Runs {', '.join(f'`{each}`' for each in role.commands)}."
    yield f"## `{name}`\n\nFor {role.serves}.{commands}\n\n| database | collections | actions |\n|---|---|---|"
    for holder, collections, allowed in _rows(role):
        named = ", ".join(NAMES.get(each, f"`{each}`") for each in collections)
        yield f"| {holder} | {named} | {', '.join(f'`{each}`' for each in allowed)} |"
    if role.of_cluster:
        actions = ", ".join(f"`{each}`" for each in role.of_cluster)
        yield f"| | the servers: this shows no document | {actions} |"
    yield ""


def _script_lines() -> Iterator[str]:
    """Yield the roles as JavaScript, with a line for each row of the page."""
    for name, role in ROLES.items():
        yield f"  {json.dumps(name)}: {{\n    rights: [\n"
        yield from (f"      {json.dumps(row)},\n" for row in _rows(role))
        yield f"    ],\n    cluster: {json.dumps(role.of_cluster)},\n  }},\n"


def _rows(role: MongoRole) -> Iterator[tuple[Holder, list[str], list[str]]]:
    """Yield the collections that have the same actions, each collection once."""
    granted: defaultdict[tuple[Holder, str], dict[str, None]] = defaultdict(dict)
    for right in role.rights:
        for collection in right.collections:
            granted[right.holder, collection].update(dict.fromkeys(right.actions))
    rows: defaultdict[tuple[Holder, tuple[str, ...]], list[str]] = defaultdict(list)
    for (holder, collection), actions in granted.items():
        rows[holder, tuple(actions)].append(collection)
    for (holder, same), collections in rows.items():
        yield holder, collections, list(same)


def main(arguments: list[str]) -> int:
    """Write both files; with `--check` only say whether they are up to date."""
    stale = {file: text for file, text in made().items() if not file.exists() or file.read_text("utf-8") != text}
    if "--check" in arguments:
        for file in stale:
            sys.stderr.write(f"{file} is not what the table of roles makes: run `make docs`\n")
        return 1 if stale else 0
    for file, text in stale.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        sys.stdout.write(f"{file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
