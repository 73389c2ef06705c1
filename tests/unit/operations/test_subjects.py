"""Who is meant: read from JSON that a person typed, which no error repeats."""

import json
from typing import Any

import pytest

from services.operations.subjects import ContactSubject, InvalidSubject, PartijSubject, Subject, read_subject

BSN = "999990019"
KVK = {
    "codeRegister": "hr",
    "codeObjecttype": "niet_natuurlijk_persoon",
    "codeSoortObjectId": "kvk_nummer",
    "objectId": "12345678",
}
VESTIGING = {
    "codeRegister": "hr",
    "codeObjecttype": "vestiging",
    "codeSoortObjectId": "vestigingsnummer",
    "objectId": "000012345678",
}


def _bsn(number: str = BSN) -> dict[str, str]:
    return {
        "codeRegister": "brp",
        "codeObjecttype": "natuurlijk_persoon",
        "codeSoortObjectId": "bsn",
        "objectId": number,
    }


def _read(given: Any) -> Subject:  # noqa: ANN401 - whatever JSON holds
    return read_subject(json.dumps(given).encode())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"source": "urn:a", "contactId": "c-1"}, ContactSubject(source="urn:a", contact_id="c-1")),
        ({"klantcontactNummer": "0000000012"}, ContactSubject(klantcontact_nummer="0000000012")),
        ({"partijNummer": "17"}, PartijSubject(partij_nummer="17")),
        ({"partijId": "ABCDEF", "source": None}, PartijSubject(partij_id="abcdef")),
    ],
)
def test_each_form_is_read(given: dict[str, str], expected: Subject) -> None:
    assert _read(given) == expected


def test_a_klant_is_read_by_the_identities_that_the_classifier_finds_it_by() -> None:
    assert _identities({"partijIdentificatoren": [_bsn()]}) == [("bsn", BSN)]
    assert _identities({"partijIdentificatoren": [KVK, VESTIGING]}) == [
        ("vestigingsnummer", "000012345678\x1f12345678")
    ]
    assert _identities({"authenticatie": {"pseudoniem": "p-1"}, "werkteVoor": {"partijIdentificatoren": [KVK]}}) == [
        ("pseudoniem+kvk_nummer", "p-1\x1f12345678")
    ]


def _identities(given: dict[str, Any]) -> list[tuple[str, str]]:
    subject = _read(given)
    assert isinstance(subject, PartijSubject)
    return [(each.soort, each.waarde) for each in subject.identities]


HIDDEN = "geheim-999"
"""Typed by mistake in the place of something else."""

REFUSED = {
    "no JSON": (b"geheim-999 {", "no JSON"),
    "a list": (b'["geheim-999"]', "no JSON object"),
    "nothing": (b"{}", "nothing that is known"),
    "two forms": (json.dumps({"partijNummer": "1", "partijId": HIDDEN}).encode(), "It has partijId, partijNummer."),
    "half a form": (json.dumps({"contactId": HIDDEN}).encode(), "It has contactId."),
    "a name that is not known": (
        json.dumps({HIDDEN: HIDDEN, "partijId": HIDDEN}).encode(),
        "partijId and 1 unknown fields",
    ),
    "another type": (json.dumps({"partijNummer": [HIDDEN]}).encode(), "partijNummer: "),
    "another form": (json.dumps({"partijNummer": HIDDEN}).encode(), "partijNummer: "),
    "no identificator": (json.dumps({"partijIdentificatoren": []}).encode(), "needs at least one"),
    "an employer without number": (
        json.dumps({"authenticatie": {"pseudoniem": HIDDEN}, "werkteVoor": {"naam": HIDDEN}}).encode(),
        "needs at least one",
    ),
    "too long": (json.dumps({"partijId": HIDDEN * 10_000}).encode(), "at most 65536 bytes"),
    "a BSN that fails the 11-proef": (
        json.dumps({"partijIdentificatoren": [_bsn("777777778")]}).encode(),
        "partijIdentificatoren.0.objectId: ",
    ),
    "a BSN of eight digits": (
        json.dumps({"partijIdentificatoren": [_bsn("77777777")]}).encode(),
        "partijIdentificatoren.0.objectId: ",
    ),
    "an employer with a wrong number": (
        json.dumps(
            {
                "authenticatie": {"pseudoniem": HIDDEN},
                "werkteVoor": {"partijIdentificatoren": [{**KVK, "objectId": HIDDEN}]},
            }
        ).encode(),
        "werkteVoor.partijIdentificatoren.0.objectId: ",
    ),
    "another register": (
        json.dumps({"partijIdentificatoren": [{**KVK, "codeRegister": HIDDEN}]}).encode(),
        "partijIdentificatoren.0.codeRegister: ",
    ),
}


@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_names_the_field_and_repeats_no_value(text: bytes, expected: str) -> None:
    with pytest.raises(InvalidSubject) as raised:
        read_subject(text)
    assert expected in str(raised.value)
    assert not any(secret in str(raised.value) for secret in (HIDDEN, "77777777"))
    assert raised.value.__cause__ is None


def test_a_subject_shows_no_number_where_it_is_printed() -> None:
    assert BSN not in repr(_read({"partijIdentificatoren": [_bsn()]}))
