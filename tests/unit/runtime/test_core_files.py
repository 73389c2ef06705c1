"""No command of ours leaves a core file, whatever the shell allows."""

import subprocess
import sys

import pytest

SECONDS = 60
PROGRAM = """
import ctypes, resource, sys, services.cli as cli
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
sys.argv[1:] = ["--help"]
try: cli.main()
except SystemExit: pass
print(resource.getrlimit(resource.RLIMIT_CORE))
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_command_leaves_no_core_file_and_can_not_be_dumped() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=SECONDS)
    first, *_, limit, dumpable = done.stdout.splitlines()
    assert first == "1", "else it proves nothing"
    assert (limit, dumpable) == ("(0, 0)", "0")
