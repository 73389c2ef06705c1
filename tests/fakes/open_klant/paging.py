"""A list in pages."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import urlencode

from tests.fakes.open_klant.problems import not_found

PAGE_SIZE: Final = 100
MAX_PAGE_SIZE: Final = 500

PARAMETERS: Final = ("page", "pageSize")

Item = TypeVar("Item")


def page_of(items: Sequence[Item], query: Mapping[str, str], address: str) -> tuple[Sequence[Item], dict[str, object]]:
    """Return the items of a page, and what the answer tells of the pages. Raise Problem where there is no such page."""
    size = _size(query.get("pageSize", ""))
    last = max(1, -(-len(items) // size))
    asked = query.get("page") or "1"
    number = last if asked == "last" else int(asked) if asked.isdigit() else 0
    if not 1 <= number <= last:
        raise not_found("Ongeldige pagina.")
    told: dict[str, object] = {
        "count": len(items),
        "next": _address(address, query, number + 1) if number < last else None,
        "previous": _address(address, query, number - 1) if number > 1 else None,
    }
    return items[(number - 1) * size : number * size], told


def _size(text: str) -> int:
    return min(int(text), MAX_PAGE_SIZE) if text.isdigit() and int(text) else PAGE_SIZE


def _address(address: str, query: Mapping[str, str], number: int) -> str:
    """Return the address of a page; that of the first has no number."""
    asked = {**query, "page": str(number)}
    if number == 1:
        del asked["page"]
    return f"{address}?{urlencode(sorted(asked.items()))}" if asked else address
