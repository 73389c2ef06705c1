"""HTML made of values, each text escaped: nothing that a klant or a publisher wrote can become a part of the page."""

import html
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def _here() -> tzinfo:
    """Return the time of the Netherlands; that of Greenwich on a system that knows no other."""
    try:
        return ZoneInfo("Europe/Amsterdam")
    except ZoneInfoNotFoundError:
        return UTC


HERE: Final = _here()

_MONTHS: Final = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)

STYLE: Final = """\
body{font:1.05rem/1.5 Verdana,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.2rem}h3{font-size:1.05rem;margin-top:1.6rem}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #767676;padding:.4rem .5rem;text-align:left;
vertical-align:top}dt{font-weight:bold;margin-top:.4rem}
dd{margin:0 0 0 1rem;white-space:pre-wrap;overflow-wrap:anywhere}
@media print{body{margin:0;max-width:none}h2,h3{break-after:avoid}tr,section section{break-inside:avoid}}"""


class Markup(str):
    """Text that is HTML already. Only this module makes it."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Return a value as HTML: escaped, unless it is HTML already."""
    if isinstance(value, Markup):
        return value
    return Markup(html.escape(str(value)))


def element(name: str, *children: object, **attributes: str) -> Markup:
    """Return an element around these children. `class_` stands for `class`."""
    given = "".join(f' {key.rstrip("_")}="{html.escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{given}>{''.join(map(text, children))}</{name}>")


def facts(rows: Iterable[tuple[str, object]]) -> Markup:
    """Return a list of names and values; a value that is None or empty is left out."""
    shown = [(name, value) for name, value in rows if value not in (None, "", [], ())]
    if not shown:
        return Markup("")
    return element("dl", *(Markup(element("dt", name) + element("dd", value)) for name, value in shown))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str) -> Markup:
    """Return a table that can be read aloud: each row has a head of its own."""
    head = element("tr", *(element("th", each, scope="col") for each in heads))
    body = [
        element("tr", element("th", first, scope="row"), *(element("td", each) for each in rest))
        for first, *rest in rows
    ]
    return element("table", element("caption", caption), element("thead", head), element("tbody", *body))


def bullets(items: Iterable[object]) -> Markup:
    """Return a list."""
    return element("ul", *(element("li", each) for each in items))


def page(title: str, *parts: object) -> str:
    """Return a whole page in Dutch that needs nothing beside itself."""
    head = Markup(
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )
    body = element("main", element("h1", title), *parts)
    whole = element(
        "html",
        element("head", head, element("title", title), element("style", Markup(STYLE))),
        element("body", body),
        lang="nl",
    )
    return f"<!doctype html>\n{whole}\n"


def day(moment: datetime | None) -> str:
    """Return a day as people here write it; nothing where there is none."""
    if moment is None:
        return ""
    local = moment.astimezone(HERE)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def minute(moment: datetime | None) -> str:
    """Return a day and the time of it here."""
    return "" if moment is None else f"{day(moment)}, {moment.astimezone(HERE):%H:%M} uur"
