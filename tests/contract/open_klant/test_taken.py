"""Interne taken: their status and actoren, and what reopens one."""

from datetime import datetime

import pytest

from tests.contract.open_klant.bodies import actor, klantcontact, taak, with_taak
from tests.contract.open_klant.visitor import Visitor, invalid

NOBODY = "`toegewezen_aan_actor` of `toegewezen_aan_actoren` is required (mag niet beiden gebruiken)."
BOTH = "`toegewezen_aan_actor` en `toegewezen_aan_actoren` mag niet beiden gebruikt worden."


def test_a_taak_is_assigned_when_it_is_made(visitor: Visitor) -> None:
    about = visitor.make("klantcontacten", klantcontact())
    actoren = [visitor.make("actoren", actor()) for _ in range(2)]
    links = [{"uuid": each["uuid"], "url": each["url"]} for each in actoren]
    body = taak(about["uuid"], actoren[0]["uuid"], toegewezenAanActoren=[{"uuid": each["uuid"]} for each in actoren])

    made = visitor.make("internetaken", body)

    assert datetime.fromisoformat(made["toegewezenOp"]).year >= 2026
    assert made == {
        **body,
        "uuid": made["uuid"],
        "url": f"{visitor.url}/internetaken/{made['uuid']}",
        "aanleidinggevendKlantcontact": {"uuid": about["uuid"], "url": about["url"]},
        "toegewezenAanActor": links[0],
        "toegewezenAanActoren": links,
        "toegewezenOp": made["toegewezenOp"],
        "afgehandeldOp": None,
    }


def test_a_taak_that_is_done_has_a_moment_and_keeps_it(visitor: Visitor) -> None:
    path = f"internetaken/{with_taak(visitor)[1]['uuid']}"

    done = visitor.patch(path, {"status": "verwerkt"}).json()
    patched = visitor.patch(path, {"gevraagdeHandeling": "Schrijven"}).json()

    assert done["afgehandeldOp"]
    assert patched == {**done, "gevraagdeHandeling": "Schrijven"}


def test_put_reopens_a_taak(visitor: Visitor) -> None:
    about, made = with_taak(visitor)
    path = f"internetaken/{made['uuid']}"
    visitor.patch(path, {"status": "verwerkt"})

    put = visitor.put(
        path, taak(about, made["toegewezenAanActor"]["uuid"], nummer=made["nummer"], referentienummer=made["nummer"])
    )

    assert put.json() == made


def test_put_demands_a_status_and_actoren(visitor: Visitor) -> None:
    about, made = with_taak(visitor)
    body = {"gevraagdeHandeling": "x", "aanleidinggevendKlantcontact": {"uuid": about}}

    assert invalid(visitor.put(f"internetaken/{made['uuid']}", body)) == [
        ("status", "required", "Dit veld is vereist.")
    ]
    assert invalid(visitor.put(f"internetaken/{made['uuid']}", {**body, "status": "verwerkt"})) == [
        ("nonFieldErrors", "invalid", NOBODY)
    ]


def test_a_taak_needs_an_actor_named_in_one_way(visitor: Visitor) -> None:
    about = visitor.make("klantcontacten", klantcontact())["uuid"]
    by = visitor.make("actoren", actor())["uuid"]
    body = taak(about, by)
    nobody = {name: value for name, value in body.items() if name != "toegewezenAanActoren"}

    assert invalid(visitor.post("internetaken", nobody)) == [("nonFieldErrors", "invalid", NOBODY)]
    assert invalid(visitor.post("internetaken", {**body, "toegewezenAanActor": {"uuid": by}})) == [
        ("nonFieldErrors", "invalid", BOTH)
    ]
    assert visitor.make("internetaken", {**nobody, "toegewezenAanActor": {"uuid": by}})["toegewezenAanActoren"] == [
        {"uuid": by, "url": f"{visitor.url}/actoren/{by}"}
    ]


def test_an_unknown_actor_is_told_with_its_place(visitor: Visitor) -> None:
    about = visitor.make("klantcontacten", klantcontact())["uuid"]
    unknown = "0b4ab7b0-7f5e-4c5c-a6ab-e2cbc3a1d9c6"

    assert invalid(visitor.post("internetaken", taak(about, unknown))) == [
        ("toegewezenAanActoren.0.uuid", "invalid", "Actor object bestaat niet.")
    ]


def test_the_actoren_of_a_taak_are_replaced(visitor: Visitor) -> None:
    made = with_taak(visitor)[1]
    other = visitor.make("actoren", actor())

    patched = visitor.patch(f"internetaken/{made['uuid']}", {"toegewezenAanActoren": [{"uuid": other["uuid"]}]})

    link = {"uuid": other["uuid"], "url": other["url"]}
    assert patched.json() == {**made, "toegewezenAanActor": link, "toegewezenAanActoren": [link]}


def test_a_taak_outlives_its_actor(visitor: Visitor) -> None:
    made = with_taak(visitor)[1]

    assert visitor.delete(f"actoren/{made['toegewezenAanActor']['uuid']}").status_code == 204

    shown = visitor.row(f"internetaken/{made['uuid']}")
    assert shown == {**made, "toegewezenAanActor": {"uuid": None}, "toegewezenAanActoren": []}


def test_only_a_taak_that_is_done_has_a_moment(visitor: Visitor) -> None:
    made = with_taak(visitor)[1]

    refused = visitor.patch(f"internetaken/{made['uuid']}", {"afgehandeldOp": "2026-11-20T10:00:00Z"})

    reason = "De Internetaak kan geen afgehandeld op datum bevatten als de status niet op 'verwerkt' staat."
    assert invalid(refused) == [("afgehandeldOp", "invalid", reason)]


@pytest.mark.parametrize("name", ["nummer", "referentienummer"])
def test_a_number_of_a_taak_is_given_once(visitor: Visitor, name: str) -> None:
    about, made = with_taak(visitor)

    refused = visitor.post("internetaken", taak(about, made["toegewezenAanActor"]["uuid"], **{name: made[name]}))

    assert invalid(refused) == [(name, "unique", f"Er bestaat al een interne taak met eenzelfde {name}.")]


def test_taken_are_found_by_what_they_are(visitor: Visitor) -> None:
    about, made = with_taak(visitor)
    by = made["toegewezenAanActor"]
    nummer = visitor.row(f"klantcontacten/{about}")["nummer"]

    for query in (
        {"nummer": made["nummer"]},
        {"referentienummer": made["nummer"], "status": "te_verwerken"},
        {"klantcontact__uuid": about},
        {"klantcontact__nummer": nummer},
        {"klantcontact__referentienummer": nummer},
        {"aanleidinggevendKlantcontact__uuid": about},
        {"aanleidinggevendKlantcontact__url": f"{visitor.url}/klantcontacten/{about}"},
        {"toegewezenAanActor__uuid": by["uuid"]},
        {"toegewezenAanActor__url": by["url"]},
        {"toegewezenOp": made["toegewezenOp"], "actoren__naam": "KCC"},
    ):
        assert visitor.uuids("internetaken", query) == [made["uuid"]], query
    assert visitor.uuids("internetaken", {"nummer": made["nummer"], "status": "verwerkt"}) == []
    assert invalid(visitor.get("internetaken", {"status": "open"})) == [
        ("status", "invalid_choice", "Selecteer een geldige keuze. open is geen beschikbare keuze.")
    ]
