"""Changes an input where it has a meaning: a field, a step or a header. libFuzzer alone would only break the JSON."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any, Final

from tests.contract.mutations import SPECIAL, places
from tests.fuzz.inputs import (
    MODES,
    MOST_STEPS,
    REQUESTS,
    TOGETHER,
    Step,
    arriving,
    as_bytes,
    input_of,
    is_mapping_with,
    steps_of,
)
from tests.fuzz.seeds import MARK, events

BytesMutator = Callable[[bytes, int], bytes]
"""libFuzzer's own: it changes bytes, up to a length."""

CHANGES: Final = (1, 1, 1, 2, 4)
"""How many changes an input gets. After many at once nearly every event is refused, for a heap of reasons."""

FLIPPED: Final = 0.7
"""How often a truth becomes its opposite. Of all other changes few leave the event valid."""

LENGTHS: Final = (1, 9, 10, 11, 20, 21, 40, 41, 50, 51, 80, 81, 100, 101, 200, 201, 255, 256, 257, 1000, 1001, 70_000)
"""The maxima of the contract, and one more; and more than a record may have."""

CHARACTERS: Final = (
    "x",
    "0",
    " ",
    "\0",
    "\n",
    "é",
    "\u00a0",
    "\u202e",
    "\ud800",
    "\udfff",
    "😀",
    "@",
    '"',
    "\\",
    "|",
    ".",
)

HEADERS: Final = (
    *("content-type", "traceparent", "ce-id", "cloudEvents:id", "klantcontact_herbeoordeling", "ce_data", "CE_ID"),
    *("klantcontact_publish_again", "dlq_attempt", "dlq_letter", "dlq_topic", "dlq_cut", "ce_subject", "ce_time"),
)
HEADER_VALUES: Final = (
    *(
        "application/json",
        "application/cloudevents+json",
        "application/avro",
        "1 vastgelegd",
        "2 huidig",
        "3",
        "",
        MARK,
    ),
    *("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", '"1.0"', "0-1,0-2", "99999999999", "\xff\xfe"),
)


class Mutator:
    """Makes a new input of one, always the same with the same seed."""

    def __init__(self, mutate_bytes: BytesMutator) -> None:
        """`mutate_bytes` changes the value of a record that is no JSON."""
        self._mutate_bytes = mutate_bytes
        self._events = events()
        self._parts: dict[str, list[Any]] = {}
        for event in self._events:
            for place in places(event):
                if isinstance(place[-1], str):
                    self._parts.setdefault(place[-1], []).append(_at(event, place))
        self._names = sorted(self._parts)

    def __call__(self, data: bytes, max_size: int, seed: int) -> bytes:
        """Return a changed input of at most `max_size` bytes."""
        chance = random.Random(seed)
        steps = steps_of(data)
        for _ in range(chance.choice(CHANGES)):
            change = chance.choices(
                [self._change_event, self._change_steps, self._renew, self._change_frame, self._change_bytes],
                (12, 6, 6, 2, 1),
            )[0]
            steps = change(steps, chance)
        made = input_of(steps)
        return made if len(made) <= max_size else data[:max_size]

    # Steps

    def _change_steps(self, steps: list[Step], chance: random.Random) -> list[Step]:
        step = _copied(chance.choice(steps))
        match chance.choice(["repeat", "correct", "correct", "ask", "add", "remove", "remove"]):
            case "correct" if is_mapping_with(step.get("event"), "data"):
                data = step["event"]["data"]
                revisie = data.get("revisie", 1)
                data["revisie"] = revisie + chance.choice([1, 1, 1, 5, -1]) if isinstance(revisie, int) else 2
                self._change_tree(step["event"], chance)
            case "ask":
                step["asks"] = chance.choice(REQUESTS)
            case "add":
                step = {"event": _copied(chance.choice(self._events)), "mode": chance.choice(MODES)}
            case "remove" if len(steps) > 1:
                gone = chance.randrange(len(steps))
                return steps[:gone] + steps[gone + 1 :]
            case _:
                pass
        return [*steps, step][-MOST_STEPS:]

    def _renew(self, steps: list[Step], chance: random.Random) -> list[Step]:
        """Put a valid event in the place of one that had many changes."""
        chance.choice(steps)["event"] = _copied(chance.choice(self._events))
        return steps[-2:]

    def _change_frame(self, steps: list[Step], chance: random.Random) -> list[Step]:
        step = chance.choice(steps)
        match chance.choice(["mode", "headers", "key", "together"]):
            case "mode":
                step["mode"] = chance.choice(MODES)
            case "headers":
                known = step.get("headers")
                more = [chance.choice(HEADERS), chance.choice([*HEADER_VALUES, None])]
                step["headers"] = [*(known if isinstance(known, list) else []), more][-10:]
            case "together":
                steps[0][TOGETHER] = not steps[0].get(TOGETHER)
            case _:
                step["key"] = chance.choice(["", "klant-2", "\xff", MARK, None])
        return steps

    def _change_bytes(self, steps: list[Step], chance: random.Random) -> list[Step]:
        """Turn the value of a step into bytes, and let libFuzzer change those."""
        at = chance.randrange(len(steps))
        value = arriving(steps[at]).value or b""
        changed = self._mutate_bytes(value, max(64, 2 * len(value)))
        frame: Step = {name: steps[at][name] for name in ("headers", "key") if name in steps[at]}
        raw = {"raw": changed.decode("latin-1"), **frame}
        return [*steps[:at], raw, *steps[at + 1 :]]

    # One event

    def _change_event(self, steps: list[Step], chance: random.Random) -> list[Step]:
        whole = [step for step in steps if is_mapping_with(step, "event")]
        if not whole:
            return self._whole_again(steps, chance)
        step = chance.choice(whole)
        self._change_tree(step["event"], chance)
        return steps

    def _whole_again(self, steps: list[Step], chance: random.Random) -> list[Step]:
        """Read a step as JSON again, if libFuzzer left it whole, or add an event."""
        at = chance.randrange(len(steps))
        try:
            event = json.loads(as_bytes(steps[at].get("raw")) or b"")
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            return self._change_steps(steps, chance)
        return [*steps[:at], {"event": event}, *steps[at + 1 :]]

    def _change_tree(self, tree: dict[str, Any], chance: random.Random) -> None:
        everywhere = list(places(tree))
        if not everywhere:
            tree["data"] = {}
            return
        *steps, last = chance.choice(everywhere)
        holder = _at(tree, steps)
        if isinstance(holder[last], bool) and chance.random() < FLIPPED:
            holder[last] = not holder[last]
        else:
            self._change_place(tree, holder, last, chance)

    def _change_place(self, tree: Any, holder: Any, last: Any, chance: random.Random) -> None:  # noqa: ANN401 - JSON
        match chance.choice(["special", "part", "text", "number", "remove", "copy", "add", "repeat", "swap"]):
            case "remove":
                del holder[last]
            case "copy":
                holder[last] = _copied(_at(tree, chance.choice(list(places(tree)))))
            case "text":
                holder[last] = _text(holder[last], chance)
            case "number":
                holder[last] = chance.choice([0, 1, 2, -1, 2**31, 2**53 - 1, 2**53, 10**30, 1.5, 1e308])
            case "add" if isinstance(holder, dict):
                name = chance.choice([*self._names, "onbekend", "\ud800"])
                holder[name] = _copied(chance.choice(self._parts.get(name, SPECIAL)))
            case "repeat" if isinstance(holder, list):
                holder.extend(_copied([holder[last]] * chance.choice([1, 1, 2, 10, 50])))
            case "swap" if isinstance(holder, list):
                chance.shuffle(holder)
            case "part" if isinstance(last, str) and last in self._parts:
                holder[last] = _copied(chance.choice(self._parts[last]))
            case _:
                holder[last] = _copied(chance.choice([*SPECIAL, MARK]))


def _text(value: object, chance: random.Random) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    at = chance.randint(0, len(text))
    match chance.choice(["insert", "cut", "fill"]):
        case "insert":
            return text[:at] + chance.choice(CHARACTERS) + text[at:]
        case "cut":
            return text[:at]
        case _:
            length = chance.choices(LENGTHS, [5] * (len(LENGTHS) - 1) + [1])[0]
            return (text + chance.choice(CHARACTERS) * length)[:length]


def _at(tree: Any, place: Sequence[Any]) -> Any:  # noqa: ANN401 - JSON
    for step in place:
        tree = tree[step]
    return tree


def _copied(value: Any) -> Any:  # noqa: ANN401 - JSON
    return json.loads(json.dumps(value))
