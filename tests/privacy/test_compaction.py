"""Any legal compaction of the output topics ends in the documents of the whole history.

Histories of contacts go through the rules, and what the classifier would publish through the projector: revisies,
confidential contacts and back, several onderwerpen with taken, partijen that are emptied, withdrawn and registered
again, new judgements by other policies, repeats, and events that an operator had published again.
"""

from random import Random
from typing import Any

from services.domain.herbeoordeling import Feiten
from services.domain.ids import contact_key
from services.domain.outcome import Repeated
from services.domain.policy import DEFAULT
from services.projector.events import read
from services.projector.merging.partij import NAMES
from services.projector.mongo.writes import SINCE
from tests.fakes.projector_store import FakeRegister
from tests.support.compaction import Kept, compacted
from tests.support.projector_examples import OWN_SOURCES
from tests.support.whole import whole
from tests.unit.domain.desk import Brought, Desk
from tests.unit.domain.policies import POLICIES
from tests.unit.domain.strategies import History, random_history

HISTORIES = whole(500, 10_000)

CHANGES = 0.3
"""How often a new policy and a new judgement follow a contact."""

AGAIN = 0.2
"""How often the events of the decision in force go out again after a contact."""

Documents = dict[str, dict[str, dict[str, Any]]]

PARTITIONS = ((12,), (12, 13), (1, 2, 3))


def test_what_any_compaction_leaves_ends_in_the_documents_of_the_whole_history() -> None:
    for seed in range(HISTORIES):
        chance = Random(seed)
        published = _published(Desk(), random_history(chance), chance)

        left = compacted(published, chance, partitions=chance.choice(PARTITIONS))
        chance.shuffle(left)

        assert _documents(left) == _documents(published), f"history {seed}"


def _published(desk: Desk, history: History, chance: Random) -> list[Kept]:
    """Return everything that goes out, in order."""
    published: list[Kept] = []
    for number, (source, data) in enumerate(history):
        published += _sent(desk.bring(data, source=source))
        of, former = chance.choice(history[: number + 1])
        in_force = desk.register.besluiten.get(contact_key(of, former["contactId"]))
        if chance.random() < CHANGES:
            desk.change_policy(chance.choice([DEFAULT, *POLICIES]))
            version = in_force.besluitversie if in_force else 1
            published += _sent(desk.again(former, source=of, besluitversie=version, feiten=chance.choice(list(Feiten))))
        if chance.random() < AGAIN:
            repeated = desk.bring(former, source=of)
            published += _sent(repeated) if isinstance(repeated.outcome, Repeated) else ()
    return published


def _sent(brought: Brought) -> list[Kept]:
    return [Kept(each.stream, each.key, each.value) for each in brought.sent]


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
