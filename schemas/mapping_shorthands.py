"""Short-hands: a name that stands for a whole object which the contract writes with four fields or more.

Each is written where that object stands, as in `partijIdentificatoren = [{ bsn = "klant.bsn" }]`. Without a value the
object is left out. Other fields of the object may stand beside it.
"""

from collections.abc import Mapping
from typing import Any, Final

from schemas.contact_ended_v1 import OpgegevenDigitaalAdres, PartijIdentificator
from schemas.mapping_file import CONSTANT, CONVERTERS, PATH, Converter
from schemas.types import Bericht
from schemas.values import value_class
from schemas.vng import Actor, Objectidentificator


@value_class(frozen=True, slots=True)
class Shorthand:
    """One short-hand: the constants of its object, the field that its value fills, and a converter for that.

    `beside`: another short-hand that must stand in the same table.
    """

    constants: Mapping[str, str]
    field: str
    converter: Converter | None = None
    beside: str | None = None

    def expanded(self, written: object) -> dict[str, Any]:
        """Return the fields that a value written after the short-hand stands for."""
        return {name: {CONSTANT: value} for name, value in self.constants.items()} | {self.field: self._value(written)}

    def _value(self, written: object) -> object:
        if self.converter is None:
            return written
        if isinstance(written, str):
            return {PATH: written, CONVERTERS: self.converter.value}
        if isinstance(written, dict) and PATH in written:
            own = written.get(CONVERTERS, [])
            return {**written, CONVERTERS: [*(own if isinstance(own, list) else [own]), self.converter.value]}
        return written


def _identificator(register: str, objecttype: str, soort: str, beside: str | None = None) -> Shorthand:
    constants = {"codeRegister": register, "codeObjecttype": objecttype, "codeSoortObjectId": soort}
    return Shorthand(constants, "objectId", beside=beside)


SHORTHANDS: Final[Mapping[type[Bericht], Mapping[str, Shorthand]]] = {
    PartijIdentificator: {
        "bsn": _identificator("brp", "natuurlijk_persoon", "bsn"),
        "kvk": _identificator("hr", "niet_natuurlijk_persoon", "kvk_nummer"),
        "vestiging": _identificator("hr", "vestiging", "vestigingsnummer", beside="kvk"),
    },
    OpgegevenDigitaalAdres: {
        "terugbelnummer": Shorthand(
            {"soortDigitaalAdres": "telefoonnummer", "gebruik": "opvolging"}, "adres", Converter.TELEFOON
        ),
        "email_standaard": Shorthand(
            {"soortDigitaalAdres": "email", "gebruik": "standaard"}, "adres", Converter.BIJGEKNIPT
        ),
    },
    Actor: {"afdeling": Shorthand({"soortActor": "organisatorische_eenheid"}, "naam", Converter.BIJGEKNIPT)},
    Objectidentificator: {"zaak": _identificator("open-zaak", "zaak", "uuid")},
}
"""By the object that they stand for. The words are those of `schemas/examples`."""


def shorthands_of(model: type[Bericht]) -> Mapping[str, Shorthand]:
    """Return the short-hands that may stand for an object."""
    return SHORTHANDS.get(model, {})
