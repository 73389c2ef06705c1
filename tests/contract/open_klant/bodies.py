"""Bodies of requests as they are usually sent, each with whatever a test is about."""

from typing import Any

from tests.contract.open_klant.visitor import Visitor, bsn, number

Made = dict[str, Any]

EMPTY_NAME = {"voorletters": "", "voornaam": "", "voorvoegselAchternaam": "", "achternaam": ""}

EMPTY_ADDRESS = {
    "nummeraanduidingId": "",
    "straatnaam": "",
    "huisnummer": None,
    "huisnummertoevoeging": "",
    "postcode": "",
    "stad": "",
    "adresregel1": "",
    "adresregel2": "",
    "adresregel3": "",
    "land": "",
}


def klantcontact(**changes: object) -> Made:
    """Return a klantcontact with a number."""
    nummer = number()
    usual: Made = {
        "nummer": nummer,
        "referentienummer": nummer,
        "kanaal": "telefoon",
        "onderwerp": "Vergunning voor een overkapping",
        "inhoud": "Wil weten of het mag.",
        "indicatieContactGelukt": True,
        "taal": "nld",
        "vertrouwelijk": False,
        "plaatsgevondenOp": "2026-11-20T10:00:00+01:00",
        "metadata": {"herkomst": "klantcontact", "revisie": "1"},
    }
    return {**usual, **changes}


def betrokkene(**changes: object) -> Made:
    """Return a betrokkene without a partij."""
    usual: Made = {
        "wasPartij": None,
        "rol": "klant",
        "initiator": True,
        "contactnaam": {"voornaam": "Marit", "achternaam": "Zomeren"},
        "correspondentieadres": {
            "straatnaam": "Voorbeeldstraat",
            "huisnummer": 12,
            "postcode": "1234 AB",
            "land": "NL",
        },
    }
    return {**usual, **changes}


def identificator(soort: str, value: str) -> Made:
    """Return the codes of a number of a partij."""
    register, objecttype = {
        "bsn": ("brp", "natuurlijk_persoon"),
        "kvk_nummer": ("hr", "niet_natuurlijk_persoon"),
        "rsin": ("hr", "niet_natuurlijk_persoon"),
        "vestigingsnummer": ("hr", "vestiging"),
    }[soort]
    return {"codeRegister": register, "codeObjecttype": objecttype, "codeSoortObjectId": soort, "objectId": value}


def persoon(**changes: object) -> Made:
    """Return a person with a number, a name and a BSN."""
    usual: Made = {
        "nummer": number(),
        "soortPartij": "persoon",
        "indicatieActief": True,
        "partijIdentificatoren": [{"partijIdentificator": identificator("bsn", bsn())}],
        "partijIdentificatie": {"contactnaam": {"voornaam": "Marit", "achternaam": "Zomeren"}},
    }
    return {**usual, **changes}


def organisatie(**changes: object) -> Made:
    """Return an organisation with a number and a name."""
    usual: Made = {
        "nummer": number(),
        "soortPartij": "organisatie",
        "indicatieActief": True,
        "partijIdentificatie": {"naam": "Bakkerij Zomeren"},
    }
    return {**usual, **changes}


def adres_of_betrokkene(uuid: str, **changes: object) -> Made:
    """Return a telephone number of a betrokkene."""
    usual: Made = {
        "verstrektDoorBetrokkene": {"uuid": uuid},
        "verstrektDoorPartij": None,
        "adres": "0612345678",
        "soortDigitaalAdres": "telefoonnummer",
        "omschrijving": "",
    }
    return {**usual, **changes}


def adres_of_partij(uuid: str, **changes: object) -> Made:
    """Return an e-mail address of a partij."""
    usual: Made = {
        "verstrektDoorBetrokkene": None,
        "verstrektDoorPartij": {"uuid": uuid},
        "adres": "m.zomeren@example.nl",
        "soortDigitaalAdres": "email",
        "omschrijving": "",
    }
    return {**usual, **changes}


def actor(**changes: object) -> Made:
    """Return an employee who is found by an id."""
    usual: Made = {
        "naam": "KCC",
        "soortActor": "medewerker",
        "indicatieActief": True,
        "actoridentificator": {
            "objectId": f"test-{number()}",
            "codeObjecttype": "mdw",
            "codeRegister": "handmatig",
            "codeSoortObjectId": "email",
        },
    }
    return {**usual, **changes}


def taak(klantcontact_uuid: str, actor_uuid: str, **changes: object) -> Made:
    """Return a taak for an actor."""
    nummer = number()
    usual: Made = {
        "nummer": nummer,
        "referentienummer": nummer,
        "gevraagdeHandeling": "Terugbellen",
        "toelichting": "Na vijf uur.",
        "status": "te_verwerken",
        "aanleidinggevendKlantcontact": {"uuid": klantcontact_uuid},
        "toegewezenAanActoren": [{"uuid": actor_uuid}],
    }
    return {**usual, **changes}


def zaak(**changes: object) -> Made:
    """Return the identificator of a zaak, as KISS writes it."""
    usual = {
        "objectId": "095be615-a8ad-4c33-8e9c-c7612fbf6c9f",
        "codeObjecttype": "zgw-Zaak",
        "codeRegister": "openzaak",
        "codeSoortObjectId": "uuid",
    }
    return {**usual, **changes}


def with_betrokkene(visitor: Visitor, **changes: object) -> tuple[str, str]:
    """Make a klantcontact with a betrokkene, and return the uuids of both."""
    made = visitor.make("maak-klantcontact", {"klantcontact": klantcontact(), "betrokkene": betrokkene(**changes)})
    return made["klantcontact"]["uuid"], made["betrokkene"]["uuid"]


def with_taak(visitor: Visitor, **changes: object) -> tuple[str, Made]:
    """Make a klantcontact with a taak, and return the uuid of the one and the whole of the other."""
    uuid = visitor.make("klantcontacten", klantcontact())["uuid"]
    return uuid, visitor.make("internetaken", taak(uuid, visitor.make("actoren", actor())["uuid"], **changes))
