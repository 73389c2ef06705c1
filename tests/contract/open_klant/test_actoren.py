"""Actoren: how they are found again, and their links to klantcontacten."""

from tests.contract.open_klant.bodies import actor, klantcontact
from tests.contract.open_klant.visitor import Visitor, invalid


def test_an_actor_is_found_by_its_identificator(visitor: Visitor) -> None:
    body = actor()
    codes = body["actoridentificator"]

    made = visitor.make("actoren", body)

    assert made == {
        "uuid": made["uuid"],
        "url": f"{visitor.url}/actoren/{made['uuid']}",
        **body,
        "actorIdentificatie": None,
    }
    query = {f"actoridentificator{name[0].upper()}{name[1:]}": value for name, value in codes.items()}
    assert visitor.uuids("actoren", {**query, "soortActor": "medewerker"}) == [made["uuid"]]
    assert visitor.uuids("actoren", {**query, "actoridentificatorCodeObjecttype": "afd"}) == []


def test_an_actor_may_be_made_twice(visitor: Visitor) -> None:
    body = actor()

    made = [visitor.make("actoren", body)["uuid"] for _ in range(2)]

    found = visitor.uuids("actoren", {"actoridentificatorObjectId": body["actoridentificator"]["objectId"]})
    assert found == made[::-1]


def test_an_actor_needs_no_identificator_and_is_active(visitor: Visitor) -> None:
    made = visitor.make("actoren", {"naam": "Vergunningen", "soortActor": "organisatorische_eenheid"})

    assert made == {
        "uuid": made["uuid"],
        "url": made["url"],
        "naam": "Vergunningen",
        "soortActor": "organisatorische_eenheid",
        "indicatieActief": True,
        "actoridentificator": dict.fromkeys(("objectId", "codeObjecttype", "codeRegister", "codeSoortObjectId"), ""),
        "actorIdentificatie": None,
    }


def test_an_actor_is_linked_once(visitor: Visitor) -> None:
    about, by = visitor.make("klantcontacten", klantcontact()), visitor.make("actoren", actor())
    body = {"actor": {"uuid": by["uuid"]}, "klantcontact": {"uuid": about["uuid"]}}
    made = visitor.make("actorklantcontacten", body)

    again = visitor.post("actorklantcontacten", body)

    assert invalid(again) == [("nonFieldErrors", "unique", "De velden actor, klantcontact moeten een unieke set zijn.")]
    assert made == {
        "uuid": made["uuid"],
        "url": f"{visitor.url}/actorklantcontacten/{made['uuid']}",
        "actor": {"uuid": by["uuid"], "url": by["url"]},
        "klantcontact": {"uuid": about["uuid"], "url": about["url"]},
    }
    for query in ({"klantcontact__uuid": about["uuid"]}, {"actor__uuid": by["uuid"]}, {"actor__url": by["url"]}):
        assert visitor.uuids("actorklantcontacten", query) == [made["uuid"]]


def test_a_link_needs_both(visitor: Visitor) -> None:
    unknown = "0b4ab7b0-7f5e-4c5c-a6ab-e2cbc3a1d9c6"

    assert invalid(visitor.post("actorklantcontacten", {"actor": {"uuid": unknown}, "klantcontact": None})) == [
        ("actor.uuid", "invalid", "Actor object bestaat niet."),
        ("klantcontact", "null", "Dit veld mag niet leeg zijn."),
    ]


def test_a_reference_is_a_map_with_a_uuid(visitor: Visitor) -> None:
    assert invalid(visitor.post("actorklantcontacten", {"actor": "x", "klantcontact": {"uuid": "x"}})) == [
        ("actor.nonFieldErrors", "invalid", "Ongeldige data. Verwacht een dictionary, kreeg een str."),
        ("klantcontact.uuid", "invalid", "Must be a valid UUID."),
    ]
    assert invalid(visitor.post("actorklantcontacten", {"actor": {}, "klantcontact": {"uuid": None}})) == [
        ("actor.uuid", "required", "Dit veld is vereist."),
        ("klantcontact.uuid", "null", "Dit veld mag niet leeg zijn."),
    ]
