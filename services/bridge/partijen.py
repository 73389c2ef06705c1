"""Makes one partij in Open Klant equal to what the projector shows of it.

Others made a partij that has not our number, and they keep what is theirs. A partij of ours that is gone here the
bridge removes when no betrokkene hangs on it there. Otherwise the bridge empties it.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from services.bridge.compare import compare
from services.bridge.converge import Convergence, RemovedMeanwhile, make
from services.bridge.errors import Absent, CallRefused, NummerBezet
from services.bridge.finding_partijen import PartijFinder, may_be_of
from services.bridge.found import NOTHING_FOUND, FoundRows, row_of
from services.bridge.instrumentation import tell_comparison
from services.bridge.meant import USUAL, Care
from services.bridge.parts import PARTIJ, Noted, Ours, Signer, WantedPart, key_of, resource_of
from services.bridge.ports import BridgeStates, GoneMarker, Lease, OpenKlant, ShownOrGone, ShownState, State
from services.bridge.reading import RowReader
from services.bridge.resources import ApiRow, Resource
from services.bridge.wanted import ShownDocument, WantedParts
from services.bridge.wanted_partij import KVK, emptied_part, partij_parts

ATTEMPTS: Final = 3
"""How often one convergence begins again, because a row came or went between its reading and its call."""

UNSEEN: Final = frozenset({"bijdragen", "versies", "versie"})
"""Fields of the projector that Open Klant shows nothing of."""


class Partijen:
    """The partijen. Each is changed under its lease, so that a lower versie never overwrites a higher."""

    def __init__(self, open_klant: OpenKlant, states: BridgeStates, signer: Signer, *, add: bool) -> None:
        """`add`: whether a partij that others made gets our addresses."""
        self._open_klant = open_klant
        self._states = states
        self._signer = signer
        self._add = add
        self._reader = RowReader(open_klant, signer)
        self._finder = PartijFinder(open_klant)

    async def linked(self, partijen: Mapping[str, ShownOrGone], asked: Care) -> Mapping[str, str]:
        """Make partijen equal, and return the uuid of each that Open Klant has."""
        for partij_id, shown in partijen.items():
            await self.converge(partij_id, shown, asked)
        names = {partij_id: state_name(partij_id) for partij_id in partijen}
        uuids = await self._states.uuids(list(names.values()))
        return {partij_id: uuids[name] for partij_id, name in names.items() if name in uuids}

    async def converge(
        self, partij_id: str, shown: ShownOrGone, asked: Care = USUAL, *, nummer: str | None = None
    ) -> Convergence:
        """Make a partij equal. One that the projector neither shows nor remembers stays as it is.

        `nummer` finds one that is gone here, and that a call was creating when the bridge last ended.
        """
        name = state_name(partij_id)
        state = await self._states.find(name)
        if shown is None or (isinstance(shown, GoneMarker) and state.ours.is_new):
            return Convergence.SKIPPED
        summary = self._summary(shown)
        # One that is gone here, and was needed there, is looked at again each time: it may be needed no more.
        left_behind = isinstance(shown, GoneMarker) and bool(state.ours.rows)
        if asked == USUAL and is_done(state, summary) and not left_behind:
            return Convergence.EQUAL
        async with self._states.leased(name) as lease:
            if lease.state.summary.get("versie", 0) > summary["versie"]:
                return Convergence.EQUAL
            outcome = await self._persistently(shown, lease, asked, nummer)
            await lease.end(summary)
        return outcome

    def _summary(self, shown: ShownState) -> dict[str, Any]:
        if isinstance(shown, GoneMarker):
            return {"versie": shown.version[0], "merk": None}
        said = {name: value for name, value in shown.items() if name not in UNSEEN}
        return {"versie": shown["versie"], "merk": self._signer.merk(said), "nummer": shown["nummer"]}

    async def _persistently(self, shown: ShownState, lease: Lease, asked: Care, nummer: str | None) -> Convergence:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._attempt(shown, lease, asked, nummer)
            except RemovedMeanwhile as removed:
                if attempt == ATTEMPTS:
                    raise CallRefused(removed.call, HTTPStatus.NOT_FOUND) from removed
            except CallRefused as refusal:
                if attempt == ATTEMPTS or not (may_be_there(refusal) or points_at_nothing(refusal)):
                    raise
                asked = Care(whole=True, again=asked.again)
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, shown: ShownState, lease: Lease, asked: Care, nummer: str | None) -> Convergence:
        ours = lease.state.ours
        if isinstance(shown, GoneMarker) and nummer is not None and PARTIJ not in ours.rows:
            ours = await self._with_unfinished(nummer, ours)
        root = await self._root(shown, ours, asked)
        made_by_us = _made_by_us(shown, ours, root, again=asked.again)
        found = await self._found(shown, root, ours, asked)
        if root is not None and not made_by_us:
            # Their identificatoren read as those that a call of ours was to create.
            found = found.without(Resource.PARTIJ_IDENTIFICATOREN)
            ours = Ours({**ours.rows, PARTIJ: Noted(root["uuid"], "")}, is_new=False, in_flight=ours.in_flight)
        wanted = await self._wanted(shown, root, ours, made_by_us=made_by_us)
        comparison = compare(wanted, found, ours, again=asked.again)
        tell_comparison(comparison, ours)
        return await make(comparison, self._open_klant, lease)

    async def _with_unfinished(self, nummer: str, ours: Ours) -> Ours:
        """Return what is ours, with the partij that a call created just before the bridge ended."""
        there = await self._finder.by_nummer(nummer) if ours.in_flight else None
        if there is None or (merk := row_of(Resource.PARTIJEN, there, self._signer).merk) not in ours.in_flight:
            return ours
        return Ours({**ours.rows, PARTIJ: Noted(there["uuid"], merk or "")}, is_new=False, removed=ours.removed)

    async def _root(self, shown: ShownState, ours: Ours, asked: Care) -> ApiRow | None:
        """Return the partij in Open Klant: the noted one, or one that the finder finds."""
        noted = ours.rows.get(PARTIJ)
        if noted is not None:
            with suppress(Absent):
                return await self._open_klant.read(Resource.PARTIJEN, noted.uuid)
        if isinstance(shown, GoneMarker) or (
            (noted or PARTIJ in ours.removed) and not (asked.again or ours.was_removing)
        ):
            return None
        there = await self._finder.by_identificator(shown["soortPartij"], shown["partijIdentificatoren"])
        if there is None and (asked.whole or not ours.is_new or not shown["partijIdentificatoren"]):
            there = await self._finder.by_nummer(shown["nummer"])
            if there is not None and not self._is_ours(there, shown, ours):
                raise NummerBezet(Resource.PARTIJEN)
        return there

    def _is_ours(self, partij: ApiRow, shown: ShownDocument, ours: Ours) -> bool:
        """Whether a partij with our number is ours: as it should be, or as we were creating it when we last ended."""
        return may_be_of(partij, shown) or row_of(Resource.PARTIJEN, partij, self._signer).merk in ours.in_flight

    async def _found(self, shown: ShownState, root: ApiRow | None, ours: Ours, asked: Care) -> FoundRows:
        if root is not None:
            return await self._reader.of_partij(root, whole=asked.whole or not ours.is_done)
        if asked.whole and not isinstance(shown, GoneMarker):
            loose = await self._finder.loose(shown["partijIdentificatoren"])
            return FoundRows(tuple(map(self._reader.identificator, loose)))
        return NOTHING_FOUND

    async def _wanted(self, shown: ShownState, root: ApiRow | None, ours: Ours, *, made_by_us: bool) -> WantedParts:
        theirs = frozenset() if made_by_us else frozenset({PARTIJ})
        if not isinstance(shown, GoneMarker):
            links = await self._finder.links(shown) if made_by_us else {}
            parts = partij_parts(shown, self._signer, made_by_us=made_by_us, add=self._add, links=links)
            return WantedParts(parts, theirs | await self._kept_for_vestigingen(parts, root, ours))
        if root is None or not made_by_us or not await self._finder.is_needed(root):
            return WantedParts(undecided=theirs)
        kept = (key for key in ours.rows if resource_of(key) is Resource.PARTIJ_IDENTIFICATOREN)
        return WantedParts((emptied_part(root["soortPartij"], self._signer),), frozenset(kept))

    async def _kept_for_vestigingen(
        self, parts: Sequence[WantedPart], root: ApiRow | None, ours: Ours
    ) -> frozenset[str]:
        """Return the key of a KVK number that is no longer wanted, and that Open Klant keeps for a vestiging."""
        key = key_of(Resource.PARTIJ_IDENTIFICATOREN, KVK)
        is_surplus = key in ours.rows and key not in {each.key for each in parts}
        if root is None or not is_surplus or not await self._finder.has_vestigingen(root):
            return frozenset()
        return frozenset({key})


def state_name(partij_id: str) -> str:
    """Return the name of the state of a partij."""
    return f"partij:{partij_id}"


def is_done(state: State, summary: Mapping[str, Any]) -> bool:
    """Whether the last convergence came to its end with just this wanted."""
    return state.ours.is_done and all(state.summary.get(name) == value for name, value in summary.items())


def _made_by_us(shown: ShownState, ours: Ours, root: ApiRow | None, *, again: bool) -> bool:
    """Whether the partij is ours, or will be. One of others is noted without a merk.

    One that has our number is ours: so that is known even where the state is lost. The note says nothing of a partij
    that came in place of the noted one.
    """
    noted = ours.rows.get(PARTIJ)
    if root is None:
        return again or noted is None or bool(noted.merk)
    if noted is not None and noted.uuid == root["uuid"]:
        return bool(noted.merk)
    return not isinstance(shown, GoneMarker) and bool(root.get("nummer") == shown["nummer"])


def may_be_there(refusal: CallRefused) -> bool:
    """Whether a row with our number or identificator may have come to be since we looked."""
    return refusal.names("unique", "nummer", "referentienummer", "nonFieldErrors") or refusal.names(
        "invalid", "__all__"
    )


def points_at_nothing(refusal: CallRefused) -> bool:
    """Whether somebody removed a row, since we looked, that this one was to point at."""
    return refusal.names("invalid", ".uuid")
