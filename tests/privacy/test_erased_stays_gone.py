"""A klant who is erased stays gone, whatever comes again, on real servers; the others stay as they were."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import uvloop
from pymongo import MongoClient

from services.domain.outcome import InstructionAnswer
from services.local.servers.stack import Stack
from services.local.system import System
from services.operations.erase.asking import AskedWissing, Instructions
from services.operations.erase.erase import ToErase
from services.operations.erase.erase import erase as erase_in_process
from services.operations.erase.targets import Mode
from services.operations.subjects import read_subject
from tests.acceptance.pipeline import documents, publish, read_all, wait_until_all_is_stored
from tests.acceptance.shared_system import shared_system
from tests.support.commands import klantcontact, run_command
from tests.support.examples import (
    BOB,
    CALL_BACK,
    SOURCE,
    Wire,
    bsn,
    change,
    contact,
    email,
    event,
    known,
    nth_bsn,
    onderwerp,
    phone,
)
from tests.support.kafka_tools import ANSWER_SECONDS, producer
from tests.support.logins import as_role
from tests.support.whole import whole

pytestmark = pytest.mark.server

GONE = nth_bsn(11)
MARKED = "gewist-zeehond"
REQUEST = "Z-2026-0042"

OPERATORS = whole(
    (("replay", "--execute"), ("rebuild",)),
    (
        ("replay", "--execute"),
        ("replay", "--execute", "--with-current-register"),
        ("replay", "--publish-again", "--execute"),
        ("rebuild",),
        ("rebuild", "--drop-old"),
        ("rebuild", "--from-live"),
        ("rebuild", "--drop-old"),
    ),
)
"""What an operator may do afterwards."""


def _gone(ref: str = "k") -> Wire:
    person = known(
        ref,
        GONE,
        toestemming="gegeven",
        adressen=[email(f"{MARKED}@example.nl"), email(f"{MARKED}@werk.example", "opvolging")],
    )
    return {**person, "contactnaam": {"voorletters": "Z", "achternaam": MARKED}}


def _other(ref: str = "b") -> Wire:
    return known(ref, BOB, toestemming="gegeven", adressen=[email("bob@example.nl"), phone()])


CALLED_BACK = [onderwerp("a", opvolging=CALL_BACK)]
CONTACTS = [
    contact("alone", betrokkenen=[_gone()], onderwerpen=CALLED_BACK),
    contact("together", betrokkenen=[_gone(), _other()], onderwerpen=CALLED_BACK),
    contact("other", betrokkenen=[_other("k")], onderwerpen=CALLED_BACK),
    contact("secret", betrokkenen=[_gone(), _other()], vertrouwelijk=True, onderwerpen=CALLED_BACK),
]


@pytest.fixture(scope="module")
def system(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with shared_system(stack, tmp_path_factory.mktemp("system"), topic_partitions=3, log_level="debug") as running:
        publish(running, [event(each) for each in CONTACTS])
        wait_until_all_is_stored(running)
        yield running


def erase(system: System, subject: Wire, *arguments: str, request: str = REQUEST) -> Wire:
    """Run the command, and return what it told."""
    done = klantcontact(
        *("erase", *arguments, "--request", request, "--reason", "verzoek van de klant", "--json"),
        settings=system.settings,
        stdin=json.dumps(subject).encode(),
    )
    assert done.returncode == 0, done.stderr.decode()
    told: Wire = json.loads(done.stdout)
    return told


def holding(system: System, text: str) -> dict[str, int]:
    """Return how many documents of each collection hold a text."""
    found = {
        name: sum(text in json.dumps(each, default=str) for each in kept) for name, kept in documents(system).items()
    }
    return {name: number for name, number in found.items() if number}


def outputs(system: System) -> list[Any]:
    return [json.loads(each.value) for each in read_all(system, system.settings.output_topics)]


def shown(system: System) -> dict[str, list[dict[str, Any]]]:
    """Return what people read."""
    kept = documents(system)
    return {
        name: kept.get(name, [])
        for name in ("klantcontacten", "klantcontacten_vertrouwelijk", "partijen", "interne_taken")
    }


def test_a_klant_is_erased_and_stays_so(system: System) -> None:
    assert set(holding(system, MARKED)) == {"klantcontacten", "klantcontacten_vertrouwelijk", "partijen"}
    [bob_before] = [each for each in documents(system)["partijen"] if MARKED not in json.dumps(each, default=str)]
    by_bsn = {"partijIdentificatoren": [bsn(GONE)]}

    dry = erase(system, by_bsn, "--partij", "--dry-run")
    assert dry["counts"] == {"contact": 1, "betrokkene": 2, "klantcontacten_opnieuw": 2}
    assert not dry["executed"]
    [partij_id] = dry["partijen"]

    done = erase(system, by_bsn, "--partij")
    assert done["counts"] == {**dry["counts"], "koppelingen": 1, "partij": 1}
    wait_until_all_is_stored(system)

    def nothing_is_back() -> None:
        wait_until_all_is_stored(system)
        assert holding(system, MARKED) == {}
        assert set(holding(system, partij_id)) <= {"vervallen", "vervallen_vorige", "wissingen"}
        assert set(holding(system, GONE)) == set()

    nothing_is_back()
    everything = shown(system)
    assert len(everything["klantcontacten"]) == 2
    assert [each["_id"] for each in everything["partijen"]] == [bob_before["_id"]]
    assert everything["partijen"] == [bob_before]
    [together] = [each for each in everything["klantcontacten"] if each["herkomst"]["contactId"] == "together"]
    assert [each["wasPartij"]["partijId"] for each in together["betrokkenen"]] == [bob_before["_id"]]

    # The same request again has nothing to do.
    assert erase(system, by_bsn, "--partij")["wasDone"]

    # A publisher repeats and corrects.
    before = len(outputs(system))
    publish(system, [event(each) for each in CONTACTS])
    publish(system, [event({**each, "revisie": 2}) for each in CONTACTS if each["contactId"] != "other"])
    nothing_is_back()
    assert len(outputs(system)) == before

    # An operator judges again, publishes again, and rebuilds.
    for arguments in OPERATORS:
        run = run_command(system.settings, *arguments)
        assert run.returncode == 0, (arguments, run.stdout, run.stderr)
        nothing_is_back()
        assert shown(system) == everything

    explained = run_command(system.settings, "explain", "alone", "--contact", "--no-dead-letters")
    assert "was erased" in explained.stderr
    assert REQUEST in explained.stderr

    # The klant comes back as somebody new.
    publish(system, [event(contact("back", betrokkenen=[known("k", GONE, toestemming="gegeven")]))])
    wait_until_all_is_stored(system)
    [back] = [each for each in documents(system)["partijen"] if each["_id"] != bob_before["_id"]]
    assert back["_id"] != partij_id
    assert back["versie"] == 1
    assert len({each["nummer"] for each in documents(system)["partijen"]}) == 2


def test_a_contact_and_details_are_erased_on_their_own(system: System) -> None:
    person = known("k", nth_bsn(12), toestemming="gegeven", adressen=[email("otter@example.nl"), phone("0687654321")])
    publish(
        system,
        [event(contact(each, betrokkenen=[person], onderwerpen=CALLED_BACK)) for each in ("first", "second")],
    )
    wait_until_all_is_stored(system)
    source = event(CONTACTS[0])["source"]
    erase(system, {"source": source, "contactId": "first"}, "--contact", request="Z-1")
    wait_until_all_is_stored(system)
    assert holding(system, "otter@") == {"partijen": 1}
    [nummer] = [
        each["klantcontact"]["nummer"]
        for each in documents(system)["klantcontacten"]
        if each["herkomst"]["contactId"] == "second"
    ]

    erase(system, {"partijIdentificatoren": [bsn(nth_bsn(12))]}, "--details", request="Z-2")
    wait_until_all_is_stored(system)
    assert holding(system, "otter@") == holding(system, "0687654321") == {}
    kept = [each["klantcontact"]["nummer"] for each in documents(system)["klantcontacten"]]
    assert nummer in kept
    again = erase(system, {"partijIdentificatoren": [bsn(nth_bsn(12))]}, "--details", request="Z-2")
    assert again["counts"] == {}


def test_a_refusal_is_recorded_and_erases_nothing(system: System) -> None:
    before = shown(system)
    told = erase(system, {"partijIdentificatoren": [bsn(BOB)]}, "--partij", "--refuse", "17(3)(b)", request="Z-3")
    assert not told["executed"]
    with MongoClient[dict[str, Any]](system.settings.mongo_uri) as client:
        [kept] = client[system.settings.mongo_database]["wissingen"].find({"verzoek": "Z-3"})
    assert kept["weigering"] == "17(3)(b)"
    assert shown(system) == before


def test_a_restored_backup_is_cleaned_by_the_ledger(system: System) -> None:
    person = known("k", nth_bsn(13), toestemming="gegeven", adressen=[email("wezel@example.nl")])
    both = [person, _other()]
    publish(system, [event(contact("x", betrokkenen=[person])), event(contact("y", betrokkenen=both))])
    wait_until_all_is_stored(system)
    with MongoClient[dict[str, Any]](system.settings.mongo_uri) as client:
        database = client[system.settings.mongo_database]
        names = [each for each in database.list_collection_names() if each != "plaatsclaims"]
        dump = {each: list(database[each].find()) for each in names}
        erase(system, {"partijIdentificatoren": [bsn(nth_bsn(13))]}, "--partij", request="Z-4")
        wait_until_all_is_stored(system)
        assert holding(system, "wezel@") == {}
        erased = shown(system)

        publish(system, [event(contact("later", betrokkenen=[_other()]))])
        wait_until_all_is_stored(system)
        erase(system, {"source": event(CONTACTS[0])["source"], "contactId": "later"}, "--contact", request="Z-5")
        wait_until_all_is_stored(system)
        for name, kept in dump.items():
            database[name].delete_many({})
            if kept:
                database[name].insert_many(kept)
    assert holding(system, "wezel@")

    told = erase(system, {}, "--reapply", "--dry-run", request="Z-6")
    assert told["counts"]["betrokkene"] == 1
    erase(system, {}, "--reapply", request="Z-6")
    wait_until_all_is_stored(system)
    assert holding(system, "wezel@") == {}
    ids = {each["_id"] for kept in shown(system).values() for each in kept}
    assert ids == {each["_id"] for kept in erased.values() for each in kept}
    publish(system, [event(contact(each, betrokkenen=[_other()])) for each in ("x", "y", "later")])
    wait_until_all_is_stored(system)
    assert ids == {each["_id"] for kept in shown(system).values() for each in kept}
    assert erase(system, {}, "--reapply", request="Z-6")["wasDone"]


class _Killed(Exception):
    """Stands for a command that is killed."""


@pytest.mark.parametrize("steps", whole((1,), (0, 1, 2)))
def test_a_command_that_was_killed_goes_on_when_it_is_started_again(
    system: System, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """After its first step the klant is unknown, and only the request says who was meant."""
    number = nth_bsn(20 + steps)
    person = known("k", number, toestemming="gegeven", adressen=[email(f"{MARKED}{steps}@example.nl")])
    contacts = [contact(f"killed-{steps}-{each}", betrokkenen=[person]) for each in range(2)]
    publish(system, [event(each) for each in contacts])
    wait_until_all_is_stored(system)
    answers, left = Instructions.answers, [steps]

    async def answers_until_killed(self: Instructions, asked: Sequence[AskedWissing]) -> Sequence[InstructionAnswer]:
        if not left[0]:
            raise _Killed
        left[0] -= 1
        return await answers(self, asked)

    subject = read_subject(json.dumps({"partijIdentificatoren": [bsn(number)]}).encode())
    asked = ToErase(mode=Mode.PARTIJ, verzoek=f"Z-killed-{steps}", reason="verzoek")
    with monkeypatch.context() as patched:
        patched.setattr(Instructions, "answers", answers_until_killed)
        with pytest.raises(_Killed):
            uvloop.run(erase_in_process(as_role(system.settings, ["erase"]), subject, asked))
    erase(system, {"partijIdentificatoren": [bsn(number)]}, "--partij", request=f"Z-killed-{steps}")
    wait_until_all_is_stored(system)
    assert holding(system, f"{MARKED}{steps}@") == {}


@pytest.mark.parametrize("mode", ["--partij", "--details"])
def test_a_klant_whose_processing_is_restricted_is_named_and_stays(system: System, mode: str) -> None:
    number = nth_bsn(15)
    publish(system, [event(contact("restricted", betrokkenen=[known("k", number, toestemming="gegeven")]))])
    wait_until_all_is_stored(system)
    before = shown(system)
    with MongoClient[dict[str, Any]](system.settings.mongo_uri) as client:
        register = client[system.settings.register_database]
        [besluit] = register["besluiten"].find({"contactId": "restricted"})
        moment = {"op": besluit["plaatsgevondenOp"], "source": besluit["source"], "wijzigingId": "w-1"}
        partij = besluit["partijen"][0]
        register["partijregister"].update_one({"_id": partij["partijId"]}, {"$set": {"beperkt": moment}})
    done = klantcontact(
        *("erase", mode, "--request", f"Z-restricted{mode}", "--reason", "verzoek", "--json"),
        settings=system.settings,
        stdin=json.dumps({"partijNummer": partij["nummer"]}).encode(),
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["restricted"] == [partij["nummer"]]
    assert shown(system) == before


@pytest.mark.parametrize("mode", ["--contact", "--partij"])
def test_what_a_klant_said_outside_a_contact_goes_with_the_last_contact(system: System, mode: str) -> None:
    number, name = nth_bsn(16), f"said{mode}"
    said = event(
        change("gegeven", wijziging_id=name, identificatoren=[bsn(number)]),
        other={"type": "nl.klantinteracties.toestemming.gewijzigd"},
    )
    publish(system, [event(contact(name, betrokkenen=[known("k", number)]))])
    wait_until_all_is_stored(system)
    _send(system, said)
    wait_until_all_is_stored(system)
    [partij_id] = [each["partijen"][0]["partijId"] for each in documents(system)["besluiten"] if _is_of(each, name)]
    assert holding(system, partij_id)["besluiten"] == 2

    subject = {"source": SOURCE, "contactId": name} if mode == "--contact" else {"partijId": partij_id}
    done = erase(system, subject, mode, request=f"Z-said{mode}")
    assert done["executed"]
    wait_until_all_is_stored(system)
    assert set(holding(system, partij_id)) <= {"vervallen", "vervallen_vorige", "wissingen"}

    _send(system, said)
    _send(system, {**said, "data": {**said["data"], "revisie": 2, "toestemmingHergebruik": "ingetrokken"}})
    wait_until_all_is_stored(system)
    assert set(holding(system, partij_id)) <= {"vervallen", "vervallen_vorige", "wissingen"}
    assert all(service.is_running for service in system.services.values())


def _is_of(besluit: Wire, contact_id: str) -> bool:
    return besluit.get("contactId") == contact_id


def _send(system: System, said: Wire) -> None:
    sender = producer(system.settings.kafka_bootstrap)
    sender.produce(system.settings.consent_topics[0], value=json.dumps(said).encode(), key=b"w")
    assert sender.flush(ANSWER_SECONDS) == 0
