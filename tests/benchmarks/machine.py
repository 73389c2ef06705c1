"""The machine and the Python that a benchmark ran on: figures of one can't be put beside those of another."""

import os
import platform
import sys
import sysconfig
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where it ran."""

    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    """Its version, and where it is installed."""
    optimised: str
    """Whether it was built with profile-guided optimisation, as far as it tells."""
    configured: str
    """The arguments of its `configure`, which say so."""

    def __str__(self) -> str:
        return f"{self.cores} cores of {self.processor}; {self.python}, {self.optimised}"

    def as_json(self) -> dict[str, Any]:
        """Return it for a JSON file."""
        return asdict(self)


@cache
def machine() -> Machine:
    """Return what this process runs on."""
    configured = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    home = str(Path.home())
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3, 1),
        system=f"{platform.freedesktop_os_release().get('PRETTY_NAME', platform.system())}, Linux {platform.release()}",
        python=f"Python {platform.python_version()} in {sys.base_prefix.replace(home, '~')}",
        optimised=optimisation(configured, sys.base_prefix),
        configured=configured.replace(home, "~"),
    )


def optimisation(configured: str, prefix: str) -> str:
    """Return whether a Python was optimised when it was built, from the arguments of its `configure`."""
    if "--enable-optimizations" in configured:
        return "with PGO and LTO" if "--with-lto" in configured else "with PGO"
    if prefix == "/usr":
        return "of the distribution, which builds it with PGO and does not say so"
    return "without PGO"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
