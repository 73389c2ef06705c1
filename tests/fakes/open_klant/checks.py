"""What Open Klant demands of texts: numbers, telephone numbers, e-mail addresses, postal codes, countries, BSNs."""

import re
from collections.abc import Mapping
from typing import Final

PHONE: Final = re.compile(r"(0[1-9][0-9]{8}|\+[0-9]{9,15}|00[0-9]{7,13})")
NO_PHONE: Final = ("0800", "0900", "1400", "140")

_LETTER: Final = "a-z\u00a1-\uffff"
EMAIL: Final = re.compile(
    r"(?:[-!#$%&'*+/=?^_`{}|~0-9a-z]+(?:\.[-!#$%&'*+/=?^_`{}|~0-9a-z]+)*)"
    rf"@(?:localhost|[{_LETTER}0-9](?:[{_LETTER}0-9-]{{0,61}}[{_LETTER}0-9])?"
    rf"(?:\.(?!-)[{_LETTER}0-9-]{{1,63}}(?<!-))*\.(?!-)(?:[{_LETTER}-]{{2,63}}|xn--[a-z0-9]{{1,59}})(?<!-))",
    re.IGNORECASE,
)

_COUNTRIES: Final = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA
    CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA
    GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS
    MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS
    RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW
    TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES: Final = frozenset(_COUNTRIES.split())

NO_COUNTRY: Final = "Ongeldige landcode, de code moet behoren tot de ISO 3166-standaard"

LENGTHS: Final[Mapping[str, int]] = {"bsn": 9, "rsin": 9, "kvk_nummer": 8, "vestigingsnummer": 12}
PROVED: Final[Mapping[str, str]] = {"bsn": "Onjuist BSN nummer", "rsin": "Onjuist RSIN nummer"}


def whole_number(text: str) -> str | None:
    """Return what is wrong with a `nummer`, in words."""
    return None if re.fullmatch(r"-?[0-9]+", text) else "Voer een geldig geheel getal in."


def phone_number(text: str) -> str | None:
    """Return what is wrong with a telephone number, in words."""
    if text.startswith(NO_PHONE):
        refused_starts = "telefoonnummers beginnend met 0800, 0900, 1400 of 140xx zijn niet toegestaan."
        return f"Het opgegeven telefoonnummer is ongeldig, {refused_starts}"
    return None if PHONE.fullmatch(text) else "Het opgegeven telefoonnummer is ongeldig."


def email_address(text: str) -> str | None:
    """Return what is wrong with an e-mail address, in words."""
    return None if EMAIL.fullmatch(text) else "Voer een geldig e-mailadres in."


def postal_code(text: str) -> str | None:
    """Return what is wrong with a postcode, in words."""
    if re.search(r"^[1-9][0-9]{3} [A-Z]{2}$", text):
        return None
    return f"Postcode moet aan het volgende formaat voldoen: `1234 AB` (met spatie): {text}"


def bag_id(text: str) -> str | None:
    """Return what is wrong with the BAG's id of a nummeraanduiding, in words."""
    return None if re.search(r"^[0-9]{16}$", text) else f"Ongeldige nummeraanduiding BAG-ID: {text}"


def country(text: str) -> str | None:
    """Return what is wrong with a country code, in words."""
    if text.upper() not in COUNTRIES:
        return NO_COUNTRY
    return None if text.isupper() else f"{NO_COUNTRY}. Bedoelde u {text.upper()}?"


def object_id(soort: str, text: str) -> str | None:
    """Return what is wrong with the number of a partij-identificator of this soort, in words."""
    if len(text) != LENGTHS[soort]:
        reason = f"Waarde moet {LENGTHS[soort]} tekens lang zijn"
    elif not text.isdigit():
        reason = "Voer een numerieke waarde in"
    elif soort in PROVED and not _is_proved(text):
        reason = PROVED[soort]
    else:
        return None
    return f"Deze waarde is ongeldig, reden: {reason}"


def _is_proved(text: str) -> bool:
    """Whether a number passes the test of elevens."""
    weights = [*range(len(text), 1, -1), -1]
    total = sum(weight * int(digit) for weight, digit in zip(weights, text, strict=True))
    return not total % 11
