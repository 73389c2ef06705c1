"""Consent and restriction that the municipality itself changes, on real servers, by the commands of its privacy
officer; and what an erasure and the retention do with a klant that is restricted, or had such a change.
"""

import json
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
import uvloop
from pymongo import MongoClient

from schemas.contact_ended_v1 import Toestemming
from services.classifier.changes import Opdracht, written
from services.classifier.mongo.key import configured_sleutels
from services.local.servers.stack import Stack
from services.local.system import System
from services.operations.kafka import started_producer
from tests.acceptance.pipeline import documents, publish, read_all, wait_until_all_is_stored
from tests.acceptance.shared_system import shared_system
from tests.support.commands import klantcontact, run_command
from tests.support.examples import SOURCE, Wire, bsn, contact, email, event, known, nth_bsn
from tests.support.operators_commands import command_stopped_before
from tests.support.waiting import wait_for
from tests.support.whole import whole

pytestmark = pytest.mark.server

TERMS: Final = '[klantcontacten.regels]\nV3 = "P1D"\nV4 = "P1D"\n'
ERASED: Final = 'klantcontact_contacts_total{outcome="erased"} '
ASKED: Final = ("--reason", "verzoek van de klant", "--json")


@pytest.fixture(scope="module")
def system(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with shared_system(stack, tmp_path_factory.mktemp("system"), topic_partitions=3) as running:
        yield running


def klant(number: str) -> Wire:
    return {"partijIdentificatoren": [bsn(number)]}


def take_in(system: System, number: str, *contact_ids: str, toestemming: str | None = "gegeven") -> None:
    """Take in contacts of one klant that bring an address."""
    person = known("k", number, toestemming=toestemming, adressen=[email(f"{number}@example.nl")])
    publish(system, [event(contact(each, betrokkenen=[person])) for each in contact_ids])
    wait_for("they are stored", lambda: set(contact_ids) <= stored_contacts(system))


def stored_contacts(system: System) -> set[str]:
    return {each["herkomst"]["contactId"] for each in documents(system).get("klantcontacten", ())}


def run(system: System, number: str, *command: str, request: str, status: int = 0) -> Wire:
    """Run a command about a klant, and return what it told."""
    words = (*command, "--request", request, *ASKED)
    done = klantcontact(*words, settings=system.settings, stdin=json.dumps(klant(number)).encode())
    assert done.returncode == status, done.stderr.decode()
    told: Wire = json.loads(done.stdout)
    return told


def partij(system: System, number: str) -> Wire:
    """Return the document of a klant."""
    [found] = [each for each in documents(system)["partijen"] if number in json.dumps(each, default=str)]
    return found


def addresses(system: System, number: str) -> list[Any]:
    return list(partij(system, number)["digitaleAdressen"])


def changes_of(system: System, partij_id: str) -> list[Wire]:
    """Return the decisions about changes of a partij."""
    besluiten = documents(system)["besluiten"]
    return [
        each
        for each in besluiten
        if "wijzigingId" in each and partij_id in {one["partijId"] for one in each["partijen"]}
    ]


def test_a_withdrawal_empties_the_partij_and_consent_can_be_given_again(system: System) -> None:
    number = nth_bsn(31)
    take_in(system, number, "c-31")
    dry = run(system, number, "withdraw", "--dry-run", request="Z-31")
    assert (dry["effect"], dry["consent"], dry["executed"]) == ("emptied", False, False)
    assert addresses(system, number)

    done = run(system, number, "withdraw", request="Z-31")
    assert (done["effect"], done["consent"], done["executed"], done["wasDone"]) == ("emptied", False, True, False)
    wait_for("the partij is emptied", lambda: addresses(system, number) == [])
    withdrawn = [json.loads(each.value) for each in read_all(system, [system.settings.registered_topic])]
    [told] = [each for each in withdrawn if each["type"].endswith("partij.withdrawn")]
    assert (told["data"]["resultaat"], told["data"]["reden"]) == ("leeg", "ingetrokken")
    explained = run_command(system.settings, "explain", done["wijzigingId"], "--no-dead-letters")
    assert done["wijzigingId"] in explained.stdout

    again = run(system, number, "withdraw", request="Z-31")
    assert (again["wasDone"], again["wijzigingId"]) == (True, done["wijzigingId"])
    assert len(changes_of(system, done["partijId"])) == 1
    other = ("withdraw", "--at", "1d", "--request", "Z-31", *ASKED)
    refused = klantcontact(*other, settings=system.settings, stdin=json.dumps(klant(number)).encode())
    assert refused.returncode == 1
    assert b"This request has begun with another moment" in refused.stderr

    older = run(system, number, "withdraw", "--given", "--at", "400d", request="Z-31")
    assert (older["effect"], older["consent"]) == ("noConsent", False)
    given = run(system, number, "withdraw", "--given", request="Z-32")
    assert (given["effect"], given["consent"]) == ("consent", True)
    wait_for("subscribers hear of it", lambda: partij(system, number)["versie"] == 4)
    assert addresses(system, number) == []


def test_nobody_is_told_of_a_klant_that_the_register_does_not_know(system: System) -> None:
    words = ("withdraw", "--request", "Z-0", *ASKED)
    done = klantcontact(*words, settings=system.settings, stdin=json.dumps(klant(nth_bsn(39))).encode())
    assert done.returncode == 1
    assert b"Nothing was sent, and nothing is kept." in done.stderr
    assert nth_bsn(39).encode() not in done.stdout + done.stderr


def test_while_restricted_nothing_is_filled_erased_or_ended(system: System, tmp_path: Path) -> None:
    number = nth_bsn(32)
    take_in(system, number, "c-32", toestemming=None)
    restricted = run(system, number, "restrict", "--on", request="Z-33")
    assert (restricted["effect"], restricted["restricted"]) == ("restricted", True)
    wait_for("the document says so", lambda: partij(system, number).get("beperking") is True)

    take_in(system, number, "c-33")
    assert addresses(system, number) == []
    assert partij(system, number)["beperking"] is True

    before = documents(system)["klantcontacten"]
    for mode in whole(("--partij",), ("--partij", "--details")):
        passed_over = run(system, number, "erase", mode, request="Z-34", status=1)
        assert (passed_over["restricted"], passed_over["executed"]) == ([restricted["nummer"]], False)
    of_contact = ("erase", "--contact", "--request", "Z-34", "--reason", "verzoek")
    whom = json.dumps({"source": SOURCE, "contactId": "c-33"}).encode()
    done = klantcontact(*of_contact, settings=system.settings, stdin=whom)
    assert f"partij {restricted['nummer']} is restricted (AVG 18)" in done.stdout.decode()
    (tmp_path / "bewaren.toml").write_text(TERMS)
    ending = system.settings.model_copy(update={"bewaren_file": tmp_path / "bewaren.toml"})
    told = json.loads(run_command(ending, "retain", "--dry-run", "--request", "Z-35", *ASKED).stdout)
    assert restricted["nummer"] in told["restricted"]
    wait_until_all_is_stored(system)
    assert documents(system)["klantcontacten"] == before

    lifted = run(system, number, "restrict", "--off", request="Z-33")
    assert (lifted["effect"], lifted["restricted"]) == ("lifted", False)
    wait_for("the document says so", lambda: "beperking" not in partij(system, number))
    take_in(system, number, "c-34")
    assert addresses(system, number)
    # What was done for a request stays done for it, whatever came since.
    again = run(system, number, "restrict", "--on", request="Z-33")
    assert (again["wasDone"], again["restricted"]) == (True, False)


STOPS: Final = whole(
    (("services.operations.classifier_group", "until_committed"),),
    (
        ("services.operations.change.change", "_send"),
        ("services.operations.classifier_group", "until_committed"),
        ("services.operations.change.change", "_outcome"),
    ),
)
"""Steps before which a command is killed."""


@pytest.mark.parametrize(("module", "function"), STOPS)
def test_a_command_that_was_killed_goes_on_with_the_same_change(
    system: System, tmp_path: Path, module: str, function: str
) -> None:
    place = ["_send", "until_committed", "_outcome"].index(function)
    number, request = nth_bsn(33 + place), f"Z-4{place}"
    take_in(system, number, f"c-killed-{place}")
    (tmp_path / "klant.json").write_text(json.dumps(klant(number)))
    words = ["withdraw", "--from", str(tmp_path / "klant.json"), "--request", request, *ASKED]
    with command_stopped_before(system.settings, words, module=module, function=function):
        pass

    done = run(system, number, "withdraw", request=request)

    assert (done["effect"], done["consent"]) == ("emptied", False)
    [decided] = changes_of(system, done["partijId"])
    assert decided["wijzigingId"] == done["wijzigingId"]


def test_an_erased_klant_leaves_no_change_and_a_repeat_of_it_brings_nothing_back(system: System) -> None:
    number = nth_bsn(36)
    take_in(system, number, "c-36", "c-37")
    changed = run(system, number, "withdraw", "--given", request="Z-50")
    [decided] = changes_of(system, changed["partijId"])
    assert decided["partijen"]

    erased = run(system, number, "erase", "--partij", request="Z-51")

    assert erased["counts"]["contact"] in {2, 3}  # the change goes on its own, or with the last contact
    wait_until_all_is_stored(system)
    kept = documents(system)
    [tombstone] = [each for each in kept["besluiten"] if each["_id"] == decided["_id"]]
    assert tombstone.keys() == {"_id", "gewistOp", "verzoek"}
    holding = {name for name, stored in kept.items() if changed["partijId"] in json.dumps(stored, default=str)}
    assert holding <= {"vervallen", "wissingen"}
    assert number not in json.dumps(kept, default=str)

    outputs = len(read_all(system, system.settings.output_topics))
    _send_again(system, changed)
    wait_until_all_is_stored(system)
    assert len(read_all(system, system.settings.output_topics)) == outputs
    assert documents(system)["besluiten"] == kept["besluiten"]
    assert documents(system)["partijregister"] == kept["partijregister"]


def _send_again(system: System, changed: Wire) -> None:
    """Send the record of a change once more, and wait until the classifier has counted it as erased."""
    settings, before = system.settings, _erased(system)
    with MongoClient[dict[str, Any]](settings.mongo_uri) as client:
        asked = client[settings.register_database]["wissingen"].find_one({"wijzigingId": changed["wijzigingId"]})
    assert asked is not None
    op = datetime.fromisoformat(asked["op"])
    opdracht = Opdracht(changed["wijzigingId"], changed["partijId"], op, Toestemming.GEGEVEN)
    value, headers = written(opdracht, settings.source, configured_sleutels(settings))
    topic = settings.consent_topics[0]

    async def send() -> None:
        async with started_producer(settings, topic) as producer:
            await producer.send_and_wait(topic, value=value, headers=headers)

    uvloop.run(send())
    wait_for("the classifier counts it as erased", lambda: _erased(system) > before)


def _erased(system: System) -> float:
    with urllib.request.urlopen(f"http://{system.services['classifier'].address}/metrics", timeout=10) as answer:
        [line] = [each for each in answer.read().decode().splitlines() if each.startswith(ERASED)]
    return float(line.removeprefix(ERASED))
