"""`make fuzz`: coverage-guided fuzzing of decode, decide and encode, and of the building of dead letters.

It ends at the first input that makes something happen that must not, and writes that input into the folder. To see it
again, run `python -m tests.fuzz.run FILE`; to keep it as a regression test, put it into `tests/fuzz/findings`.
"""

import argparse
import io
import signal
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from typing import Final

import atheris

INSTRUMENTED: Final = ["schemas", "services"]
"""The packages whose branches guide the fuzzer. atheris takes no part of a package."""

with redirect_stderr(io.StringIO()), atheris.instrument_imports(include=INSTRUMENTED):  # it has a line for each module
    from tests.fuzz.mutator import Mutator
    from tests.fuzz.seeds import seeds
    from tests.fuzz.target import Target

FOLDER: Final = Path(".fuzz")
MAX_INPUT_BYTES: Final = 256 * 1024
"""Room for a record that is too large, among others."""
SECONDS_AN_INPUT: Final = 600
"""An input that takes longer hangs. What is only slow is for the target to tell."""
SCHEMA_SHARE: Final = 50
"""Validating by JSON Schema takes twenty times as long as by the models."""


def main() -> None:
    """Fuzz, or handle the inputs of some files. Print what the inputs were and led to."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="inputs to handle, without fuzzing")
    parser.add_argument("--runs", type=int, default=100_000, help="how many inputs are tried")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the corpus and a finding stand")
    parser.add_argument("--seed", type=int, default=0, help="0: another in each run")
    chosen = parser.parse_args()
    target = Target(schema_share=1 if chosen.files else SCHEMA_SHARE)
    began = time.monotonic()
    try:
        if chosen.files:
            for file in chosen.files:
                target(file.read_bytes())
        else:
            _fuzz(target, runs=chosen.runs, folder=chosen.folder, seed=chosen.seed)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # libFuzzer's, which would end a process that is on its way out
        for name, number in sorted(target.seen.items()):
            sys.stdout.write(f"{number:>12,} {name}\n")
        sys.stdout.write(f"{time.monotonic() - began:>12,.0f} seconds\n")
        sys.stdout.flush()


def _fuzz(target: Callable[[bytes], None], *, runs: int, folder: Path, seed: int) -> None:
    """Try so many inputs, and end the process: with status 0 when all went well."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(seeds()):
        (corpus / f"seed-{number:03}").write_bytes(each)
    options = {
        "atheris_runs": runs,
        "seed": seed,
        "max_len": MAX_INPUT_BYTES,
        "len_control": 0,
        "timeout": SECONDS_AN_INPUT,
        "artifact_prefix": f"{folder}/",
        "print_final_stats": 1,
    }
    arguments = [sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(corpus)]
    atheris.Setup(arguments, target, custom_mutator=Mutator(_mutate_bytes))
    atheris.Fuzz()


def _mutate_bytes(data: bytes, max_size: int) -> bytes:
    # Looked up late: `Setup` puts the one of libFuzzer there.
    changed: bytes = atheris.Mutate(data, max_size)
    return changed


if __name__ == "__main__":
    main()
