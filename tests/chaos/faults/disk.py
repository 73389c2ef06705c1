"""A full disk: the data of one broker and one mongod stand on a small file system in memory, which is filled."""

import os
import time
from contextlib import suppress
from typing import Final

from tests.chaos.plan import Fault, Kind
from tests.chaos.world import SMALL_DISKS, World

BALLAST: Final = "ballast"
MEGABYTE: Final = bytes(1024 * 1024)


def missing() -> str | None:
    """Return why there is no such file system here."""
    return None if os.geteuid() == 0 else "only root may mount a small file system"


def full(world: World, target: str, seconds: float) -> None:
    """Fill the disk of a server, and make room again. The server may have ended by then; it is started again."""
    ballast = world.folder / target / BALLAST
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(MEGABYTE)
    time.sleep(seconds)
    ballast.unlink()


KIND: Final = Kind(
    name="disk",
    pause=(1.0, 3.0),
    patience=12.0,
    settled=lambda world: world.kafka.is_in_sync() and world.mongo.is_in_sync(),
    lanes=[
        [Fault(name=f"disk of {each} full", targets=(each,), seconds=(2.0, 4.0), inject=full)] for each in SMALL_DISKS
    ],
    missing=missing,
)
