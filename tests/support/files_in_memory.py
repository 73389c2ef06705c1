"""Temporary files of the tests in memory, with the data of their servers.

MongoDB waits for the disk at each of many thousand writes, and on a disk of 4 ms a write the tests of its collections
took two and a half times as long. A process that is killed leaves the same behind in memory as on a disk.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import psutil

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - each test has a folder of its own below it
VARIABLE: Final = "TMPDIR"

ENOUGH: Final = 8 * 1024**3
"""Bytes: a mongod takes 300 MB and more, and each worker may have two."""


def keep_files_in_memory() -> None:
    """Do so in this process and in those that it starts, unless there is too little memory or TMPDIR says where."""
    if VARIABLE in os.environ or not MEMORY.is_dir():
        return
    if min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) >= ENOUGH:
        os.environ[VARIABLE] = str(MEMORY)
        tempfile.tempdir = None  # as it is until somebody asks for it
