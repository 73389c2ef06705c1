"""Onderwerpobjecten: the chain of a klantcontact and what followed it up, as ITA looks for it."""

from typing import Any

from tests.contract.open_klant.bodies import klantcontact, zaak
from tests.contract.open_klant.visitor import Visitor


def test_a_follow_up_is_found_both_ways(visitor: Visitor) -> None:
    earlier, later, made = _chain(visitor)

    assert made["wasKlantcontact"] == {"uuid": earlier, "url": f"{visitor.url}/klantcontacten/{earlier}"}
    for query in (
        {"onderwerpobject__onderwerpobjectidentificatorObjectId": earlier},
        {"onderwerpobject__uuid": made["uuid"]},
        {"onderwerpobject__url": made["url"]},
    ):
        assert visitor.uuids("klantcontacten", query) == [later]
    assert visitor.uuids("klantcontacten", {"wasOnderwerpobject__uuid": made["uuid"]}) == [earlier]
    assert visitor.uuids("onderwerpobjecten", {"wasKlantcontact__uuid": earlier}) == [made["uuid"]]
    assert visitor.uuids("onderwerpobjecten", {"klantcontact__uuid": later}) == [made["uuid"]]
    assert visitor.uuids("onderwerpobjecten", {"onderwerpobjectidentificatorObjectId": earlier}) == [made["uuid"]]


def test_deleting_the_earlier_klantcontact_takes_the_link_of_the_later(visitor: Visitor) -> None:
    earlier, later, made = _chain(visitor)

    assert visitor.delete(f"klantcontacten/{earlier}").status_code == 204

    assert visitor.get(f"onderwerpobjecten/{made['uuid']}").status_code == 404
    assert visitor.row(f"klantcontacten/{later}")["gingOverOnderwerpobjecten"] == []


def test_the_same_object_may_be_added_twice(visitor: Visitor) -> None:
    uuid = visitor.make("klantcontacten", klantcontact())["uuid"]
    body = {"klantcontact": {"uuid": uuid}, "wasKlantcontact": None, "onderwerpobjectidentificator": zaak()}

    made = [visitor.make("onderwerpobjecten", body)["uuid"] for _ in range(2)]

    assert visitor.uuids("onderwerpobjecten", {"klantcontact__uuid": uuid}) == made[::-1]


def test_an_onderwerpobject_is_deleted_alone(visitor: Visitor) -> None:
    earlier, later, made = _chain(visitor)

    assert visitor.delete(f"onderwerpobjecten/{made['uuid']}").status_code == 204

    assert [visitor.get(f"klantcontacten/{uuid}").status_code for uuid in (earlier, later)] == [200, 200]


def _chain(visitor: Visitor) -> tuple[str, str, dict[str, Any]]:
    """Return the uuids of a klantcontact and of one that follows it up, and what links the two."""
    earlier: str = visitor.make("klantcontacten", klantcontact())["uuid"]
    later: str = visitor.make("klantcontacten", klantcontact())["uuid"]
    body = {
        "klantcontact": {"uuid": later},
        "wasKlantcontact": {"uuid": earlier},
        "onderwerpobjectidentificator": zaak(objectId=earlier, codeObjecttype="klantcontact", codeRegister="openklant"),
    }
    return earlier, later, visitor.make("onderwerpobjecten", body)
