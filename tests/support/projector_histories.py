"""Histories as the classifier could have published them: a few contacts with revisions and new judgements, one or two
partijen. A history also has the expected documents, computed the plain way: in order, with no merging.

The draws follow `schemas/decision.md`, "Taking back": an outcome for a partij fits the contacts that know it,
outdated documents are withdrawn, versies count the decisions about a partij, a vertrouwelijk contact that empties
says so in public.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.support import projector_examples as examples
from tests.support.projector_examples import Event

CONTACTS = ("c-1", "c-2", "c-3")
PARTIJEN = ("jansen", "bakker")
MAX_DECISIONS = 12
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

PUBLIC, CONFIDENTIAL = "klantcontact.registered", "klantcontact.registered.vertrouwelijk"
TAAK, CONFIDENTIAL_TAAK = "taak.created", "taak.created.vertrouwelijk"

# The interesting histories are those in which contacts share a partij and go on touching it.
ONDERWERPEN_OF_A_DECISION = st.sampled_from(["0", "0", "01", "1", ""])
ACTOR_OF_A_TAAK = st.sampled_from(["Vergunningen", "Vergunningen", "Belastingen", "Burgerzaken"])
PARTIJEN_OF_A_DECISION = st.sampled_from([("jansen",), ("jansen",), PARTIJEN, ("bakker",), ()])

Draw = Callable[[st.SearchStrategy[Any]], Any]


class Published(NamedTuple):
    """An event and the topic that it is on."""

    topic: str
    event: Event


class Standing(NamedTuple):
    """What is expected of a klantcontact or taak that is there."""

    revisie: int
    vertrouwelijk: bool


@dataclass
class Shown:
    """The expected contents of a partij, in the plainest form."""

    toestemming: str
    identificatoren: dict[str, str] = field(default_factory=dict)
    brought: dict[str, Event] = field(default_factory=dict)
    """By contact, in the order of the decisions: name, addresses and moment."""


@dataclass
class History:
    """The published events, in order, and the expected documents at the end."""

    published: list[Published] = field(default_factory=list)
    klantcontacten: dict[str, Standing] = field(default_factory=dict)
    """Each that is there, by id; the same for the taken."""
    taken: dict[str, Standing] = field(default_factory=dict)
    partijen: dict[str, Shown] = field(default_factory=dict)


@dataclass
class _Contact:
    """The state of a contact after its newest decision."""

    revisie: int = 0
    besluitversie: int = 1
    vertrouwelijk: bool = False
    onderwerpen: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    kinds: dict[str, frozenset[str]] = field(default_factory=dict)
    """The kinds of identificator that it linked, by partij."""

    @property
    def topic(self) -> str:
        return CONFIDENTIAL if self.vertrouwelijk else PUBLIC

    @property
    def taak_topic(self) -> str:
        return CONFIDENTIAL_TAAK if self.vertrouwelijk else TAAK

    @property
    def standing(self) -> Standing:
        return Standing(self.revisie, self.vertrouwelijk)


@dataclass
class _Count:
    """The counters of a partij."""

    versie: int = 0
    geleegd_bij: int = 0


class _Register:
    """Plays the classifier: one decision after another."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.history = History()
        self.contacts: dict[str, _Contact] = {}
        self.counts: dict[str, _Count] = {}

    def decide(self) -> None:
        """Judge a contact for the first time, a revision of it, or the same revision under a new policy."""
        name = self.draw(st.sampled_from(CONTACTS))
        before = self.contacts.get(name, _Contact())
        judged_anew = before.revisie > 0 and self.draw(st.booleans())
        now = _Contact(
            revisie=before.revisie if judged_anew else before.revisie + self.draw(st.integers(1, 2)),
            besluitversie=before.besluitversie + 1 if judged_anew else 1,
            vertrouwelijk=before.vertrouwelijk if judged_anew else self.draw(st.booleans()),
            onderwerpen=frozenset(self.draw(ONDERWERPEN_OF_A_DECISION)),
        )
        self.contacts[name] = now
        now.taken = frozenset(each for each in now.onderwerpen if self.draw(st.booleans()))
        op = START + timedelta(minutes=self.draw(st.integers(0, 3)), microseconds=self.draw(st.integers(0, 1500)))
        touched = self.draw(PARTIJEN_OF_A_DECISION) if now.onderwerpen else ()
        listed = [self._touch(name, before, now, each, op) for each in PARTIJEN if each in touched]
        self._publish_klantcontacten(name, before, now, listed, op)
        for partij in before.kinds:
            if partij not in touched:
                self._take_back(name, before, now, partij)

    # Partijen

    def _touch(self, name: str, before: _Contact, now: _Contact, partij: str, op: datetime) -> Event:
        count = self.counts.setdefault(partij, _Count())
        shown = self.history.partijen.setdefault(partij, Shown("geen"))
        resultaat = self._outcome(name, partij, shown)
        count.versie += 1
        shown.brought.pop(name, None)
        if resultaat == "leeg":
            count.geleegd_bij = count.versie
            shown.brought.clear()
        shown.toestemming = "geen" if resultaat == "leeg" else "gegeven"
        details = self._details() if resultaat in {"nieuw", "aangevuld"} else {}
        if details:
            shown.brought[name] = {**details, "op": op}
        values = self.draw(st.dictionaries(st.sampled_from(["bsn", "kvk_nummer"]), st.sampled_from("12")))
        now.kinds[partij] = frozenset(values)
        gone = self._unlinked(name, before.kinds.get(partij, frozenset()) - set(values), partij)
        for kind in gone:
            shown.identificatoren.pop(kind, None)
        shown.identificatoren.update(values)
        return examples.partij(
            partij,
            versie=count.versie,
            resultaat=resultaat,
            fields={
                "geleegdBij": count.geleegd_bij,
                "partijIdentificatoren": [_identificator(kind, value) for kind, value in values.items()],
                "vervallenIdentificatoren": sorted(gone),
                **details,
            },
        )

    def _outcome(self, name: str, partij: str, shown: Shown) -> str:
        known = self._known_by_others(name, partij)
        filling = "aangevuld" if known else "nieuw"
        choices = [filling, filling, "leeg"]
        if known and shown.toestemming == "gegeven":
            choices = ["bestaand", "bestaand", *choices]
        outcome: str = self.draw(st.sampled_from(choices))
        return outcome

    def _details(self) -> Event:
        name = self.draw(st.sampled_from([None, "Jansen", "De Vries"]))
        organisatie = self.draw(st.sampled_from([None, "Bakkerij"]))
        adressen = self.draw(st.lists(st.sampled_from(["a@example.nl", "b@example.nl", "c@example.nl"]), max_size=3))
        stad = self.draw(st.sampled_from([None, "Almere", "Zwolle"]))
        return {
            **({"contactnaam": {"achternaam": name}} if name else {}),
            **({"organisatienaam": organisatie} if organisatie else {}),
            **({"digitaleAdressen": [examples.email(each, each[0]) for each in adressen]} if adressen else {}),
            **({"bezoekadres": {"stad": stad}} if stad else {}),
        }

    def _take_back(self, name: str, before: _Contact, now: _Contact, partij: str) -> None:
        count, shown = self.counts[partij], self.history.partijen[partij]
        count.versie += 1
        shown.brought.pop(name, None)
        gone = self._unlinked(name, before.kinds[partij], partij)
        for kind in gone:
            shown.identificatoren.pop(kind, None)
        resultaat = self._left(name, partij, shown)
        if resultaat == "leeg":
            count.geleegd_bij = count.versie
            shown.toestemming = "geen"
            shown.brought.clear()
        if resultaat == "vervallen":
            del self.history.partijen[partij]
        withdrawn = examples.partij_withdrawn(
            name,
            partij,
            versie=count.versie,
            geleegd_bij=count.geleegd_bij,
            resultaat=resultaat,
            revisie=now.revisie,
            besluitversie=now.besluitversie,
            kinds=sorted(gone),
        )
        self.history.published.append(Published(PUBLIC, withdrawn))

    def _left(self, name: str, partij: str, shown: Shown) -> str:
        if not self._known_by_others(name, partij):
            return "vervallen"
        if shown.toestemming == "geen":
            return "leeg"
        left: str = self.draw(st.sampled_from(["bestaand", "leeg"]))
        return left

    def _known_by_others(self, name: str, partij: str) -> bool:
        return any(partij in contact.kinds for other, contact in self.contacts.items() if other != name)

    def _unlinked(self, name: str, kinds: frozenset[str], partij: str) -> frozenset[str]:
        others = [contact for other, contact in self.contacts.items() if other != name]
        return frozenset(kind for kind in kinds if not any(kind in contact.kinds.get(partij, ()) for contact in others))

    # Klantcontacten and taken

    def _publish_klantcontacten(
        self, name: str, before: _Contact, now: _Contact, listed: Sequence[Event], op: datetime
    ) -> None:
        for index, onderwerp in enumerate(sorted(now.onderwerpen)):
            # The first onderwerp concerns everybody, so that everybody is listed somewhere.
            concerned = [each for each in listed if index == 0 or self.draw(st.booleans())]
            self._register(name, now, onderwerp, concerned, op)
            if onderwerp in before.onderwerpen and now.topic != before.topic:
                self._withdraw(before.topic, name, now, onderwerp, verplaatst=True)
            if onderwerp in before.taken & now.taken and now.topic != before.topic:
                self._withdraw_taak(before.taak_topic, name, now, onderwerp, verplaatst=True)
        for onderwerp in sorted(before.onderwerpen - now.onderwerpen):
            self._withdraw(before.topic, name, now, onderwerp, verplaatst=False)
        for onderwerp in sorted(before.taken - now.taken):
            self._withdraw_taak(before.taak_topic, name, now, onderwerp, verplaatst=False)
        if now.vertrouwelijk:
            for partij in listed:
                if partij["resultaat"] == "leeg":
                    self._say_emptied(name, now, partij)

    def _register(self, name: str, now: _Contact, onderwerp: str, listed: Sequence[Event], op: datetime) -> None:
        registered = examples.registered(
            name,
            onderwerp=onderwerp,
            revisie=now.revisie,
            besluitversie=now.besluitversie,
            op=op.isoformat(),
            partijen=listed,
            fields={"vertrouwelijk": now.vertrouwelijk},
        )
        self.history.published.append(Published(now.topic, registered))
        self.history.klantcontacten[examples.klantcontact_id(name, onderwerp)] = now.standing
        if onderwerp in now.taken:
            taak = examples.taak_created(
                name,
                onderwerp=onderwerp,
                revisie=now.revisie,
                besluitversie=now.besluitversie,
                fields={"vertrouwelijk": now.vertrouwelijk, **examples.assigned(self.draw(ACTOR_OF_A_TAAK))},
            )
            self.history.published.append(Published(now.taak_topic, taak))
            self.history.taken[examples.taak_id(name, onderwerp)] = now.standing

    def _withdraw(self, topic: str, name: str, now: _Contact, onderwerp: str, *, verplaatst: bool) -> None:
        withdrawn = examples.klantcontact_withdrawn(
            name,
            onderwerp=onderwerp,
            revisie=now.revisie,
            besluitversie=now.besluitversie,
            verplaatst=verplaatst,
        )
        self.history.published.append(Published(topic, withdrawn))
        if not verplaatst:
            del self.history.klantcontacten[examples.klantcontact_id(name, onderwerp)]

    def _withdraw_taak(self, topic: str, name: str, now: _Contact, onderwerp: str, *, verplaatst: bool) -> None:
        withdrawn = examples.taak_withdrawn(
            name,
            onderwerp=onderwerp,
            revisie=now.revisie,
            besluitversie=now.besluitversie,
            verplaatst=verplaatst,
        )
        self.history.published.append(Published(topic, withdrawn))
        if not verplaatst:
            del self.history.taken[examples.taak_id(name, onderwerp)]

    def _say_emptied(self, name: str, now: _Contact, partij: Event) -> None:
        withdrawn = examples.partij_withdrawn(
            name,
            next(each for each in PARTIJEN if examples.partij_id(each) == partij["partijId"]),
            versie=partij["versie"],
            resultaat="leeg",
            revisie=now.revisie,
            besluitversie=now.besluitversie,
            kinds=partij["vervallenIdentificatoren"],
        )
        self.history.published.append(Published(PUBLIC, withdrawn))


def _identificator(kind: str, value: str) -> Event:
    return examples.bsn(value) if kind == "bsn" else examples.kvk(value)


@st.composite
def histories(draw: Draw) -> History:
    """Draw a history of up to MAX_DECISIONS decisions."""
    register = _Register(draw)
    for _ in range(draw(st.integers(1, MAX_DECISIONS))):
        register.decide()
    return register.history
