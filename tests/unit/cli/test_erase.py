"""What `klantcontact erase` tells a person, and what it refuses before it reaches anything."""

import json
from collections import Counter

import pytest

from services.cli.erase import lines
from services.operations.erase.erase import Erasure
from services.operations.erase.targets import Mode, Target
from services.operations.places.open_klant import OpenKlantRows
from tests.support.commands import klantcontact
from tests.support.examples import ALICE

REQUEST = ("--request", "Z-1", "--reason", "verzoek")


def erasure(*, was_done: bool = False) -> Erasure:
    target = Target(Mode.PARTIJ, "Z-1", partij_id="p-1")
    return Erasure([target], Counter(contact=2, betrokkene=1, klantcontacten_opnieuw=0), was_done=was_done)


def test_counts_are_shown_and_that_a_dry_run_changed_nothing() -> None:
    assert lines(erasure(), refused=False, dry_run=True) == [
        "       1  contacts in which others stay",
        "       2  contacts as a whole",
        "Nothing was erased: this was a dry run.",
    ]


def test_a_klant_whose_processing_is_restricted_is_named_and_stays() -> None:
    nothing = Erasure(restricted=["1042"])
    assert lines(nothing, refused=False, dry_run=False) == [
        "The processing of partij 1042 is restricted (AVG 18): nothing of it is erased."
    ]


def test_what_goes_from_open_klant_is_counted_and_what_others_hung_on_it_is_named() -> None:
    with_bridge = erasure()
    with_bridge.open_klant = OpenKlantRows(there=3, gone=5, went_with=[{"resource": "internetaken", "uuid": "u-9"}])

    assert lines(with_bridge, refused=False, dry_run=True)[2] == "       3  rows in Open Klant that go too"
    assert lines(with_bridge, refused=False, dry_run=False)[2:5] == [
        "       5  rows that went from Open Klant",
        "          with them, of others or in progress: internetaken/u-9",
        "Open Klant still has 3 rows: the bridge removes them, and erase-report tells.",
    ]


def test_collections_of_before_a_rebuild_are_told_of() -> None:
    stale = erasure()
    stale.before_rebuild = True
    assert any("rebuild --drop-old" in each for each in lines(stale, refused=False, dry_run=False))


@pytest.mark.parametrize(
    ("refused", "was_done", "says"),
    [
        (False, False, "Erased. docs/privacy/erase.md says when subscribers and Kafka's segments have followed."),
        (True, False, "Recorded: the request is refused. Nothing was erased."),
        (False, True, "There is nothing left of it to erase."),
    ],
)
def test_the_last_line_says_what_was_done(says: str, *, refused: bool, was_done: bool) -> None:
    assert lines(erasure(was_done=was_done), refused=refused, dry_run=False)[-1] == says


def test_a_program_reads_ids_and_counts() -> None:
    assert json.loads(json.dumps(erasure().as_json())) == {
        "contacts": [],
        "partijen": ["p-1"],
        "counts": {"contact": 2, "betrokkene": 1, "klantcontacten_opnieuw": 0},
        "executed": False,
        "openKlant": None,
        "wasDone": False,
        "beforeRebuild": False,
        "restricted": [],
    }


def test_a_dry_run_of_a_refusal_says_that_nothing_was_recorded() -> None:
    assert lines(erasure(), refused=True, dry_run=True) == [
        "This was a dry run: no refusal was recorded. Nothing was erased."
    ]


def test_the_ground_of_a_refusal_names_no_person() -> None:
    done = klantcontact("erase", "--partij", "--refuse", f"van {ALICE}", *REQUEST, stdin=b'{"partijNummer": "1"}')
    assert done.returncode == 2
    assert b"seems to name a BSN" in done.stderr
    assert ALICE.encode() not in done.stderr
