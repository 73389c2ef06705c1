"""Letters with the same fault form one group."""

from datetime import timedelta

from schemas.faults import Fault, FaultKind, RefusalKind
from services.operations.dead_letters.letters import LetterId
from services.operations.dead_letters.listing import MAX_GROUPS, MAX_PATHS, OTHERS, GroupKey, Groups, LetterGroup
from services.operations.dead_letters.selection import LetterState
from tests.support.contacts import NOW, SOURCE
from tests.support.letters import letter

KEY = GroupKey(RefusalKind.CONTACT_ONGELDIG, ("data.kanaal",), SOURCE, LetterState.OPEN)


def test_a_group_has_its_number_its_oldest_and_its_newest() -> None:
    groups = Groups()
    for offset, minutes in ((1, 5), (2, 0), (3, 9), (4, 7)):
        groups.add(letter(offset=offset, minutes=minutes), LetterState.OPEN)
    assert groups.largest_first() == [
        LetterGroup(KEY, NOW, NOW + timedelta(minutes=9), example=LetterId(3, 3), number=4),
    ]


def test_kind_place_source_and_state_make_a_group() -> None:
    groups = Groups()
    groups.add(letter(), LetterState.OPEN)
    groups.add(letter(kind=RefusalKind.ENVELOP_ONGELDIG), LetterState.OPEN)
    groups.add(letter(faults=[Fault("data.taal", FaultKind.ONTBREEKT)]), LetterState.OPEN)
    groups.add(letter(value=b"{}"), LetterState.OPEN)
    groups.add(letter(), LetterState.REDRIVEN)
    groups.add(letter(), LetterState.OPEN)
    told = [(group.number, group.key) for group in groups.largest_first()]
    assert told[0] == (2, KEY)
    assert {key for number, key in told[1:] if number == 1} == {
        KEY._replace(kind=RefusalKind.ENVELOP_ONGELDIG),
        KEY._replace(paths=("data.taal",)),
        KEY._replace(source="-"),
        KEY._replace(state=LetterState.REDRIVEN),
    }


def test_paths_and_groups_are_bounded_and_every_letter_is_counted() -> None:
    groups = Groups()
    for number in range(MAX_GROUPS + 7):
        groups.add(letter(faults=[Fault(f"data.veld{number:05}", FaultKind.TE_LANG)]), LetterState.OPEN)
    many = [Fault(f"data.veld{number:05}", FaultKind.TE_LANG) for number in range(50)]
    groups.add(letter(faults=many), LetterState.OPEN)
    told = groups.largest_first()
    assert len(told) == MAX_GROUPS + 1
    assert (told[0].number, told[0].key) == (8, OTHERS)
    assert sum(group.number for group in told) == MAX_GROUPS + 8
    assert max(len(group.key.paths) for group in told) <= MAX_PATHS
