"""The status of a taak: others set it, and a decision that gives the taak to another actor opens it again."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.projector.mongo.writes import Collection, places_of
from tests.fakes.projector_store import FakeRegister
from tests.support.projector_examples import Event, assigned, fact, taak_created, taak_id, taak_withdrawn
from tests.support.projector_histories import CONFIDENTIAL_TAAK, TAAK, History, Published, histories
from tests.support.thoroughness import examples

A, B = assigned("Vergunningen"), assigned("Belastingen")

A1, A2, A3, A4 = (taak_created(revisie=revisie, fields=A) for revisie in range(1, 5))
B1, B2, B3, B4 = (taak_created(revisie=revisie, fields=B) for revisie in range(1, 5))
ANEW = taak_created(besluitversie=2, fields=A)
GONE = taak_withdrawn(revisie=2)


def with_id(number: str, *, revisie: int, naam: str = "Vergunningen") -> Event:
    """Return a taak for an actor that has an identificator."""
    register = {"codeRegister": "obj", "codeObjecttype": "afdeling", "codeSoortObjectId": "id", "objectId": number}
    actor = {"soortActor": "organisatorische_eenheid", "naam": naam, "actoridentificator": register}
    return taak_created(revisie=revisie, fields={"toegewezenAan": actor})


SAME_NAME = taak_created(revisie=2, fields={"toegewezenAan": {"soortActor": "medewerker", "naam": "Vergunningen"}})

HANDLED, OPEN = "verwerkt", "te_verwerken"


@pytest.mark.parametrize(
    ("before", "after", "status", "why"),
    [
        ([A1], [B2], OPEN, "another actor"),
        ([A1], [SAME_NAME], OPEN, "an actor of another kind with the same name"),
        ([A1], [with_id("7", revisie=2)], OPEN, "an actor with an identificator, which may be another one"),
        ([with_id("7", revisie=1)], [with_id("8", revisie=2)], OPEN, "an actor with another identificator"),
        ([with_id("7", revisie=1)], [with_id("7", revisie=2, naam="V.")], HANDLED, "the name of an actor is mended"),
        ([A1], [A2], HANDLED, "a correction of other things"),
        ([A1], [ANEW], HANDLED, "a new judgement"),
        ([A1, B2], [B2, A1], HANDLED, "repeats"),
        ([A1, B2], [A1, B2], HANDLED, "repeats, one after the other"),
        ([B2], [A1], HANDLED, "an older decision that comes late"),
        ([A1], [B3], OPEN, "another actor, and a decision is skipped"),
        ([A1, B3], [A2], HANDLED, "the skipped decision comes late"),
        ([A1, A3], [B2], HANDLED, "the skipped decision comes late, and was about another actor"),
        ([A1, B2], [A3], OPEN, "back to the first actor"),
        ([A1], [B2, A3], OPEN, "to another actor and back"),
        ([A1], [B2, A3, A4], OPEN, "to another actor and back, and corrected"),
        ([A1], [B2, B3, B4], OPEN, "to another actor, and corrected"),
        ([A1], [GONE, A3], OPEN, "withdrawn, and made again"),
    ],
)
def test_a_status_stays_until_a_decision_gives_the_taak_to_another_actor(
    before: Sequence[Event], after: Sequence[Event], status: str, why: str
) -> None:
    """However the events are divided over batches."""
    for batches in ([[each] for each in after], [after], [after, after]):
        register = FakeRegister()
        register.merge([fact(event) for event in before])
        set_status(register, taak_id("c-1"), HANDLED)

        for batch in batches:
            register.merge([fact(event) for event in batch])

        assert statuses(register) == {taak_id("c-1"): status}, why


def test_a_taak_that_was_opened_again_and_handled_stays_handled() -> None:
    register = FakeRegister()
    for event in (A1, B2, B2, A1, B3, taak_created(revisie=3, besluitversie=2, fields=B)):
        register.merge([fact(event)])
        set_status(register, taak_id("c-1"), HANDLED)

    assert statuses(register) == {taak_id("c-1"): HANDLED}


def set_status(register: FakeRegister, identifier: str, status: str) -> None:
    [taak] = [each for each in taken(register) if each["_id"] == identifier]
    taak["interneTaak"]["status"] = status


def statuses(register: FakeRegister) -> dict[str, str]:
    return {each["_id"]: each["interneTaak"]["status"] for each in taken(register)}


def taken(register: FakeRegister) -> Sequence[Mapping[str, Any]]:
    """Return the taken, ordinary and confidential."""
    return [taak for place in places_of(Collection.INTERNE_TAKEN) for taak in register.collections[place].values()]


# Any history, with a taak application that sets statuses in between


THOROUGH = settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])


class PlainTaken:
    """The taken as the rule says it in one sentence for each event, one event at a time."""

    def __init__(self) -> None:
        self.newest: dict[str, tuple[int, int]] = {}
        self.actors: dict[str, str] = {}
        self.statuses: dict[str, str] = {}

    def take_in(self, event: Event) -> None:
        identifier, data = event["subject"], event["data"]
        if data.get("verplaatst"):
            return  # it continues under the same id on the other topic
        decision = (data["herkomst"]["revisie"], data["besluit"]["besluitversie"])
        if decision <= self.newest.get(identifier, (0, 0)):
            return
        self.newest[identifier] = decision
        if "interneTaak" not in data:
            self.actors.pop(identifier, None)
            self.statuses.pop(identifier, None)
            return
        actor = data["interneTaak"]["toegewezenAan"]["naam"]
        if self.actors.get(identifier) != actor:
            self.statuses[identifier] = OPEN
        self.actors[identifier] = actor


@THOROUGH
@given(history=histories(), chance=st.randoms(use_true_random=False), in_order=st.booleans())
def test_statuses_are_those_of_the_rule_however_events_come_and_others_set_them(
    history: History, chance: random.Random, *, in_order: bool
) -> None:
    register, plain = FakeRegister(), PlainTaken()
    for batch in _batches(history.published, chance, in_order=in_order):
        register.merge([fact(each.event) for each in batch])
        for each in batch:
            if each.topic in {TAAK, CONFIDENTIAL_TAAK}:
                plain.take_in(each.event)
        assert statuses(register) == plain.statuses
        for identifier in plain.statuses:
            if chance.random() < 0.5:
                plain.statuses[identifier] = chance.choice([HANDLED, OPEN])
                set_status(register, identifier, plain.statuses[identifier])


def _batches(published: Sequence[Published], chance: random.Random, *, in_order: bool) -> Iterator[Sequence[Published]]:
    """Yield batches of any size. In order, each repeats some of what was before; else all come in any order, twice."""
    rest = list(published)
    if not in_order:
        rest += published
        chance.shuffle(rest)
    done: list[Published] = []
    while rest:
        size = chance.randint(1, 6)
        batch, rest = rest[:size], rest[size:]
        repeated = chance.sample(done, min(len(done), chance.randint(0, 3))) if in_order else []
        yield [*repeated, *batch]
        done += batch
