"""What becomes of a key of metadata: Open Klant reads the keys of a body as snake_case, and shows them as camelCase."""

import re
from typing import Final

CAMEL: Final = re.compile(
    r"([a-z0-9]|[A-Z]?(?=[A-Z0-9](?=[a-z0-9]|(?<![A-Z])$)))"
    r"([A-Z]|(?<=[a-z])[0-9](?=[0-9A-Z]|$)|(?<=[A-Z])[0-9](?=[0-9]|$))"
)
SNAKE: Final = re.compile(r"([a-z0-9]?)_([a-z0-9])")


def camel_again(key: str) -> str:
    """Return a key as it comes back: `klantcontactId` as it was, but `klantcontact_id` as `klantcontactId` too."""
    snake = CAMEL.sub(r"\1_\2", key).lower()
    return SNAKE.sub(lambda match: f"{match[1]}{match[2].upper()}", snake)
