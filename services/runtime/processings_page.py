"""Makes `docs/privacy/verwerkingen.md` from the register of processings: `python -m services.runtime.processings_page
[--check]`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from schemas.verwerkingen import MUNICIPALITY, REGISTER, Verwerking, verwerkingen
from services.runtime.settings import PREFIX, Settings

PAGE: Final = Path("docs/privacy/verwerkingen.md")

INTRODUCTION: Final = """\
# Register of processings

<!-- Made from schemas/verwerkingen.toml by `make docs`. Change it there. -->

What this software does with personal data, as article 30 of the AVG asks: to copy into the register of the
municipality, which adds who is responsible and whom to ask. The id of each goes out in the
[Logboek Dataverwerkingen](logboek.md).
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([INTRODUCTION, *(line for each in verwerkingen() for line in _of(each))])


def _of(verwerking: Verwerking) -> Iterator[str]:
    yield f"## {verwerking.naam}\n"
    yield "| | |\n|---|---|"
    rows = {
        "id": f"`{verwerking.id}`",
        "done by": f"`{verwerking.door}`",
        "purpose": verwerking.doel,
        "ground": verwerking.grondslag,
        "data subjects": ", ".join(verwerking.betrokkenen),
        "personal data": ", ".join(verwerking.gegevens),
        "recipients": ", ".join(verwerking.ontvangers),
        "kept": ", ".join(map(_kept, verwerking.bewaren)),
        "measures": ", ".join(verwerking.maatregelen),
    }
    for name, value in rows.items():
        yield f"| {name} | {value} |"
    yield ""


def _kept(until: str) -> str:
    if until == MUNICIPALITY:
        return "as the municipality decides"
    if until == REGISTER:
        return "as long as the register"
    days = Settings.model_fields[until.lower()].default
    return f"{days} days ([`{PREFIX}{until}`](../settings.md))"


def main(arguments: list[str]) -> int:
    """Write the page; with `--check` only say whether it is up to date."""
    wanted = page()
    is_there = PAGE.exists() and PAGE.read_text("utf-8") == wanted
    if "--check" in arguments:
        if not is_there:
            sys.stderr.write(f"{PAGE} is not what schemas/verwerkingen.toml makes: run `make docs`\n")
        return 0 if is_there else 1
    if not is_there:
        PAGE.write_text(wanted, "utf-8")
        sys.stdout.write(f"{PAGE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
