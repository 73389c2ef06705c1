"""The documents of klantcontacten and interne taken: their newest decision, and the changes of others to a taak."""

from datetime import UTC, datetime

import pytest

from services.projector.mongo.writes import Collection
from tests.fakes.projector_store import FakeRegister
from tests.support.projector_examples import (
    SOURCE,
    Event,
    email,
    fact,
    klantcontact_id,
    klantcontact_withdrawn,
    nummer,
    partij,
    partij_id,
    registered,
    taak_created,
    taak_id,
    taak_withdrawn,
)

PLAATSGEVONDEN_OP = datetime(2026, 3, 2, 9, 50, 0, 123_000, tzinfo=UTC)
"""As BSON keeps it: to the millisecond."""

HERKOMST = {"source": SOURCE, "eventId": "e-c-1-1", "contactId": "c-1", "revisie": 1, "onderwerpId": "0"}


def register_after(*events: Event) -> FakeRegister:
    register = FakeRegister()
    for event in events:
        register.merge([fact(event)])
    return register


def klantcontact(register: FakeRegister) -> Event | None:
    return register.collections[Collection.KLANTCONTACTEN].get(klantcontact_id("c-1"))


def taak(register: FakeRegister) -> Event | None:
    return register.collections[Collection.INTERNE_TAKEN].get(taak_id("c-1"))


def test_a_klantcontact_stands_as_it_was_published_without_its_partijen() -> None:
    listed = partij(fields={"digitaleAdressen": [email("b@x.nl")]})

    assert klantcontact(register_after(registered(partijen=[listed], fields={"indicatieContactGelukt": None}))) == {
        "_id": klantcontact_id("c-1"),
        "klantcontact": {
            "klantcontactId": klantcontact_id("c-1"),
            "nummer": nummer("klantcontact|c-1|0"),
            "kanaal": "telefoon",
            "onderwerp": "Paspoort, revisie 1",
            "inhoud": "Vraagt wanneer het klaar is.",
            "indicatieContactGelukt": None,
            "taal": "nld",
            "vertrouwelijk": False,
            "plaatsgevondenOp": PLAATSGEVONDEN_OP,
        },
        "actoren": [{"soortActor": "medewerker", "naam": "KCC"}],
        "betrokkenen": [
            {
                "betrokkeneId": registered(partijen=[listed])["data"]["betrokkenen"][0]["betrokkeneId"],
                "rol": "klant",
                "initiator": True,
                "digitaleAdressen": [],
                "wasPartij": {"partijId": partij_id("jansen"), "nummer": nummer("partij|jansen")},
            },
        ],
        "onderwerpobjecten": [],
        "bijlagen": [],
        "besluit": {
            "regel": "V4",
            "beleidsversie": "2026-1",
            "besluitversie": 1,
            "toelichting": "Zo is het besloten.",
        },
        "herkomst": HERKOMST,
    }


def test_a_taak_stands_as_it_was_published_also_before_its_klantcontact() -> None:
    assert taak(register_after(taak_created())) == {
        "_id": taak_id("c-1"),
        "interneTaak": {
            "taakId": taak_id("c-1"),
            "nummer": nummer("taak|c-1|0"),
            "gevraagdeHandeling": "Terugbellen, revisie 1",
            "toelichting": "Na vijf uur.",
            "status": "te_verwerken",
            "vertrouwelijk": False,
            "toegewezenOp": datetime(2026, 3, 2, 10, 0, 0, 654_000, tzinfo=UTC),
            "toegewezenAan": {"soortActor": "organisatorische_eenheid", "naam": "Vergunningen"},
            "aanleidinggevendKlantcontact": {
                "klantcontactId": klantcontact_id("c-1"),
                "nummer": nummer("klantcontact|c-1|0"),
            },
            "plaatsgevondenOp": PLAATSGEVONDEN_OP,
        },
        "besluit": {
            "regel": "V2",
            "beleidsversie": "2026-1",
            "besluitversie": 1,
            "toelichting": "Zo is het besloten.",
        },
        "herkomst": HERKOMST,
    }


@pytest.mark.parametrize(
    ("older", "newer", "why"),
    [
        ((1, 1), (2, 1), "a later revision"),
        ((1, 1), (1, 2), "a new judgement of the same revision"),
        ((1, 9), (2, 1), "the revision counts before the judgement"),
    ],
)
def test_the_newest_decision_stands_in_whichever_order_they_come(
    older: tuple[int, int], newer: tuple[int, int], why: str
) -> None:
    events = [registered(revisie=revisie, besluitversie=besluitversie) for revisie, besluitversie in (older, newer)]

    for order in (events, events[::-1]):
        document = klantcontact(register_after(*order))
        assert document is not None
        assert (document["herkomst"]["revisie"], document["besluit"]["besluitversie"]) == newer, why


@pytest.mark.parametrize(
    ("shown", "withdrawn", "collection", "identifier"),
    [
        (registered(), klantcontact_withdrawn(), Collection.KLANTCONTACTEN, klantcontact_id("c-1")),
        (taak_created(), taak_withdrawn(), Collection.INTERNE_TAKEN, taak_id("c-1")),
    ],
)
def test_a_withdrawn_document_is_gone_and_an_older_decision_does_not_bring_it_back(
    shown: Event, withdrawn: Event, collection: Collection, identifier: str
) -> None:
    for order in ((shown, withdrawn), (withdrawn, shown), (withdrawn, shown, withdrawn)):
        register = register_after(*order)
        assert register.collections[collection] == {}
        remembered = dict(register.collections[Collection.VERVALLEN][identifier])
        remembered.pop("sinds")
        assert remembered == {"_id": identifier, "collectie": collection, "revisie": 2, "besluitversie": 1}


def test_a_document_that_comes_back_in_a_later_revisie_exists_and_has_no_marker() -> None:
    first, withdrawn, again = registered(), klantcontact_withdrawn(), registered(revisie=3)

    for order in ((first, withdrawn, again), (again, first, withdrawn), (withdrawn, again, first)):
        register = register_after(*order)
        document = klantcontact(register)
        assert document is not None
        assert document["herkomst"]["revisie"] == 3
        assert register.collections[Collection.VERVALLEN] == {}


@pytest.mark.parametrize("event", [taak_created(), taak_created(revisie=2)])
def test_changes_by_others_to_a_taak_stay(event: Event) -> None:
    register = register_after(taak_created())
    document = register.collections[Collection.INTERNE_TAKEN][taak_id("c-1")]
    document["interneTaak"]["status"] = "verwerkt"
    document["interneTaak"]["afgehandeldOp"] = "2026-03-03"
    document["behandelaar"] = "A. de Boer"

    register.merge([fact(event)])

    assert (
        document["interneTaak"]["gevraagdeHandeling"] == f"Terugbellen, revisie {event['data']['herkomst']['revisie']}"
    )
    assert document["interneTaak"]["status"] == "verwerkt"
    assert document["interneTaak"]["afgehandeldOp"] == "2026-03-03"
    assert document["behandelaar"] == "A. de Boer"


def test_a_toelichting_that_a_revision_no_longer_has_is_gone() -> None:
    revision = taak_created(revisie=2)
    del revision["data"]["interneTaak"]["toelichting"]
    register = register_after(taak_created(), revision)

    document = taak(register)
    assert document is not None
    assert "toelichting" not in document["interneTaak"]


def test_fields_that_others_added_to_a_klantcontact_stay() -> None:
    register = register_after(registered())
    register.collections[Collection.KLANTCONTACTEN][klantcontact_id("c-1")]["onderzocht"] = True

    register.merge([fact(registered(revisie=2))])

    document = klantcontact(register)
    assert document is not None
    assert document["klantcontact"]["onderwerp"] == "Paspoort, revisie 2"
    assert document["onderzocht"] is True


def test_several_onderwerpen_of_one_contact_are_klantcontacten_of_their_own() -> None:
    register = register_after(registered(), registered(onderwerp="1"), klantcontact_withdrawn(onderwerp="1"))

    assert list(register.collections[Collection.KLANTCONTACTEN]) == [klantcontact_id("c-1")]
