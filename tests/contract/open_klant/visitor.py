"""A visitor of an Open Klant that may be a real one: it makes rows of its own, and takes them away when it leaves."""

import random
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from tests.fakes.open_klant.api import ROOT

Body = Mapping[str, Any]

PARTS: Final = {"klantcontact": "klantcontacten", "betrokkene": "betrokkenen", "onderwerpobject": "onderwerpobjecten"}
"""What `maak-klantcontact` makes, and the resource that each part belongs to."""

Seen = Callable[[httpx.Response], None]


class Visitor:
    """Makes calls and remembers what they made. `seen` looks at each answer."""

    def __init__(self, url: str, token: str, client: httpx.Client, seen: Seen) -> None:
        self.url = url if url.rstrip("/").endswith(ROOT) else f"{url.rstrip('/')}{ROOT}"
        self._client = client
        self._headers = {"Authorization": f"Token {token}"}
        self._seen = seen
        self._made = list[str]()

    def get(self, path: str, query: Mapping[str, str] | None = None) -> httpx.Response:
        """Ask for a row or a list."""
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Body) -> httpx.Response:
        """Ask for a new row, which goes away with the visitor."""
        return self.call("POST", path, body)

    def put(self, path: str, body: Body) -> httpx.Response:
        """Replace a row."""
        return self.call("PUT", path, body)

    def patch(self, path: str, body: Body) -> httpx.Response:
        """Change a row."""
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> httpx.Response:
        """Delete a row."""
        return self.call("DELETE", path)

    def call(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Make any call."""
        sent = {**self._headers, **(headers or {})}
        response = self._client.request(method, f"{self.url}/{path}", json=body, params=query, headers=sent)
        if method == "POST" and response.status_code == 201:
            self._remember(path, response.json())
        self._seen(response)
        return response

    def send(self, method: str, path: str, content: bytes, content_type: str) -> httpx.Response:
        """Send a body that is no JSON."""
        headers = {**self._headers, "Content-Type": content_type}
        return self._client.request(method, f"{self.url}/{path}", content=content, headers=headers)

    def make(self, path: str, body: Body) -> dict[str, Any]:
        """Make a row that must come about, and return it."""
        response = self.post(path, body)
        assert response.status_code == 201, response.text
        made: dict[str, Any] = response.json()
        return made

    def row(self, path: str) -> dict[str, Any]:
        """Return a row that must be there."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def count(self, path: str, query: Mapping[str, str]) -> int:
        """Return how many rows a list finds."""
        return len(self.uuids(path, query))

    def uuids(self, path: str, query: Mapping[str, str]) -> list[str]:
        """Return the uuids of the rows that a list finds, which fit on one page."""
        response = self.get(path, {**query, "pageSize": "500"})
        assert response.status_code == 200, response.text
        found = response.json()
        assert found["next"] is None, found["count"]
        return [row["uuid"] for row in found["results"]]

    def leave(self) -> None:
        """Delete what was made, the newest first."""
        for path in reversed(self._made):
            response = self._client.delete(f"{self.url}/{path}", headers=self._headers)
            assert response.status_code in {204, 404}, response.text

    def _remember(self, path: str, made: Mapping[str, Any]) -> None:
        if path == "maak-klantcontact":
            self._made += [f"{PARTS[name]}/{part['uuid']}" for name, part in made.items() if part]
        else:
            self._made.append(f"{path}/{made['uuid']}")


def number() -> str:
    """Return a number of ten digits that nobody else will have."""
    return str(random.randint(1_000_000_000, 9_999_999_999))


def kvk_nummer() -> str:
    """Return a KVK-nummer that nobody else will have."""
    return str(random.randint(90_000_000, 99_999_999))


def vestigingsnummer() -> str:
    """Return a vestigingsnummer that nobody else will have."""
    return f"9{random.randint(0, 10**11 - 1):011}"


_GIVEN: Final = set[str]()
"""The BSNs that were returned. There are few: in one run of a thousand a test would be given the same one twice."""


def bsn() -> str:
    """Return a BSN that nobody has: it begins with 9999."""
    while True:
        digits = f"9999{random.randint(0, 9999):04}"
        last = sum(weight * int(digit) for weight, digit in zip(range(9, 1, -1), digits, strict=True)) % 11
        if last < 10 and digits not in _GIVEN:
            _GIVEN.add(digits)
            return f"{digits}{last}"


def invalid(response: httpx.Response) -> list[tuple[str, str, str]]:
    """Return what was wrong in a refused request: name, code and reason of each param."""
    assert response.status_code == 400, (response.status_code, response.text)
    return [(param["name"], param["code"], param["reason"]) for param in response.json()["invalidParams"]]
