"""Recognising a klant by its numbers in any text, when the register knows only keyed hashes of them.

Every row of digits that may be such a number is hashed as the register would hash it. So a number is found in an event
that is broken or cut, and in a text where nobody expects it, without the number itself being known.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, product
from typing import Any, Final

import orjson

from schemas.contact_ended_v1 import CodeSoortObjectId
from schemas.identities import SEPARATOR, Identity
from schemas.reading.coherence import passes_elfproef
from services.domain.sleutels import Sleutels, soort_of

_ROWS: Final = re.compile(rb"(?<![0-9])(?:[0-9]{8,9}|[0-9]{12})(?![0-9])")
_PSEUDONIEM: Final = re.compile(rb'"pseudoniem"\s*:\s*("(?:[^"\\]|\\.)*")')
_OF_CONTACTPERSOON: Final = "pseudoniem+"
_ESCAPED: Final = b"\\u00"
"""How JSON may write a digit."""

_LENGTHS: Final[Mapping[int, tuple[CodeSoortObjectId, ...]]] = {
    8: (CodeSoortObjectId.KVK_NUMMER,),
    9: (CodeSoortObjectId.BSN, CodeSoortObjectId.RSIN),
    12: (CodeSoortObjectId.VESTIGINGSNUMMER,),
}
MAX_REMEMBERED: Final = 100_000
"""Rows of digits whose hash is remembered: most records repeat those of others."""

MAX_PAIRS: Final = 100_000
"""The most pairs of a pseudoniem and a number in one text: some 0.5 s. The largest message has a tenth of that."""


class KlantNumbers:
    """The numbers of one klant, as hashes."""

    def __init__(self, sleutels: Sleutels | None, wanted: Iterable[str]) -> None:
        """`wanted`: as the register has them. Without the key none can be recognised."""
        self._sleutels = sleutels
        self._wanted = set(wanted)
        self._known: dict[tuple[str, str], bool] = {}

    @property
    def are_sought(self) -> bool:
        """Whether numbers are looked for at all."""
        return self._sleutels is not None and bool(self._wanted)

    @property
    def wanted(self) -> list[str]:
        """The hashes of them, as the register knows them."""
        return sorted(self._wanted)

    def add(self, wanted: Iterable[str]) -> None:
        """Look for more of them."""
        before = len(self._wanted)
        self._wanted.update(wanted)
        if len(self._wanted) > before:
            self._known.clear()

    def stand_in(self, text: bytes, pseudoniemen: Iterable[str] = ()) -> bool:
        """Whether any of them stands in a text, such as the value of a record.

        `pseudoniemen`: texts in it that may be the pseudoniem of a contactpersoon, beside those that are called so.
        """
        return self.are_sought and any(
            self._is_one(soort, waarde) for soort, waarde in self._candidates(text, pseudoniemen)
        )

    def own(self, betrokkene: Mapping[str, Any], beside: Iterable[object]) -> bool:
        """Whether a betrokkene of an event, valid or not, is this klant. `beside`: the numbers of all betrokkenen, one
        of which may be the employer of a contactpersoon.
        """
        whole = [betrokkene, *beside] if _is_contactpersoon(betrokkene) else betrokkene.get("partijIdentificatoren")
        return self.stand_in(orjson.dumps(whole, default=str, option=orjson.OPT_NON_STR_KEYS))

    def _candidates(self, text: bytes, pseudoniemen: Iterable[str]) -> Iterator[tuple[str, str]]:
        kinds = {soort_of(each) for each in self._wanted}
        yield from (each for each in candidates(text, pseudoniemen) if each[0] in kinds)

    def _is_one(self, soort: str, waarde: str) -> bool:
        known = self._known.get((soort, waarde))
        if known is None:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            known = not self._wanted.isdisjoint(self._hashes(Identity(soort, waarde, -1)))
            self._known[soort, waarde] = known
        return known

    def _hashes(self, identity: Identity) -> Sequence[str]:
        """Return the hashes under which the register may know an identity."""
        assert self._sleutels is not None, "without the key nothing is looked for"
        return self._sleutels.forms_of(identity)


def candidates(text: bytes, pseudoniemen: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield the kind and the value of all that may be an identity in a text. `pseudoniemen` as of `stand_in`."""
    rows = list(dict.fromkeys(each.decode() for each in _ROWS.findall(_plain(text))))
    numbers = [each for row in rows for each in _readings(row, rows)]
    yield from numbers
    pairs = product(chain(_pseudoniemen(text), pseudoniemen) if numbers else (), numbers)
    for pseudoniem, (soort, waarde) in islice(pairs, MAX_PAIRS):
        yield f"{_OF_CONTACTPERSOON}{soort}", pseudoniem + SEPARATOR + waarde


def _readings(row: str, rows: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Return what a row of digits may be. A vestigingsnummer is known together with the kvk_nummer beside it."""
    for soort in _LENGTHS[len(row)]:
        if soort is CodeSoortObjectId.VESTIGINGSNUMMER:
            parents = [each for each in rows if len(each) == len("12345678")]
            yield from ((soort, row + SEPARATOR + parent) for parent in ("", *parents))
        elif soort is CodeSoortObjectId.KVK_NUMMER or passes_elfproef(row):
            yield soort, row


def _plain(text: bytes) -> bytes:
    """Return a text with its digits as digits."""
    if _ESCAPED not in text:
        return text
    try:
        return orjson.dumps(orjson.loads(text))
    except orjson.JSONDecodeError:
        return re.sub(rb"\\u00(3[0-9])", lambda found: bytes.fromhex(found[1].decode()), text)


def _pseudoniemen(text: bytes) -> Iterator[str]:
    for each in _PSEUDONIEM.findall(text):
        try:
            yield str(orjson.loads(each))
        except orjson.JSONDecodeError:
            continue


def _is_contactpersoon(betrokkene: Mapping[str, Any]) -> bool:
    return betrokkene.get("soortPartij") == "contactpersoon"
