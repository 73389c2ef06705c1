"""Finds or makes the actoren in Open Klant. Each is found once, and its uuid is remembered."""

from collections.abc import Mapping, Sequence
from typing import Final

from services.bridge.parts import Noted, Signer
from services.bridge.ports import BridgeStates, LeaseNote, OpenKlant
from services.bridge.resources import Body, Resource, as_created
from services.bridge.wanted import ShownDocument, actor_body
from services.domain.openklant_beleid import OpenKlantBeleid

FILTERS: Final = {
    "codeRegister": "actoridentificatorCodeRegister",
    "codeObjecttype": "actoridentificatorCodeObjecttype",
    "codeSoortObjectId": "actoridentificatorCodeSoortObjectId",
    "objectId": "actoridentificatorObjectId",
}


class Actoren:
    """The actoren. Open Klant takes two with one identificator, so each is made under its lease."""

    def __init__(self, open_klant: OpenKlant, states: BridgeStates, signer: Signer, policy: OpenKlantBeleid) -> None:
        self._open_klant = open_klant
        self._states = states
        self._signer = signer
        self._policy = policy

    async def linked(self, actoren: Mapping[str, ShownDocument]) -> Mapping[str, str]:
        """Return the uuid of each actor, by the names under which they are given."""
        bodies = {name: actor_body(actor, self._policy) for name, actor in actoren.items()}
        states = {name: self._state_of(body) for name, body in bodies.items()}
        known = await self._states.uuids(list(states.values()))
        return {name: known.get(states[name]) or await self._made(bodies[name]) for name in actoren}

    def _state_of(self, body: Body) -> str:
        """Return the name of an actor's state. It is keyed: an employee's e-mail address identifies a person."""
        return f"actor:{self._signer.merk(body['actoridentificator'])}"

    async def _made(self, body: Body) -> str:
        async with self._states.leased(self._state_of(body)) as lease:
            if noted := lease.state.ours.rows.get(Resource.ACTOREN):
                return noted.uuid
            identificator = body["actoridentificator"]
            filters = {FILTERS[name]: value for name, value in identificator.items()}
            there = await self._open_klant.find(Resource.ACTOREN, **filters)
            actor = (
                there[0]
                if there
                else await self._open_klant.create(Resource.ACTOREN, as_created(Resource.ACTOREN, body))
            )
            uuid = str(actor["uuid"])
            await lease.note(LeaseNote({Resource.ACTOREN: Noted(uuid, self._signer.merk(body))}))
            await lease.end({})
            return uuid

    async def forget(self, uuids: Sequence[str]) -> None:
        """Forget actoren that somebody removed from Open Klant: they are found or made again."""
        await self._states.forget_actoren(uuids)
