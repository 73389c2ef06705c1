"""A crash leaves no core file: it would hold the key of the register and the contents of contacts."""

import ctypes
import resource
import sys
from typing import Final

PR_SET_DUMPABLE: Final = 4
NOT_DUMPABLE: Final = 0


def leave_no_core_file() -> None:
    """Make this process leave none. Processes that it starts inherit the limit."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Where the kernel hands a core to a program, as systemd's, the limit does not count.
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, NOT_DUMPABLE, 0, 0, 0)
