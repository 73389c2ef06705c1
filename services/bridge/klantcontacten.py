"""Makes one klantcontact in Open Klant equal to what the projector shows of it, with its partijen, actoren and taken.

Correction, withdrawal, erasure, backfill, reconcile and repair after a crash are this one way.
"""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from services.bridge.actoren import Actoren
from services.bridge.compare import compare
from services.bridge.converge import Convergence, RemovedMeanwhile, make
from services.bridge.errors import Behind, CallRefused, LetterReason
from services.bridge.found import NOTHING_FOUND, FoundRows
from services.bridge.instrumentation import tell_comparison
from services.bridge.meant import (
    A_LOOK,
    USUAL,
    BridgeTerms,
    Care,
    Meant,
    Trigger,
    is_behind,
    is_older,
    state_name,
    version_of,
    version_of_partij,
)
from services.bridge.partijen import ATTEMPTS, Partijen, is_done, may_be_there, points_at_nothing
from services.bridge.parts import Ours, key_of, resource_of
from services.bridge.ports import (
    BridgeStates,
    GoneMarker,
    Lease,
    OpenKlant,
    ProjectedDocuments,
    ShownContact,
    ShownOrGone,
    ShownState,
    State,
)
from services.bridge.reading import RowReader
from services.bridge.resources import Resource
from services.bridge.wanted import (
    NOTHING_WANTED,
    Links,
    WantedParts,
    actoren_of,
    followed_by,
    klantcontact_parts,
    said_of,
)


class Klantcontacten:
    """The klantcontacten. Each is changed under its lease."""

    def __init__(
        self, open_klant: OpenKlant, documents: ProjectedDocuments, states: BridgeStates, terms: BridgeTerms
    ) -> None:
        self._open_klant = open_klant
        self._documents = documents
        self._states = states
        self._signer = terms.signer
        self._policy = terms.policy
        self._choice = terms.choice
        self._reader = RowReader(open_klant, terms.signer)
        self._actoren = Actoren(open_klant, states, terms.signer, terms.policy)
        self._partijen = Partijen(open_klant, states, terms.signer, add=terms.choice.add)

    async def converge(self, klantcontact_id: str, trigger: Trigger = A_LOOK, asked: Care = USUAL) -> Convergence:
        """Make a klantcontact equal.

        Raises Behind while the projector is older than the trigger, Leased while another instance is at work on it.
        """
        state = await self._states.find(state_name(klantcontact_id))
        meant = await self._meant(klantcontact_id, state, trigger, asked)
        if meant is None:
            return Convergence.SKIPPED
        links = await self._links(meant)
        if asked == USUAL and is_done(state, self._summary(meant, links, state.ours)):
            return Convergence.EQUAL
        return await self._leased(meant, links)

    async def give_up(self, name: str, reason: LetterReason) -> None:
        """Note that a klantcontact or partij, by the name of its state, became a dead letter."""
        await self._states.give_up(name, reason)

    async def converge_partij(
        self, partij_id: str, versie: int = 0, asked: Care = USUAL, *, nummer: str | None = None
    ) -> Convergence:
        """Make a partij equal by itself, when it is shown in this versie or newer. Raises as `converge` does."""
        shown = await self._documents.of_partij(partij_id)
        if versie and (shown is None or version_of_partij(shown) < (versie,)):
            raise Behind
        return await self._partijen.converge(partij_id, shown, asked, nummer=nummer)

    # What is meant

    async def _meant(self, klantcontact_id: str, state: State, trigger: Trigger, asked: Care) -> Meant | None:
        """Return what Open Klant should show; None for a klantcontact that does not go there."""
        known = [key.partition("/")[2] for key in state.ours.rows if resource_of(key) is Resource.INTERNE_TAKEN]
        projected = await self._documents.of_klantcontact(klantcontact_id, [*known, *trigger.taken])
        projected = self._without_moved(projected, trigger)
        shown = self._let_out(self._current(projected, trigger))
        nummer = state.summary.get("nummer") or trigger.nummer
        if isinstance(shown, Mapping):
            nummer = shown["klantcontact"]["nummer"]
        if shown is None or (state.ours.is_new and not self._is_chosen(shown, nummer)):
            return None
        return Meant(klantcontact_id, shown, projected, nummer, asked)

    def _without_moved(self, projected: ShownContact, trigger: Trigger) -> ShownContact:
        """Return what the projector shows, with the taken as gone that an event has moved to where we do not look.

        Most go with their klantcontact. But that may have come back meanwhile, without them. Only a settled trigger
        says so: a rebuild that swaps its collections also shows nothing for a moment.
        """
        if self._choice.confidential or not trigger.settled:
            return projected
        moved = {each: trigger.taken[each] for each in trigger.moved_taken}
        gone = {
            each: GoneMarker(version) for each, version in moved.items() if is_older(projected.taken[each], version)
        }
        return replace(projected, taken={**projected.taken, **gone})

    def _current(self, projected: ShownContact, trigger: Trigger) -> ShownOrGone:
        """Return what the projector shows of the klantcontact. Raises Behind when that, or a taak, is older than the
        trigger.

        An absent klantcontact is gone only where an event says so. One that moved to where we do not look is gone too
        while the projector has yet to read the event that moves it: no other event tells us.
        """
        shown = projected.klantcontact
        moved = trigger.moved and not self._choice.confidential
        if shown is None and trigger.withdrawn and (trigger.settled or moved):
            return GoneMarker(trigger.klantcontact)
        if trigger.settled and moved and is_older(shown, trigger.klantcontact):
            return GoneMarker(trigger.klantcontact)
        if not trigger.settled and is_behind(projected, trigger):
            raise Behind
        return shown

    def _let_out(self, shown: ShownOrGone) -> ShownOrGone:
        if isinstance(shown, Mapping) and shown["klantcontact"]["vertrouwelijk"] and not self._choice.confidential:
            return GoneMarker(version_of(shown))
        return shown

    def _is_chosen(self, shown: ShownState, nummer: str | None) -> bool:
        """Whether a klantcontact goes to Open Klant that the state does not know. A nummer finds one that is gone."""
        return (
            nummer is not None if isinstance(shown, GoneMarker) else shown["herkomst"]["source"] in self._choice.sources
        )

    async def _links(self, meant: Meant) -> Links:
        if meant.document is None:
            return Links()
        partijen = await self._partijen.linked(meant.projected.partijen, meant.asked)
        return Links(partijen, klantcontacten=await self._earlier(meant))

    async def _earlier(self, meant: Meant) -> Mapping[str, str]:
        names = {each: state_name(each) for each in followed_by(meant.document)}
        uuids = await self._states.uuids(list(names.values()))
        return {each: uuids[name] for each, name in names.items() if name in uuids}

    def _summary(self, meant: Meant, links: Links, ours: Ours) -> Mapping[str, Any]:
        document = meant.document
        says = document and [said_of(document, meant.taken), links.partijen, links.klantcontacten, self._policy_merk()]
        return {
            "versie": list(meant.version),
            "merk": self._signer.merk([says, sorted(_unknown(meant, ours))]),
            "nummer": meant.nummer,
            "partijen": sorted(meant.projected.partijen) if document else [],
        }

    def _policy_merk(self) -> str:
        return self._signer.merk(self._policy.model_dump(mode="json"))

    # One convergence

    async def _leased(self, meant: Meant, links: Links) -> Convergence:
        name = state_name(meant.klantcontact_id)
        async with self._states.leased(name, follows=followed_by(meant.document)) as lease:
            before = lease.state
            if tuple(before.summary.get("versie", ())) > meant.version:
                return Convergence.EQUAL  # another instance has seen more
            # Again, now that it stands that we follow them: one that comes to be from here on finds us.
            links = replace(links, klantcontacten=await self._earlier(meant))
            outcome, links = await self._persistently(meant, links, lease)
            # Before the end: after an interruption the next convergence does it again.
            await self._afterwards(meant, before, outcome)
            await lease.end(self._summary(meant, links, lease.state.ours))
        return outcome

    async def _persistently(self, meant: Meant, links: Links, lease: Lease) -> tuple[Convergence, Links]:
        for attempt in range(1, ATTEMPTS + 1):
            links = await self._with_actoren(meant, links)
            try:
                return await self._attempt(meant, links, lease), links
            except RemovedMeanwhile as removed:
                if attempt == ATTEMPTS:
                    raise CallRefused(removed.call, HTTPStatus.NOT_FOUND) from removed
            except CallRefused as refusal:
                if attempt == ATTEMPTS or not (may_be_there(refusal) or points_at_nothing(refusal)):
                    raise
                meant = replace(meant, asked=replace(meant.asked, whole=True))
                if points_at_nothing(refusal):
                    links = await self._mended(meant, links)
        raise AssertionError("the last attempt returns or raises")

    async def _with_actoren(self, meant: Meant, links: Links) -> Links:
        if meant.document is None:
            return links
        return replace(links, actoren=await self._actoren.linked(actoren_of(meant.document, meant.taken)))

    async def _mended(self, meant: Meant, links: Links) -> Links:
        """Look again at the rows that this one points at: somebody removed one of them."""
        await self._actoren.forget(list(links.actoren.values()))
        for each in links.klantcontacten:
            await self.converge(each, asked=Care(whole=True))
        return await self._links(meant)

    async def _attempt(self, meant: Meant, links: Links, lease: Lease) -> Convergence:
        wanted = self._wanted(meant, links, lease.state.ours)
        found = await self._found(meant, wanted, lease.state.ours)
        comparison = compare(wanted, found, lease.state.ours, again=meant.asked.again)
        tell_comparison(comparison, lease.state.ours, klantcontact_id=meant.klantcontact_id)
        return await make(comparison, self._open_klant, lease)

    def _wanted(self, meant: Meant, links: Links, ours: Ours) -> WantedParts:
        if meant.document is None:
            return NOTHING_WANTED
        parts = klantcontact_parts(meant.document, meant.taken, links, self._policy, self._signer)
        return WantedParts(parts, _unknown(meant, ours))

    async def _found(self, meant: Meant, wanted: WantedParts, ours: Ours) -> FoundRows:
        if meant.nummer is None or (ours.is_new and meant.document is not None and not meant.asked.whole):
            return NOTHING_FOUND
        whole = meant.asked.whole or not ours.is_done or meant.document is None
        return await self._reader.klantcontact(meant.klantcontact_id, meant.nummer, wanted, ours, whole=whole)

    async def _afterwards(self, meant: Meant, before: State, outcome: Convergence) -> None:
        """Converge what depends on this one: klantcontacten that follow it, and partijen that it no longer names."""
        was_interrupted = not (before.ours.is_new or before.ours.is_done)
        if was_interrupted or outcome in {Convergence.CREATED, Convergence.REMOVED}:
            for each in await self._states.following(meant.klantcontact_id):
                await self.converge(each)
        held = meant.projected.partijen if meant.document else ()
        for each in before.summary.get("partijen", ()):
            if each not in held:
                await self.converge_partij(each)


def _unknown(meant: Meant, ours: Ours) -> frozenset[str]:
    """Return the keys of our taken that the projector neither shows nor remembers as gone."""
    unknown = (key_of(Resource.INTERNE_TAKEN, each) for each, taak in meant.projected.taken.items() if taak is None)
    return frozenset(unknown) & ours.rows.keys()
