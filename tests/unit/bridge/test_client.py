"""Open Klant's API as the bridge calls it: over real HTTP, to one that answers late, half, wrongly, or not at all."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from services.bridge.answers import AnsweredCalls, counting_answers
from services.bridge.errors import (
    Absent,
    CallRefused,
    CallUnanswered,
    NotServed,
    RefusedField,
    TokenRefused,
    Unavailable,
)
from services.bridge.open_klant.client import STEPS_OF_A_SEND, HttpOpenKlant
from services.bridge.open_klant.connection import open_klant as connected
from services.bridge.resources import Resource
from services.runtime.errors import InvalidSettings
from services.runtime.settings import Settings
from tests.contract.open_klant.bodies import klantcontact
from tests.fakes.open_klant.faults import Broken, Fault
from tests.fakes.open_klant.server import OpenKlant
from tests.support.bridge_bench import Bench
from tests.support.certificates import self_signed
from tests.support.jumping_clock import on_jumping_clock
from tests.support.projector_examples import registered

ROWS = Resource.KLANTCONTACTEN


def settings_of(open_klant: OpenKlant, folder: Path, **others: object) -> Settings:
    """Return the settings of a bridge to this Open Klant, with a file that holds its token."""
    file = folder / "token"
    file.write_text(f"{open_klant.token}\n")
    return Settings(openklant_url=open_klant.root, openklant_token_file=file).model_copy(update=others)


@pytest.fixture
async def api(open_klant: OpenKlant, tmp_path: Path) -> AsyncIterator[HttpOpenKlant]:
    async with connected(settings_of(open_klant, tmp_path, openklant_timeout=60)) as made:
        yield made


async def test_calls_keep_their_connection_also_after_a_refusal_and_an_error(
    open_klant: OpenKlant, api: HttpOpenKlant
) -> None:
    open_klant.weather.plan(Fault(500, skip=1))
    with pytest.raises(CallRefused):
        await api.create(ROWS, {"nummer": "x"})
    with pytest.raises(Unavailable):
        await api.create(ROWS, klantcontact())
    row = await api.create(ROWS, klantcontact())
    await api.change(ROWS, row["uuid"], {"onderwerp": "Anders"})
    assert (await api.read(ROWS, row["uuid"]))["onderwerp"] == "Anders"
    await api.remove(ROWS, row["uuid"])
    await api.remove(ROWS, row["uuid"])
    with pytest.raises(Absent):
        await api.read(ROWS, row["uuid"])
    assert len(open_klant.weather.connections) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500),
        Fault(503, takes_effect=True),
        Fault(429),
        Fault(408),
        Fault(Broken.CUT),
        Fault(Broken.HALF),
    ],
    ids=lambda fault: str(fault.answer),
)
async def test_an_open_klant_that_fails_is_waited_for_and_the_next_call_gets_through(
    open_klant: OpenKlant, api: HttpOpenKlant, fault: Fault
) -> None:
    open_klant.weather.plan(fault)
    with counting_answers() as answers, pytest.raises(Unavailable) as failed:
        await api.create(ROWS, klantcontact())
    assert not isinstance(failed.value, NotServed | TokenRefused)
    assert answers == AnsweredCalls()
    await api.probe()


async def test_an_answer_that_comes_too_late_is_waited_for(open_klant: OpenKlant, tmp_path: Path) -> None:
    open_klant.weather.plan(Fault(None, delay_seconds=60, method="POST"))
    async with connected(settings_of(open_klant, tmp_path, openklant_timeout=0.2)) as hasty:
        with pytest.raises(CallUnanswered, match=r"\(TimeoutError\)\. It may have taken effect\.$"):
            await hasty.create(ROWS, klantcontact())


@pytest.mark.parametrize("fault", [Fault(Broken.CUT), Fault(Broken.HALF)])
async def test_an_error_names_the_call_that_was_not_answered_and_that_a_change_may_have_taken_effect(
    open_klant: OpenKlant, api: HttpOpenKlant, fault: Fault
) -> None:
    open_klant.weather.plan(replace(fault, times=2))
    with pytest.raises(CallUnanswered) as changing:
        await api.create(ROWS, klantcontact())
    with pytest.raises(CallUnanswered) as reading:
        await api.find(ROWS)
    assert (changing.value.call, reading.value.call) == ("POST klantcontacten", "GET klantcontacten")
    doubts = [str(each.value).endswith("). It may have taken effect.") for each in (changing, reading)]
    assert doubts == [True, False]


async def test_answers_of_open_klant_itself_count_and_those_of_a_proxy_do_not(
    open_klant: OpenKlant, api: HttpOpenKlant
) -> None:
    with counting_answers() as answers:
        row = await api.create(ROWS, klantcontact())
        await api.find(ROWS)
        await api.remove(ROWS, row["uuid"])
        with pytest.raises(CallRefused):
            await api.create(ROWS, {"nummer": "x"})
        with pytest.raises(Absent):
            await api.read(ROWS, row["uuid"])
    assert answers == AnsweredCalls(calls=5, changes=2)

    def proxy(_: httpx.Request) -> httpx.Response:
        return httpx.Response(413)

    async with httpx.AsyncClient(transport=httpx.MockTransport(proxy), base_url=open_klant.root) as http:
        with counting_answers() as answers, pytest.raises(CallRefused):
            await HttpOpenKlant(http, lambda: "token", timeout_seconds=1).create(ROWS, klantcontact())
    assert answers == AnsweredCalls()


async def test_an_open_klant_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    with (stopped := OpenKlant()).running():
        pass
    async with connected(settings_of(stopped, tmp_path)) as api:
        with pytest.raises(Unavailable, match=r"does not answer \(ConnectError\)") as away:
            await api.probe()
    assert away.value.call is None


async def test_a_refusal_tells_fields_and_codes_and_no_sentence(api: HttpOpenKlant) -> None:
    with pytest.raises(CallRefused) as refused:
        await api.create(ROWS, {**klantcontact(), "kanaal": "x" * 51})
    assert refused.value.faults == (RefusedField("kanaal", "max_length"),)
    assert str(refused.value) == "POST klantcontacten was refused with status 400 (kanaal: max_length)."


@pytest.mark.parametrize("path", ["/elders", "/openklant"])
async def test_an_address_where_no_open_klant_answers_refuses_nothing(
    open_klant: OpenKlant, tmp_path: Path, path: str
) -> None:
    """A letter for each event would be the price of a path that somebody mistyped."""
    settings = settings_of(open_klant, tmp_path, openklant_url=f"{open_klant.root}{path}")
    async with connected(settings) as api:
        for call in (api.find(ROWS), api.create(ROWS, klantcontact()), api.probe(), api.description()):
            with pytest.raises(NotServed):
                await call


async def test_a_proxy_that_sends_elsewhere_refuses_nothing() -> None:
    def elsewhere(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"Location": f"https://{request.url.host}/onderhoud"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(elsewhere), base_url="http://open-klant") as http:
        with pytest.raises(Unavailable, match="302"):
            await HttpOpenKlant(http, lambda: "token", timeout_seconds=1).create(ROWS, klantcontact())


@on_jumping_clock
async def test_an_answer_that_trickles_in_has_the_same_limit_as_a_call() -> None:
    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(100):
            await asyncio.sleep(0.02)
            yield b" "

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=trickle()))
    async with httpx.AsyncClient(transport=transport, base_url="http://open-klant") as http:
        with pytest.raises(Unavailable, match="TimeoutError"):
            await HttpOpenKlant(http, lambda: "token", timeout_seconds=0.1).probe()


@on_jumping_clock
async def test_no_more_calls_are_under_way_than_open_klant_is_to_bear() -> None:
    under_way, most = 0, 0

    async def answer(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return httpx.Response(500 if most == 1 else 200, json={})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://open-klant") as http:
        api = HttpOpenKlant(http, lambda: "token", timeout_seconds=0.1, at_once=3)
        await asyncio.gather(*(api.probe() for _ in range(40)), return_exceptions=True)
        await api.probe()  # those that wait for their turn have their whole time, and a failure gives its turn back
    assert (most, under_way) == (3, 0)


async def test_the_next_call_is_under_way_before_the_bridge_goes_on_with_an_answer() -> None:
    seen = []

    async def answer(request: httpx.Request) -> httpx.Response:
        for _ in range(3):  # as often as httpx pauses until a request is written
            await asyncio.sleep(0)
        seen.append(f"sent {request.url.path[-1]}")
        await asyncio.sleep(0.01)
        return httpx.Response(200, json={})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://open-klant") as http:
        api = HttpOpenKlant(http, lambda: "token", timeout_seconds=60, at_once=1)

        async def read(uuid: str) -> None:
            await api.read(ROWS, uuid)
            seen.append(f"went on with {uuid}")

        await asyncio.gather(*map(read, "123"))

    assert seen == ["sent 1", "sent 2", "went on with 1", "sent 3", "went on with 2", "went on with 3"]


async def test_httpx_writes_a_call_within_the_steps_that_the_bridge_leaves_it(open_klant: OpenKlant) -> None:
    loop, step, written = asyncio.get_running_loop(), 0, 0

    def go_on() -> None:
        nonlocal step
        step += 1
        if not written:
            loop.call_soon(go_on)

    async def trace(event: str, _: object) -> None:
        nonlocal written
        if event == "http11.send_request_body.started":  # httpx writes it without a pause
            written = step

    async with httpx.AsyncClient(base_url=open_klant.root) as http:
        await http.post("/", json={})  # the connection stands from here on
        loop.call_soon(go_on)
        await http.post("/", json={}, extensions={"trace": trace})

    waking_up = 1
    assert 0 < waking_up + written <= STEPS_OF_A_SEND


async def test_a_list_that_becomes_shorter_between_its_pages_ends(open_klant: OpenKlant, api: HttpOpenKlant) -> None:
    rows = [await api.create(ROWS, klantcontact()) for _ in range(5)]
    seen = []
    async for page in api.pages(ROWS, pageSize="2"):
        seen += [each["uuid"] for each in page]
        if len(seen) == 2:
            for each in rows[:3]:
                open_klant.register.delete(ROWS, each["uuid"])
    assert len(seen) == 2
    assert len(await api.find(ROWS, pageSize="1")) == 2


async def test_a_new_token_in_the_file_counts_at_once_and_a_file_without_one_is_waited_for(
    open_klant: OpenKlant, tmp_path: Path
) -> None:
    settings = settings_of(open_klant, tmp_path)
    file = tmp_path / "token"
    async with connected(settings) as api:
        for content in ("", "no token", None, "an-old-one"):
            file.unlink() if content is None else file.write_text(content)
            with pytest.raises(TokenRefused, match="KLANTCONTACT_OPENKLANT_TOKEN_FILE"):
                await api.probe()
        file.write_text(open_klant.token)
        await api.probe()
    assert [each.status for each in open_klant.weather.calls] == [401, 200]


async def test_a_bridge_does_not_begin_without_a_token(open_klant: OpenKlant, tmp_path: Path) -> None:
    settings = settings_of(open_klant, tmp_path)
    (tmp_path / "token").write_text("")
    with pytest.raises(InvalidSettings, match="holds no token"):
        await connected(settings).__aenter__()


async def test_a_certificate_of_ones_own_authority_is_trusted_where_it_is_named_and_only_there(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "127.0.0.1")
    with OpenKlant(certificate=certificate).running() as secure:
        settings = settings_of(secure, tmp_path)
        async with connected(settings) as api:
            with pytest.raises(Unavailable, match="ConnectError"):
                await api.probe()
        async with connected(settings.model_copy(update={"openklant_ca_file": certificate.certificate})) as api:
            await api.probe()
    assert [each.status for each in secure.weather.calls] == [200]


async def test_an_authority_that_is_no_certificate_is_told(open_klant: OpenKlant, tmp_path: Path) -> None:
    settings = settings_of(open_klant, tmp_path, openklant_ca_file=tmp_path / "token")
    with pytest.raises(InvalidSettings, match="KLANTCONTACT_OPENKLANT_CA_FILE"):
        await connected(settings).__aenter__()


OWN_404 = {"code": "not_found", "title": "Niet gevonden.", "status": 404, "detail": "Niet gevonden."}


def answering(answer: httpx.Response) -> HttpOpenKlant:
    """Return the API of something that gives one answer to every call."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer), base_url="http://open-klant")
    return HttpOpenKlant(http, lambda: "token", timeout_seconds=5)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(404, json=OWN_404), Absent),
        (httpx.Response(404, text="<h1>Not Found</h1>"), NotServed),
        (httpx.Response(302, headers={"Location": "https://login.example.nl"}), NotServed),
        (httpx.Response(404, json={"code": "elders"}), NotServed),
        (httpx.Response(400, json={"code": "invalid", "invalidParams": []}), CallRefused),
        (httpx.Response(400, text="<h1>Bad Request</h1>"), NotServed),
        (httpx.Response(400, json={"message": "Bad Request"}), NotServed),
        (httpx.Response(401, json={"code": "not_authenticated"}), TokenRefused),
        (httpx.Response(401, text="<h1>Log in</h1>"), NotServed),
        (httpx.Response(403, json={"code": "permission_denied"}), TokenRefused),
        (httpx.Response(403, text="<h1>Request blocked</h1>"), NotServed),
        (httpx.Response(413, text="<h1>Too Large</h1>"), CallRefused),
        (httpx.Response(200, text="<h1>Onderhoud</h1>"), NotServed),
    ],
)
async def test_each_answer_has_its_meaning(answer: httpx.Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        await answering(answer).read(Resource.PARTIJEN, "u-1")


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
