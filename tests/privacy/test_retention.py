"""Retention with a moved clock: nothing is orphaned, and who is restricted keeps everything.

Generated histories are judged, stored and then kept for as long as a municipality says, on fakes of the register and of
the projection. Each step ends with the same look at what is stored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.outputs import Reden
from services.domain.besluit import BesluitRecord
from services.domain.opnieuw import DETAILS
from services.domain.outcome import Declined, Executed
from services.domain.wissen import execute
from services.domain.wissing import Bezwaar, SoortWissing, Wissing
from services.operations.retain.reading import let_go, page_of
from services.operations.retain.retain import Retained, retain_page, retain_partijen
from services.operations.retain.selection import StoredPartij
from services.operations.retain.terms import Terms
from services.projector.events import read
from services.projector.mongo.writes import Collection
from services.runtime.mongo.client import Document
from tests.fakes.projector_store import FakeRegister
from tests.support.thoroughness import EXAMPLES as OF_RULES
from tests.support.whole import whole
from tests.unit.domain.desk import CLASSIFIER, NOW, Desk, Sent, sent_of
from tests.unit.domain.strategies import History, histories

EXAMPLES: Final = whole(60, 3_000)
YEARS: Final = 12

PERIODS: Final = ("P30D", "P1Y", "P5Y")
TERMS: Final = st.fixed_dictionaries(
    {
        "klantcontacten": st.fixed_dictionaries(
            {"regels": st.dictionaries(st.sampled_from(["V0", "V2", "V3", "V4"]), st.sampled_from(PERIODS))},
            optional={"met_zaak": st.sampled_from(["P2Y", "P10Y"])},
        )
    },
    optional={
        "contactgegevens_na_taak": st.just("P30D"),
        "partijen_zonder_contact": st.just("P90D"),
        "besluiten_zonder_klantcontact": st.sampled_from(PERIODS),
    },
).map(Terms.model_validate)


@dataclass
class Town:
    """A register and a projection in memory; the eraser gives its instructions to the register at once."""

    desk: Desk = field(default_factory=Desk)
    projection: FakeRegister = field(default_factory=FakeRegister)
    done: dict[str, datetime] = field(default_factory=dict)
    said: dict[str, Document] = field(default_factory=dict)
    """The newest data of each klantcontact that went out."""

    def bring(self, history: History) -> None:
        for source, data in history:
            self._project(self.desk.bring(data, source=source).sent)

    def _project(self, sent: Sequence[Sent]) -> None:
        for each in sent:
            if each.kind == "klantcontact.registered":
                self.said[each.data["klantcontact"]["klantcontactId"]] = each.data
        self.projection.merge([read(each.value, frozenset({CLASSIFIER})).fact for each in sent])

    def stored(self, *names: Collection) -> dict[str, Document]:
        return {key: each for name in names for key, each in self.projection.collections[name].items()}

    @property
    def klantcontacten(self) -> dict[str, Document]:
        return self.stored(Collection.KLANTCONTACTEN, Collection.KLANTCONTACTEN_VERTROUWELIJK)

    @property
    def taken(self) -> dict[str, Document]:
        return self.stored(Collection.INTERNE_TAKEN, Collection.INTERNE_TAKEN_VERTROUWELIJK)

    # As an ContactEraser

    async def contacts(self, due: Sequence[BesluitRecord]) -> int:
        return sum(self._erase(SoortWissing.CONTACT, besluit) for besluit in due)

    async def details(self, due: Sequence[BesluitRecord]) -> int:
        return sum(self._erase(SoortWissing.CONTACTGEGEVENS, each, tuple(self._anew(each))) for each in due)

    async def partijen(self, due: Sequence[str]) -> int:
        return sum(self._ask(Wissing("1", SoortWissing.PARTIJ, "Z", Reden.BEWAARTERMIJN, None, each)) for each in due)

    def _erase(self, soort: SoortWissing, besluit: BesluitRecord, opnieuw: tuple[Document, ...] = ()) -> int:
        at = {"revisie": besluit.revisie, "besluitversie": besluit.besluitversie}
        return self._ask(Wissing("1", soort, "Z", Reden.BEWAARTERMIJN, besluit.key, opnieuw=opnieuw, **at))  # type: ignore[arg-type]

    def _ask(self, wissing: Wissing) -> int:
        answer = execute(self.desk.register, wissing, self.desk.now, CLASSIFIER)
        self._project([sent_of(each) for each in answer.events(CLASSIFIER)])
        if isinstance(answer, Declined):
            assert answer.bezwaar is Bezwaar.TOESTEMMING_LEEFT_OP, answer.bezwaar
        return isinstance(answer, Executed)

    def _anew(self, besluit: BesluitRecord) -> Iterator[Document]:
        """Yield the klantcontacten of a contact as their events said them, without details at betrokkenen."""
        for onderwerp in besluit.registered():
            had = besluit.numbers_of(onderwerp.onderwerp_id)
            assert had is not None
            data = self.said[had.klantcontact_id]
            people = [{name: each[name] for name in each.keys() - DETAILS} for each in data["betrokkenen"]]
            yield {
                **{name: value for name, value in data.items() if name not in ("besluit", "herkomst")},
                "betrokkenen": [{**each, "digitaleAdressen": []} for each in people],
            }

    # What must hold

    def assert_no_orphans(self) -> None:
        partijen = self.stored(Collection.PARTIJEN)
        named = {
            each["wasPartij"]["partijId"]
            for klantcontact in self.klantcontacten.values()
            for each in klantcontact["betrokkenen"]
            if "wasPartij" in each
        }
        assert named <= partijen.keys(), "a klantcontact has lost its partij"
        assert partijen.keys() <= named, "a partij has lost its klantcontacten"
        klantcontacten = {
            each["interneTaak"]["aanleidinggevendKlantcontact"]["klantcontactId"] for each in self.taken.values()
        }
        assert klantcontacten <= self.klantcontacten.keys(), "a taak has lost its klantcontact"

    def of_partijen(self, partijen: set[str]) -> list[Document]:
        """Return all that is stored of these partijen."""
        return [
            each
            for each in [*self.klantcontacten.values(), *self.stored(Collection.PARTIJEN).values()]
            if each["_id"] in partijen
            or any(person.get("wasPartij", {}).get("partijId") in partijen for person in each.get("betrokkenen", ()))
        ]

    async def retain(self, terms: Terms, now: datetime, restricted: set[str]) -> Retained:
        """Do what `retain` does, on what is in memory."""
        self.desk.now = now
        retained = Retained(now)
        traced = {key: each for key, each in self.desk.register.besluiten.items() if not each.without_trace}
        for taak in self.taken:
            self.done.setdefault(taak, now)
        done = {taak: since for taak, since in self.done.items() if taak in self.taken}
        page = page_of(traced, self.klantcontacten, self.taken, done, restricted, now)
        assert not page.unseen
        await retain_page(page, terms, retained, self, most=10_000)
        partijen = self.desk.register.partijen.values()
        unknown = [each for each in partijen if not each.bekend and each.grondsleutel is not None]
        entries = [StoredPartij(each.partij_id, each.nummer, each.partij_id in restricted) for each in unknown]
        left = let_go(self.desk.register.besluiten.values(), {each.partij_id: each for each in entries})
        await retain_partijen(entries, left, terms, retained, self)
        return retained


@settings(OF_RULES, max_examples=EXAMPLES)
@given(histories(), TERMS, st.lists(st.integers(1, 12 * YEARS), max_size=4), st.data())
async def test_whatever_is_kept_for_however_long_nothing_is_orphaned_and_restricted_partijen_keep_all(
    history: History, terms: Terms, months: list[int], data: st.DataObject
) -> None:
    town = Town()
    town.bring(history)
    town.assert_no_orphans()
    known = sorted(town.desk.register.partijen)
    restricted = set(data.draw(st.lists(st.sampled_from(known), max_size=2))) if known else set()
    kept = town.of_partijen(restricted)
    if data.draw(st.booleans()):
        for document in town.taken.values():
            document["interneTaak"]["status"] = "verwerkt"

    for month in sorted(months):
        await town.retain(terms, NOW + timedelta(days=31 * month), restricted)
        town.assert_no_orphans()
        assert town.of_partijen(restricted) == kept

    # A run can leave what had to wait for another, such as a withdrawal of consent; soon nothing is left to do.
    unchanged = town.projection.contents()
    for _ in range(len(history)):
        unchanged = town.projection.contents()
        again = await town.retain(terms, town.desk.now, restricted)
        town.assert_no_orphans()
        assert town.of_partijen(restricted) == kept
        if not (again.erased_contacts or again.erased_details or again.erased_partijen):
            break
    assert town.projection.contents() == unchanged
