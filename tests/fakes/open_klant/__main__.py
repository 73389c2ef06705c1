"""`python -m tests.fakes.open_klant PORT TOKEN_FILE`: Open Klant as a process, until it is told to end."""

import sys
from pathlib import Path

import uvicorn

from tests.fakes.open_klant.server import OpenKlant


def main(port: str, token_file: str) -> None:
    """Listen on a port, for those who bear the token of the file."""
    open_klant = OpenKlant(token=Path(token_file).read_text(encoding="utf-8").strip(), port=int(port))
    uvicorn.run(
        open_klant.app(), host=open_klant.host, port=open_klant.port, ws="none", lifespan="off", log_level="warning"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
