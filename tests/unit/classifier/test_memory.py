"""How much memory a batch takes whose contacts cause hundreds of times their own size."""

import subprocess
import sys


def test_corrections_that_cause_60_mb_of_events_are_handled_within_200_mb() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.heavy_batch"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    messages, published_bytes, committed, _peak_kb = map(int, done.stdout.split())
    assert messages > 80_000
    assert published_bytes > 60_000_000
    assert committed == 204
