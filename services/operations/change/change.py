"""`klantcontact withdraw` and `restrict`: the classifier changes consent or restriction of a klant, outside a contact.

The command sends a signed instruction to the topic for changes of consent, and waits for the decision about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from services.classifier.changes import Opdracht, own_source, written
from services.classifier.mongo.documents import besluit_of, gewist_of, partij_of
from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER
from services.domain.besluit import PartijBesluit
from services.domain.consent import Moment
from services.domain.ids import change_key
from services.domain.partij import PartijRecord
from services.domain.sleutels import Sleutels
from services.operations.audit.trail import Action, record
from services.operations.change.request import AskedChange, ChangeRequest, ChangeRequests
from services.operations.classifier_group import ClassifierRequests, classifier_requests
from services.operations.mongo import Database, read_register
from services.operations.subjects import ContactSubject, InvalidSubject, Subject, find_partij
from services.operations.wording import to_the_second
from services.runtime.errors import InvalidSettings, KlantcontactError
from services.runtime.settings import Settings


class CannotChange(KlantcontactError):
    """Something can't be changed so. The message says why, and what to do."""


class Effect(StrEnum):
    """What came of a change."""

    EMPTIED = "emptied"
    """No consent is in force, and the partij has lost name and addresses."""
    NO_CONSENT = "noConsent"
    """No consent is in force. The partij held no details."""
    CONSENT = "consent"
    """Consent is in force."""
    RESTRICTED = "restricted"
    LIFTED = "lifted"
    UNKNOWN = "unknown"
    """No contact knows this klant: nothing is kept, and nothing changed."""
    ERASED = "erased"
    """The decision about the change was erased since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToChange:
    """What an operator asks."""

    asked: AskedChange
    verzoek: str
    reason: str
    at: datetime | None = None
    """When the klant said so; None: now."""
    by: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOutcome:
    """What came of it, or would come of it."""

    partij_id: str
    nummer: str
    wijziging_id: str | None
    """None: of a dry run that nothing came before."""
    op: datetime
    effect: Effect
    consent: bool
    """Whether consent is in force now; of a dry run, whether it would be."""
    restricted: bool
    """Whether processing is restricted now; of a dry run, whether it would be."""
    executed: bool
    was_done: bool = False
    """Whether an earlier run with the same request had done it."""

    def as_json(self) -> dict[str, Any]:
        """Return it for a program to read."""
        return {
            "partijId": self.partij_id,
            "nummer": self.nummer,
            "wijzigingId": self.wijziging_id,
            "op": self.op,
            "effect": self.effect.value,
            "consent": self.consent,
            "restricted": self.restricted,
            "executed": self.executed,
            "wasDone": self.was_done,
        }


async def change(settings: Settings, subject: Subject, asked: ToChange) -> ChangeOutcome:
    """Have the classifier change what is asked; with `dry_run` say what would come of it.

    Raises InvalidSubject, SubjectUnknown, SeveralPartijen, CannotChange, Unanswered, InvalidSettings, and
    TransientFailure when Kafka or MongoDB is away. Started again with the same request, it sends the same change, or
    sees that it was done.
    """
    if isinstance(subject, ContactSubject):
        raise InvalidSubject("This is about a klant, not about a contact: name the klant.")
    sleutels = configured_sleutels(settings)
    async with read_register(settings) as register:
        await RegisterKey(register, sleutels).check()
        partij = await find_partij(settings, register, subject)
        requests = ChangeRequests(register, asked.verzoek, asked.asked, partij.partij_id)
        begun = await requests.find()
        if begun is not None and asked.at is not None and begun.opdracht.op != asked.at:
            raise CannotChange(
                f"This request has begun with another moment, {to_the_second(begun.opdracht.op)}. Leave out --at to go "
                "on with it, or give another --request."
            )
        if asked.dry_run:
            return _foreseen(asked, partij, begun)
        await record(settings, _action(asked, partij))
        if begun is not None and begun.done_at is not None:
            return await _outcome(settings, register, partij, begun.opdracht, was_done=True)
        return await _execute(settings, register, sleutels, asked, partij, requests)


def _action(asked: ToChange, partij: PartijRecord) -> Action:
    return Action(
        command=asked.asked.value,
        request=asked.verzoek,
        reason=asked.reason,
        counts={"partijen": 1},
        ids=[partij.partij_id],
        by=asked.by,
    )


async def _execute(
    settings: Settings,
    register: Database,
    sleutels: Sleutels,
    asked: ToChange,
    partij: PartijRecord,
    requests: ChangeRequests,
) -> ChangeOutcome:
    async with classifier_requests(settings, settings.consent_topics[0]) as sender:
        is_new = await requests.find() is None
        request = await requests.begin(asked.at or datetime.now(UTC), asked.reason)
        if await _decision(settings, register, request.opdracht) is None:
            try:
                await _send(sender, request.opdracht, sleutels)
            except InvalidSettings:
                if is_new:
                    await requests.forget()  # Kafka refused it, so the change is nowhere
                raise
            await sender.handled()
    outcome = await _outcome(settings, register, partij, request.opdracht)
    if outcome.effect is Effect.UNKNOWN:
        await requests.forget()
    else:
        await requests.finish()
    return outcome


async def _send(sender: ClassifierRequests, opdracht: Opdracht, sleutels: Sleutels) -> None:
    """Send an instruction, and wait until Kafka has it. Raises as `ClassifierRequests.send` does."""
    value, headers = written(opdracht, sender.settings.source, sleutels)
    topic = sender.settings.consent_topics[0]
    await sender.send(topic, value, key=opdracht.partij_id.encode(), headers=headers)
    await sender.written()


async def _decision(settings: Settings, register: Database, opdracht: Opdracht) -> Mapping[str, Any] | None:
    key = change_key(own_source(settings.source), opdracht.wijziging_id)
    return await register[BESLUITEN].find_one({"_id": key})


async def _outcome(
    settings: Settings, register: Database, partij: PartijRecord, opdracht: Opdracht, *, was_done: bool = False
) -> ChangeOutcome:
    """Return what the register says of a change, and of the klant now. Raises CannotChange."""
    document = await _decision(settings, register, opdracht)
    if document is None:
        raise CannotChange(
            "The classifier has read the change, and did not take it for one of the municipality's own. Does it run "
            "with the key and the SOURCE of this command, and in this release? The change is a dead letter: discard it."
        )
    stored = await register[PARTIJREGISTER].find_one({"_id": partij.partij_id})
    now = partij_of(stored) if stored is not None else None
    return ChangeOutcome(
        partij_id=partij.partij_id,
        nummer=partij.nummer,
        wijziging_id=opdracht.wijziging_id,
        op=opdracht.op,
        effect=_effect_of(document),
        consent=now is not None and now.has_consent,
        restricted=now is not None and now.beperkt is not None,
        executed=True,
        was_done=was_done,
    )


def _effect_of(document: Mapping[str, Any]) -> Effect:
    if gewist_of(document) is not None:
        return Effect.ERASED
    decided = besluit_of(dict(document)).partijen
    return _decided(decided[0]) if decided else Effect.UNKNOWN


def _decided(partij: PartijBesluit) -> Effect:
    if partij.wordt_beperkt is not None:
        return Effect.RESTRICTED if partij.wordt_beperkt else Effect.LIFTED
    return _of_consent(in_force=partij.consent, held_details=not partij.stand.leeg)


def _of_consent(*, in_force: bool, held_details: bool) -> Effect:
    if in_force:
        return Effect.CONSENT
    return Effect.EMPTIED if held_details else Effect.NO_CONSENT


def _foreseen(asked: ToChange, partij: PartijRecord, begun: ChangeRequest | None) -> ChangeOutcome:
    """Return what would come of a change as things are."""
    op = begun.opdracht.op if begun is not None else asked.at or datetime.now(UTC)
    said, restricted = asked.asked.toestemming, asked.asked.beperking
    consent = partij.has_consent
    if not partij.bekend:
        effect = Effect.UNKNOWN
    elif restricted is not None:
        effect = Effect.RESTRICTED if restricted else Effect.LIFTED
    else:
        consent = partij.stand.stating(said, Moment(op, _NOBODY, _NOBODY, wijziging=True)).give_consent
        effect = _of_consent(in_force=consent, held_details=not partij.stand.leeg)
    stays = restricted is None or effect is Effect.UNKNOWN
    return ChangeOutcome(
        partij_id=partij.partij_id,
        nummer=partij.nummer,
        wijziging_id=begun.opdracht.wijziging_id if begun is not None else None,
        op=op,
        effect=effect,
        consent=consent,
        restricted=partij.beperkt is not None if stays else bool(restricted),
        executed=False,
        was_done=begun is not None and begun.done_at is not None,
    )


_NOBODY: Final = ""
"""In the place of ids that do not count for which statement is the newest."""
