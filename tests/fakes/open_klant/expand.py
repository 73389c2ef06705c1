"""`expand`: an answer that shows whole rows under `_expand`, beside the links to them."""

from collections.abc import Mapping, Sequence
from typing import Final

from tests.fakes.open_klant.fields import Site
from tests.fakes.open_klant.problems import refused
from tests.fakes.open_klant.resource import Resource
from tests.fakes.open_klant.rows import Values

EXPANDED: Final[Mapping[str, Sequence[str]]] = {
    "betrokkenen": ("digitaleAdressen",),
    "digitaleadressen": (
        "verstrektDoorBetrokkene",
        "verstrektDoorBetrokkene.hadKlantcontact",
        "verstrektDoorBetrokkene.hadKlantcontact.leiddeTotInterneTaken",
    ),
    "klantcontacten": (
        "gingOverOnderwerpobjecten",
        "hadBetrokkenen",
        "hadBetrokkenen.digitaleAdressen",
        "hadBetrokkenen.wasPartij",
        "leiddeTotInterneTaken",
        "omvatteBijlagen",
    ),
    "partijen": ("betrokkenen", "betrokkenen.hadKlantcontact", "categorieRelaties", "digitaleAdressen"),
}
"""What a request may ask for, by resource."""

LINKED: Final[Mapping[str, str]] = {
    "betrokkenen": "betrokkenen",
    "digitaleAdressen": "digitaleadressen",
    "gingOverOnderwerpobjecten": "onderwerpobjecten",
    "hadBetrokkenen": "betrokkenen",
    "hadKlantcontact": "klantcontacten",
    "leiddeTotInterneTaken": "internetaken",
    "omvatteBijlagen": "bijlagen",
    "verstrektDoorBetrokkene": "betrokkenen",
    "wasPartij": "partijen",
}
"""The resource of the rows that a field links to."""


def asked_for(resource: str, text: str) -> Sequence[str]:
    """Return what a request asks for. Raise Refused for what this resource does not expand."""
    asked = [each for each in text.split(",") if each]
    for each in asked:
        if each not in EXPANDED[resource]:
            reason = f"Selecteer een geldige keuze. {each} is geen beschikbare keuze."
            raise refused("invalid_choice", reason, name="expand")
    return asked


def expanded(shown: Values, asked: Sequence[str], resources: Mapping[str, Resource], site: Site) -> Values:
    """Return a row as it is shown, with the rows that were asked for."""
    if not asked:
        return shown
    within: dict[str, list[str]] = {}
    for each in asked:
        name, _, rest = each.partition(".")
        within.setdefault(name, []).extend([rest] if rest else [])
    return {
        **shown,
        "_expand": {name: _whole(name, shown[name], rest, resources, site) for name, rest in within.items()},
    }


def _whole(name: str, links: object, asked: Sequence[str], resources: Mapping[str, Resource], site: Site) -> object:
    if isinstance(links, Mapping):
        row = site.register[LINKED[name]].rows[links["uuid"]]
        return expanded(resources[LINKED[name]].show(row, site), asked, resources, site)
    if isinstance(links, Sequence):
        return [_whole(name, each, asked, resources, site) for each in links]
    return links
