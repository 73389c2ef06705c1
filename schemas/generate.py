"""Make the JSON Schemas, AsyncAPI, examples and fault tables from the models: `python -m schemas.generate [--check]`.

With `--check` nothing is written; exit status 1 says that a file is not what would be made, and which.
"""

import argparse
import sys
from collections.abc import Sequence

from schemas.generation.files import SCHEMAS, generated, stale, write


def main(arguments: Sequence[str]) -> int:
    """Run the command. Gives its exit status: 0 done or nothing to do, 1 a file differs."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; say which files differ")
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
