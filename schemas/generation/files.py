"""The generated files: their paths and contents."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from schemas.generation.asyncapi import asyncapi
from schemas.generation.examples import CASES, input_name, output_examples
from schemas.generation.fault_tables import fault_tables
from schemas.generation.json_schemas import json_schemas
from schemas.generation.mapping_schema import FILE, mapping_schema
from schemas.generation.page import page

SCHEMAS: Final = Path(__file__).parents[1]
JSON_SCHEMAS: Final = SCHEMAS / "json"
EXAMPLES: Final = SCHEMAS / "examples"
ASYNCAPI: Final = SCHEMAS / "asyncapi.yaml"
FAULTS: Final = SCHEMAS / "faults.md"
PAGE: Final = SCHEMAS / "index.html"


def generated() -> Mapping[Path, str]:
    """Return every generated file with its contents."""
    examples = output_examples(EXAMPLES)
    inputs = {case: json.loads((EXAMPLES / input_name(case)).read_text("utf-8")) for case in CASES}
    schemas = json_schemas()
    document = asyncapi({**examples, **{input_name(case): each for case, each in inputs.items()}})
    return {
        **{JSON_SCHEMAS / name: _json(schema) for name, schema in schemas.items()},
        JSON_SCHEMAS / FILE: _json(mapping_schema()),
        **{EXAMPLES / name: _json(example) for name, example in examples.items()},
        # The examples of `contact.ended` are written by hand; only their format is made.
        **{EXAMPLES / input_name(case): _json(example) for case, example in inputs.items()},
        ASYNCAPI: _yaml(document),
        FAULTS: fault_tables(),
        PAGE: page(document, schemas),
    }


def stale(wanted: Mapping[Path, str]) -> list[Path]:
    """Return the files that differ from the wanted ones: changed, missing, or no longer made."""
    found = {
        *JSON_SCHEMAS.glob("*"),
        *EXAMPLES.glob("*"),
        *(path for path in (ASYNCAPI, FAULTS, PAGE) if path.exists()),
    }
    changed = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    return sorted([*changed, *(found - set(wanted))])


def write(wanted: Mapping[Path, str]) -> list[Path]:
    """Write the files that differ, remove those no longer made, and return both."""
    changed = stale(wanted)
    for path in changed:
        if path in wanted:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path], "utf-8")
        else:
            path.unlink()
    return changed


def _json(value: Any) -> str:  # noqa: ANN401 - JSON
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


class _Dumper(yaml.SafeDumper):
    """Writes every part in full, without YAML aliases, since people read it."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is the library's
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _yaml(value: Any) -> str:  # noqa: ANN401 - JSON
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
