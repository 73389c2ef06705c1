"""The report of an erasure as a page for the citizen, in plain Dutch."""

from collections.abc import Mapping
from typing import Any, Final

from services.operations.erase_report.report import ErasureReport
from services.operations.pages import places
from services.operations.pages.html import bullets, element, facts, minute, page, table

_KINDS: Final = {
    "contact": "een contact met de gemeente",
    "betrokkene": "uw deel van een contact waar ook anderen bij waren",
    "gegevens": "uw naam en adressen",
    "koppelingen": "de koppeling met uw nummers",
    "partij": "uw vermelding in het register",
}


def _in_open_klant(rows: Mapping[str, Any]) -> str:
    """Return what became of the data in the municipality's other register."""
    left = f", {rows['aanwezig']} staan er nog" if rows["aanwezig"] else ""
    return f"Uit Open Klant, waar medewerkers contacten zien, zijn {rows['verwijderd']} gegevens verwijderd{left}."


def report_page(report: ErasureReport) -> str:
    """Return the page of a report."""
    waiting = [each for each in report["afnemers"] if each["nogTeLezen"]]
    return page(
        "Uw gegevens zijn gewist",
        facts([("Zaak", report["verzoek"]), ("Nagekeken op", minute(report["gemaaktOp"]))]),
        element(
            "section",
            element("h2", "Wat is gewist"),
            bullets(f"{_KINDS[each['soort']]}, op {minute(each['op'])}" for each in report["gewist"]),
        ),
        element(
            "section",
            element("h2", "Waar is gezocht"),
            element(
                "p",
                "Elke plaats is opnieuw doorzocht. Staat er 0, dan is er niets gevonden. Staat er een datum, dan is "
                "wat er nog ligt op die dag uiterlijk verdwenen.",
            ),
            table(places.HEADS, map(places.row, report["plaatsen"]), caption="Alle plaatsen"),
        ),
        element(
            "section",
            element("h2", "Andere systemen"),
            element("p", "Deze systemen moeten de wissing nog verwerken:")
            if waiting
            else element("p", "Alle systemen die de gegevens kregen, hebben de wissing gelezen."),
            bullets(each["groep"] for each in waiting) if waiting else "",
            element("p", _in_open_klant(report["openKlant"])) if report["openKlant"] else "",
        ),
        element(
            "p",
            "Bent u het niet eens met dit antwoord, dan kunt u een klacht indienen bij de Autoriteit Persoonsgegevens.",
        ),
    )
