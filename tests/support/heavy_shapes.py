"""The worst that the contract allows: events, batches and histories that cost the most memory or time.

A shape is a row of batches that come before, and the batches that are measured. The classifier handles four full
slices side by side, or twelve small ones, so a shape has up to so many of those, of different partitions.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Final

from schemas.cloudevents import DATA_BASE64
from schemas.reading.coherence import passes_elfproef
from schemas.reading.decoding import MAX_BYTES
from services.classifier.cases import read
from services.classifier.instructions import with_publish_again
from services.domain.besluit import MAX_EVER_GIVEN
from services.domain.case import Case
from services.domain.policy import DEFAULT
from services.domain.sleutels import Sleutels
from services.runtime.exactly_once.slices import MAX_SLICE_BYTES, MIN_SLICE_BYTES, ROOM_BYTES, Room
from services.runtime.kafka.records import Record
from services.runtime.settings import Settings
from tests.support.contacts import Event, record

SLEUTELS: Final = Sleutels(b"a key of the tests, thirty-two bytes")

AT_ONCE: Final = 50
"""What one event may have of each."""

BATCH: Final = Settings().batch_size

WIDE: Final = "😀"
"""Four bytes in UTF-8, twelve as an escape, and four for each character of a text that holds one."""

Batch = Sequence[Record]


@dataclass(frozen=True)
class Shape:
    """What came before, and what comes now."""

    before: Sequence[Batch]
    now: Sequence[Batch]


def shapes() -> Mapping[str, Callable[[], Shape]]:
    """Return every shape by its name. A shape is made when it is asked for, as it takes memory itself."""
    return {
        "plain contacts": lambda: _of_one_kind(_plain),
        "most klantcontacten": lambda: _of_one_kind(_many_onderwerpen),
        "most taken": lambda: _of_one_kind(partial(_many_onderwerpen, taak=True)),
        "most partijen": lambda: _of_one_kind(_many_betrokkenen),
        "everything at its maximum": lambda: _of_one_kind(_largest),
        "longest texts, four bytes a character": lambda: _of_one_kind(_widest),
        "longest texts, escaped": lambda: _of_one_kind(partial(_widest, ascii_only=True)),
        "data in base64": lambda: _of_one_kind(_in_base64),
        "binary mode": lambda: Shape([], [_slice(_binary(each, 0) for each in _events(_largest, 0))]),
        "repeats": _repeats,
        "published again": lambda: _repeats(again=True),
        "corrections of a contact that was given all": lambda: _corrections(_short),
        "corrections that take all back and give it again": lambda: _corrections(_full_and_short),
        "corrections of the largest contact": lambda: _corrections(_largest_again),
        "most faults": lambda: _of_one_kind(_faulty),
        "plain contacts, in small slices": lambda: _in_small_slices(_plain),
        "most klantcontacten, in small slices": lambda: _in_small_slices(_many_onderwerpen),
        "everything at its maximum, in small slices": lambda: _in_small_slices(_largest),
        "many contacts of one klant": _of_one_klant,
    }


# Shapes ---------------------------------------------------------------------------------------------------------------


def _of_one_kind(make: Callable[[str, int], bytes]) -> Shape:
    """Return four slices of contacts that are all new."""
    return Shape([], [_slice(_records(_events(make, partition), partition)) for partition in range(4)])


def _in_small_slices(make: Callable[[str, int], bytes]) -> Shape:
    """Return as many slices as are in flight at most, each with as much as it may have for that."""
    room = Room(BATCH)
    slices = []
    for partition in range(ROOM_BYTES // MIN_SLICE_BYTES):
        whole = _slice(_records(_events(make, partition), partition))
        most = next((n for n in range(1, len(whole) + 1) if room.weight(whole[:n]) > MIN_SLICE_BYTES), len(whole))
        slices.append(whole[: max(most - 1, 1)])
    return Shape([], slices)


def _events(make: Callable[[str, int], bytes], partition: int) -> Iterator[bytes]:
    return (make(f"c{partition}-{number}", partition * BATCH + number) for number in range(BATCH))


def _records(values: Iterable[bytes], partition: int, first: int = 0) -> Iterator[Record]:
    return (record(value, offset=offset, partition=partition) for offset, value in enumerate(values, first))


def _slice(records: Iterable[Record]) -> Batch:
    """Return as many records as a slice has at most."""
    taken: list[Record] = []
    weight = 0
    for each in islice(records, BATCH):
        weight += len(each.value or b"")
        if taken and weight > MAX_SLICE_BYTES:
            break
        taken.append(each)
    return taken


def _repeats(*, again: bool = False) -> Shape:
    value = _largest("c", 0)
    first = record(value)
    case = read(first, SLEUTELS, DEFAULT)
    assert isinstance(case, Case), case
    headers = with_publish_again((), case, SLEUTELS) if again else ()
    copies = (replace(each, headers=headers) for each in _records([value] * BATCH, 0, 1))
    return Shape([[first]], [_slice(copies)])


def _corrections(make: Callable[[int], bytes]) -> Shape:
    """Return corrections of a contact that was given as many klantcontacten as it may have."""
    revisies = MAX_EVER_GIVEN // AT_ONCE
    before = [record(_full(revisie), offset=revisie) for revisie in range(1, revisies + 1)]
    later = _records(map(make, range(revisies + 1, revisies + BATCH)), 0, revisies + 1)
    return Shape([[each] for each in before], [_slice(later)])


def _of_one_klant() -> Shape:
    """Return corrections of contacts of a klant who had thousands: each looks at what all of them did."""
    contacts = [_event(f"c{number}", [_klant("k", 0)], [{"onderwerp": "x"}]) for number in range(2_000)]
    before = [record(value, offset=offset) for offset, value in enumerate(contacts)]
    corrected = (_event(f"c{number}", [_klant("k", 0)], [{"onderwerp": "y"}], revisie=2) for number in range(BATCH))
    parts = [before[begin : begin + BATCH] for begin in range(0, len(before), BATCH)]
    return Shape(parts, [_slice(_records(corrected, 0, len(before)))])


# Contacts -------------------------------------------------------------------------------------------------------------


def _event(
    contact_id: str,
    betrokkenen: Sequence[Event],
    onderwerpen: Sequence[Event],
    *,
    revisie: int = 1,
    ascii_only: bool = False,
    more: Event | None = None,
) -> bytes:
    event = {
        "specversion": "1.0",
        "id": f"e-{contact_id}-{revisie}",
        "source": "urn:nld:oin:1:systeem:x",
        "type": "nl.klantinteracties.contact.ended",
        "time": "2026-11-20T09:59:00Z",
        "data": {
            "contactId": contact_id,
            "revisie": revisie,
            "kanaal": "x",
            "plaatsgevondenOp": "2026-11-20T09:50:00Z",
            "actoren": [{"soortActor": "medewerker", "naam": "x"}],
            "betrokkenen": betrokkenen,
            "onderwerpen": onderwerpen,
            **(more or {}),
        },
    }
    return json.dumps(event, ensure_ascii=ascii_only, separators=(",", ":")).encode()


_BSNS: Final = [text for text in map(str, range(999900000, 1000000000)) if passes_elfproef(text)]


def _klant(ref: str, number: int, **more: Any) -> Event:  # noqa: ANN401 - JSON
    bsn = {"codeRegister": "brp", "codeObjecttype": "natuurlijk_persoon", "codeSoortObjectId": "bsn"}
    return {
        "ref": ref,
        "rol": "klant",
        "authenticatie": {"middel": "digid"},
        "partijIdentificatoren": [bsn | {"objectId": _BSNS[number % len(_BSNS)]}],
        "toestemmingHergebruik": "gegeven",
        **more,
    }


_TAAK: Final = {
    "soort": "interne_taak",
    "gevraagdeHandeling": "x",
    "toegewezenAan": {"soortActor": "medewerker", "naam": "x"},
}


def _plain(contact_id: str, number: int) -> bytes:
    """Return a contact as most are: one klant, one onderwerp."""
    adres = {"soortDigitaalAdres": "email", "adres": "klant@example.nl", "gebruik": "standaard"}
    klant = _klant("k", number, contactnaam={"voorletters": "B", "achternaam": "Hageman"}, digitaleAdressen=[adres])
    onderwerp = {"onderwerp": "Parkeervergunning", "inhoud": "Vraag over de kosten.", "opvolging": _TAAK}
    return _event(contact_id, [klant], [onderwerp])


def _many_onderwerpen(contact_id: str, number: int, *, taak: bool = False) -> bytes:
    onderwerp = {"onderwerp": "x", **({"opvolging": _TAAK} if taak else {})}
    return _event(contact_id, [_klant("k", number)], [onderwerp] * AT_ONCE)


def _many_betrokkenen(contact_id: str, number: int) -> bytes:
    return _event(contact_id, [_klant(f"k{at}", number * AT_ONCE + at) for at in range(AT_ONCE)], [{"onderwerp": "x"}])


def _largest(contact_id: str, number: int, *, revisie: int = 1) -> bytes:
    """Return a contact with as many betrokkenen, onderwerpen and taken as one may have, filled up with addresses."""
    onderwerpen = [{"onderwerp": "x", "opvolging": _TAAK}] * AT_ONCE
    people = [number * AT_ONCE + at for at in range(AT_ONCE)]

    def filled(addresses: int) -> bytes:
        adres = {"soortDigitaalAdres": "overig", "adres": "x" * 80, "gebruik": "standaard"}
        betrokkenen = [_klant(f"k{at}", each, digitaleAdressen=[adres] * addresses) for at, each in enumerate(people)]
        return _event(contact_id, betrokkenen, onderwerpen, revisie=revisie)

    return _as_large_as_allowed(filled)


def _widest(contact_id: str, number: int, *, ascii_only: bool = False) -> bytes:
    """Return a contact whose texts are as long and as wide as they may be, each repeated in fifty klantcontacten."""
    onderwerpen = [{"onderwerp": "x", "opvolging": _TAAK}] * AT_ONCE
    adres = {"soortDigitaalAdres": "overig", "adres": WIDE * 80, "omschrijving": WIDE * 40}
    postal = dict.fromkeys(("adresregel1", "adresregel2", "adresregel3"), WIDE * 80)

    def filled(addresses: int) -> bytes:
        betrokkenen = [
            _klant(
                f"k{at}",
                number * AT_ONCE + at,
                bezoekadres=postal,
                digitaleAdressen=[adres] * min(20, max(0, addresses - 20 * at)),
            )
            for at in range(1 + addresses // 20)
        ]
        return _event(contact_id, betrokkenen, onderwerpen, ascii_only=ascii_only)

    return _as_large_as_allowed(filled)


def _as_large_as_allowed(filled: Callable[[int], bytes]) -> bytes:
    made = filled(0)
    for addresses in range(1, 1000):
        larger = filled(addresses)
        if len(larger) > MAX_BYTES:
            break
        made = larger
    return made


def _in_base64(contact_id: str, number: int) -> bytes:
    event = json.loads(_many_betrokkenen(contact_id, number))
    data = json.dumps(event.pop("data")).encode()
    return json.dumps({**event, DATA_BASE64: base64.b64encode(data).decode()}).encode()


def _binary(value: bytes, partition: int) -> Record:
    event = json.loads(value)
    data = json.dumps(event.pop("data"), separators=(",", ":")).encode()
    headers = [(f"ce_{name}", text.encode()) for name, text in event.items()]
    filling = [(f"ce_{number}", b"x" * 256) for number in range(240)]
    return replace(record(data, partition=partition), headers=(*headers, *filling))


def _full(revisie: int) -> bytes:
    """Return a revisie with as many onderwerpen as it may have, none of which an earlier one had."""
    first = (revisie * AT_ONCE) % MAX_EVER_GIVEN
    onderwerpen = [{"onderwerpId": f"o{first + at}", "onderwerp": "x", "opvolging": _TAAK} for at in range(AT_ONCE)]
    return _event("c", [_klant("k", revisie)], onderwerpen, revisie=revisie)


def _short(revisie: int) -> bytes:
    """Return a correction without anything to register."""
    return _event("c", [], [{"onderwerp": "x"}], revisie=revisie, more={"totStandGekomen": False})


def _full_and_short(revisie: int) -> bytes:
    return _full(revisie) if revisie % 2 else _short(revisie)


def _largest_again(revisie: int) -> bytes:
    return _largest("c", 0, revisie=revisie)


def _faulty(contact_id: str, number: int) -> bytes:
    """Return an event of the largest size in which as much is wrong as can be."""
    betrokkene = {"ref": "k", "digitaleAdressen": [{}] * 20, "partijIdentificatoren": [{}] * 20, f"x{number}": 1}
    return _event(contact_id, [betrokkene] * AT_ONCE, [{}] * 12_000)
