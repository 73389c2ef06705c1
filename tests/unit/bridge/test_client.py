"""What an answer means: Open Klant's own 404 is a row that is not there, any other is no Open Klant."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from services.bridge.errors import Absent, CallRefused, TokenRefused, Unavailable
from services.bridge.open_klant.client import HttpOpenKlant
from services.bridge.open_klant.connection import open_klant
from services.bridge.resources import Resource
from services.runtime.settings import Settings
from tests.support.bridge_bench import Bench
from tests.support.projector_examples import registered

OWN_404 = {"code": "not_found", "title": "Niet gevonden.", "status": 404, "detail": "Niet gevonden."}


def client(answer: Callable[[httpx.Request], httpx.Response]) -> HttpOpenKlant:
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://open-klant")
    return HttpOpenKlant(http, lambda: "token", timeout_seconds=5)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(404, json=OWN_404), Absent),
        (httpx.Response(404, text="<h1>Not Found</h1>"), Unavailable),
        (httpx.Response(302, headers={"Location": "https://login.example.nl"}), Unavailable),
        (httpx.Response(400, json={"invalidParams": []}), CallRefused),
    ],
)
async def test_each_answer_has_its_meaning(answer: httpx.Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        await client(lambda _: answer).read(Resource.PARTIJEN, "u-1")


async def test_a_page_that_is_gone_since_the_one_before_is_the_end() -> None:
    bench = Bench()
    for number in range(3):
        await bench.take(registered(f"c-{number}"))

    found = list[int]()
    async for page in bench.api.pages(Resource.KLANTCONTACTEN, pageSize="2"):
        found.append(len(page))
        for row in bench.rows("klantcontacten")[:1]:
            bench.open_klant.register.delete("klantcontacten", row["uuid"])

    assert found == [2]


async def test_a_token_file_that_can_not_be_read_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("a-token")
    settings = Settings.model_validate({"openklant_url": "http://127.0.0.1:9", "openklant_token_file": file})

    async with open_klant(settings) as api:
        file.write_text("")
        with pytest.raises(TokenRefused, match="KLANTCONTACT_OPENKLANT_TOKEN_FILE"):
            await api.probe()
