"""One letter on the screen."""

from schemas.faults import Fault, FaultKind
from services.cli.dlq_screen import told_rows, told_values
from services.domain.policy import DEFAULT
from services.operations.dead_letters.reading import Found
from services.operations.dead_letters.selection import LetterState
from services.operations.dead_letters.show import Told
from services.operations.dead_letters.states import Change, History
from services.operations.validate import validate
from tests.support.contacts import NOW, contact_ended, encoded
from tests.support.letters import letter


def test_a_reason_is_shown_whole_and_can_not_control_the_screen() -> None:
    reason = "x" * 180 + "\x1b[2J\r\nstate  open"
    change = Change(state=LetterState.DISCARDED, by="ada@desk", at=NOW, attempt=1, reason=reason)
    rows = list(told_rows(Told(Found(letter(), History((change,))), earlier=[], later=[])))
    shown = "x" * 180 + "\ufffd[2J\ufffd\ufffdstate  open"
    assert ("done", f"2026-11-20 10:00:00Z discarded by ada@desk, attempt 1: {shown}") in rows
    assert all(cell.isprintable() for row in rows for cell in row)


def test_a_letter_that_stands_for_a_batch_shows_its_offsets() -> None:
    found = Found(letter(value=None, last_offset=21), History(()))
    rows = list(told_rows(Told(found, earlier=[], later=[])))
    assert ("lay in", "contact.ended, partition 1, offset 17 to 21") in rows
    assert ("batch", "It stands for a batch that was too large to unpack, and has no content.") in rows


def test_each_fault_has_the_hint_that_validate_gives_on_the_screen_and_for_a_program() -> None:
    wrong = contact_ended("c-1")
    wrong["data"]["kanaal"] = wrong["data"]["betrokkenen"][0]["ref"] = 7
    [validation] = validate([encoded(wrong)], DEFAULT)
    given = [(each.pad, each.soort, each.hint) for each in validation.findings]
    found = Told(Found(letter(faults=[Fault(pad, kind) for pad, kind, _ in given]), History(())), earlier=[], later=[])

    rows = list(told_rows(found))
    assert [cell for name, cell in rows if name == "to do"] == [hint for _, _, hint in given]
    assert told_values(found)["faults"] == [
        {"pad": pad, "soort": FaultKind(kind), "hint": hint} for pad, kind, hint in given
    ]
    assert len(given) == 2
