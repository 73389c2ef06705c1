"""A service as the process that an operator runs."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any, Self

from prometheus_client.parser import text_string_to_metric_families

from services.local.servers.network import HOST, free_port
from services.local.servers.process import Server
from services.local.system import COMMAND
from services.runtime.settings import Settings
from tests.support.commands import environment

ANSWER_SECONDS = 5
END_SECONDS = 30.0
"""Far more than the time for a shutdown: a process that still runs after it does not end by itself."""


class ServiceProcess:
    """One instance of a service. As a context manager: started on entry, without waiting; stopped on exit."""

    def __init__(self, service: str, settings: Settings, log_file: Path, *, program: Sequence[str] = COMMAND) -> None:
        """`program` is the command itself, or a program of the tests around it."""
        port = free_port()
        own = settings.model_copy(update={"health_host": HOST, "health_port": port})
        self.server = Server(
            name=log_file.stem,
            port=port,
            command=[*program, "run", service],
            log_file=log_file,
            is_ready=lambda _: self.is_ready(),
            environment=environment(own, ["run", service]),
        )

    def __enter__(self) -> Self:
        self.server.spawn()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def is_ready(self) -> bool:
        """Whether the service answers that it is ready."""
        return self.status("/readyz") == 200

    def status(self, path: str) -> int:
        """Return the status of an answer; 0 while the service does not answer."""
        return self._ask(path)[0]

    def reasons(self) -> Mapping[str, str]:
        """Return the reasons of readiness by part; empty while the service does not answer."""
        body = self._ask("/readyz")[1]
        reasons: Mapping[str, str] = json.loads(body)["reasons"] if body else {}
        return reasons

    def facts(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the facts of readiness; empty while the service does not answer."""
        body = self._ask("/readyz")[1]
        facts: Mapping[str, Mapping[str, Any]] = json.loads(body)["facts"] if body else {}
        return facts

    def measured(self, name: str) -> Mapping[tuple[str, ...], float]:
        """Return a metric's values by the values of its labels, in the order of their names."""
        families = text_string_to_metric_families(self._ask("/metrics")[1].decode())
        return {
            tuple(value for _, value in sorted(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
            if sample.name == name
        }

    def log(self, event: str | None = None) -> list[dict[str, Any]]:
        """Return the lines that were logged so far: those of one event, or all.

        A line that the service is still writing can be read in part, so it counts once its end is there.
        """
        whole, _, _ = self.server.log_file.read_bytes().rpartition(b"\n")
        lines = [json.loads(line) for line in whole.split(b"\n") if line.startswith(b"{")]
        return [line for line in lines if event in {None, line["event"]}]

    def said(self) -> str:
        """Return the whole output of the service."""
        return self.server.log_file.read_text()

    def terminate(self) -> int:
        """Send SIGTERM, and return the exit status."""
        self.server.terminate()
        return self.wait()

    def wait(self) -> int:
        """Wait until the service has ended, and return its exit status."""
        process = self.server._process
        assert process is not None, "it was started"
        return process.wait(END_SECONDS)

    def _ask(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://{self.server.address}{path}", timeout=ANSWER_SECONDS) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except (OSError, HTTPException):
            return 0, b""
