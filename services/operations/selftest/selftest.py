"""A selftest: send, compare with the dry run, and have everything erased again."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.domain.besluit import BesluitRecord
from services.domain.outcome import Published, Skipped
from services.domain.policy import Beleid
from services.operations.audit.trail import Action, record
from services.operations.checks import Check
from services.operations.classifier_group import classifier_requests
from services.operations.erase.erase import ToErase, erase
from services.operations.erase.request import ErasureRequests
from services.operations.erase.targets import Mode
from services.operations.explain.search import TellLine
from services.operations.mongo import Database, Databases, read_databases
from services.operations.publish import HEADERS, key_of
from services.operations.selftest.contacts import (
    Sent,
    contact_ids,
    expected_ids,
    new_bsn,
    new_run,
    own_source,
    rounds,
)
from services.operations.selftest.observed import (
    are_gone,
    are_stored,
    decisions,
    events_since,
    ids_of,
    outcome_of,
    until,
)
from services.operations.subjects import (
    ContactSubject,
    PartijSubject,
    Subject,
    SubjectUnknown,
    find_partijen,
    read_subject,
)
from services.operations.topic_reader import topic_reader
from services.operations.wording import counted
from services.runtime.settings import Settings

REASON: Final = "klantcontact selftest"

OTHER_POLICY: Final = "Does the classifier run with the policy of this command (BELEID_FILE, --policy)?"
NO_PROJECTOR: Final = "Does the projector run, and what does `klantcontact doctor` say of it?"
NEVER: Final = "This is what docs/architecture/guarantees.md says can't happen. Keep the topics, and report it."


@dataclass(slots=True)
class SelfTested:
    """What a selftest found."""

    run: str
    source: str
    checks: list[Check] = field(default_factory=list)
    seconds: dict[str, float | None] = field(default_factory=dict)
    """How long each step took, to the tenth; None: it did not happen within a minute."""

    @property
    def is_right(self) -> bool:
        """Whether all is as it must be."""
        return all(each.ok for each in self.checks)

    def add(self, name: str, found: str, advice: str = "") -> None:
        """Note a check. One with advice has failed."""
        self.checks.append(Check(name=name, ok=not advice, found=found, advice=advice))


async def selftest(
    settings: Settings, beleid: Beleid, *, topic: str, by: str | None = None, tell: TellLine
) -> SelfTested:
    """Send the contacts, compare what comes of them with the policy, and have them erased.

    `tell` hears the name of the run before anything is sent: with it, `take_back` ends a run that was interrupted.
    Raises NotAllowed, Unanswered, CannotErase, InvalidSettings, and TransientFailure when Kafka or MongoDB is away.
    """
    tested = SelfTested(new_run(), own_source(settings.source))
    async with read_databases(settings) as databases:
        await RegisterKey(databases.register, configured_sleutels(settings)).check()
        await _read_everything(databases, tested)
        bsn = await _unknown_bsn(settings, databases.register)
        sent = rounds(settings.source, tested.run, bsn, beleid, topic, datetime.now(UTC))
        await _record(settings, tested.run, by)
        tell(f"Run {tested.run} begins. When it is interrupted: klantcontact selftest --take-back {tested.run}")
        await _try(settings, databases, topic, sent, tested)
        await _take_back(settings, databases, tested)
    return tested


async def take_back(settings: Settings, run: str, *, by: str | None = None) -> SelfTested:
    """Have everything erased that is left of a run. Raises as `selftest` does."""
    tested = SelfTested(run, own_source(settings.source))
    await _record(settings, run, by)
    async with read_databases(settings) as databases:
        await _take_back(settings, databases, tested)
    return tested


async def _read_everything(databases: Databases, tested: SelfTested) -> None:
    """Read from each collection that the comparison and the taking back read: a right that is missing shows here,
    before anything is sent.
    """
    await decisions(databases.register, tested.source, contact_ids(tested.run).values())
    await are_gone(databases.projection, ())
    await ErasureRequests(databases.register).unfinished(_verzoek(tested.run), Mode.PARTIJ)


async def _record(settings: Settings, run: str, by: str | None) -> None:
    ids = list(contact_ids(run).values())
    action = Action(
        command="selftest", request=_verzoek(run), reason=REASON, counts={"contacts": len(ids)}, ids=ids, by=by
    )
    await record(settings, action)


def _verzoek(run: str) -> str:
    return f"selftest {run}"


async def _unknown_bsn(settings: Settings, register: Database) -> str:
    """Return a BSN by which the register knows nobody: test data may have used one."""
    while True:
        bsn = new_bsn()
        number = {"codeRegister": "brp", "codeObjecttype": "natuurlijk_persoon", "codeSoortObjectId": "bsn"}
        subject = read_subject(orjson.dumps({"partijIdentificatoren": [{**number, "objectId": bsn}]}))
        assert isinstance(subject, PartijSubject), "a BSN names a klant"
        if not await find_partijen(settings, register, subject):
            return bsn


# Sending and comparing ------------------------------------------------------------------------------------------------


async def _try(
    settings: Settings, databases: Databases, topic: str, sent: Sequence[Sequence[Sent]], tested: SelfTested
) -> None:
    async with topic_reader(settings) as reader:
        begins = await reader.whole(*settings.output_topics)
        tested.seconds["published"] = await _send(settings, topic, sent)
        last = {each.contact_id: each for part in sent for each in part}
        besluiten = await decisions(databases.register, tested.source, last)
        _compare_decisions(last, besluiten, tested)
        tested.seconds["stored"] = await until(lambda: are_stored(databases.projection, besluiten.values()))
        _compare_documents(besluiten, tested)
        found = await events_since(reader, begins, tested.source)
    _compare_events(set(expected_ids([each for part in sent for each in part], settings.source)), found, tested)


async def _send(settings: Settings, topic: str, sent: Sequence[Sequence[Sent]]) -> float:
    """Send each round, and return the most seconds until the classifier had published what came of one."""
    slowest = 0.0
    async with classifier_requests(settings, topic) as sender:
        for part in sent:
            began = time.monotonic()
            for each in part:
                await sender.send(topic, each.event, key=key_of(each.event), headers=HEADERS)
            await sender.handled()
            slowest = max(slowest, time.monotonic() - began)
    return slowest


def _compare_decisions(sent: Mapping[str, Sent], besluiten: Mapping[str, BesluitRecord], tested: SelfTested) -> None:
    wrong = []
    for contact_id, each in sent.items():
        assert isinstance(each.expected, Published | Skipped), "nothing is sent that the policy does not take"
        must_be, besluit = outcome_of(each.expected.besluit), besluiten.get(contact_id)
        is_so = outcome_of(besluit) if besluit is not None else "no decision"
        if is_so != must_be:
            wrong.append(f"{contact_id}: {is_so}, and the policy of this command says {must_be}")
    rules = "; ".join(outcome_of(besluiten[each]) for each in sent if each in besluiten)
    tested.add("decisions", "\n".join(wrong) or f"as the policy says: {rules}", OTHER_POLICY if wrong else "")


def _compare_documents(besluiten: Mapping[str, BesluitRecord], tested: SelfTested) -> None:
    number, late = counted(len(ids_of(besluiten.values())), "document"), tested.seconds["stored"] is None
    found = f"{number} not stored as decided within a minute" if late else f"{number} stored as decided"
    tested.add("documents", found, NO_PROJECTOR if late else "")


def _compare_events(expected: set[str], found: Mapping[str, int], tested: SelfTested) -> None:
    missing, beyond = expected - found.keys(), found.keys() - expected
    again = sum(found.values()) - len(found)
    said = f"{len(found)}; {len(missing)} missing, {len(beyond)} beyond; {counted(again, 'repeat')} of the same id"
    tested.add("events", said, NEVER if missing or beyond else "")


# Taking back ----------------------------------------------------------------------------------------------------------


async def _take_back(settings: Settings, databases: Databases, tested: SelfTested) -> None:
    """Erase the klant with its contacts, then the contacts that are left, and wait until their documents are gone."""
    besluiten = await decisions(databases.register, tested.source, contact_ids(tested.run).values())
    ids = ids_of(besluiten.values())
    begun = await ErasureRequests(databases.register).unfinished(_verzoek(tested.run), Mode.PARTIJ)
    partijen = {partij.partij_id for besluit in besluiten.values() for partij in besluit.partijen}
    for partij_id in sorted(partijen | {each.partij_id for each in begun if each.partij_id is not None}):
        await _erase(settings, PartijSubject(partij_id=partij_id), Mode.PARTIJ, tested.run)
    left = await decisions(databases.register, tested.source, besluiten)
    for contact_id, besluit in left.items():
        if not besluit.without_trace:
            await _erase(settings, ContactSubject(tested.source, contact_id), Mode.CONTACT, tested.run)
    tested.seconds["taken back"] = await until(lambda: are_gone(databases.projection, ids))
    late = tested.seconds["taken back"] is None
    found = "erased, and still stored after a minute" if late else f"{counted(len(ids), 'document')} gone again"
    if not besluiten and not begun:
        found = f"nothing: no contact of run {tested.run} is registered"
    tested.add("taken back", found, NO_PROJECTOR if late else "")


async def _erase(settings: Settings, subject: Subject, mode: Mode, run: str) -> None:
    asked = ToErase(mode=mode, verzoek=_verzoek(run), reason=REASON, withdraw_missing=True)
    try:
        await erase(settings, subject, asked)
    except SubjectUnknown:
        return  # an interrupted run had erased it


def told(tested: SelfTested) -> dict[str, Any]:
    """Return it for a program to read."""
    return {
        "run": tested.run,
        "source": tested.source,
        "right": tested.is_right,
        "checks": tested.checks,
        "seconds": {name: None if took is None else round(took, 1) for name, took in tested.seconds.items()},
    }
