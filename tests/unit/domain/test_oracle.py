"""The decision and a second opinion, written from contract.md alone, agree on every history."""

from dataclasses import dataclass, field

from hypothesis import given

from schemas.decoding import Received
from services.domain.judgement import Judged, Refused
from services.domain.policy import Beleid, ZonderIdentificator
from tests.examples import Wire, received
from tests.unit.domain.desk import Brought, Desk, Sent
from tests.unit.domain.oracle import Doubled, Oracle, klantcontact_id
from tests.unit.domain.oracle import Judged as Opinion
from tests.unit.domain.oracle import Outcome
from tests.unit.domain.oracle_facts import (
    ADRES,
    BEZOEKADRES,
    CONTACTNAAM,
    CORRESPONDENTIEADRES,
    ORGANISATIENAAM,
    name_based_id,
    written,
)
from tests.unit.domain.strategies import histories

History = list[tuple[str, Wire]]


@given(histories())
def test_both_come_to_the_same_over_any_history(history: History) -> None:
    Comparison(Desk(), Oracle()).of(history)


@given(histories(longest=5))
def test_they_agree_too_when_who_has_no_identificator_is_not_gekend(history: History) -> None:
    beleid = Beleid(zonder_externe_identificator=ZonderIdentificator.NIET_GEKEND)
    Comparison(Desk(beleid), Oracle(zonder_identificator_gekend=False)).of(history)


@dataclass
class Comparison:
    """Brings every contact to both; partijen have other names with each of them."""

    desk: Desk
    oracle: Oracle
    ids: dict[int, str] = field(default_factory=dict)

    def of(self, history: History) -> None:
        for source, data in history:
            arrived = received(data, source=source)
            opinion, brought = self.oracle.judge(arrived), self.desk.judge(arrived)
            if isinstance(opinion, Doubled):
                assert isinstance(brought.judgement, Refused)
                at = [each.ref for each in arrived.contact.betrokkenen].index(opinion.ref)
                [fault] = brought.faults
                assert (fault.pad.split(".")[:3], fault.soort) == (["data", "betrokkenen", str(at)], "dubbele_partij")
                continue
            assert [
                (
                    each.onderwerp_id,
                    each.regel,
                    each.klantcontact,
                    each.interne_taak,
                    each.partij or "geen",
                    each.contactgegevens,
                )
                for each in brought.besluit.onderwerpen
            ] == [
                (each.onderwerp_id, each.regel, each.klantcontact, each.taak, each.partij, each.gegevens)
                for each in opinion.outcomes
            ]
            if isinstance(brought.judgement, Judged):
                self.events(arrived, opinion, brought)

    def events(self, arrived: Received, opinion: Opinion, brought: Brought) -> None:
        registered = {each.data["herkomst"]["onderwerpId"]: each for each in brought.of_kind("klantcontact.registered")}
        assert list(registered) == [each.onderwerp_id for each in opinion.outcomes if each.klantcontact]
        for outcome in opinion.outcomes:
            if outcome.klantcontact:
                self.registered(arrived, opinion, outcome, registered[outcome.onderwerp_id])
        taken = [each.data["herkomst"]["onderwerpId"] for each in brought.of_kind("taak.created")]
        assert taken == [each.onderwerp_id for each in opinion.outcomes if each.taak]
        self.taken_back(opinion, brought)

    def registered(self, arrived: Received, opinion: Opinion, outcome: Outcome, sent: Sent) -> None:
        assert sent.stream == opinion.stream
        assert sent.key == klantcontact_id(opinion, outcome)
        partijen = {each["partijId"]: each for each in sent.data["partijen"]}
        shown = {each["betrokkeneId"]: each for each in sent.data["betrokkenen"]}
        assert len(shown) == len(outcome.places)
        for ref, place in outcome.places.items():
            betrokkene = shown[
                name_based_id(*opinion.contact[:1], "betrokkene", opinion.contact[1], outcome.onderwerp_id, ref)
            ]
            assert details(betrokkene) == place.at_betrokkene
            assert ("wasPartij" in betrokkene) == (place.partij is not None)
            if place.partij is None:
                continue
            touch = opinion.touches[ref]
            assert betrokkene["wasPartij"]["partijId"] == self.ids.setdefault(
                place.partij, betrokkene["wasPartij"]["partijId"]
            )
            partij = partijen.pop(self.ids[place.partij])
            assert details(partij) == place.at_partij
            assert partij["versie"] == self.oracle.versie(place.partij)
            assert partij["geleegdBij"] == self.oracle.geleegd_bij(place.partij)
            assert partij["resultaat"] == touch.resultaat
            assert partij["toestemming"] == ("gegeven" if touch.consent else "geen")
            assert partij["nummer"] == betrokkene["wasPartij"]["nummer"]
            assert set(partij["vervallenIdentificatoren"]) == own_kinds(opinion.lost_kinds[place.partij])
            assert (partij["identificatie"] == "extern") == bool(touch.keys)
        assert not partijen
        assert len(set(self.ids.values())) == len(self.ids)

    def taken_back(self, opinion: Opinion, brought: Brought) -> None:
        earlier = [each for each in self.oracle.history if each.contact == opinion.contact]
        klantcontacten = {
            (each.stream, each.key, each.data["verplaatst"]) for each in brought.of_kind("klantcontact.withdrawn")
        }
        assert klantcontacten == _klantcontacten_gone(earlier)
        taken = {(each.data["taakId"], each.key) for each in brought.of_kind("taak.withdrawn")}
        assert taken == _taken_gone(earlier)
        news = {
            each.key: each.data
            for each in brought.of_kind("partij.withdrawn")
            if each.data["herkomst"]["revisie"] == opinion.revisie
        }
        for partij, resultaat in opinion.left.items():
            data = news.pop(self.ids[partij])
            assert data["resultaat"] == resultaat
            assert data["versie"] == self.oracle.versie(partij)
            assert data["geleegdBij"] == self.oracle.geleegd_bij(partij)
            assert set(data["vervallenIdentificatoren"]) == own_kinds(opinion.lost_kinds[partij])
        emptied = {
            self.ids[each.partij]: each
            for each in opinion.touches.values()
            if opinion.stream == "confidential" and each.resultaat == "leeg" and not each.was_empty
        }
        assert set(news) == set(emptied)
        assert all(each["resultaat"] == "leeg" for each in news.values())
        still_gone = {
            self.ids[partij]
            for each in earlier
            for partij in each.left
            if opinion.stream == "confidential" or partij not in {touch.partij for touch in opinion.touches.values()}
        }
        assert {each.key for each in brought.of_kind("partij.withdrawn")} >= still_gone


def details(holder: Wire) -> frozenset[str]:
    """Give what stands at a betrokkene or partij of an event, written as the second opinion writes it."""
    found = {written(ADRES, each) for each in holder["digitaleAdressen"]}
    found.update(
        written(kind, holder[kind])
        for kind in (CONTACTNAAM, ORGANISATIENAAM, BEZOEKADRES, CORRESPONDENTIEADRES)
        if kind in holder
    )
    return frozenset(found)


def own_kinds(kinds: frozenset[str]) -> set[str]:
    """Leave out the links of a contactpersoon, which has no identificatoren of its own."""
    return {each for each in kinds if not each.startswith("pseudoniem")}


def _klantcontacten_gone(revisies: list[Opinion]) -> set[tuple[str, str, bool]]:
    """Give what any revisie but the last may have shown on a stream, and the last does not."""
    seen: dict[str, list[str]] = {}
    for revisie in revisies:
        for outcome in revisie.outcomes:
            if outcome.klantcontact:
                streams = seen.setdefault(klantcontact_id(revisie, outcome), [])
                streams[:] = [each for each in streams if each != revisie.stream] + [revisie.stream]
    now = {klantcontact_id(revisies[-1], each) for each in revisies[-1].outcomes if each.klantcontact}
    return {
        (stream, key, stream != streams[-1])
        for key, streams in seen.items()
        for stream in streams
        if key not in now or stream != streams[-1]
    }


def _taken_gone(revisies: list[Opinion]) -> set[tuple[str, str]]:
    def taken(revisie: Opinion) -> set[tuple[str, str]]:
        source, contact_id = revisie.contact
        return {
            (name_based_id(source, "taak", contact_id, each.onderwerp_id), klantcontact_id(revisie, each))
            for each in revisie.outcomes
            if each.taak
        }

    return set().union(*map(taken, revisies[:-1])) - taken(revisies[-1])
