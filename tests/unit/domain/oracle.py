"""A second opinion on the decision: slow, naive, and written from the words of `schemas/decision.md` alone.

It knows nothing of `services.domain` and keeps no running state: what a judgement depends on is looked up anew, each
time, in the list of all judgements so far. Where it and the domain differ, that page says who is right.
"""

from dataclasses import replace
from datetime import datetime

from schemas.contact_ended_v1 import Betrokkene, ContactEnded, Gebruik, Onderwerp, Rol, SoortOpvolging, Toestemming
from schemas.reading.decoding import Received
from tests.unit.domain.oracle_facts import (
    FULL,
    Key,
    Touch,
    counting_from,
    counts,
    details_of,
    effective,
    gekend,
    keys_of,
    place,
)
from tests.unit.domain.oracle_judgement import (
    Doubled,
    Gone,
    Judged,
    Outcome,
    klantcontact_id,
    links_of,
    own_kinds,
    partijen_of,
    resultaat_of,
    statements_about,
)


class Oracle:
    """Judges contacts in the order in which they are given."""

    def __init__(self, *, zonder_identificator_gekend: bool = True) -> None:
        self.zonder_identificator_gekend = zonder_identificator_gekend
        self.history: list[Judged] = []
        self.made_for: list[Key] = []
        """For each partij the identity that it was made for; its position is its name here."""

    def judge(self, received: Received) -> Judged | Doubled:
        """Judge the next contact, or return the judgement in force when the contact is not newer."""
        contact = received.contact
        name = (received.source, contact.contact_id)
        earlier = [each for each in self.history if each.contact == name]
        if earlier and contact.revisie <= earlier[-1].revisie:
            return earlier[-1]
        others = [each for each in self.in_force() if each.contact != name]
        if counts(contact) and (doubled := self._doubled(contact, others)):
            return doubled
        touches = self._touches(received, others)
        left = {
            touch.partij: self._resultaat_left(touch.partij, others)
            for touch in (earlier[-1].touches.values() if earlier else ())
            if touch.partij not in {each.partij for each in touches.values()}
        }
        judged = Judged(
            contact=name,
            revisie=contact.revisie,
            moment=contact.plaatsgevonden_op,
            stream="confidential" if contact.vertrouwelijk else "registered",
            touches=touches,
            outcomes=tuple(self._outcome(each, received, touches) for each in contact.onderwerpen),
            left=left,
            emptied=frozenset(
                {each.partij for each in touches.values() if each.resultaat == "leeg"}
                | {partij for partij, resultaat in left.items() if resultaat != "bestaand"}
            ),
            lost_kinds=self._lost_kinds(touches, left, others, earlier),
        )
        self.history.append(judged)
        self.history[-1] = replace(judged, gone=self._gone(judged, earlier))
        return self.history[-1]

    def _gone(self, judged: Judged, earlier: list[Judged]) -> dict[int, Gone]:
        carried = earlier[-1].gone if earlier else {}
        gone = {partij: each for partij, each in carried.items() if partij not in judged.shown_openly}
        for partij, resultaat in judged.left.items():
            gone[partij] = self._gone_now(partij, resultaat, judged)
        for touch in judged.touches.values():
            if judged.stream == "confidential" and touch.resultaat == "leeg" and touch.offered_reuse:
                gone[touch.partij] = self._gone_now(touch.partij, "leeg", judged)
        return gone

    def _gone_now(self, partij: int, resultaat: str, judged: Judged) -> Gone:
        kinds = judged.lost_kinds[partij]
        return Gone(self.versie(partij), self.geleegd_bij(partij), resultaat, own_kinds(kinds))

    # The known facts

    def in_force(self) -> list[Judged]:
        return list({each.contact: each for each in self.history}.values())

    def versie(self, partij: int) -> int:
        """Count the decisions about a partij."""
        return sum(partij in partijen_of(each) for each in self.history)

    def geleegd_bij(self, partij: int) -> int:
        """Return the number of the last of those at which it was emptied, 0 for never."""
        about = [each for each in self.history if partij in partijen_of(each)]
        return max((number for number, each in enumerate(about, start=1) if partij in each.emptied), default=0)

    def is_empty(self, partij: int, judgements: list[Judged]) -> bool:
        """Whether it was never nieuw or aangevuld since it was last emptied, replaced revisies included."""
        full = [each for each in judgements if resultaat_of(each, partij) in FULL]
        return not any(self._after_last_emptying(each, partij) for each in full)

    def _after_last_emptying(self, judged: Judged, partij: int) -> bool:
        return not any(partij in each.emptied for each in self.history[self.history.index(judged) + 1 :])

    def _filled_at(self, partij: int, others: list[Judged]) -> datetime | None:
        in_order = [each for each in self.history if each in others]
        filled = [
            each.moment
            for each in in_order
            if any(touch.partij == partij and touch.filled for touch in each.touches.values())
            and self._after_last_emptying(each, partij)
        ]
        return filled[-1] if filled else None

    # Finding a partij

    def _find(self, keys: list[Key], others: list[Judged]) -> int | None:
        links = links_of(others)
        return next((links[key] for key in keys if key in links), None)

    def _doubled(self, contact: ContactEnded, others: list[Judged]) -> Doubled | None:
        seen: set[int] = set()
        for betrokkene in contact.betrokkenen:
            partij = None if betrokkene.rol is Rol.OVERIG else self._find(keys_of(betrokkene, contact), others)
            if partij in seen:
                return Doubled(betrokkene.ref)
            if partij is not None:
                seen.add(partij)
        return None

    def _partij_of(self, betrokkene: Betrokkene, received: Received, others: list[Judged]) -> int:
        keys = keys_of(betrokkene, received.contact)
        found = self._find(keys, others)
        if found is not None:
            return found
        own = ("own", received.source, received.contact.contact_id, betrokkene.ref)
        for key in keys or [own]:
            for partij, made_for in enumerate(self.made_for):
                if made_for == key and not any(resultaat_of(each, partij) for each in others):
                    return partij
        self.made_for.append(keys[0] if keys else own)
        return len(self.made_for) - 1

    def _links_of(self, betrokkene: Betrokkene, partij: int, contact: ContactEnded, others: list[Judged]) -> list[Key]:
        links = links_of(others)
        taken = {key[0] for key, linked in links.items() if linked == partij}
        return [
            key
            for key in keys_of(betrokkene, contact)
            if links.get(key) == partij or (key not in links and key[0] not in taken)
        ]

    # The effect on a partij

    def _touches(self, received: Received, others: list[Judged]) -> dict[str, Touch]:
        contact = received.contact
        if not counts(contact):
            return {}
        return {
            betrokkene.ref: self._touch(betrokkene, received, others)
            for betrokkene in gekend(contact, zonder_identificator=self.zonder_identificator_gekend)
            if any(betrokkene.ref in (each.betrokkenen or ()) for each in contact.onderwerpen)
        }

    def _touch(self, betrokkene: Betrokkene, received: Received, others: list[Judged]) -> Touch:
        contact, said = received.contact, betrokkene.toestemming_hergebruik
        partij = self._partij_of(betrokkene, received, others)
        known = statements_about(partij, others)
        stated_at = counting_from(contact.plaatsgevonden_op, said, known)
        consent = effective([(stated_at, said), *known])
        offered = bool(details_of(betrokkene, Gebruik.STANDAARD))
        is_empty, filled_at = self.is_empty(partij, others), self._filled_at(partij, others)
        refused = said in (Toestemming.GEWEIGERD, Toestemming.INGETROKKEN)
        too_old = offered and filled_at is not None and contact.plaatsgevonden_op < filled_at
        if not consent:
            resultaat = "leeg"
        elif not any(resultaat_of(each, partij) for each in others):
            resultaat = "nieuw"
        elif (is_empty or offered) and not refused and not too_old:
            resultaat = "aangevuld"
        else:
            resultaat = "bestaand"
        return Touch(
            partij=partij,
            keys=frozenset(self._links_of(betrokkene, partij, contact, others)),
            said=said,
            stated_at=stated_at,
            consent=consent,
            resultaat=resultaat,
            filled=resultaat in FULL and offered,
            offered_reuse=self._offered_reuse(partij),
            carries_name=consent and (resultaat in FULL or not is_empty),
        )

    def _offered_reuse(self, partij: int) -> bool:
        """Whether a reader of the open topic may think that the partij's details, or new ones, can be used."""
        known = [each for each in self.in_force() if resultaat_of(each, partij)]
        return bool(known) and (not self.is_empty(partij, known) or effective(statements_about(partij, known)))

    def _resultaat_left(self, partij: int, others: list[Judged]) -> str:
        if not any(resultaat_of(each, partij) for each in others):
            return "vervallen"
        return "bestaand" if effective(statements_about(partij, others)) else "leeg"

    def _lost_kinds(
        self, touches: dict[str, Touch], left: dict[int, str], others: list[Judged], earlier: list[Judged]
    ) -> dict[int, frozenset[str]]:
        def kinds(judgements: list[Judged], partij: int) -> set[str]:
            return {key[0] for key, linked in links_of(judgements).items() if linked == partij}

        def said(partij: int) -> set[str]:
            gone = earlier[-1].gone.get(partij) if earlier else None
            return {*earlier[-1].lost_kinds.get(partij, ()), *(gone.kinds if gone else ())} if earlier else set()

        kept: dict[int, set[str]] = {partij: set() for partij in left}
        kept.update({each.partij: {key[0] for key in each.keys} for each in touches.values()})
        return {
            partij: frozenset((kinds(self.in_force(), partij) | said(partij)) - kinds(others, partij) - now)
            for partij, now in kept.items()
        }

    # The outcome of an onderwerp

    def _outcome(self, onderwerp: Onderwerp, received: Received, touches: dict[str, Touch]) -> Outcome:
        contact, soort = received.contact, onderwerp.opvolging.soort
        concerned = [each for each in contact.betrokkenen if each.ref in (onderwerp.betrokkenen or ())]
        first = next((touches[each.ref] for each in concerned if each.ref in touches), None)
        if all(each.rol is Rol.OVERIG for each in contact.betrokkenen):
            regel = "G1"
        elif contact.tot_stand_gekomen is False:
            regel = "G2"
        elif self.followed_up(received) is not None:
            regel = "V0"
        elif first is None:
            regel = "V1" if soort is SoortOpvolging.GEEN else "V2"
        else:
            regel = "V4" if first.consent else "V3"
        klantcontact = regel not in ("G1", "G2", "V1")
        taak = klantcontact and soort is SoortOpvolging.INTERNE_TAAK
        places = {each.ref: place(each, regel, touches.get(each.ref), taak=taak) for each in concerned}
        kept = {each.ref: places[each.ref] for each in concerned if each.rol is not Rol.OVERIG}
        return Outcome(
            onderwerp_id=str(onderwerp.onderwerp_id),
            regel=regel,
            klantcontact=klantcontact,
            taak=taak,
            partij=first.resultaat if first else "geen",
            places=kept if klantcontact else {},
        )

    def followed_up(self, received: Received) -> tuple[str, str, str] | None:
        """Return source, contactId and onderwerpId of the klantcontact that a contact follows up."""
        asked = received.contact.vervolg_op
        for judged in self.in_force() if asked else ():
            if judged.contact == (received.source, received.contact.contact_id):
                continue
            for outcome in judged.outcomes:
                if not outcome.klantcontact or asked is None:
                    continue
                if judged.stream == "confidential" and not received.contact.vertrouwelijk:
                    continue
                if asked.klantcontact_id is not None:
                    if asked.klantcontact_id.lower() == klantcontact_id(judged, outcome):
                        return (*judged.contact, outcome.onderwerp_id)
                elif judged.contact == (received.source, asked.contact_id) and (
                    asked.onderwerp_id in (None, outcome.onderwerp_id)
                ):
                    return (*judged.contact, outcome.onderwerp_id)
        return None
