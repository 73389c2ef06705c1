"""Filters of letters: whether a letter fits, and which arguments are refused."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.faults import Fault, FaultKind, RefusalKind
from services.operations.dead_letters.letters import InvalidFilter, LetterId
from services.operations.dead_letters.selection import LetterSelection, moment_filter, path_filter, source_filter
from tests.support.contacts import NOW, SOURCE
from tests.support.letters import letter

INHOUD = letter(faults=[Fault("data.onderwerpen.2.inhoud", FaultKind.TE_LANG), Fault("source", FaultKind.ONTBREEKT)])


@pytest.mark.parametrize(
    ("selection", "fits"),
    [
        pytest.param(LetterSelection(), True, id="no filter"),
        pytest.param(
            LetterSelection(kinds=frozenset({RefusalKind.CONTACT_ONGELDIG, RefusalKind.TE_GROOT})), True, id="kind"
        ),
        pytest.param(LetterSelection(kinds=frozenset({RefusalKind.TE_GROOT})), False, id="another kind"),
        pytest.param(LetterSelection(sources=frozenset({SOURCE})), True, id="source"),
        pytest.param(LetterSelection(sources=frozenset({"-"})), False, id="another source"),
        pytest.param(LetterSelection(topics=frozenset({"contact.ended", "b"})), True, id="topic"),
        pytest.param(LetterSelection(topics=frozenset({"contact.ended.dlq"})), False, id="another topic"),
        pytest.param(LetterSelection(ids=frozenset({LetterId(3, 120)})), True, id="id"),
        pytest.param(LetterSelection(ids=frozenset({LetterId(120, 3)})), False, id="another id"),
        pytest.param(LetterSelection(paths=frozenset({"data.onderwerpen.*.inhoud"})), True, id="path"),
        pytest.param(LetterSelection(paths=frozenset({"data.onderwerpen"})), True, id="beginning of a path"),
        pytest.param(LetterSelection(paths=frozenset({"data.onderwerp"})), False, id="half a name is no beginning"),
        pytest.param(LetterSelection(paths=frozenset({"data.kanaal", "source"})), True, id="one of several paths"),
        pytest.param(
            LetterSelection(kinds=frozenset({RefusalKind.TE_GROOT}), sources=frozenset({SOURCE})),
            False,
            id="one of two",
        ),
    ],
)
def test_a_letter_fits_when_it_fits_every_filter(selection: LetterSelection, *, fits: bool) -> None:
    assert selection.fits(INHOUD) is fits


def test_only_no_filter_at_all_means_everything() -> None:
    everything = LetterSelection()
    assert everything.is_everything
    for narrower in (
        replace(everything, kinds=frozenset({RefusalKind.TE_GROOT})),
        replace(everything, paths=frozenset({"data"})),
        replace(everything, sources=frozenset({"-"})),
        replace(everything, topics=frozenset({"contact.ended"})),
        replace(everything, ids=frozenset({LetterId(0, 0)})),
        replace(everything, since=NOW),
        replace(everything, until=NOW),
    ):
        assert not narrower.is_everything


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T09:00:00+01:00", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("2026-11-20T09:00:00Z", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        ("90s", datetime(2026, 11, 20, 9, 58, 30, tzinfo=UTC)),
        ("30m", datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
        ("2h", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("3d", datetime(2026, 11, 17, 10, tzinfo=UTC)),
        ("1w", datetime(2026, 11, 13, 10, tzinfo=UTC)),
        ("9999w", datetime(1970, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_has_an_offset_or_is_a_time_before_now(text: str, moment: datetime) -> None:
    assert moment_filter(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-20T09:00:00", "2026-11-20", "2x", "-2h", "99999w", "h"])
def test_text_that_is_not_a_moment_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidFilter, match="with its offset, or like 90s, 30m, 2h"):
        moment_filter(text, NOW)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InvalidFilter, match="--since must lie before --until"):
        LetterSelection(since=NOW, until=NOW)


def test_a_path_may_be_given_with_a_list_position() -> None:
    assert path_filter("data.onderwerpen.2.inhoud") == "data.onderwerpen.*.inhoud"


@pytest.mark.parametrize("text", ["", ".", "data..kanaal", "data. "])
def test_text_that_is_not_a_path_is_refused(text: str) -> None:
    with pytest.raises(InvalidFilter, match=r"looks like data\.onderwerpen"):
        path_filter(text)


def test_a_source_may_be_the_mark_of_an_unreadable_one() -> None:
    assert source_filter("-") == "-"


def test_text_that_is_not_a_source_is_refused() -> None:
    with pytest.raises(InvalidFilter, match="looks like urn:nld:oin"):
        source_filter("Sam Jansen")
