"""The decision and a second opinion, written from the words alone, agree on every history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hypothesis import given

from schemas.reading.decoding import Received
from services.domain.outcome import Decided, Refused
from services.domain.policy import Beleid, ZonderIdentificator
from tests.support.examples import Wire, received
from tests.support.thoroughness import MORE_EXAMPLES
from tests.unit.domain.desk import Brought, Desk, Sent
from tests.unit.domain.oracle import Oracle
from tests.unit.domain.oracle_facts import (
    ADRES,
    BEZOEKADRES,
    CONTACTNAAM,
    CORRESPONDENTIEADRES,
    ORGANISATIENAAM,
    name_based_id,
    written,
)
from tests.unit.domain.oracle_judgement import Doubled, Gone, Judged, Outcome, klantcontact_id, own_kinds
from tests.unit.domain.strategies import History, histories


@MORE_EXAMPLES
@given(histories())
def test_both_agree_over_any_history(history: History) -> None:
    Comparison(Desk(), Oracle()).of(history)


@MORE_EXAMPLES
@given(histories(longest=5))
def test_both_agree_when_a_betrokkene_without_identificator_is_not_gekend(history: History) -> None:
    beleid = Beleid(zonder_externe_identificator=ZonderIdentificator.NIET_GEKEND)
    Comparison(Desk(beleid), Oracle(zonder_identificator_gekend=False)).of(history)


@dataclass
class Comparison:
    """Brings every contact to both, and compares what they make of it."""

    desk: Desk
    oracle: Oracle
    names: dict[str, int] = field(default_factory=dict)
    """The second opinion's names of the partijen of the first."""

    def of(self, history: History) -> None:
        for source, data in history:
            arrived = received(data, source=source)
            opinion, brought = self.oracle.judge(arrived), self.desk.judge(arrived)
            if isinstance(opinion, Doubled):
                assert_doubled(opinion, arrived, brought)
                continue
            assert outcomes_of(brought) == outcomes_expected(opinion)
            if isinstance(brought.outcome, Decided):
                self.learn_names(opinion, arrived, brought)
                assert self.shown(brought) == self.expected(opinion)

    def learn_names(self, opinion: Judged, arrived: Received, brought: Brought) -> None:
        """Note which partij is which; once it has a name it keeps it, and no two have the same."""
        for each in brought.besluit.partijen:
            partij = opinion.touches[arrived.contact.betrokkenen[each.positie].ref].partij
            assert self.names.setdefault(each.partij_id, partij) == partij
        assert len(set(self.names.values())) == len(self.names)

    def shown(self, brought: Brought) -> object:
        """Return all that goes out, as far as it was decided."""
        return (
            [self.shown_klantcontact(each) for each in brought.of_kind("klantcontact.registered")],
            [(each.stream, each.key, each.data["interneTaak"]["taakId"]) for each in brought.of_kind("taak.created")],
            {(each.stream, each.key, each.data["verplaatst"]) for each in brought.of_kind("klantcontact.withdrawn")},
            {(each.stream, each.data["taakId"], each.data["verplaatst"]) for each in brought.of_kind("taak.withdrawn")},
            {self.names[each.data["partijId"]]: _gone(each.data) for each in brought.of_kind("partij.withdrawn")},
        )

    def expected(self, opinion: Judged) -> object:
        """Return all that should go out."""
        revisies = [each for each in self.oracle.history if each.contact == opinion.contact]
        return (
            [self.expected_klantcontact(opinion, each) for each in opinion.outcomes if each.klantcontact],
            [
                (stream_of_taken(opinion), klantcontact_id(opinion, each), taak_id(opinion, each))
                for each in opinion.outcomes
                if each.taak
            ],
            _klantcontacten_gone(revisies),
            _taken_gone(revisies),
            opinion.gone,
        )

    def shown_klantcontact(self, sent: Sent) -> object:
        """Return the betrokkenen in an event, with their details."""
        betrokkenen = {
            each["betrokkeneId"]: (self.name_of(each.get("wasPartij")), details(each))
            for each in sent.data["betrokkenen"]
        }
        partijen = {
            self.names[each["partijId"]]: (
                each["versie"],
                each["geleegdBij"],
                each["resultaat"],
                each["toestemming"],
                each["identificatie"],
                frozenset(each["vervallenIdentificatoren"]),
                details(each),
            )
            for each in sent.data["partijen"]
        }
        return sent.stream, sent.key, betrokkenen, partijen

    def name_of(self, was_partij: Wire | None) -> int | None:
        return self.names[was_partij["partijId"]] if was_partij else None

    def expected_klantcontact(self, opinion: Judged, outcome: Outcome) -> object:
        """Return the betrokkenen that should stand in an event, with their details."""
        source, contact_id = opinion.contact
        betrokkenen = {
            name_based_id(source, "betrokkene", contact_id, outcome.onderwerp_id, ref): (
                place.partij,
                place.at_betrokkene,
            )
            for ref, place in outcome.places.items()
        }
        partijen = {
            touch.partij: (
                self.oracle.versie(touch.partij),
                self.oracle.geleegd_bij(touch.partij),
                touch.resultaat,
                "gegeven" if touch.consent else "geen",
                "extern" if touch.keys else "zonder_externe_identificator",
                own_kinds(opinion.lost_kinds[touch.partij]),
                place.at_partij,
            )
            for ref, place in outcome.places.items()
            if (touch := opinion.touches.get(ref))
        }
        return opinion.stream, klantcontact_id(opinion, outcome), betrokkenen, partijen


def assert_doubled(opinion: Doubled, arrived: Received, brought: Brought) -> None:
    """Both refuse the contact for the same betrokkene."""
    assert isinstance(brought.outcome, Refused)
    at = [each.ref for each in arrived.contact.betrokkenen].index(opinion.ref)
    [fault] = brought.faults
    assert (fault.pad.split(".")[:3], fault.soort) == (["data", "betrokkenen", str(at)], "dubbele_partij")


def outcomes_of(brought: Brought) -> object:
    """Return the outcome of each onderwerp."""
    return [
        (
            each.onderwerp_id,
            each.regel,
            each.klantcontact,
            each.interne_taak,
            each.partij or "geen",
            each.contactgegevens,
        )
        for each in brought.besluit.onderwerpen
    ]


def outcomes_expected(opinion: Judged) -> object:
    """Return the expected outcome of each onderwerp."""
    return [
        (each.onderwerp_id, each.regel, each.klantcontact, each.taak, each.partij, each.gegevens)
        for each in opinion.outcomes
    ]


def details(holder: Wire) -> frozenset[str]:
    """Return the details of a betrokkene or partij in an event, written as the second opinion writes them."""
    found = {written(ADRES, each) for each in holder["digitaleAdressen"]}
    found.update(
        written(kind, holder[kind])
        for kind in (CONTACTNAAM, ORGANISATIENAAM, BEZOEKADRES, CORRESPONDENTIEADRES)
        if kind in holder
    )
    return frozenset(found)


def taak_id(judged: Judged, outcome: Outcome) -> str:
    """Work out the id of an interne taak."""
    source, contact_id = judged.contact
    return name_based_id(source, "taak", contact_id, outcome.onderwerp_id)


def stream_of_taken(judged: Judged) -> str:
    """Return where the taken of a contact belong."""
    return "confidential_taak" if judged.stream == "confidential" else "taak"


def _gone(data: Wire) -> Gone:
    kinds = frozenset(data["vervallenIdentificatoren"])
    return Gone(data["versie"], data["geleegdBij"], data["resultaat"], kinds)


def _klantcontacten_gone(revisies: list[Judged]) -> set[tuple[str, str, bool]]:
    """Return the klantcontacten that a revisie but the last may have shown on a stream and the last does not."""
    return _left_behind(
        {klantcontact_id(each, outcome): each.stream for outcome in each.outcomes if outcome.klantcontact}
        for each in revisies
    )


def _taken_gone(revisies: list[Judged]) -> set[tuple[str, str, bool]]:
    """Return the same of taken."""
    return _left_behind(
        {taak_id(each, outcome): stream_of_taken(each) for outcome in each.outcomes if outcome.taak}
        for each in revisies
    )


def _left_behind(shown: Iterable[Mapping[str, str]]) -> set[tuple[str, str, bool]]:
    """Return stream, id and whether it moved, of all that was ever shown on a stream and is not shown there last.

    `shown` has for each revisie the stream of each id.
    """
    seen: dict[str, list[str]] = {}
    now: Mapping[str, str] = {}
    for now in shown:
        for identifier, stream in now.items():
            streams = seen.setdefault(identifier, [])
            streams[:] = [*(each for each in streams if each != stream), stream]
    return {
        (stream, identifier, stream != streams[-1])
        for identifier, streams in seen.items()
        for stream in streams
        if now.get(identifier) != stream
    }
