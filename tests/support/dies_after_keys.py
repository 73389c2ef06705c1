"""Starts `klantcontact`, and dies as by kill -9 when the first keys of letters are kept.

`python dies_after_keys.py run classifier`
"""

import os
import signal
import sys

import services.cli
from services.runtime.letters.letter_keys import MongoLetterKeys

keep = MongoLetterKeys.keep


async def keep_and_die(self, keys):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Keep the keys, and no more."""
    await keep(self, keys)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    MongoLetterKeys.keep = keep_and_die  # type: ignore[method-assign]
    sys.argv[0] = "klantcontact"
    services.cli.main()
