"""What is not as a description says is noticed. The description here is small and our own."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.open_klant.description import Description
from tests.fakes.open_klant.api import ROOT

OWN = """
openapi: 3.0.3
components:
  schemas:
    Kanaal: {type: string, minLength: 1}
    Klantcontact:
      type: object
      required: [uuid, kanaal]
      properties:
        uuid: {type: string, readOnly: true}
        kanaal: {$ref: '#/components/schemas/Kanaal'}
        taal: {type: string, nullable: true}
paths:
  /klantcontacten:
    get:
      parameters: [{in: query, name: nummer}, {in: header, name: Accept}]
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Klantcontact'}}}}
      responses:
        '201': {content: {application/json: {schema: {$ref: '#/components/schemas/Klantcontact'}}}}
  /klantcontacten/{uuid}:
    patch:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Klantcontact'}}}}
      responses:
        '200': {content: {application/json: {schema: {$ref: '#/components/schemas/Klantcontact'}}}}
"""

TOLD = {"uuid": "u-1", "kanaal": "balie", "taal": None}


@pytest.fixture
def own(tmp_path: Path) -> Description:
    """The small description."""
    file = tmp_path / "own.yaml"
    file.write_text(OWN, encoding="utf-8")
    return Description(file)


def answered(sent: dict[str, Any], told: dict[str, Any], *, change: bool = False) -> httpx.Response:
    """Return the answer to a request."""
    method, path, status = ("PATCH", "/klantcontacten/u-1", 200) if change else ("POST", "/klantcontacten", 201)
    request = httpx.Request(method, f"http://open-klant{ROOT}{path}", json=sent)
    return httpx.Response(status, json=told, request=request)


def test_a_request_and_an_answer_as_described_pass(own: Description) -> None:
    own.validate(answered({"kanaal": "balie"}, TOLD))
    own.validate(answered({"taal": "nld"}, TOLD, change=True))  # a PATCH needs no field
    assert own.parameters("/klantcontacten") == {"nummer"}


@pytest.mark.parametrize(
    ("sent", "told", "says"),
    [
        ({"kanaal": "balie"}, {**TOLD, "kanaal": None}, r"ANSWER is not as described: \$\.kanaal"),
        ({"kanaal": "balie"}, {"kanaal": "balie"}, r"ANSWER is not as described: \$: 'uuid' is a required"),
        ({"taal": "nld"}, TOLD, r"REQUEST is not as described: \$: 'kanaal' is a required"),
        ({"kanaal": "balie", "taal": 7}, TOLD, r"REQUEST is not as described: \$\.taal"),
    ],
)
def test_what_is_not_as_described_is_noticed(
    own: Description, sent: dict[str, Any], told: dict[str, Any], says: str
) -> None:
    with pytest.raises(AssertionError, match=says):
        own.validate(answered(sent, told))
