"""The events that go out, as whole documents: `schemas/decision.md`, "Rows", "Ids and numbers"."""

from tests.support.examples import (
    AFDELING,
    ALICE,
    CALL_BACK,
    EMAIL,
    KCC,
    MOBILE,
    SOURCE,
    ZAAK,
    Wire,
    betrokkene,
    bsn,
    contact,
    email,
    known,
    naam,
    onderwerp,
    phone,
    stranger,
)
from tests.unit.domain.desk import CLASSIFIER, Desk
from tests.unit.domain.oracle_facts import name_based_id

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
KLANTCONTACT_ID = name_based_id(SOURCE, "klantcontact", "c-1", "0")
TAAK_ID = name_based_id(SOURCE, "taak", "c-1", "0")
DOCUMENT = {"codeRegister": "open-zaak", "codeObjecttype": "DOCUMENT", "codeSoortObjectId": "uuid", "objectId": "d-1"}
BOOM = {"codeRegister": "objecten", "codeObjecttype": "boom", "codeSoortObjectId": "id", "objectId": "b-1"}


def herkomst(onderwerp_id: str = "0") -> Wire:
    return {
        "source": SOURCE,
        "eventId": "evt-1",
        "contactId": "c-1",
        "revisie": 1,
        "onderwerpId": onderwerp_id,
    }


def besluit(regel: str, toelichting: str) -> Wire:
    return {
        "regel": regel,
        "beleidsversie": "V6898-voorstel-2023-10",
        "besluitversie": 1,
        "toelichting": toelichting,
    }


V2 = besluit("V2", "Niemand is geauthenticeerd, maar er is opvolging nodig: geen partij.")
V3 = besluit("V3", "Geauthenticeerd, zonder geldende toestemming voor hergebruik: een lege partij.")
V4 = besluit("V4", "Geauthenticeerd, met geldende toestemming voor hergebruik.")


def envelope(kind: str, subject: str, data: Wire) -> Wire:
    return {
        "specversion": "1.0",
        "id": name_based_id(SOURCE, kind, "c-1", subject, "1", "1"),
        "source": CLASSIFIER,
        "type": f"nl.klantinteracties.{kind}",
        "time": "2026-12-01T12:00:00Z",
        "subject": subject,
        "datacontenttype": "application/json",
        "dataschema": f"urn:klantinteracties:schema:{kind}:1",
        "data": data,
    }


def test_the_events_about_a_stranger_to_call_back_are_whole() -> None:
    taak = {**CALL_BACK, "toelichting": "Liefst voor vijven"}
    data = contact(betrokkenen=[stranger(adressen=[phone()])], onderwerpen=[onderwerp(opvolging=taak)])
    registered, created = Desk().bring(data).sent
    assert (registered.stream, registered.key) == ("registered", KLANTCONTACT_ID)
    assert registered.body == envelope(
        "klantcontact.registered",
        KLANTCONTACT_ID,
        {
            "klantcontact": {
                "klantcontactId": KLANTCONTACT_ID,
                "nummer": "1",
                "kanaal": "telefoon",
                "onderwerp": "Vraag",
                "indicatieContactGelukt": True,
                "taal": "nld",
                "vertrouwelijk": False,
                "plaatsgevondenOp": "2026-03-02T09:50:00Z",
            },
            "actoren": [KCC],
            "betrokkenen": [
                {
                    "betrokkeneId": name_based_id(SOURCE, "betrokkene", "c-1", "0", "k"),
                    "rol": "klant",
                    "initiator": True,
                    "contactnaam": naam(),
                    "digitaleAdressen": [phone(MOBILE, None)],
                }
            ],
            "partijen": [],
            "onderwerpobjecten": [],
            "bijlagen": [],
            "besluit": V2,
            "herkomst": herkomst(),
        },
    )
    assert (created.stream, created.key) == ("taak", KLANTCONTACT_ID)
    assert created.body == envelope(
        "taak.created",
        TAAK_ID,
        {
            "interneTaak": {
                "taakId": TAAK_ID,
                "nummer": "1",
                "gevraagdeHandeling": "Terugbellen",
                "toelichting": "Liefst voor vijven",
                "status": "te_verwerken",
                "vertrouwelijk": False,
                "toegewezenOp": "2026-12-01T12:00:00Z",
                "toegewezenAan": AFDELING,
                "aanleidinggevendKlantcontact": {"klantcontactId": KLANTCONTACT_ID, "nummer": "1"},
                "plaatsgevondenOp": "2026-03-02T09:50:00Z",
            },
            "besluit": V2,
            "herkomst": herkomst(),
        },
    )


def test_the_events_about_a_known_klant_with_consent_are_whole_for_the_fullest_contact() -> None:
    actor = {**KCC, "actoridentificator": {**BOOM, "codeObjecttype": "mdw"}}
    person = betrokkene(
        middel="digid",
        pseudoniem="p-1",
        identificatoren=[bsn(ALICE)],
        toestemming="gegeven",
        contactnaam=naam(),
        adressen=[{**email(), "omschrijving": "privé"}, phone()],
        other={"bezoekadres": {"straatnaam": "Dorpsstraat", "huisnummer": 1, "gebruik": "standaard"}},
    )
    data = contact(
        op="2026-03-02T10:50:00.25+01:00",
        kanaal="balie",
        betrokkenen=[person],
        onderwerpen=[
            onderwerp(
                opvolging={"soort": "zaak_nieuw", "zaak": ZAAK},
                other={"inhoud": "Over een boom.", "onderwerpobjecten": [BOOM], "bijlagen": [DOCUMENT]},
            )
        ],
        other={"richting": "uitgaand", "totStandGekomen": None, "taal": "eng", "actoren": [actor, AFDELING]},
    )
    [registered] = Desk().bring(data, other={"traceparent": TRACEPARENT}).sent
    partij_id = registered.data["partijen"][0]["partijId"]
    expected = envelope(
        "klantcontact.registered",
        KLANTCONTACT_ID,
        {
            "klantcontact": {
                "klantcontactId": KLANTCONTACT_ID,
                "nummer": "1",
                "kanaal": "balie",
                "onderwerp": "Vraag",
                "inhoud": "Over een boom.",
                "indicatieContactGelukt": None,
                "taal": "eng",
                "vertrouwelijk": False,
                "plaatsgevondenOp": "2026-03-02T09:50:00.250000Z",
            },
            "actoren": [actor, AFDELING],
            "betrokkenen": [
                {
                    "betrokkeneId": name_based_id(SOURCE, "betrokkene", "c-1", "0", "k"),
                    "rol": "klant",
                    "initiator": False,
                    "digitaleAdressen": [],
                    "wasPartij": {"partijId": partij_id, "nummer": "1"},
                }
            ],
            "partijen": [
                {
                    "partijId": partij_id,
                    "versie": 1,
                    "geleegdBij": 0,
                    "nummer": "1",
                    "soortPartij": "persoon",
                    "resultaat": "nieuw",
                    "toestemming": "gegeven",
                    "partijIdentificatoren": [bsn(ALICE)],
                    "vervallenIdentificatoren": [],
                    "contactnaam": naam(),
                    "digitaleAdressen": [{**email(EMAIL, None), "omschrijving": "privé"}],
                    "bezoekadres": {"straatnaam": "Dorpsstraat", "huisnummer": 1},
                    "identificatie": "extern",
                }
            ],
            "onderwerpobjecten": [
                {"onderwerpobjectidentificator": ZAAK},
                {"onderwerpobjectidentificator": BOOM},
            ],
            "bijlagen": [DOCUMENT],
            "besluit": V4,
            "herkomst": herkomst(),
        },
    )
    assert registered.body == {**expected, "traceparent": TRACEPARENT}


def test_a_lege_partij_holds_identificatoren_and_number_only() -> None:
    [registered] = Desk().bring(contact(betrokkenen=[known(adressen=[email(), phone()])])).registered
    [partij] = registered["partijen"]
    assert partij == {
        "partijId": partij["partijId"],
        "versie": 1,
        "geleegdBij": 1,
        "nummer": "1",
        "soortPartij": "persoon",
        "resultaat": "leeg",
        "toestemming": "geen",
        "partijIdentificatoren": [bsn(ALICE)],
        "vervallenIdentificatoren": [],
        "digitaleAdressen": [],
        "identificatie": "extern",
    }
    assert registered["besluit"] == V3


def test_a_partij_id_has_nothing_to_do_with_the_number_of_the_klant() -> None:
    ids = {
        Desk().bring(contact(name, betrokkenen=[known(number)])).partij["partijId"]
        for name, number in (("c-1", ALICE), ("c-2", ALICE), ("c-1", ALICE))
    }
    assert len(ids) == 2
