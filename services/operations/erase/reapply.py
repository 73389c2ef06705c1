"""`klantcontact erase --reapply`: after a backup was put back, erase again what the ledger says was erased.

The ledger is a topic, so a restored database does not lose it. Each line names ids; what the restored register still
has of them is erased as at first. A contact that the backup does not know gets its tombstone again, so that a publisher
can't bring it back.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.domain.wissing import GewistItem, SoortWissing
from services.operations.audit.trail import Action, record
from services.operations.erase.asking import instructions
from services.operations.erase.erase import Eraser, Erasure, unrestricted
from services.operations.erase.targets import Finder, Mode, Target
from services.operations.ledger import ledger_lines
from services.operations.mongo import read_databases
from services.operations.topic_reader import Progress, TopicReader, topic_reader, unseen
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ToReapply:
    """What an operator asks."""

    verzoek: str
    reason: str
    dry_run: bool = False


async def reapply(settings: Settings, asked: ToReapply, progress: Progress = unseen) -> Erasure:
    """Erase again whatever of the ledger is back. Raises as `erase` does."""
    sleutels = configured_sleutels(settings)
    async with topic_reader(settings) as reader:
        items = await read_ledger(reader, settings)
    async with read_databases(settings) as databases:
        await RegisterKey(databases.register, sleutels).check()
        finder = Finder(databases)
        targets = [each for item in items if await finder.is_back(each := await _target(finder, item))]
        erasure = Erasure(targets, was_done=not targets)
        targets = erasure.targets = await unrestricted(finder, targets, erasure.restricted)
        eraser = Eraser(finder, erasure.counts, progress)
        if asked.dry_run:
            for each in targets:
                await eraser.count(each)
            return erasure
        await record(settings, _action(asked, targets))
        async with instructions(settings, databases.register, sleutels) as asking:
            for each in targets:
                await eraser.erase(each, asking)
        erasure.executed = True
    return erasure


def _action(asked: ToReapply, targets: Sequence[Target]) -> Action:
    counts = Counter(each.mode.value for each in targets)
    ids = [each.partij_id or each.contact_key or "" for each in targets]
    return Action(command="erase --reapply", request=asked.verzoek, reason=asked.reason, counts=dict(counts), ids=ids)


async def read_ledger(reader: TopicReader, settings: Settings) -> list[GewistItem]:
    """Return the newest line of everything that was ever erased, the links of klanten first."""
    found = {each.key: each async for each in ledger_lines(reader, settings)}
    order = list(_MODES)
    return sorted((each for each in found.values() if each.soort in _MODES), key=lambda each: order.index(each.soort))


_MODES: Final = {
    SoortWissing.KOPPELINGEN: Mode.PARTIJ,
    SoortWissing.PARTIJ: Mode.PARTIJ,
    SoortWissing.CONTACT: Mode.CONTACT,
    SoortWissing.BETROKKENE: Mode.BETROKKENE,
    SoortWissing.GEGEVENS: Mode.DETAILS,
}
"""In the order in which they are erased again: a klant that was erased takes its contacts along, as at first. What a
term took, the next run of `klantcontact retain` takes again."""


async def _target(finder: Finder, item: GewistItem) -> Target:
    """Return what a line of the ledger names, to be erased for its own request.

    Of a contact that the register does not know nothing can stay: a publisher would bring back all of it.
    """
    if item.contact_key is not None and await finder.is_unknown(item.contact_key):
        return Target(Mode.CONTACT, item.verzoek, item.reden, item.contact_key)
    return Target(_MODES[item.soort], item.verzoek, item.reden, item.contact_key, item.partij_id)
