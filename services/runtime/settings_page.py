"""Makes `docs/settings.md` from `Settings`: `python -m services.runtime.settings_page [--check]`.

A name, a default, a bound and a meaning stand in `Settings` alone. The order of the page is the order of the fields.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from schemas.meanings import field_meanings
from services.runtime.settings import PREFIX, Settings

PAGE: Final = Path("docs/settings.md")

SECTIONS: Final = {
    "kafka_bootstrap": "Kafka",
    "openklant_url": "Open Klant",
    "mongo_uri": "MongoDB",
    "contact_topics": "Topics, groups and source",
    "sleutel_file": "The key and the policy",
    "topic_partitions": "Topics that `klantcontact topics create` makes",
    "batch_size": "How a service works",
    "health_host": "Health and logs",
    "backup_days": "What the municipality declares",
}
"""The first field below each heading."""

INTRODUCTION: Final = f"""\
# Settings

<!-- Made from services/runtime/settings.py by `make docs`. Change it there. -->

Every process reads its settings from environment variables that begin with `{PREFIX}`. An empty variable counts as
absent. A process refuses an unknown variable with this prefix, and a value that does not fit. It names every mistake,
shows no value, and ends with status 2.

In production set at least `KAFKA_BOOTSTRAP`, `MONGO_URI`, `SLEUTEL_FILE`, `SOURCE`, `HEALTH_HOST` and `HEALTH_PORT`.
[Security](security.md) explains the settings for TLS and logins, and [The policy](policy.md) the policy file.
"""

END: Final = """\
## Tracing

OpenTelemetry has variables of its own, without our prefix. Traces are off until one of them names an exporter:
`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_EXPORTER` (`otlp` or `none`), `OTEL_SERVICE_NAME`, and the others of its
documentation. See [Monitor it](monitor.md#traces).
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([INTRODUCTION, *_tables(), END])


def _tables() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        if name in SECTIONS:
            if name != next(iter(SECTIONS)):
                yield ""
            yield f"## {SECTIONS[name]}\n\n| variable `{PREFIX}…` | default | values | meaning |\n|---|---|---|---|"
        meaning = field_meanings(Settings)[name]
        yield f"| `{name.upper()}` | {_default(field)} | {_values(field)} | {meaning} |"
    yield ""


def _default(field: FieldInfo) -> str:
    match field.default:
        case None:
            return "none"
        case bool():
            return f"`{str(field.default).lower()}`"
        case tuple():
            return f"`{','.join(field.default)}`"
    return f"`{field.default}`"


def _values(field: FieldInfo) -> str:
    least, most = (_bound(field, name) for name in ("ge", "le"))
    if least is not None and most is not None:
        return f"{least:,} to {most:,}"
    return _values_of(_without_none(field.annotation))


def _bound(field: FieldInfo, name: str) -> int | None:
    return next((getattr(each, name) for each in field.metadata if hasattr(each, name)), None)


def _values_of(annotation: object) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    kinds: dict[object, str] = {
        Path: "a file",
        tuple[Path, ...]: "files",
        SecretStr: "a secret",
        bool: "`true`, `false`",
    }
    return kinds.get(annotation, "a text")


def _without_none(annotation: Any) -> object:  # noqa: ANN401 - any hint
    if get_origin(annotation) in {Union, UnionType}:
        return next(each for each in get_args(annotation) if each is not type(None))
    return annotation


def main(arguments: list[str]) -> int:
    """Write the page; with `--check` only say whether it is up to date."""
    wanted = page()
    is_there = PAGE.exists() and PAGE.read_text("utf-8") == wanted
    if "--check" in arguments:
        if not is_there:
            sys.stderr.write(f"{PAGE} is not what the settings make: run `make docs`\n")
        return 0 if is_there else 1
    if not is_there:
        PAGE.write_text(wanted, "utf-8")
        sys.stdout.write(f"{PAGE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
