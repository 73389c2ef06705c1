"""The faults that a test may plan for the Open Klant in memory: what the caller sees, and what came of the call."""

from collections.abc import Iterator

import httpx
import pytest

from tests.contract.open_klant.bodies import klantcontact
from tests.fakes.open_klant.faults import Broken, Call, Fault
from tests.fakes.open_klant.server import OpenKlant
from tests.support.waiting import wait_for

POST = ("POST", "klantcontacten")


@pytest.fixture
def client(open_klant: OpenKlant, client: httpx.Client) -> Iterator[httpx.Client]:
    """A client of an Open Klant that nobody shares."""
    client.base_url = httpx.URL(open_klant.url)
    client.headers["Authorization"] = f"Token {open_klant.token}"
    yield client
    del client.headers["Authorization"]


def test_an_error_takes_effect_only_where_that_is_planned(open_klant: OpenKlant, client: httpx.Client) -> None:
    open_klant.weather.plan(Fault(answer=500))
    open_klant.weather.plan(Fault(answer=503, takes_effect=True))

    answers = [client.post("/klantcontacten", json=klantcontact()).status_code for _ in range(3)]

    assert answers == [500, 503, 201]
    assert open_klant.weather.calls == [Call(*POST, status) for status in answers]
    assert len(open_klant.register["klantcontacten"].rows) == 2


@pytest.mark.parametrize(
    ("answer", "rows", "seen"),
    [(Broken.CUT, 0, "without sending a response"), (Broken.HALF, 1, "without sending complete message body")],
)
def test_a_connection_ends_early(
    open_klant: OpenKlant, client: httpx.Client, answer: Broken, rows: int, seen: str
) -> None:
    open_klant.weather.plan(Fault(answer=answer))

    with pytest.raises(httpx.RemoteProtocolError, match=seen):
        client.post("/klantcontacten", json=klantcontact())

    assert len(open_klant.register["klantcontacten"].rows) == rows
    assert open_klant.weather.calls == [Call(*POST, 0)]


def test_a_fault_strikes_the_calls_that_it_is_meant_for(open_klant: OpenKlant, client: httpx.Client) -> None:
    open_klant.weather.plan(Fault(answer=429, method="GET", resource="partijen", skip=1, times=2))

    paths = ("partijen", "partijen", "actoren", "partijen", "partijen")

    assert [client.get(f"/{path}").status_code for path in paths] == [200, 429, 200, 429, 200]


def test_a_late_answer_is_the_true_one(open_klant: OpenKlant, client: httpx.Client) -> None:
    open_klant.weather.plan(Fault(answer=None, delay_seconds=60))

    with pytest.raises(httpx.ReadTimeout):
        client.post("/klantcontacten", json=klantcontact(), timeout=httpx.Timeout(30, read=0.05))

    wait_for("it is carried out", lambda: open_klant.register["klantcontacten"].rows)
    assert len(open_klant.register["klantcontacten"].rows) == 1


def test_someone_else_acts_before_a_call(open_klant: OpenKlant, client: httpx.Client) -> None:
    made = client.post("/klantcontacten", json=klantcontact()).json()["uuid"]
    open_klant.weather.before = lambda *_: open_klant.register.delete("klantcontacten", made)

    assert client.get(f"/klantcontacten/{made}").status_code == 404


def test_a_refused_call_leaves_nothing(open_klant: OpenKlant, client: httpx.Client) -> None:
    """A partij is refused for its second identificator, when it and its first stand there already."""
    codes = {"codeRegister": "hr", "codeObjecttype": "niet_natuurlijk_persoon", "codeSoortObjectId": "kvk_nummer"}
    identificatoren = [{"partijIdentificator": {**codes, "objectId": number}} for number in ("90000001", "90000002")]
    body = {"soortPartij": "organisatie", "indicatieActief": True, "partijIdentificatoren": identificatoren}

    assert client.post("/partijen", json=body).status_code == 400

    assert open_klant.register["partijen"].rows == {}
    assert open_klant.register["partij-identificatoren"].rows == {}


def test_rows_outlive_a_stop() -> None:
    open_klant = OpenKlant()

    for expected in (0, 1):
        with open_klant.running() as running, httpx.Client(base_url=running.url, verify=False) as client:  # noqa: S501 - there is no TLS
            client.headers["Authorization"] = f"Token {open_klant.token}"
            assert client.get("/klantcontacten").json()["count"] == expected
            client.post("/klantcontacten", json=klantcontact())
