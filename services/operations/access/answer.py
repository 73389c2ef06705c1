"""The answer to a request for access, as JSON that another system can read (AVG art. 15, 20).

What a person has to weigh first is left out, unless it was weighed or the answer is for the one who weighs. The form
has a version; `docs/privacy/access.md` describes it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from schemas.reading.origin import Origin
from schemas.verwerkingen import verwerkingen
from services.classifier.mongo.documents import besluit_of
from services.classifier.mongo.register import BESLUITEN
from services.domain.besluit import BesluitRecord, PartijBesluit
from services.domain.rules import rule_of
from services.domain.toelichting import Kanttekening, kanttekening
from services.operations.access import own
from services.operations.access.gather import Gathered
from services.operations.access.own import AnswerPart, ToWeigh
from services.operations.dead_letters.states import COLLECTION as LETTER_RECORDS
from services.operations.pages import places
from services.operations.places.events import PublishersEvent, own_betrokkenen
from services.operations.places.message_text import BERICHT
from services.operations.places.place import FoundItem, PlaceFound
from services.operations.places.published import position_of
from services.operations.places.traces import Traces, key_in
from services.projector.mongo.writes import Collection, places_of
from services.runtime.settings import Settings

KIND: Final = "nl.klantinteracties.inzage"
VERSION: Final = 1

CONFIDENTIAL_NAME: Final = "vertrouwelijk"
"""What the names of the confidential places end in, however the municipality called the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What may be in an answer of that which a person has to weigh."""

    everything: bool = False
    """The answer is for the person who weighs, and not for the citizen."""
    nummers: frozenset[str] = frozenset()
    """Of the klantcontacten that were weighed, and may go out."""


def answer(found: Gathered, settings: Settings, release: Release) -> AnswerPart:
    """Return the whole answer."""
    return _Answer(found, settings, release).made()


class _Answer:
    """Puts one answer together."""

    def __init__(self, found: Gathered, settings: Settings, release: Release) -> None:
        self._found, self._settings, self._release = found, settings, release
        self._traces: Traces = found.traces
        self._klantcontacten = _unique(found.in_places(*places_of(Collection.KLANTCONTACTEN)))
        self._reasons = {each.id: own.reasons_to_weigh(each.content, self._traces) for each in self._klantcontacten}
        self._besluiten = [
            besluit_of(dict(each.content)) for each in found.in_places(BESLUITEN) if _is_own(each, self._traces)
        ]
        self._decided = {each.key for each in self._besluiten}
        self._weighed = {_key_of(each) for each in self._klantcontacten if self._is_weighed(each)}
        self._held_contacts = set(self._held())

    def made(self) -> AnswerPart:
        held = {key: each for key, each in self._reasons.items() if each}
        settings = self._settings
        return {
            "soort": KIND,
            "versie": VERSION,
            "gemaaktOp": self._found.at,
            "verzoek": self._found.request,
            "voorDeKlant": not self._release.everything,
            "klant": [own.partij(each.content) for each in self._found.in_places(Collection.PARTIJEN)],
            "klantcontacten": [self._klantcontact(each) for each in self._klantcontacten if self._shows(each)],
            "besluiten": [self._besluit(each) for each in self._besluiten if self._may_show(each.key)],
            "toestemming": sorted(self._statements(), key=lambda each: str(each["op"])),
            "ontvangenBerichten": list(self._sent(settings.input_topics)),
            "geweigerdeBerichten": list(self._sent([settings.dead_letter_topic])),
            "kanaalBerichten": list(self._messages()),
            "plaatsen": [self._place(each) for each in self._found.places if self._shows_place(each)],
            "verwerkingen": [
                {
                    "naam": each.naam,
                    "doel": each.doel,
                    "grondslag": each.grondslag,
                    "ontvangers": each.ontvangers,
                    "bewaren": each.bewaren,
                }
                for each in verwerkingen()
            ],
            "ontvangers": {"afnemers": [{"groep": each.name, "topics": each.topics} for each in self._found.groups]},
            "teWegen": [self._to_weigh(key, reasons) for key, reasons in held.items()],
        }

    # What is held back

    def _held(self) -> Iterator[str]:
        """Yield the keys of the confidential contacts that were not weighed."""
        confidential = {each.key for each in self._besluiten if each.vertrouwelijk}
        for each in self._klantcontacten:
            if ToWeigh.VERTROUWELIJK in self._reasons[each.id]:
                confidential.add(_key_of(each))
        yield from confidential - self._weighed

    def _is_weighed(self, item: FoundItem) -> bool:
        return item.content["klantcontact"]["nummer"] in self._release.nummers

    def _may_show(self, key: str | None) -> bool:
        return self._release.everything or key not in self._held_contacts

    def _shows(self, item: FoundItem) -> bool:
        """Whether the klant may know of a document or record. One that can't be read needs a decision for that."""
        key = _key_of(item)
        if self._release.everything or key in self._weighed:
            return True
        is_confidential = key not in self._decided if item.confidential is None else item.confidential
        return not is_confidential and key not in self._held_contacts

    def _shows_text(self, item: FoundItem) -> bool:
        return self._release.everything or not self._reasons[item.id] or self._is_weighed(item)

    def _to_weigh(self, key: str, reasons: Sequence[ToWeigh]) -> AnswerPart:
        """Return what is held back; of a confidential contact the klant is told nothing."""
        nummer = next(each.content["klantcontact"]["nummer"] for each in self._klantcontacten if each.id == key)
        if self._release.everything or ToWeigh.VERTROUWELIJK not in reasons:
            return {"nummer": nummer, "redenen": list(reasons), "gewogen": nummer in self._release.nummers}
        return {"redenen": [], "gewogen": nummer in self._release.nummers}

    # Its parts

    def _klantcontact(self, item: FoundItem) -> AnswerPart:
        shown = own.klantcontact(item.content, self._traces)
        shown["teWegen"] = [] if self._is_weighed(item) else list(self._reasons[item.id])
        taken = _unique(self._found.in_places(*places_of(Collection.INTERNE_TAKEN)))
        mine = [own.taak(each.content) for each in taken]
        shown["interneTaken"] = [each for each in mine if each["klantcontactId"] == item.id]
        if not self._shows_text(item):
            shown.pop("inhoud", None)
            for each in shown["interneTaken"]:
                each.pop("toelichting", None)
                each.pop("gevraagdeHandeling", None)
        return shown

    def _besluit(self, besluit: BesluitRecord) -> AnswerPart:
        mine = [each for each in besluit.partijen if each.partij_id in self._traces.partij_ids]
        return {
            "source": besluit.source,
            "contactId": besluit.contact_id or None,
            "plaatsgevondenOp": besluit.plaatsgevonden_op,
            "beslotenOp": besluit.besloten_op,
            "revisie": besluit.revisie,
            "besluitversie": besluit.besluitversie,
            "beleidsversie": besluit.beleidsversie,
            "onderwerpen": [self._onderwerp(each.regel) for each in besluit.onderwerpen],
            "klant": [_klant(each, besluit) for each in mine],
            "kanttekeningen": [kanttekening(Kanttekening(each)) for each in besluit.kanttekeningen],
            "eerder": [
                {
                    "beslotenOp": each.besloten_op,
                    "revisie": each.revisie,
                    "besluitversie": each.besluitversie,
                    "beleidsversie": each.beleidsversie,
                    "onderwerpen": [self._onderwerp(regel) for regel in each.regels],
                }
                for each in besluit.voorgangers
            ],
        }

    def _onderwerp(self, regel: Any) -> AnswerPart:  # noqa: ANN401 - a Regel
        rule = rule_of(regel)
        return {"regel": regel, "toelichting": rule.toelichting, "bron": f"VNG {rule.source}"}

    def _statements(self) -> Iterator[AnswerPart]:
        """Yield every statement of consent, with the contact that it was made in."""
        for besluit in self._besluiten:
            for each in besluit.partijen:
                if each.partij_id in self._traces.partij_ids and each.verklaring is not None:
                    origin = {"source": besluit.source, "contactId": besluit.contact_id}
                    yield {
                        "op": besluit.plaatsgevonden_op,
                        "verklaring": each.verklaring,
                        "vastgesteldDoor": each.middel,
                        **(origin if self._may_show(besluit.key) else {}),
                    }

    def _sent(self, topics: Iterable[str]) -> Iterator[AnswerPart]:
        for item in self._found.in_places(*topics):
            if not self._shows(item):
                continue
            event = PublishersEvent(Origin(None, None), item.content, b"")
            mine = own_betrokkenen(event, self._traces)
            reasons = [
                *([ToWeigh.VERTROUWELIJK] if item.confidential else []),
                *([ToWeigh.ANDEREN] if len(event.betrokkenen) > 1 else []),
                *([] if mine else [ToWeigh.ONDUIDELIJK]),
            ]
            shown: AnswerPart = {
                "plaats": item.id,
                "op": item.written_at,
                "totUiterlijk": item.until,
                "teWegen": reasons,
            }
            if item.place == self._settings.dead_letter_topic:
                shown |= {"reden": item.content["kind"], "velden": item.content["paths"]}
            if self._release.everything or not reasons:
                shown["gegevens"] = own.sent(item.content, mine)
            yield shown

    def _messages(self) -> Iterator[AnswerPart]:
        """Yield the messages of channels, and their dead letters. No program can see which part of one is the klant's,
        so a person weighs each.
        """
        refused = self._settings.raw_dead_letter_topics
        for item in self._found.in_places(*self._settings.raw_topics, *refused):
            became = self._traces.messages.get(position_of(item.id))
            key = self._traces.key_of(became) if became is not None else item.contact_key
            if not self._shows(replace(item, contact_key=key)):
                continue
            shown: AnswerPart = {
                "plaats": item.id,
                "op": item.written_at,
                "totUiterlijk": item.until,
                "teWegen": [ToWeigh.ONDUIDELIJK],
            }
            if item.place in refused:
                shown |= {"reden": item.content["kind"], "velden": item.content["paths"]}
            if self._release.everything:
                shown[BERICHT] = item.content[BERICHT]
            yield shown

    def _place(self, place: PlaceFound) -> AnswerPart:
        shown = places.shown(place)
        return {**shown, "aantal": place.found} if self._release.everything else shown

    def _shows_place(self, place: PlaceFound) -> bool:
        """Whether the klant may know of a place: not of one in which there are only confidential things."""
        if self._release.everything:
            return True
        is_confidential = place.name.split("_vorige")[0].split("_nieuw")[0].endswith(CONFIDENTIAL_NAME)
        letters = self._settings.dead_letter_topic
        items = self._found.in_places(letters if place.name == LETTER_RECORDS else place.name)
        holds_others = not items or any(map(self._shows, items))
        return holds_others and not (is_confidential and self._held_contacts)


def _klant(partij: PartijBesluit, besluit: BesluitRecord) -> AnswerPart:
    counted = partij.statement_that_counted(besluit.moment)
    return {
        "partijNummer": partij.nummer,
        "vastgesteldDoor": partij.middel,
        "resultaat": partij.resultaat,
        "gegevensOvergenomen": partij.vult,
        "toestemming": partij.consent,
        "toestemmingVan": None if counted is None else counted.contact.op,
        "verklaring": partij.verklaring,
    }


def _is_own(item: FoundItem, traces: Traces) -> bool:
    """Whether a decision record is of a contact of the subject, and not of another that names it."""
    return item.id in traces.contacts and "source" in item.content


def _unique(items: Sequence[FoundItem]) -> list[FoundItem]:
    """Return each thing once: while it turns confidential it can be read at both places."""
    return list({each.id: each for each in items}.values())


def _key_of(item: FoundItem) -> str:
    """Return the key of the contact that something follows from; that of a decision is its own id."""
    return item.contact_key or key_in(item.content.get("herkomst")) or item.id
