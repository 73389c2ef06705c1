"""Groups of fields that several resources have: names, addresses, objects elsewhere, numbers."""

from collections.abc import Mapping
from typing import Final

from tests.fakes.open_klant.checks import bag_id, country, postal_code, whole_number
from tests.fakes.open_klant.fields import Group, Number, Text, Unique

CONTACTNAAM: Final = Group(
    fields={
        "voorletters": Text(longest=10, blank=True),
        "voornaam": Text(longest=200, blank=True),
        "voorvoegselAchternaam": Text(longest=10, blank=True),
        "achternaam": Text(longest=200, blank=True),
    }
)

ADRES: Final = Group(
    fields={
        "nummeraanduidingId": Text(longest=16, blank=True, checks=(bag_id,)),
        "straatnaam": Text(longest=255, blank=True),
        "huisnummer": Number(lowest=1, highest=99999, null=True),
        "huisnummertoevoeging": Text(longest=20, blank=True),
        "postcode": Text(longest=7, blank=True, checks=(postal_code,)),
        "stad": Text(longest=255, blank=True),
        "adresregel1": Text(longest=80, blank=True),
        "adresregel2": Text(longest=80, blank=True),
        "adresregel3": Text(longest=80, blank=True),
        "land": Text(longest=2, shortest=2, blank=True, checks=(country,)),
    }
)

OBJECT: Final = Group(
    fields={
        name: Text(longest=200, blank=True)
        for name in ("objectId", "codeObjecttype", "codeRegister", "codeSoortObjectId")
    }
)


def numbered(table: str, column: str, noun: str) -> Text:
    """Return the field of a number by which people call a row."""
    unique = Unique(table, column, noun)
    return Text(longest=10, blank=True, null=True, empty=None, checks=(whole_number,), unique=unique)


def full_name(contactnaam: Mapping[str, str]) -> str:
    """Return a name in one line; voorletters are left out."""
    parts = (contactnaam[part] for part in ("voornaam", "voorvoegselAchternaam", "achternaam"))
    return " ".join(part for part in parts if part)
