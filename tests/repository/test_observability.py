"""Alerts and dashboard: every metric that they name exists, and each alert says what to do and is tested."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Metric
from typer.testing import CliRunner

from schemas.faults import RefusalKind
from services.cli import app
from services.runtime.errors import InvalidSettings
from services.runtime.observe import metrics
from services.runtime.settings import PREFIX

PROMETHEUS = Path("deploy/prometheus")
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
ALERT_TESTS = (PROMETHEUS / "alerts.test.yml").read_text(encoding="utf-8")
DASHBOARD = json.loads(Path("deploy/grafana/klantcontact.json").read_text(encoding="utf-8"))
PROMTOOL = shutil.which("promtool")

SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}


def _ours() -> list[Metric]:
    listed = [each for each in vars(metrics).values() if isinstance(each, Counter | Gauge | Histogram)]
    return [family for each in listed for family in each.collect()]


def _series() -> set[str]:
    """Return every name that Prometheus gets from a process, ours and those of the process itself."""
    of_the_process = [family for family in REGISTRY.collect() if family.name.startswith("process_")]
    return {family.name + suffix for family in [*_ours(), *of_the_process] for suffix in SUFFIXES[family.type]}


def _expressions() -> Iterator[str]:
    yield from (alert["expr"] for alert in ALERTS)
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))
    yield from re.findall(r"series: '(.*?)'", ALERT_TESTS)


@pytest.mark.parametrize("expression", list(_expressions()))
def test_every_metric_that_an_expression_uses_exists(expression: str) -> None:
    named = set(re.findall(r"\b(?:klantcontact|process)_\w+", expression))
    assert named or "up{" in expression
    assert named <= _series()


def test_every_metric_of_ours_is_on_the_dashboard_or_in_an_alert() -> None:
    asked = " ".join(_expressions())
    assert [family.name for family in _ours() if family.name not in asked] == []


@pytest.mark.parametrize("family", _ours(), ids=lambda family: str(family.name))
def test_every_metric_has_our_prefix_and_a_description(family: Metric) -> None:
    assert family.name.startswith("klantcontact_")
    assert family.documentation.endswith(".")


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_every_alert_names_the_fault_and_the_remedy_and_is_tested(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert alert["annotations"]["summary"]
    assert "klantcontact" in alert["annotations"]["runbook"].lower()
    assert f'ALERTS{{alertname="{alert["alert"]}", alertstate="firing", severity=' in ALERT_TESTS


def _commands() -> Iterator[str]:
    for alert in ALERTS:
        yield from re.findall(r"`klantcontact ([^`]+)`", alert["annotations"]["runbook"])


@pytest.mark.parametrize("command", sorted(set(_commands())))
def test_every_command_of_a_runbook_can_be_typed_as_it_stands(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command reads its settings when it has found nothing wrong with what was typed; here they can't be read."""
    monkeypatch.setenv(f"{PREFIX}NOTHING", "1")
    monkeypatch.chdir(tmp_path)
    if "export" not in command:  # which makes the file
        Path("FILE").write_text('{"letter": "0-0", "event": {}}', encoding="utf-8")
    words = shlex.split(
        command.replace("{{ $labels.kind }}", RefusalKind.TE_GROOT).replace("{{ $labels.channel }}", "mail")
    )
    ran = CliRunner().invoke(app, words)
    assert isinstance(ran.exception, InvalidSettings), ran.output


def test_panels_have_ids_of_their_own_and_lie_beside_each_other() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(each["x"], each["y"], each["w"], each["h"]) for each in (panel["gridPos"] for panel in panels)]
    cells = [(column, line) for x, y, w, h in places for column in range(x, x + w) for line in range(y, y + h)]
    assert len(set(cells)) == len(cells)
    assert max(column for column, _ in cells) < 24


@pytest.mark.skipif(
    PROMTOOL is None and "CI" not in os.environ,  # in CI its absence is a failure: .ci/run installs it
    reason="promtool comes with Debian's package prometheus",
)
@pytest.mark.parametrize("command", [["check", "config", "prometheus.yml"], ["test", "rules", "alerts.test.yml"]])
def test_promtool_accepts_the_rules(command: list[str]) -> None:
    assert PROMTOOL is not None, "install Debian's package prometheus"
    ran = subprocess.run([PROMTOOL, *command], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_jobs_that_the_alerts_name_exist_and_all_have_our_prefix() -> None:
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    jobs = {job["job_name"] for job in config["scrape_configs"]}
    named = set(re.findall(r'job="([\w-]+)"', " ".join(alert["expr"] for alert in ALERTS)))
    assert named <= jobs
    assert all(each.startswith("klantcontact-") for each in jobs)
