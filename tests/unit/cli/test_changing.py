"""What `klantcontact withdraw` and `restrict` tell a person, and what they refuse before they reach anything."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.cli.changing import lines
from services.operations.change.change import ChangeOutcome, Effect
from services.operations.change.request import AskedChange

REQUEST = ("--request", "Z-1", "--reason", "verzoek")

EMPTIED = ChangeOutcome(
    partij_id="p-1",
    nummer="1042",
    wijziging_id="w-1",
    op=datetime(2026, 9, 3, 10, tzinfo=UTC),
    effect=Effect.EMPTIED,
    consent=False,
    restricted=False,
    executed=True,
)


@pytest.mark.parametrize(
    ("effect", "asked", "says"),
    [
        (Effect.EMPTIED, AskedChange.WITHDRAWN, "No consent is in force. The partij is emptied of name and addresses."),
        (Effect.NO_CONSENT, AskedChange.WITHDRAWN, "No consent is in force. The partij held no name and no address."),
        (Effect.CONSENT, AskedChange.WITHDRAWN, "A newer statement gives consent, so this withdrawal ends nothing."),
        (Effect.NO_CONSENT, AskedChange.GIVEN, "A newer statement withdrew consent, so this one gives none."),
        (
            Effect.RESTRICTED,
            AskedChange.RESTRICTED,
            "Its processing is restricted: details stay as they are, and nothing ",
        ),
        (Effect.LIFTED, AskedChange.LIFTED, "Its processing is not restricted."),
        (Effect.ERASED, AskedChange.GIVEN, "The decision about it was erased since."),
    ],
)
def test_it_says_what_came_of_it(effect: Effect, asked: AskedChange, says: str) -> None:
    head, told, last = lines(replace(EMPTIED, effect=effect), asked, dry_run=False)
    assert head == "Partij 1042, as of 2026-09-03 10:00:00Z:"
    assert told.startswith(says)
    assert last == "`klantcontact explain w-1` shows the decision."


def test_a_dry_run_says_that_nothing_was_changed() -> None:
    told = lines(replace(EMPTIED, executed=False), AskedChange.WITHDRAWN, dry_run=True)
    assert told[-1] == "Nothing was changed: this was a dry run."


def test_what_was_done_before_is_told_with_what_holds_now() -> None:
    done = replace(EMPTIED, was_done=True, consent=True)
    assert lines(done, AskedChange.WITHDRAWN, dry_run=False) == [
        "Partij 1042: done before for this request, as of 2026-09-03 10:00:00Z. Nothing was sent.",
        "Consent is in force now.",
        "Its processing is not restricted now.",
        "For another change give another --request.",
    ]


def test_of_a_klant_that_no_contact_knows_nothing_is_told() -> None:
    assert lines(replace(EMPTIED, effect=Effect.UNKNOWN), AskedChange.GIVEN, dry_run=False) == [
        "No contact knows this klant: nothing is kept, and nothing changed."
    ]
