"""The lines that a process writes to stderr once its logging is set up."""

import json
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import asyncio, gc, logging, threading, warnings
import structlog
from services.runtime.observe import logs
from services.runtime.settings import Settings

logs.configure(Settings(log_format="{log_format}"))
log = structlog.get_logger()

structlog.contextvars.bind_contextvars(trace_id="00f067aa0ba902b7")
log.info("contact.decided", contact_id="c-1", rule="V2")
log.info("contact.forged", contact_id="c-1\\x1b[2J\\nline")
structlog.contextvars.clear_contextvars()
log.debug("contact.seen")
try:
    {{}}["geheim"]
except KeyError:
    log.exception("batch.failed")
logging.getLogger("aiokafka").warning("Heartbeat failed for group %s", "klantcontact-classifier")
logging.getLogger("aiokafka").info("Joined group geheim")
warnings.warn("geheim", UserWarning)
thread = threading.Thread(target=lambda: int("geheim"))
thread.start()
thread.join()

async def main():
    logs.watch_loop(asyncio.get_running_loop())
    async def fail():
        raise ValueError("geheim")
    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()

asyncio.run(main())
raise ValueError("geheim")
"""


def _output(log_format: str) -> str:
    program = PROGRAM.format(log_format=log_format)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def _entry(line: str) -> dict[str, Any]:
    """Read a line, without what differs from run to run."""
    entry: dict[str, Any] = json.loads(line)
    assert entry.pop("timestamp").endswith("Z")
    entry.pop("place", None)
    for error in entry.get("exception", []):
        error.pop("frames")
    return entry


@pytest.fixture(scope="module")
def entries() -> list[dict[str, Any]]:
    return [_entry(line) for line in _output("json").splitlines()]


def test_every_line_is_one_json_object_and_none_holds_a_value(entries: list[dict[str, Any]]) -> None:
    assert entries == [
        {
            "event": "contact.decided",
            "level": "info",
            "contact_id": "c-1",
            "rule": "V2",
            "trace_id": "00f067aa0ba902b7",
        },
        {
            "event": "contact.forged",
            "level": "info",
            "contact_id": "c-1\x1b[2J\nline",
            "trace_id": "00f067aa0ba902b7",
        },
        {"event": "batch.failed", "level": "error", "exception": [{"type": "KeyError"}]},
        {
            "event": "library.reported",
            "level": "warning",
            "library": "aiokafka",
            "text": "Heartbeat failed for group klantcontact-classifier",
        },
        {"event": "library.warned", "level": "warning", "category": "UserWarning"},
        {"event": "thread.failed", "level": "critical", "exception": [{"type": "ValueError"}]},
        {
            "event": "task.failed",
            "level": "error",
            "what": "Task exception was never retrieved",
            "exception": [{"type": "ValueError"}],
        },
        {"event": "process.failed", "level": "critical", "exception": [{"type": "ValueError"}]},
    ]


def test_the_readable_form_holds_no_value_either() -> None:
    output = _output("console")

    assert "contact.decided" in output
    assert "KeyError\n  " in output
    assert "contact_id=c-1\ufffd[2J\ufffdline" in output
    assert "geheim" not in output
