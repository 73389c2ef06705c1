"""Any legal compaction of the output topics ends in the documents of the whole history.

Histories of contacts go through the rules, and what the classifier would publish through the projector: revisies,
confidential contacts and back, several onderwerpen with taken, partijen that are emptied, withdrawn and registered
again, new judgements by other policies, repeats, events that an operator had published again, and contacts that were
erased.
"""

from collections.abc import Iterable
from random import Random
from typing import Any

from services.domain.herbeoordeling import Feiten
from services.domain.ids import contact_key
from services.domain.outcome import Executed, Repeated
from services.domain.policy import DEFAULT
from services.domain.wissing import SoortWissing
from services.projector.events import read
from services.projector.merging.partij import NAMES
from services.projector.mongo.writes import SINCE
from tests.fakes.projector_store import FakeRegister
from tests.support.compaction import Kept, compacted
from tests.support.projector_examples import OWN_SOURCES
from tests.support.whole import whole
from tests.unit.domain.desk import Sent
from tests.unit.domain.policies import POLICIES
from tests.unit.domain.strategies import History, marks_in, random_history
from tests.unit.domain.test_erasing import Eraser

HISTORIES = whole(200, 10_000)

CHANGES = 0.3
"""How often a new policy and a new judgement follow a contact."""

AGAIN = 0.2
"""How often the events of the decision in force go out again after a contact."""

ERASED = 0.15
"""How often a contact is erased after another one."""

Documents = dict[str, dict[str, dict[str, Any]]]

PARTITIONS = ((12,), (12, 13), (1, 2, 3))


def test_what_any_compaction_leaves_ends_in_the_documents_of_the_whole_history() -> None:
    for seed in range(HISTORIES):
        chance = Random(seed)
        published, _ = _published(random_history(chance), chance)

        left = compacted(published, chance, partitions=chance.choice(PARTITIONS))
        chance.shuffle(left)

        assert _documents(left) == _documents(published), f"history {seed}"


def test_of_an_erased_contact_nothing_is_left_in_a_document_or_in_the_last_record_of_any_key() -> None:
    erasures = 0
    for seed in range(HISTORIES):
        chance = Random(seed)
        published, erased = _published(random_history(chance), chance)

        last = {(record.topic, record.key): record.value.decode() for record in published}

        erasures += bool(erased)
        assert marks_in(list(last.values())) & erased == set(), f"history {seed}"
        assert marks_in(_documents(published)) & erased == set(), f"history {seed}"
    assert erasures > HISTORIES / 10


def _published(history: History, chance: Random) -> tuple[list[Kept], set[str]]:
    """Return everything that goes out, in order, and the marks of the contacts that were erased."""
    eraser = Eraser()
    desk, published, erased = eraser.desk, list[Kept](), set[str]()
    for number, (source, data) in enumerate(history):
        published += _sent(desk.bring(data, source=source).sent)
        of, former = chance.choice(history[: number + 1])
        key = contact_key(of, former["contactId"])
        in_force = desk.register.besluiten.get(key)
        if chance.random() < CHANGES:
            desk.change_policy(chance.choice([DEFAULT, *POLICIES]))
            version = in_force.besluitversie if in_force else 1
            feiten = chance.choice(list(Feiten))
            published += _sent(desk.again(former, source=of, besluitversie=version, feiten=feiten).sent)
        if chance.random() < AGAIN:
            repeated = desk.bring(former, source=of)
            published += _sent(repeated.sent) if isinstance(repeated.outcome, Repeated) else ()
        in_force = desk.register.besluiten.get(key)
        if chance.random() < ERASED and in_force is not None:
            answer = eraser.erase(
                SoortWissing.CONTACT, contact_key=key, revisie=in_force.revisie, besluitversie=in_force.besluitversie
            )
            if isinstance(answer, Executed):
                published += _sent(eraser.sent(answer))
                erased |= marks_in(
                    [data for name, data in history if (name, data["contactId"]) == (of, former["contactId"])]
                )
    return published, erased


def _sent(sent: Iterable[Sent]) -> list[Kept]:
    return [Kept(each.stream, each.key, each.value) for each in sent]


def _documents(records: list[Kept]) -> Documents:
    """Return what anybody reads, and what merging needs but the counters that say which event gave a field."""
    register = FakeRegister()
    register.merge([read(each.value, OWN_SOURCES).fact for each in records])
    return {
        collection: {identifier: _compared(document) for identifier, document in documents.items()}
        for collection, documents in register.contents().items()
    }


def _compared(document: dict[str, Any]) -> dict[str, Any]:
    compared = {name: value for name, value in document.items() if name not in {SINCE, "versies"}}
    if employer := document.get("werkteVoorPartij"):
        # Of several contacts of one contactpersoon each names the employer in its own way. When the newest is taken
        # back, that of another one may show.
        compared["werkteVoorPartij"] = {name: value for name, value in employer.items() if name in NAMES}
    return compared
