"""Make the JSON Schemas, AsyncAPI, examples and fault tables from the models: `python -m schemas.generate [--check]`.

With `--check` it writes nothing. It names each file that differs from what the models make, and ends with status 1.
"""

import argparse
import sys
from collections.abc import Sequence

from schemas.generation.files import SCHEMAS, generated, stale, write


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status: 0 when all is done, 1 when a file differs."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; name the files that differ")
    if parser.parse_args(arguments).check:
        differing = stale(generated())
        for path in differing:
            sys.stderr.write(f"{path.relative_to(SCHEMAS.parent)} is not what the models make: run `make schemas`\n")
        return 1 if differing else 0
    for path in write(generated()):
        sys.stdout.write(f"{path.relative_to(SCHEMAS.parent)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
