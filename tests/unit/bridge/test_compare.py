"""What is wanted, found and ours, row by row, and the calls that follow."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.bridge.compare import (
    Call,
    ChangeRow,
    CoupleRow,
    CreateRow,
    RemoveRow,
    compare,
)
from services.bridge.found import NOTHING_FOUND, FoundRow, FoundRows, row_of
from services.bridge.parts import (
    KLANTCONTACT,
    NOTHING_OF_OURS,
    PARTIJ,
    Noted,
    Ours,
    Signer,
    WantedPart,
    key_of,
    made_part,
)
from services.bridge.resources import PARENT, Body, Resource
from services.bridge.wanted import NOTHING_WANTED, WantedParts

SIGNER = Signer(b"a key of thirty-two bytes or more.")
ROOT, BETROKKENE, ADRES, TAAK, OBJECT, LINK = "u-kc", "u-b", "u-a", "u-t", "u-o", "u-l"


def root(onderwerp: str = "Paspoort") -> WantedPart:
    fields = {"onderwerp": onderwerp, "plaatsgevondenOp": "2026-11-20T09:00:00Z"}
    return made_part(SIGNER, Resource.KLANTCONTACTEN, fields, key=KLANTCONTACT)


def betrokkene(name: str = "Jansen") -> WantedPart:
    fields = {"rol": "klant", "initiator": True, "contactnaam": {"achternaam": name}}
    return made_part(SIGNER, Resource.BETROKKENEN, fields, key=key_of(Resource.BETROKKENEN, "b"), parent=KLANTCONTACT)


def adres(value: str = "a@example.nl") -> WantedPart:
    fields = {"adres": value, "soortDigitaalAdres": "email"}
    return made_part(SIGNER, Resource.DIGITALE_ADRESSEN, fields, parent=key_of(Resource.BETROKKENEN, "b"))


def zaak(number: str = "z-1") -> WantedPart:
    fields = {"onderwerpobjectidentificator": {"objectId": number}}
    return made_part(SIGNER, Resource.ONDERWERPOBJECTEN, fields, parent=KLANTCONTACT)


def taak(handeling: str = "Terugbellen", actor: str = "actor-1") -> WantedPart:
    key = key_of(Resource.INTERNE_TAKEN, "t")
    fields = {"gevraagdeHandeling": handeling}
    return made_part(SIGNER, Resource.INTERNE_TAKEN, fields, key=key, parent=KLANTCONTACT, toegewezen=(actor,))


UUIDS = {
    Resource.KLANTCONTACTEN: ROOT,
    Resource.BETROKKENEN: BETROKKENE,
    Resource.DIGITALE_ADRESSEN: ADRES,
    Resource.INTERNE_TAKEN: TAAK,
    Resource.ONDERWERPOBJECTEN: OBJECT,
}


def row(
    part: WantedPart, *, uuid: str | None = None, parent: str | None = None, status: str = "te_verwerken"
) -> FoundRow:
    """Return the row that Open Klant shows of a part."""
    hangs_on = parent or (UUIDS[_parent_of(part)] if part.parent else None)
    on = {PARENT[part.resource, _parent_of(part)]: {"uuid": hangs_on}} if part.parent else {}
    given: Body = {**part.body, **on, "uuid": uuid or UUIDS[part.resource], "status": status}
    given["toegewezenAanActoren"] = [{"uuid": each} for each in part.toegewezen]
    return row_of(part.resource, given, SIGNER)


def _parent_of(part: WantedPart) -> Resource:
    return Resource((part.parent or "").partition("/")[0])


def noted(*parts: WantedPart, is_done: bool = True, in_flight: str = "") -> Ours:
    rows = {each.key: Noted(UUIDS[each.resource], each.merk, each.toegewezen) for each in parts}
    return Ours(rows, is_new=False, is_done=is_done, in_flight=frozenset({in_flight} - {""}))


def calls(wanted: Sequence[WantedPart], found: Sequence[FoundRow], ours: Ours = NOTHING_OF_OURS) -> Sequence[Call]:
    return compare(WantedParts(tuple(wanted)), FoundRows(tuple(found)), ours).calls


def test_what_is_new_is_created_parents_first_and_as_much_as_possible_in_one_call() -> None:
    assert calls([root(), betrokkene(), adres(), zaak(), zaak("z-2"), taak()], []) == (
        CreateRow((root(), betrokkene(), zaak())),
        CreateRow((adres(),)),
        CreateRow((zaak("z-2"),)),
        CreateRow((taak(),)),
    )


EQUAL = (root(), betrokkene(), adres(), zaak(), taak())


def test_what_is_equal_needs_no_call() -> None:
    assert calls(EQUAL, [row(each) for each in EQUAL], noted(*EQUAL)) == ()


def test_rows_that_nobody_noted_are_taken_as_ours_where_they_are_what_is_wanted() -> None:
    """As after a crash before the first note, or where the state was lost."""
    comparison = compare(WantedParts(EQUAL), FoundRows(tuple(map(row, EQUAL))), Ours(is_new=False))
    assert comparison.calls == ()
    assert {key: each.uuid for key, each in comparison.kept.items()} == {
        each.key: UUIDS[each.resource] for each in EQUAL
    }


def test_what_changed_is_changed_whole_and_nothing_else() -> None:
    [call] = calls(
        [root(), betrokkene("De Vries"), adres()], [row(root()), row(betrokkene()), row(adres())], noted(*EQUAL[:3])
    )
    assert isinstance(call, ChangeRow)
    assert (call.uuid, call.body["contactnaam"], call.body["bezoekadres"]) == (
        BETROKKENE,
        {"achternaam": "De Vries"},
        None,
    )


def test_an_address_goes_before_the_betrokkene_that_gave_it_also_one_of_others() -> None:
    theirs = row(adres("b@example.nl"), uuid="u-theirs")
    comparison = compare(
        WantedParts((root(),)), FoundRows((row(root()), row(betrokkene()), row(adres()), theirs)), noted(*EQUAL[:3])
    )
    assert [(each.resource, each.uuid) for each in comparison.calls if isinstance(each, RemoveRow)] == [
        (Resource.DIGITALE_ADRESSEN, ADRES),
        (Resource.DIGITALE_ADRESSEN, "u-theirs"),
        (Resource.BETROKKENEN, BETROKKENE),
    ]
    assert comparison.others == (theirs,)


def test_what_others_hung_on_it_stays_while_it_stays() -> None:
    theirs = row(zaak("theirs"), uuid="u-theirs")
    assert calls([root()], [row(root()), theirs], noted(root())) == ()


def test_a_klantcontact_that_goes_takes_the_addresses_along_first_and_names_what_is_of_others() -> None:
    theirs = row(zaak("theirs"), uuid="u-theirs")
    busy = row(taak(), status="verwerkt")
    comparison = compare(
        NOTHING_WANTED, FoundRows((row(root()), row(betrokkene()), row(adres()), theirs, busy)), noted(*EQUAL)
    )
    assert [each.uuid for each in comparison.calls if isinstance(each, RemoveRow)] == [ADRES, ROOT]
    assert comparison.others == (theirs, busy)


ORPHAN = RemoveRow(Resource.DIGITALE_ADRESSEN, ADRES, (adres().key,))
"""Open Klant keeps an address whose betrokkene is removed."""


def test_what_somebody_removed_is_not_made_again_with_all_that_hung_on_it() -> None:
    comparison = compare(WantedParts(EQUAL[:3]), FoundRows((row(root()),)), noted(*EQUAL[:3]))
    assert comparison.calls == (ORPHAN,)
    assert comparison.removed == {betrokkene().key, adres().key}


def test_what_somebody_removed_is_made_again_when_asked() -> None:
    comparison = compare(WantedParts(EQUAL[:3]), FoundRows((row(root()),)), noted(*EQUAL[:3]), again=True)
    assert comparison.calls == (ORPHAN, CreateRow((betrokkene(),)), CreateRow((adres(),)))


def test_what_somebody_removed_stays_away_after_a_crash_while_an_orphan_of_it_was_removed() -> None:
    ours = replace(
        noted(*EQUAL[:3], is_done=False, in_flight=ADRES), removed=frozenset({betrokkene().key, adres().key})
    )
    comparison = compare(WantedParts(EQUAL[:3]), FoundRows((row(root()),)), ours)
    assert comparison.calls == (ORPHAN,)
    assert comparison.removed == ours.removed


def test_what_the_projector_says_nothing_of_stays() -> None:
    wanted = WantedParts((root(),), undecided=frozenset({taak().key}))
    assert compare(wanted, FoundRows((row(root()), row(taak()))), noted(root(), taak())).calls == ()


def test_what_a_call_made_just_before_the_bridge_ended_is_removed_when_it_is_no_longer_wanted() -> None:
    made = row(zaak("old"), uuid="u-made")
    ours = noted(root(), is_done=False, in_flight=zaak("old").merk)
    assert calls([root(), zaak()], [row(root()), made], ours) == (
        CreateRow((zaak(),)),
        RemoveRow(Resource.ONDERWERPOBJECTEN, "u-made", merk=zaak("old").merk),
    )


def test_a_taak_that_a_call_made_just_before_the_bridge_ended_is_left_to_the_people_who_did_it() -> None:
    done = row(taak(), status="verwerkt")
    ours = noted(root(), is_done=False, in_flight=taak().merk)
    comparison = compare(WantedParts((root(),)), FoundRows((row(root()), done)), ours)
    assert (comparison.calls, comparison.left) == ((), (done,))


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (taak(), {"toegewezenAanActoren": [{"uuid": "actor-2"}]}),  # still the one that we wrote
        (taak(actor="theirs"), None),  # people gave it to somebody else
    ],
)
def test_the_actor_of_a_taak_is_changed_only_while_it_is_ours(there: WantedPart, expected: Body | None) -> None:
    found = calls([root(), taak(actor="actor-2")], [row(root()), row(there)], noted(root(), taak()))
    assert [each.body for each in found if isinstance(each, ChangeRow)] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("there", "goes"),
    [
        (row(taak()), [TAAK]),
        (row(taak(), status="verwerkt"), []),
        (row(taak(actor="theirs")), []),
    ],
)
def test_a_taak_that_is_withdrawn_goes_unless_people_are_at_work_on_it(there: FoundRow, goes: list[str]) -> None:
    comparison = compare(WantedParts((root(),)), FoundRows((row(root()), there)), noted(root(), taak()))
    assert [each.uuid for each in comparison.calls if isinstance(each, RemoveRow)] == goes
    assert comparison.left == (() if goes else (there,))


def test_an_identificator_without_a_partij_is_hung_on_the_one_that_it_names() -> None:
    partij = made_part(SIGNER, Resource.PARTIJEN, {"soortPartij": "organisatie"}, key=PARTIJ)
    kvk = made_part(
        SIGNER,
        Resource.PARTIJ_IDENTIFICATOREN,
        {"partijIdentificator": {"codeSoortObjectId": "kvk_nummer", "objectId": "12345678"}},
        key=key_of(Resource.PARTIJ_IDENTIFICATOREN, "kvk_nummer"),
        parent=PARTIJ,
    )
    loose = row_of(
        Resource.PARTIJ_IDENTIFICATOREN, {**kvk.body, "uuid": "u-loose", "identificeerdePartij": None}, SIGNER
    )
    assert calls([partij, kvk], [loose]) == (CreateRow((partij,)), CoupleRow(kvk, "u-loose"))


def test_a_partij_of_others_keeps_what_is_theirs_and_loses_our_addresses_alone() -> None:
    ours = made_part(SIGNER, Resource.DIGITALE_ADRESSEN, {"adres": "a@example.nl"}, parent=PARTIJ)
    partij = FoundRow(Resource.PARTIJEN, "u-p")
    found = FoundRows(
        (
            partij,
            FoundRow(Resource.DIGITALE_ADRESSEN, "u-ours", "u-p"),
            FoundRow(Resource.DIGITALE_ADRESSEN, "u-theirs", "u-p"),
        )
    )
    known = Ours({PARTIJ: Noted("u-p", ""), ours.key: Noted("u-ours", ours.merk)}, is_new=False, is_done=True)
    comparison = compare(WantedParts(undecided=frozenset({PARTIJ})), found, known)
    assert comparison.calls == (RemoveRow(Resource.DIGITALE_ADRESSEN, "u-ours", (ours.key,)),)


def test_nothing_wanted_of_nothing_found_is_nothing() -> None:
    assert compare(NOTHING_WANTED, NOTHING_FOUND, NOTHING_OF_OURS).calls == ()
