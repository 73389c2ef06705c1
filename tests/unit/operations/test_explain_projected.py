"""`explain` compares the projector's documents with the decision."""

from typing import Any

import pytest

from services.domain.besluit import BesluitRecord
from services.domain.numbers import NumberKind
from services.domain.policy import Beleid
from services.operations.explain.projected import Documents, Projected, ProjectedState, compared, wanted_of
from tests.support.examples import CALL_BACK, Wire, contact, known, onderwerp, stranger
from tests.unit.domain.desk import Desk

KLANTCONTACT, TAAK, PARTIJ = NumberKind.KLANTCONTACT, NumberKind.INTERNE_TAAK, NumberKind.PARTIJ
ASKED: Wire = contact(betrokkenen=[known(toestemming="gegeven")], onderwerpen=[onderwerp("o1", opvolging=CALL_BACK)])


def decided(*revisies: Wire) -> BesluitRecord:
    desk = Desk()
    return [desk.bring(each).besluit for each in revisies][-1]


def in_collection(kind: NumberKind, *version: int, **fields: object) -> dict[str, Any]:
    """Return a document as MongoDB returns it when it exists."""
    if kind is PARTIJ:
        return {"versie": version[0], "leeg": False} | fields
    revisie, besluitversie = version
    return {
        "herkomst": {"revisie": revisie},
        "besluit": {"besluitversie": besluitversie},
        "interneTaak": {"status": "te_verwerken"} | fields,
    }


def marker(kind: NumberKind, *version: int) -> dict[str, Any]:
    """Return the marker that remembers a removed document, as MongoDB returns it."""
    names = ("versie",) if kind is PARTIJ else ("revisie", "besluitversie")
    return dict(zip(names, version, strict=True))


def found(
    besluit: BesluitRecord,
    there: dict[NumberKind, dict[str, Any]],
    gone: dict[NumberKind, dict[str, Any]] | None = None,
) -> list[Projected]:
    """Return the comparison of a decision with at most one document for each kind."""
    wanted = list(wanted_of(besluit))
    ids = {each.kind: each.id for each in wanted}
    documents = Documents(
        {ids[kind]: each for kind, each in there.items()}, {ids[kind]: each for kind, each in (gone or {}).items()}
    )
    return [compared(each, documents) for each in wanted]


def states(projected: list[Projected]) -> dict[str, str]:
    return {each.kind.value: each.state.value for each in projected}


def test_a_document_as_decided_is_stored_and_shows_its_version() -> None:
    there = {
        KLANTCONTACT: in_collection(KLANTCONTACT, 1, 1),
        TAAK: in_collection(TAAK, 1, 1, status="verwerkt"),
        PARTIJ: in_collection(PARTIJ, 1, leeg=True),
    }
    klantcontact, taak, partij = found(decided(ASKED), there)

    assert klantcontact == Projected(
        kind=KLANTCONTACT, id=klantcontact.id, nummer="1", state=ProjectedState.STORED, version=(1, 1)
    )
    assert taak == Projected(
        kind=TAAK, id=taak.id, nummer="1", state=ProjectedState.STORED, version=(1, 1), status="verwerkt"
    )
    assert partij == Projected(
        kind=PARTIJ, id=partij.id, nummer="1", state=ProjectedState.STORED, version=(1,), leeg=True
    )


def test_a_missing_document_is_absent() -> None:
    assert states(found(decided(ASKED), {})) == {"klantcontact": "absent", "interne_taak": "absent", "partij": "absent"}


def test_a_document_of_an_earlier_revisie_is_outdated() -> None:
    there = {
        kind: in_collection(kind, 1, *([1] if kind is not PARTIJ else [])) for kind in (KLANTCONTACT, TAAK, PARTIJ)
    }

    assert states(found(decided(ASKED, ASKED | {"revisie": 2}), there)) == {
        "klantcontact": "outdated",
        "interne_taak": "outdated",
        "partij": "outdated",
    }


def test_a_partij_that_other_contacts_changed_since_counts_as_stored() -> None:
    assert states(found(decided(ASKED), {PARTIJ: in_collection(PARTIJ, 7)}))["partij"] == "stored"


@pytest.mark.parametrize(
    ("there", "gone", "expected"),
    [
        pytest.param({}, {}, "removed", id="nothing is remembered any more"),
        pytest.param({}, {KLANTCONTACT: (2, 1), TAAK: (2, 1), PARTIJ: (2,)}, "removed", id="it is gone"),
        pytest.param({KLANTCONTACT: (1, 1), TAAK: (1, 1), PARTIJ: (1,)}, {}, "outdated", id="it still stands there"),
    ],
)
def test_a_document_that_a_correction_took_back_has_to_be_gone(
    there: dict[NumberKind, tuple[int, ...]], gone: dict[NumberKind, tuple[int, ...]], expected: str
) -> None:
    besluit = decided(ASKED, contact(revisie=2, onderwerpen=[onderwerp("o1")]))

    assert states(
        found(
            besluit,
            {kind: in_collection(kind, *version) for kind, version in there.items()},
            {kind: marker(kind, *version) for kind, version in gone.items()},
        )
    ) == {"klantcontact": expected, "interne_taak": expected, "partij": expected}


def test_a_partij_that_others_know_stays_after_a_correction() -> None:
    desk = Desk()
    desk.bring(contact("c-0", betrokkenen=[known()]))
    desk.bring(ASKED)
    besluit = desk.bring(contact(revisie=2, onderwerpen=[onderwerp("o1")])).besluit

    there = {PARTIJ: in_collection(PARTIJ, 3, leeg=True)}
    assert states(found(besluit, there))["partij"] == "stored"
    assert states(found(besluit, {}))["partij"] == "absent"


def test_a_klantcontact_that_a_new_judgement_left_unchanged_keeps_its_version() -> None:
    unsure = stranger("b")
    unsure["authenticatie"] = {"middel": "controlevragen"}
    data = contact(
        betrokkenen=[known("a"), unsure],
        onderwerpen=[onderwerp("of a", betrokkenen=["a"]), onderwerp("of b", betrokkenen=["b"])],
    )
    desk = Desk()
    desk.bring(data)
    desk.change_policy(Beleid(versie="other", voldoende_middelen={"digid": "*", "controlevragen": "*"}))
    besluit = desk.again(data).besluit

    assert [each.version for each in wanted_of(besluit) if each.kind is KLANTCONTACT] == [(1, 1), (1, 2)]


def test_a_klantcontact_that_moved_to_the_confidential_topic_is_still_wanted() -> None:
    besluit = decided(ASKED, ASKED | {"revisie": 2, "vertrouwelijk": True})

    assert [(each.is_there, each.version) for each in wanted_of(besluit) if each.kind is KLANTCONTACT] == [
        (True, (2, 1))
    ]


def test_a_status_outside_the_contract_is_not_shown() -> None:
    there = {TAAK: in_collection(TAAK, 1, 1, status="Jansen belt terug")}

    assert [each.status for each in found(decided(ASKED), there)] == [None, "other", None]
