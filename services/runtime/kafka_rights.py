"""The rights that Kafka does not give us (its ACLs), in words for the operator. The README lists who needs which."""

import re
from typing import Final

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from services.runtime.errors import InvalidSettings

KINDS: Final[dict[type[BaseException], str]] = {
    TopicAuthorizationFailedError: "a topic",
    GroupAuthorizationFailedError: "a group",
    TransactionalIdAuthorizationFailed: "a transactional id",
    ClusterAuthorizationFailedError: "the cluster",
}

REFUSED_USER: Final = tuple(KINDS)


def missing_right(error: BaseException) -> InvalidSettings | None:
    """Say that a right is missing, and on what; None for an error of another kind."""
    kind = KINDS.get(type(error))
    if kind is None:
        return None
    return InvalidSettings(
        f"Kafka does not give this user a right that it needs on {kind}{_names(error)}. The README lists the rights "
        "of each service and command."
    )


def _names(error: BaseException) -> str:
    """Give the names of ours that aiokafka puts into some of these errors; others hold a sentence, or nothing."""
    given = error.args[0] if error.args else ()
    names = [given] if isinstance(given, str) else list(given)
    return f": {', '.join(sorted(names))}" if names and all(re.fullmatch(r"[\w.-]+", name) for name in names) else ""
