"""The mappings that come with klantcontact, one a platform. A municipality copies one and changes its tables."""

from pathlib import Path
from typing import Final

SHIPPED: Final = Path(__file__).parent / "shipped"
EXAMPLES: Final = "voorbeelden"
"""The folder beside a mapping that holds its examples."""


def shipped_names() -> list[str]:
    """Return the names of the mappings that come with klantcontact."""
    return sorted(each.stem for each in SHIPPED.glob("*/*.toml"))


def shipped_file(name: str) -> Path | None:
    """Return the file of a mapping that comes with klantcontact; None when there is no such mapping."""
    file = SHIPPED / name / f"{name}.toml"
    return file if name in shipped_names() else None
