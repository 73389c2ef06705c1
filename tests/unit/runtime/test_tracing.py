"""Traces are exported where the standard variables name an exporter; elsewhere none are made."""

import subprocess
import sys

import pytest

from services.runtime.errors import InvalidSettings
from services.runtime.observe.tracing import _is_asked_for

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", **ENDPOINT}, False),
        ({"OTEL_SDK_DISABLED": "true", **ENDPOINT}, False),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", **ENDPOINT}, True),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, False),
    ],
)
def test_the_standard_variables_decide_whether_traces_are_exported(environment: dict[str, str], *, asked: bool) -> None:
    assert _is_asked_for(environment) is asked


@pytest.mark.parametrize(
    "environment",
    [{"OTEL_TRACES_EXPORTER": "zipkin"}, {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", **ENDPOINT}],
)
def test_an_unknown_exporter_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match=next(iter(environment))):
        _is_asked_for(environment)


def test_nothing_of_opentelemetry_is_imported_when_tracing_is_off() -> None:
    script = (
        "import sys, services.classifier.main, services.projector.main\n"
        "from services.runtime.observe.tracing import tracing\n"
        "with tracing('classifier') as spans: assert spans is None\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    ran = subprocess.run([sys.executable, "-c", script], env={}, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
