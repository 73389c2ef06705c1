"""Refusals: their bodies, and requests that are none."""

import re

import httpx
import pytest

from tests.contract.open_klant.bodies import klantcontact
from tests.contract.open_klant.visitor import Visitor, invalid
from tests.fakes.open_klant.api import ROOT

NOBODY = "0b4ab7b0-7f5e-4c5c-a6ab-e2cbc3a1d9c6"


def test_a_refusal_is_a_problem(visitor: Visitor) -> None:
    answer = visitor.post("klantcontacten", klantcontact(kanaal=None))

    assert answer.headers["API-version"] == "0.9.0"
    assert answer.headers["content-type"] == "application/json"
    assert _told(visitor, answer) == {
        "type": "/ref/fouten/ValidationError/",
        "code": "invalid",
        "title": "Ongeldige invoerwaarde.",
        "status": 400,
        "detail": "Ongeldige invoerwaarde.",
        "invalidParams": [{"name": "kanaal", "code": "null", "reason": "Dit veld mag niet leeg zijn."}],
    }


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("uuid", [NOBODY, "x"])
def test_a_row_that_is_not_there(visitor: Visitor, method: str, uuid: str) -> None:
    answer = visitor.call(method, f"klantcontacten/{uuid}")

    assert (answer.status_code, _told(visitor, answer)) == (
        404,
        {
            "type": "/ref/fouten/NotFound/",
            "code": "not_found",
            "title": "Niet gevonden.",
            "status": 404,
            "detail": "Niet gevonden.",
        },
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "klantcontacten"), ("GET", "maak-klantcontact"), ("POST", f"klantcontacten/{NOBODY}")],
)
def test_a_method_that_a_resource_does_not_have(visitor: Visitor, method: str, path: str) -> None:
    answer = visitor.call(method, path)

    assert (answer.status_code, _told(visitor, answer)) == (
        405,
        {
            "type": "/ref/fouten/MethodNotAllowed/",
            "code": "method_not_allowed",
            "title": 'Methode "{method}" niet toegestaan.',
            "status": 405,
            "detail": f'Methode "{method}" niet toegestaan.',
        },
    )


@pytest.mark.parametrize(
    ("authorization", "kind", "code", "title", "detail"),
    [
        (
            "",
            "NotAuthenticated",
            "not_authenticated",
            "Authenticatiegegevens zijn niet opgegeven.",
            "Authenticatiegegevens zijn niet opgegeven.",
        ),
        (
            "Token 0000000000000000000000000000000000000000",
            "AuthenticationFailed",
            "authentication_failed",
            "Ongeldige authenticatiegegevens.",
            "Ongeldige token.",
        ),
        (
            "Token a b",
            "AuthenticationFailed",
            "authentication_failed",
            "Ongeldige authenticatiegegevens.",
            "Ongeldige token header. Token kan geen spaties bevatten.",
        ),
        (
            "Token",
            "AuthenticationFailed",
            "authentication_failed",
            "Ongeldige authenticatiegegevens.",
            "Ongeldige token header. Geen logingegevens opgegeven",
        ),
        (
            "Bearer x",
            "NotAuthenticated",
            "not_authenticated",
            "Authenticatiegegevens zijn niet opgegeven.",
            "Authenticatiegegevens zijn niet opgegeven.",
        ),
    ],
)
@pytest.mark.parametrize("path", ["klantcontacten", f"klantcontacten/{NOBODY}"])
def test_a_token_is_needed(
    visitor: Visitor, path: str, authorization: str, kind: str, code: str, title: str, detail: str
) -> None:
    answer = visitor.call("GET", path, headers={"Authorization": authorization})

    assert answer.headers["www-authenticate"] == "Token"
    assert (answer.status_code, _told(visitor, answer)) == (
        401,
        {"type": f"/ref/fouten/{kind}/", "code": code, "title": title, "status": 401, "detail": detail},
    )


def test_a_body_is_json(visitor: Visitor) -> None:
    answer = visitor.send("POST", "klantcontacten", b'{"a":', "application/json")

    assert (answer.status_code, _told(visitor, answer)) == (
        400,
        {
            "type": "/ref/fouten/ParseError/",
            "code": "parse_error",
            "title": "Ongeldig samengestelde request.",
            "status": 400,
            "detail": "JSON parse error - Expecting value: line 1 column 6 (char 5)",
        },
    )


def test_a_body_says_that_it_is_json(visitor: Visitor) -> None:
    answer = visitor.send("POST", "klantcontacten", b"{}", "text/plain")

    assert (answer.status_code, _told(visitor, answer)) == (
        415,
        {
            "type": "/ref/fouten/UnsupportedMediaType/",
            "code": "unsupported_media_type",
            "title": 'Ongeldige media type "{media_type}" in aanvraag.',
            "status": 415,
            "detail": 'Ongeldige media type "text/plain" in aanvraag.',
        },
    )


def test_a_body_is_a_map(visitor: Visitor) -> None:
    answer = visitor.send("POST", "klantcontacten", b"[]", "application/json")

    assert invalid(answer) == [
        ("nonFieldErrors", "invalid", "Ongeldige data. Verwacht een dictionary, kreeg een list.")
    ]


def test_no_body_is_an_empty_map(visitor: Visitor) -> None:
    assert [name for name, _, _ in invalid(visitor.call("POST", "klantcontacten"))] == [
        "kanaal",
        "onderwerp",
        "taal",
        "vertrouwelijk",
    ]


def test_the_description_tells_which_fields_there_are(visitor: Visitor) -> None:
    described = visitor.send("GET", "openapi.json", b"", "application/json").json()

    assert described["info"]["title"] == "klantinteracties"
    assert "referentienummer" in described["components"]["schemas"]["Klantcontact"]["properties"]
    assert "referentienummer" in described["components"]["schemas"]["InterneTaak"]["properties"]


def _told(visitor: Visitor, answer: httpx.Response) -> dict[str, object]:
    """Return a problem without what differs each time and each place."""
    problem = answer.json()
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", problem.pop("instance"))
    return {**problem, "type": problem["type"].removeprefix(visitor.url.removesuffix(ROOT))}
