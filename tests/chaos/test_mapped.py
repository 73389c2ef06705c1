"""The checker of the channel finds each thing that may not be, and only that. Each test plants one."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import pytest

from services.channels.mapping.mapping import load
from services.channels.mapping.outcome import MappedContact, RefusedContact
from tests.chaos.channel import MAPPING, messages
from tests.chaos.load import digest_of
from tests.chaos.mapped import SeenChannel, check_channel
from tests.chaos.platform import Platform

SENT = list(islice(messages(7), 200))
RAW = {f"kanaal.proef:{number % 3}:{number}": each for number, each in enumerate(SENT)}


def _undisturbed() -> SeenChannel:
    mapping = load(MAPPING, "proef")
    outcomes = [(place, mapping.map_json(each)[0]) for place, each in RAW.items()]
    return SeenChannel(
        raw=RAW,
        events=[(place, each.value) for place, each in outcomes if isinstance(each, MappedContact)],
        letters=[(place, each.kind.value) for place, each in outcomes if isinstance(each, RefusedContact)],
    )


SEEN = _undisturbed()


def _platform(*, attempts: int = 1) -> Platform:
    platform = Platform(["http://nobody"], iter(()), per_second=1)
    platform.accepted += map(digest_of, SENT)
    platform.attempts.update(dict.fromkeys(platform.accepted, attempts))
    return platform


def _found(seen: SeenChannel, platform: Platform | None = None) -> Counter[str]:
    return Counter(each.check for each in check_channel(seen, platform or _platform()))


def test_what_is_right_is_no_violation() -> None:
    kinds = Counter(kind for _, kind in SEEN.letters)
    assert len(SEEN.events) > 100
    assert kinds.keys() == {"onleesbaar", "contact_ongeldig"}
    assert len(SEEN.events) + len(SEEN.letters) < len(RAW), "the mapping skips some"
    assert _found(SEEN) == Counter()


def _with_a_copy() -> SeenChannel:
    """Return what is seen when the intake has written a message twice, and the mapper has mapped both."""
    (place, event), copy = SEEN.events[0], "kanaal.proef:0:900"
    return replace(SEEN, raw={**RAW, copy: RAW[place]}, events=[*SEEN.events, (copy, event)])


def test_a_message_that_was_sent_twice_may_lie_there_twice() -> None:
    assert _found(_with_a_copy(), _platform(attempts=2)) == Counter()


def _without(place: str) -> SeenChannel:
    kept = {each: value for each, value in RAW.items() if each != place}
    return replace(SEEN, raw=kept, events=[each for each in SEEN.events if each[0] != place])


@pytest.mark.parametrize(
    ("planted", "check"),
    [
        (lambda: _without(SEEN.events[0][0]), "lost by the intake"),
        (_with_a_copy, "doubled"),
        (lambda: replace(SEEN, events=SEEN.events[1:]), "lost"),
        (lambda: replace(SEEN, letters=SEEN.letters[1:]), "lost"),
        (lambda: replace(SEEN, events=[*SEEN.events, SEEN.events[0]]), "doubled"),
        (lambda: replace(SEEN, letters=[*SEEN.letters, SEEN.letters[0]]), "doubled"),
        (lambda: replace(SEEN, events=[*SEEN.events, ("kanaal.proef:0:900", b"{}")]), "doubled"),
        (lambda: replace(SEEN, events=[(SEEN.events[0][0], b"{}"), *SEEN.events[1:]]), "decided otherwise"),
    ],
    ids=[
        "a message that was answered 2xx is gone",
        "a message lies there more often than it was sent",
        "an event is missing",
        "a letter is missing",
        "an event twice",
        "a letter twice",
        "an event of no message",
        "an event with other contents",
    ],
)
def test_what_was_planted_is_found(planted: Callable[[], SeenChannel], check: str) -> None:
    assert _found(planted()) == Counter({check: 1})


def test_a_message_that_the_intake_never_accepted_is_told() -> None:
    platform = _platform()
    platform.accepted.pop()
    assert _found(SEEN, platform) == Counter({"not recovered": 1})
