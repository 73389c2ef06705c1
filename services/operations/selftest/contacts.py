"""The contacts of a selftest, and what must come of them by the policy: the same fold as the dry run's.

They are about nobody: a BSN that no person has and the register does not know, and a name that says what it is.
"""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from string import ascii_lowercase
from typing import Any, Final

from schemas.contact_ended_v1 import TYPE
from schemas.reading.coherence import passes_elfproef
from schemas.values import value_class
from services.domain.outcome import Outcome, Refused
from services.domain.policy import Beleid
from services.operations.classify import judged_lines
from services.runtime.errors import KlantcontactError

_OWN: Final = ":selftest"
_KANAAL: Final = "selftest"
_NAME: Final = "Selftest"
_LETTERS: Final = 10
_BEFORE: Final = timedelta(minutes=5)
"""How long ago the contacts took place: they have ended, by any clock."""

FIRST_BSN: Final = 999_900_000
LAST_BSN: Final = 999_999_999
"""BSNs of test data lie in this range."""


class NotAllowed(KlantcontactError):
    """The policy does not take contacts of the source of a selftest. Nothing was sent."""


@value_class(frozen=True, slots=True)
class Sent:
    """One contact, as it is sent, and what must come of it."""

    contact_id: str
    event: bytes
    expected: Outcome


def own_source(source: str) -> str:
    """Return the source of the contacts of a selftest. `source` is the classifier's."""
    return source + _OWN


def new_run() -> str:
    """Return the name of a run: letters, which no number is taken for."""
    return "".join(secrets.choice(ascii_lowercase) for _ in range(_LETTERS))


def is_run(name: str) -> bool:
    """Whether a text is the name of a run."""
    return len(name) == _LETTERS and all(each in ascii_lowercase for each in name)


def new_bsn() -> str:
    """Return a number of the form of a BSN that no person has."""
    while True:
        number = str(secrets.randbelow(LAST_BSN - FIRST_BSN + 1) + FIRST_BSN)
        if passes_elfproef(number):
            return number


def contact_ids(run: str) -> Mapping[str, str]:
    """Return the contactId of each contact of a run."""
    return {name: f"selftest-{run}-{name}" for name in ("answered", "call-back", "klant", "klant-again")}


def rounds(source: str, run: str, bsn: str, beleid: Beleid, topic: str, now: datetime) -> Sequence[Sequence[Sent]]:
    """Return the contacts in the order in which they are sent. A round begins when the one before it is handled.

    Raises NotAllowed when the policy does not take one of them. `source` is the classifier's.
    """
    maker = _Maker(own_source(source), run, bsn, beleid, now)
    events = [[maker.answered(), maker.call_back(1), maker.klant(), maker.klant_again()], [maker.call_back(2)] * 2]
    lines = [json.dumps(each).encode() for part in events for each in part]
    outcomes = [outcome for _, outcome in judged_lines(lines, beleid, topic=topic)]
    if any(isinstance(each, Refused) for each in outcomes):
        raise NotAllowed(
            f"The policy does not take contacts of {maker.source}, so nothing was sent. Name that source under "
            f"[bronnen] in the policy, with the topic {topic} where it names topics, and restart the classifier."
        )
    ids = [each["data"]["contactId"] for part in events for each in part]
    sent = [Sent(*each) for each in zip(ids, lines, outcomes, strict=True)]
    return sent[: len(events[0])], sent[len(events[0]) :]


class _Maker:
    """Makes the events of one run."""

    def __init__(self, source: str, run: str, bsn: str, beleid: Beleid, now: datetime) -> None:
        self.source = source
        self._ids, self._bsn = contact_ids(run), bsn
        self._ended, self._took_place = _text(now), _text(now - _BEFORE)
        bron = beleid.bronnen.get(source)
        self._kanaal = min(bron.kanalen) if bron is not None and bron.kanalen else _KANAAL
        allowed = None if bron is None else bron.middelen
        suffice = sorted(each for each in beleid.voldoende_middelen if beleid.suffices(each, self._kanaal))
        self._middel = next((each for each in suffice if allowed is None or each in allowed), None)

    def answered(self) -> dict[str, Any]:
        """Return a question that was answered on the spot: nothing may be kept of it."""
        return self._event("answered", [_anonymous()], {"onderwerp": "Selftest: vraag beantwoord"})

    def call_back(self, revisie: int) -> dict[str, Any]:
        """Return a stranger who has to be called back, and the correction of that."""
        asked = {
            "onderwerp": f"Selftest: terugbellen, revisie {revisie}",
            "opvolging": {
                "soort": "interne_taak",
                "gevraagdeHandeling": "Niets: dit is een selftest",
                "toegewezenAan": {"soortActor": "organisatorische_eenheid", "naam": _NAME},
            },
        }
        return self._event("call-back", [_anonymous()], asked, revisie=revisie)

    def klant(self) -> dict[str, Any]:
        """Return a klant who consents to reuse of an address."""
        person = self._known() | {
            "toestemmingHergebruik": "gegeven",
            "digitaleAdressen": [{"soortDigitaalAdres": "email", "adres": "selftest@example.nl"}],
        }
        return self._event("klant", [person], {"onderwerp": "Selftest: klant"})

    def klant_again(self) -> dict[str, Any]:
        """Return the same klant, who has to be found."""
        return self._event("klant-again", [self._known()], {"onderwerp": "Selftest: klant opnieuw"})

    def _known(self) -> dict[str, Any]:
        authenticatie = {} if self._middel is None else {"authenticatie": {"middel": self._middel}}
        number = {
            "codeRegister": "brp",
            "codeObjecttype": "natuurlijk_persoon",
            "codeSoortObjectId": "bsn",
            "objectId": self._bsn,
        }
        return {**_anonymous(), **authenticatie, "partijIdentificatoren": [number]}

    def _event(
        self, name: str, betrokkenen: Sequence[Mapping[str, Any]], onderwerp: Mapping[str, Any], *, revisie: int = 1
    ) -> dict[str, Any]:
        contact_id = self._ids[name]
        return {
            "specversion": "1.0",
            "id": f"{contact_id}-{revisie}",
            "source": self.source,
            "type": TYPE,
            "time": self._ended,
            "partitionkey": self._ids["klant"],  # one partition, so in this order
            "data": {
                "contactId": contact_id,
                "revisie": revisie,
                "kanaal": self._kanaal,
                "plaatsgevondenOp": self._took_place,
                "actoren": [{"soortActor": "geautomatiseerde_actor", "naam": _NAME}],
                "betrokkenen": list(betrokkenen),
                "onderwerpen": [{"onderwerpId": "o-1", **onderwerp}],
            },
        }


def _anonymous() -> dict[str, Any]:
    return {"ref": "klant", "rol": "klant", "contactnaam": {"achternaam": _NAME}}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def expected_ids(sent: Sequence[Sent], source: str) -> Iterator[str]:
    """Yield the id of every event that goes out for these contacts. `source` is the classifier's."""
    for each in sent:
        assert not isinstance(each.expected, Refused), "nothing is sent that the policy does not take"
        yield from (str(event.body["id"]) for event in each.expected.events(source))
