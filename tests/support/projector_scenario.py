"""A history with each case once: documents that are made, change, go, go before they came, come back, and move."""

from collections.abc import Sequence

from tests.support.projector_examples import (
    Event,
    email,
    klantcontact_withdrawn,
    kvk,
    partij,
    partij_withdrawn,
    registered,
    taak_created,
    taak_withdrawn,
)

APART = {"vertrouwelijk": True}

FULL = {
    "contactnaam": {"voorletters": "B", "achternaam": "Jansen"},
    "organisatienaam": "Bakkerij",
    "digitaleAdressen": [email("b@example.nl", "thuis")],
    "bezoekadres": {"straatnaam": "Kade", "huisnummer": 1},
    "correspondentieadres": {"adresregel1": "Postbus 1", "land": "BE"},
    "soortPartij": "contactpersoon",
    "werkteVoorPartij": {"organisatienaam": "Bakkerij", "partijIdentificatoren": [kvk()]},
}


def scenario(of: str = "") -> Sequence[Sequence[Event]]:
    """Return the history in batches; `of` makes it one about other contacts and partijen."""
    one, two, three, four, five, six, seven, eight, nine = (f"c-{number}{of}" for number in range(1, 10))
    jansen, bakker, smit = f"jansen{of}", f"bakker{of}", f"smit{of}"
    found_by_mail = {"digitaleAdressen": [email("c@example.nl")]}
    return (
        (registered(one, partijen=[partij(jansen, fields=FULL)]), taak_created(one)),
        (
            registered(
                two,
                partijen=[partij(jansen, versie=2, resultaat="bestaand")],
                fields={"indicatieContactGelukt": None},
            ),
        ),
        (taak_withdrawn(three), klantcontact_withdrawn(three), partij_withdrawn(three, bakker, versie=4)),
        (registered(one, revisie=2, partijen=[partij(jansen, versie=3, resultaat="leeg")]), taak_withdrawn(one)),
        (registered(four, partijen=[partij(bakker, versie=5, fields=found_by_mail)]),),
        (taak_created(one), registered(three), registered(three, revisie=3), taak_created(three, revisie=3)),
        (partij_withdrawn(four, bakker, versie=6, resultaat="vervallen"), klantcontact_withdrawn(four)),
        (partij_withdrawn(five, bakker, versie=7), partij_withdrawn(five, smit, versie=1, resultaat="vervallen")),
        (partij_withdrawn(six, bakker, versie=8, resultaat="vervallen"),),
        (registered(seven), taak_created(seven), registered(eight, fields=APART), taak_created(eight, fields=APART)),
        (registered(nine, fields=APART), taak_created(nine, fields=APART)),
        (taak_withdrawn(seven, verplaatst=True), klantcontact_withdrawn(seven, verplaatst=True)),
        (registered(seven, revisie=2, fields=APART), taak_created(seven, revisie=2, fields=APART)),
        (registered(eight, revisie=2), taak_created(eight, revisie=2)),
        (klantcontact_withdrawn(nine), taak_withdrawn(nine), registered(seven), taak_created(seven)),
    )
