"""What rows of wrong data are made of, and how they are judged.

A row changes one valid event; its reason stands beside it, what is expected is written by hand from
`schemas/decision.md`, "Validity". The paths of a row are those within `data`.
"""

from schemas.faults import Refusal
from tests.contract.changes import Changes, Read, changed, faults

Row = tuple[str, Changes, list[str]]
"""Why; what is changed; the errors, as in "kanaal ontbreekt", sorted."""

KLANT, ORGANISATIE, CONTACTPERSOON, COLLEAGUE = "betrokkenen.0", "betrokkenen.1", "betrokkenen.2", "betrokkenen.3"
NUMMERS, OWN_NUMMERS = f"{ORGANISATIE}.partijIdentificatoren", f"{KLANT}.partijIdentificatoren"
ADDRESS = f"{KLANT}.bezoekadres"
TAAK = "onderwerpen.0.opvolging"

WRONG_BSN = "999900001"
COLLEAGUE_WITHDRAWS = {f"{COLLEAGUE}.toestemmingHergebruik": "ingetrokken"}
EMPLOYER = {"ref": "a", "rol": "vertegenwoordiger", "soortPartij": "contactpersoon"}
MEANS = {"middel": "eherkenning", "pseudoniem": "p-c"}


def errors_told(read: Read, changes: Changes) -> list[str]:
    """Read the changed event, which must be refused for its data, and give the errors as a row has them."""
    refused = read(changed({f"data.{path}": value for path, value in changes.items()}))
    assert isinstance(refused, Refusal), "it must be refused"
    assert (refused.kind.value, refused.contact_id) == ("contact_ongeldig", "c-1")
    assert all(pad.startswith("data.") for pad, _ in faults(refused))
    return [f"{pad.removeprefix('data.')} {soort}" for pad, soort in faults(refused)]
