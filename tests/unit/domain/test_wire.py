"""From models to plain values: absent fields are left out, names are those of the contract."""

import json

from schemas.contact_ended_v1 import OpgegevenAdres, OpgegevenDigitaalAdres
from schemas.vng import Actor, Contactnaam
from services.domain.details import Details
from services.domain.envelope import wire, wired


def test_a_model_in_a_model_becomes_plain_values() -> None:
    identificator = {"codeRegister": "r", "codeObjecttype": "o", "codeSoortObjectId": "s", "objectId": "1"}
    given = {"soortActor": "medewerker", "naam": "KCC", "actoridentificator": identificator}
    actor = Actor.model_validate_json(json.dumps(given))
    assert wire(actor) == given


def test_absent_fields_and_the_gebruik_of_an_address_are_left_out() -> None:
    assert wire(OpgegevenAdres(huisnummer=1)) == {"huisnummer": 1}
    assert wire(Contactnaam()) == {}


def test_the_details_of_one_place_become_plain_values() -> None:
    email = OpgegevenDigitaalAdres.model_validate_json('{"soortDigitaalAdres": "email", "adres": "a@example.nl"}')
    details = Details(
        Contactnaam(voornaam="Bo"), "Bakkerij", (email,), OpgegevenAdres(stad="A"), OpgegevenAdres(stad="B")
    )
    assert wired(details) == {
        "contactnaam": {"voornaam": "Bo"},
        "organisatienaam": "Bakkerij",
        "digitaleAdressen": [{"soortDigitaalAdres": "email", "adres": "a@example.nl"}],
        "bezoekadres": {"stad": "A"},
        "correspondentieadres": {"stad": "B"},
    }
    assert wired(Details()) == {"digitaleAdressen": []}
