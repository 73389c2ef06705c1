"""The klantinteracties API over HTTP: its resources, lists, bodies and refusals."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.fakes.open_klant.actoren import Actoren, Actorklantcontacten
from tests.fakes.open_klant.adressen import Digitaleadressen
from tests.fakes.open_klant.contacten import Betrokkenen, Bijlagen, Klantcontacten, Onderwerpobjecten
from tests.fakes.open_klant.expand import EXPANDED, asked_for, expanded
from tests.fakes.open_klant.fields import Reading, Site
from tests.fakes.open_klant.filters import select
from tests.fakes.open_klant.identificatoren import PartijIdentificatoren
from tests.fakes.open_klant.maak import MaakKlantcontact
from tests.fakes.open_klant.paging import PARAMETERS, page_of
from tests.fakes.open_klant.partijen import Partijen
from tests.fakes.open_klant.problems import (
    WHOLE,
    Problem,
    Refused,
    broken,
    invalid,
    method_not_allowed,
    no_json,
    not_authenticated,
    not_found,
    refused,
    unsupported_media_type,
    wrong_token,
)
from tests.fakes.open_klant.resource import Resource
from tests.fakes.open_klant.rows import Protected, Register, Values
from tests.fakes.open_klant.taken import Internetaken

ROOT: Final = "/klantinteracties/api/v1"

RESOURCES: Final[Mapping[str, Resource]] = {
    resource.name: resource
    for resource in (
        Actoren(),
        Actorklantcontacten(),
        Betrokkenen(),
        Bijlagen(),
        Digitaleadressen(),
        Internetaken(),
        Klantcontacten(),
        Onderwerpobjecten(),
        Partijen(),
        PartijIdentificatoren(),
    )
}


@dataclass(frozen=True)
class Api:
    """The API on one register. `token` is the only one that it knows."""

    register: Register
    token: str

    def app(self) -> Starlette:
        """Return the application."""
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return Starlette(
            routes=[
                Route(f"{ROOT}/openapi.json", _openapi),
                Route(f"{ROOT}/{{resource}}", self._answer, methods=methods),
                Route(f"{ROOT}/{{resource}}/{{uuid}}", self._answer, methods=methods),
            ]
        )

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        try:
            response = self._carry_out(request, body)
        except Refused as refusal:
            response = _refusal(invalid(refusal), request)
        except Problem as problem:
            response = _refusal(problem, request)
        except Protected:
            response = _refusal(broken(), request)
        response.headers["API-version"] = "0.9.0"
        return response

    def _carry_out(self, request: Request, body: bytes) -> Response:
        name, uuid = request.path_params["resource"], request.path_params.get("uuid")
        if name == MaakKlantcontact.name and uuid is None:
            self._admit(request)
            return self._create(MaakKlantcontact(), request, body)
        if name not in RESOURCES:
            return PlainTextResponse("Not Found", HTTPStatus.NOT_FOUND)
        self._admit(request)
        handle = self._on_list if uuid is None else self._on_row
        return handle(RESOURCES[name], request, body)

    def _admit(self, request: Request) -> None:
        """Raise Problem where a request does not bear the token."""
        words = request.headers.get("authorization", "").split()
        if not words or words[0].lower() != "token":
            raise not_authenticated()
        if len(words) == 1:
            raise wrong_token("Ongeldige token header. Geen logingegevens opgegeven")
        if len(words) > 2:
            raise wrong_token("Ongeldige token header. Token kan geen spaties bevatten.")
        if words[1] != self.token:
            raise wrong_token()

    def _on_list(self, resource: Resource, request: Request, body: bytes) -> Response:
        if request.method == "POST":
            return self._create(resource, request, body)
        if request.method != "GET":
            raise method_not_allowed(request.method)
        query, table = dict(request.query_params), self.register[resource.name]
        _refuse_unknown(resource, query)
        filters = {name: text for name, text in query.items() if name not in (*PARAMETERS, "expand")}
        found = [table.rows[uuid] for uuid in select(resource.filters, self.register, resource.name, filters)]
        found.sort(key=lambda row: [row[column] for column in resource.sorted_by], reverse=True)
        site = _site(request, self.register)
        page, told = page_of(found, query, f"{site.url}/{resource.name}")
        asked = asked_for(resource.name, query.get("expand", ""))
        shown = [expanded(resource.show(row, site), asked, RESOURCES, site) for row in page]
        return JSONResponse({**told, "results": shown})

    def _create(self, resource: Resource, request: Request, body: bytes) -> Response:
        if request.method != "POST":
            raise method_not_allowed(request.method)
        with self.register.transaction():
            values = resource.read(Reading(self.register, _parsed(request, body)))
            row = resource.create(values, self.register)
        shown = resource.show(row, _site(request, self.register))
        headers = {"Location": shown["url"]} if "url" in shown else None
        return JSONResponse(shown, HTTPStatus.CREATED, headers)

    def _on_row(self, resource: Resource, request: Request, body: bytes) -> Response:
        if request.method == "POST":
            raise method_not_allowed(request.method)
        row, site = self._row(resource, request), _site(request, self.register)
        if request.method == "GET":
            _refuse_unknown(resource, dict(request.query_params))
            asked = asked_for(resource.name, request.query_params.get("expand", ""))
            return JSONResponse(expanded(resource.show(row, site), asked, RESOURCES, site))
        if request.method == "DELETE":
            with self.register.transaction():
                resource.delete(row, self.register)
            return Response(status_code=HTTPStatus.NO_CONTENT)
        with self.register.transaction():
            reading = Reading(self.register, _parsed(request, body), row, partial=request.method == "PATCH")
            row = resource.change(row, resource.read(reading), self.register)
        return JSONResponse(resource.show(row, site))

    def _row(self, resource: Resource, request: Request) -> Values:
        row = self.register[resource.name].rows.get(request.path_params["uuid"].lower())
        if row is None:
            raise not_found()
        return row


def _refuse_unknown(resource: Resource, query: Mapping[str, str]) -> None:
    known = {*resource.filters, *PARAMETERS, *(["expand"] if resource.name in EXPANDED else [])}
    if unknown := [name for name in query if name not in known]:
        raise refused("unknown-parameters", f"Onbekende query parameters: {', '.join(unknown)}", name=WHOLE)


def _parsed(request: Request, body: bytes) -> Values:
    """Return the body. Raise Problem where it is no JSON."""
    if not body:
        return {}
    media_type = request.headers.get("content-type", "")
    if media_type.split(";")[0].strip().lower() != "application/json":
        raise unsupported_media_type(media_type)
    try:
        parsed: Values = json.loads(body, parse_constant=_no_constant)
    except ValueError as error:
        raise no_json(str(error)) from error
    return parsed


def _no_constant(name: str) -> None:
    raise ValueError(f"Out of range float values are not JSON compliant: {name}")


def _refusal(problem: Problem, request: Request) -> JSONResponse:
    headers = {"WWW-Authenticate": "Token"} if problem.status == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(problem.body(_root(request)), problem.status, headers)


def _site(request: Request, register: Register) -> Site:
    return Site(register, f"{_root(request)}{ROOT}")


def _root(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


async def _openapi(_: Request) -> JSONResponse:
    """Answer the part of the description that tells which release this is: the fields of each resource."""
    names = {"klantcontacten": "Klantcontact", "internetaken": "InterneTaak", "partijen": "Partij"}
    schemas = {
        schema: {"type": "object", "properties": {field: {} for field in ("uuid", "url", *RESOURCES[name].fields)}}
        for name, schema in names.items()
    }
    info = {"title": "klantinteracties", "version": "0.9.0"}
    return JSONResponse({"openapi": "3.0.3", "info": info, "paths": {}, "components": {"schemas": schemas}})
