"""Whether a proof runs at its whole length.

`make privacy` runs the proofs of `tests/privacy/` and the operator's day whole; `make test` runs a short version.
"""

import os
from typing import Final, TypeVar

SWITCH: Final = "KLANTCONTACT_TEST_WHOLE"

Size = TypeVar("Size")


def whole(short: Size, long: Size) -> Size:
    """Return `long` under `make privacy`, else `short`: a number of examples, of rounds, of seconds."""
    return long if os.environ.get(SWITCH) else short
