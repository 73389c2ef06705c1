"""What a mapping makes of messages in files, without any server, and what would be registered for it.

Also the goldens of a mapping: `voorbeelden/NAAM.json`, and beside it `NAAM.verwacht.jsonl` with what becomes of it.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, assert_never

from schemas.values import value_class
from services.channels.loading import load_mapping
from services.channels.mapping.errors import InvalidMapping, WrongPlace
from services.channels.mapping.files import EXAMPLES
from services.channels.mapping.mapping import ChannelMapping, ExplainedContact
from services.channels.mapping.outcome import MappedContact, RefusedContact, SkippedContact
from services.channels.message_files import EXPECTED, ChannelMessage, messages_in
from services.domain.policy import DEFAULT, Beleid
from services.operations.classify import classify


@value_class(frozen=True, slots=True)
class MessageOutcome:
    """What became of one contact in a message. `judged` is what would be registered, where that was asked."""

    name: str
    explained: ExplainedContact
    judged: Mapping[str, Any] | None = None

    @property
    def is_refused(self) -> bool:
        """Whether it became no event, and should have."""
        return isinstance(self.explained.outcome, RefusedContact)


def outcomes(
    messages: Iterable[ChannelMessage], mapping: ChannelMapping, beleid: Beleid | None = None, *, told: bool = False
) -> Iterator[MessageOutcome]:
    """Yield what becomes of each contact, in order. With a policy, also what would be registered for the events.

    It is judged as by `classify`: what earlier messages left in the register counts.
    """
    made = (
        MessageOutcome(message.name, explained)
        for message in messages
        for explained in (mapping.explain_mail if message.is_mail else mapping.explain_json)(message.value, told=told)
    )
    return made if beleid is None else _judged(made, beleid)


def _judged(made: Iterable[MessageOutcome], beleid: Beleid) -> Iterator[MessageOutcome]:
    waiting: deque[MessageOutcome] = deque()

    def events() -> Iterator[bytes]:
        for each in made:
            waiting.append(each)
            if isinstance(each.explained.outcome, MappedContact):
                yield each.explained.outcome.value

    for answer in classify(events(), beleid):
        while not isinstance(waiting[0].explained.outcome, MappedContact):
            yield waiting.popleft()
        first = waiting.popleft()
        yield MessageOutcome(first.name, first.explained, answer)
    yield from waiting


def told_as_json(outcome: MessageOutcome) -> dict[str, Any]:
    """Return an outcome as it stands in goldens and in the answer of `--json`."""
    match outcome.explained.outcome:
        case MappedContact(value=value):
            told: dict[str, Any] = {"uitkomst": "event", "event": json.loads(value)}
            if outcome.judged is not None:
                told["regels"] = rules_in(outcome.judged)
            return told
        case SkippedContact(reason=reason):
            return {"uitkomst": "overgeslagen", "reden": reason}
        case RefusedContact(kind=kind, faults=faults):
            fouten = [
                {"plaats": each.place, "soort": each.kind.value} | ({"pad": each.pad} if each.pad is not None else {})
                for each in faults
            ]
            return {"uitkomst": "geweigerd", "soort": kind.value, "fouten": fouten}
        case other:
            assert_never(other)


def rules_in(judged: Mapping[str, Any]) -> list[str]:
    """Return the rule of each onderwerp, or the kinds of what the register refuses."""
    if "uitkomsten" in judged:
        return [each["regel"] for each in judged["uitkomsten"]]
    return [each["soort"] for each in judged["fouten"]]


# Goldens --------------------------------------------------------------------------------------------------------------


@value_class(frozen=True, slots=True)
class Golden:
    """One example of a mapping: what was expected and what came of it. Without a file nothing was expected yet."""

    name: str
    expected_file: Path
    expected: Sequence[Any] | None
    found: Sequence[Any]

    @property
    def is_right(self) -> bool:
        """Whether each contact became what was expected."""
        return self.expected == self.found

    def write(self) -> None:
        """Expect from now on what was found."""
        lines = [json.dumps(each, ensure_ascii=False) + "\n" for each in self.found]
        self.expected_file.write_text("".join(lines), "utf-8")


def mappings_under(folder: Path) -> list[Path]:
    """Return the files of the mappings in a folder, or else in the folders in it."""
    return sorted(folder.glob("*.toml")) or sorted(folder.glob("*/*.toml"))


def goldens(file: Path, beleid: Beleid = DEFAULT) -> Iterator[Golden]:
    """Yield each example beside a mapping, in order of name; each is judged in a register of its own.

    Raises InvalidMapping for the mapping, and for an expectation that is no JSON.
    """
    mapping = load_mapping(str(file))
    folder = file.parent / EXAMPLES
    for example in sorted(folder.glob("*")):
        if example.name.endswith(EXPECTED) or not example.is_file():
            continue
        expected = example.with_name(example.name.removesuffix(example.suffix) + EXPECTED)
        found = [told_as_json(each) for each in outcomes(messages_in(example), mapping, beleid)]
        yield Golden(example.name, expected, _expected(expected), found)


def _expected(file: Path) -> list[Any] | None:
    if not file.exists():
        return None
    try:
        return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    except ValueError:
        raise InvalidMapping(str(file), [WrongPlace("", "A line is no JSON. Correct it, or use --write.")]) from None
