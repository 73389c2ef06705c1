"""What was corrected away or erased is nowhere: in no byte of the segments, no document, no log and no answer.

A real Kafka that cleans within seconds, a real MongoDB and both services. The topic of the contact itself is the
exception that the report of an erasure names, with its end.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from services.local.servers.stack import Stack
from services.local.system import System, running_system
from services.operations.markers import append_due_markers
from services.runtime.settings import Settings
from tests.acceptance.pipeline import documents, publish, wait_until_all_is_stored
from tests.support.cleaning_kafka import CleaningKafka, cleaning_kafka
from tests.support.commands import klantcontact, run_command
from tests.support.examples import BOB
from tests.support.kafka_tools import topic_names
from tests.support.leftovers import remove_database
from tests.support.waiting import wait_for
from tests.support.whole import whole

pytestmark = pytest.mark.server

BSN: Final = "999940454"
SOURCE: Final = "urn:nld:oin:00000001823288444000:systeem:telefonie"
FIELDS: Final = (
    *("voorletters", "voornaam", "achternaam", "organisatie", "adres", "standaard", "straat", "regel", "onderwerp"),
    *("inhoud", "handeling", "toelichting", "zaak", "bijlage", "medewerker"),
)

CLEANED_SECONDS: Final = 60


def _mark(field: str) -> str:
    return f"zq{FIELDS.index(field):02}qz"


OWN_FIELDS: Final = FIELDS[:8]
"""Those of the klant itself."""

OTHER: Final = "zqobqz"
"""Of another klant."""

MARKS: Final = (*(_mark(field) for field in FIELDS), BSN)


def _object(field: str) -> dict[str, str]:
    return {
        "codeRegister": "zaken",
        "codeObjecttype": "zaak",
        "codeSoortObjectId": "nummer",
        "objectId": _mark(field),
    }


def _marked(*, vertrouwelijk: bool) -> dict[str, Any]:
    """Return a contact with a mark in every personal field that the rules keep."""
    return {
        "contactId": "c-1",
        "kanaal": "telefoon",
        "vertrouwelijk": vertrouwelijk,
        "plaatsgevondenOp": "2026-03-02T09:50:00Z",
        "actoren": [{"soortActor": "medewerker", "naam": _mark("medewerker")}],
        "betrokkenen": [
            {
                "ref": "k",
                "rol": "klant",
                "contactnaam": {
                    "voorletters": _mark("voorletters"),
                    "voornaam": _mark("voornaam"),
                    "achternaam": _mark("achternaam"),
                },
                "organisatienaam": _mark("organisatie"),
                "toestemmingHergebruik": "gegeven",
                "authenticatie": {"middel": "digid"},
                "partijIdentificatoren": [
                    {
                        "codeRegister": "brp",
                        "codeObjecttype": "natuurlijk_persoon",
                        "codeSoortObjectId": "bsn",
                        "objectId": BSN,
                    }
                ],
                "digitaleAdressen": [
                    {"soortDigitaalAdres": "overig", "adres": _mark("adres")},
                    {"soortDigitaalAdres": "overig", "adres": _mark("standaard"), "gebruik": "standaard"},
                ],
                "bezoekadres": {"straatnaam": _mark("straat"), "gebruik": "standaard"},
                "correspondentieadres": {"adresregel1": _mark("regel"), "gebruik": "standaard"},
            }
        ],
        "onderwerpen": [
            {
                "onderwerpId": "o",
                "onderwerp": _mark("onderwerp"),
                "inhoud": _mark("inhoud"),
                "onderwerpobjecten": [_object("zaak")],
                "bijlagen": [_object("bijlage")],
                "opvolging": {
                    "soort": "interne_taak",
                    "gevraagdeHandeling": _mark("handeling"),
                    "toelichting": _mark("toelichting"),
                    "toegewezenAan": {"soortActor": "organisatorische_eenheid", "naam": "Vergunningen"},
                },
            }
        ],
    }


def _corrected() -> dict[str, Any]:
    """Return the same contact, of which nothing is kept: it turned out that nobody was gekend and nothing is asked."""
    return {
        "contactId": "c-1",
        "kanaal": "telefoon",
        "revisie": 2,
        "plaatsgevondenOp": "2026-03-02T09:50:00Z",
        "actoren": [{"soortActor": "medewerker", "naam": "KCC"}],
        "betrokkenen": [{"ref": "k", "rol": "klant"}],
        "onderwerpen": [{"onderwerpId": "o", "onderwerp": "Een vraag"}],
    }


def _event(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"evt-{data.get('revisie', 1)}",
        "source": SOURCE,
        "type": "nl.klantinteracties.contact.ended",
        "time": "2026-03-02T10:00:00Z",
        "data": data,
    }


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CleaningKafka]:
    """The broker of this file."""
    with cleaning_kafka(tmp_path_factory.mktemp("cleaning")) as running:
        yield running


@pytest.fixture
def system(kafka: CleaningKafka, stack: Stack, tmp_path: Path) -> Iterator[System]:
    """Both services, with topics that are cleaned within seconds."""
    name = f"test-{uuid4().hex[:12]}"
    settings = Settings.model_validate(
        {
            "kafka_bootstrap": kafka.address,
            "mongo_uri": stack.mongo_uri,
            "mongo_database": name,
            "classifier_group": f"{name}-classifier",
            "projector_group": f"{name}-projector",
            "topic_partitions": 2,
            "log_level": "debug",
            "log_format": "json",
            **topic_names(name),
        }
    )
    kafka.make_topics(settings)
    try:
        with running_system(settings, folder=tmp_path / "home", say=print) as running:
            yield running
    finally:
        remove_database(stack.mongo_uri, name)


CONTACT: Final = {"source": SOURCE, "contactId": "c-1"}
REQUEST: Final = "Z-2026-0001"


def correct(system: System) -> None:
    """Have the publisher correct the contact, so that nothing of it is kept."""
    publish(system, [_event(_corrected())])


def erase(system: System) -> None:
    """Erase the contact."""
    _erase(system, "--contact", CONTACT)


def _erase(system: System, mode: str, meant: dict[str, Any]) -> None:
    done = _asked(system, "erase", meant, mode, "--reason", "verzoek")
    assert json.loads(done)["executed"]


def _asked(system: System, command: str, meant: dict[str, Any], *arguments: str) -> str:
    """Run a command of the privacy officer, and return all that it wrote: it found what it has to find."""
    asked = (command, *arguments, "--request", REQUEST, "--json")
    done = klantcontact(*asked, settings=system.settings, stdin=json.dumps(meant).encode())
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [mark for mark in MARKS if mark.encode() in done.stderr]
    return done.stdout.decode()


@pytest.mark.parametrize("vertrouwelijk", whole([True], [False, True]))
@pytest.mark.parametrize("forget", whole([erase], [correct, erase]))
def test_what_was_corrected_away_or_erased_is_in_no_byte_of_the_topics_and_in_no_document(
    kafka: CleaningKafka, system: System, tmp_path: Path, forget: Callable[[System], None], *, vertrouwelijk: bool
) -> None:
    settings = system.settings
    kept = [each for each in settings.every_topic if each not in settings.contact_topics]
    publish(system, [_event(_marked(vertrouwelijk=vertrouwelijk))])
    wait_until_all_is_stored(system)
    before = kafka.found(MARKS, kept)
    assert set().union(*before.values()) == set(MARKS), "every mark was kept, and is found where it lies"
    assert all(mark in json.dumps(documents(system), default=str) for mark in MARKS)

    forget(system)
    wait_until_all_is_stored(system)
    _close_and_clean(kafka, system)

    assert kafka.found(MARKS, kept) == {}
    stored = json.dumps(documents(system), default=str)
    assert [mark for mark in MARKS if mark in stored] == []
    for log in Path(system.home).glob("*.log"):
        assert [mark for mark in MARKS if mark in log.read_text("utf-8", errors="replace")] == []
    explained = run_command(settings, "explain", "c-1", "--json")
    assert explained.stdout or explained.stderr
    assert [mark for mark in MARKS if mark in explained.stdout + explained.stderr] == []
    assert kafka.found(MARKS, settings.contact_topics), "the publisher's own event lies there until its retention ends"
    if forget is not correct:
        report_names_what_is_left(system, MARKS, page=tmp_path / "page.html")
        access_shows_what_is_left(system, CONTACT, MARKS)

    publish(system, [_event(_marked(vertrouwelijk=vertrouwelijk))])
    wait_until_all_is_stored(system)

    assert kafka.found(MARKS, kept) == {}, "the publisher repeats it, and it stays gone"
    again = json.dumps(documents(system), default=str)
    assert [mark for mark in MARKS if mark in again] == []


def report_names_what_is_left(system: System, marks: Sequence[str], *, page: Path) -> None:
    """What was erased is in no word of the report, which has an end for every place that may still hold it."""
    made = run_command(system.settings, "erase-report", "--request", REQUEST, "--page", str(page), "--json")
    assert made.returncode == 0, made.stdout + made.stderr
    said = made.stdout + made.stderr + page.read_text("utf-8")
    assert [mark for mark in marks if mark in said] == []
    report = json.loads(made.stdout)
    places = {each["plaats"]: each for each in report["plaatsen"]}
    assert report["klaar"]
    assert places[system.settings.contact_topics[0]]["inhoudTotUiterlijk"]
    assert (places["oplog"]["doorzocht"], places["oplog"]["termijn"]) == (False, "oplog")
    assert places["oplog"]["totUiterlijk"]


def access_shows_what_is_left(system: System, meant: dict[str, Any], marks: Sequence[str]) -> None:
    """Access answers with what lies in the topic of the publisher, and until when; all else is gone from it."""
    answer = json.loads(_asked(system, "access", meant, "--reason", "verzoek", "--to-weigh"))
    sent = answer.pop("ontvangenBerichten")
    said = json.dumps(answer)
    assert [mark for mark in marks if mark in said] == []
    assert all(each["totUiterlijk"] for each in sent)


def _two_klanten() -> dict[str, Any]:
    """Return a contact of the marked klant and of another, in which no text is about the first."""
    data = _marked(vertrouwelijk=False)
    other = {
        "ref": "b",
        "rol": "vertegenwoordiger",
        "contactnaam": {"achternaam": OTHER},
        "toestemmingHergebruik": "gegeven",
        "authenticatie": {"middel": "digid"},
        "partijIdentificatoren": [{**data["betrokkenen"][0]["partijIdentificatoren"][0], "objectId": BOB}],
        "digitaleAdressen": [{"soortDigitaalAdres": "overig", "adres": OTHER, "gebruik": "standaard"}],
    }
    return {**data, "betrokkenen": [*data["betrokkenen"], other]}


@pytest.mark.parametrize("mode", whole(["--partij"], ["--partij", "--details"]))
def test_of_a_contact_with_two_klanten_nothing_of_the_one_is_in_any_byte_and_the_other_stays(
    kafka: CleaningKafka, system: System, tmp_path: Path, mode: str
) -> None:
    settings = system.settings
    kept = [each for each in settings.every_topic if each not in settings.contact_topics]
    own = [_mark(each) for each in OWN_FIELDS] + ([BSN] if mode == "--partij" else [])
    publish(system, [_event(_two_klanten())])
    wait_until_all_is_stored(system)
    assert set().union(*kafka.found([*own, OTHER], kept).values()) == {*own, OTHER}

    _erase(system, mode, {"partijIdentificatoren": [_number(BSN)]})
    wait_until_all_is_stored(system)
    _close_and_clean(kafka, system, own)

    assert kafka.found(own, kept) == {}
    stored = json.dumps(documents(system), default=str)
    assert [mark for mark in own if mark in stored] == []
    assert OTHER in stored
    assert kafka.found([OTHER], settings.output_topics)
    for log in Path(system.home).glob("*.log"):
        assert [mark for mark in own if mark in log.read_text("utf-8", errors="replace")] == []
    report_names_what_is_left(system, [*own, BSN], page=tmp_path / "page.html")
    access_shows_what_is_left(system, {"partijIdentificatoren": [_number(BSN)]}, own)


def _number(number: str) -> dict[str, str]:
    return {**_marked(vertrouwelijk=False)["betrokkenen"][0]["partijIdentificatoren"][0], "objectId": number}


def test_markers_are_passed_over_silently(kafka: CleaningKafka, system: System) -> None:
    publish(system, [_event(_marked(vertrouwelijk=False))])
    wait_until_all_is_stored(system)

    due = asyncio.run(_append(system.settings))
    assert due
    assert asyncio.run(append_due_markers(system.settings)) == [], "nobody has to close a segment that just began"
    told = run_command(system.settings, "topics", "mark", "--json")
    assert (told.returncode, json.loads(told.stdout)) == (0, {"marked": []})
    wait_until_all_is_stored(system)

    assert all(service.is_running for service in system.services.values())
    log = (system.home / "projector.log").read_text("utf-8")
    assert "projector.passed_over" not in log
    rebuilt = run_command(system.settings, "rebuild", "--dry-run", "--json")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert json.loads(rebuilt.stdout)["passedOver"] == {}
    assert kafka.found(["klantcontact.marker"], [each.topic for each in due])


def _close_and_clean(kafka: CleaningKafka, system: System, marks: Sequence[str] = MARKS) -> None:
    """Append markers, as the daily command does, and wait until the cleaner has been there."""
    outputs = system.settings.output_topics

    def is_clean() -> bool:
        # Each look closes one segment more; the cleaner takes what is closed.
        asyncio.run(_append(system.settings))
        time.sleep(1.2)
        return not kafka.found(marks, outputs)

    wait_for("the cleaner has been there", is_clean, seconds=CLEANED_SECONDS)


async def _append(settings: Settings) -> list[TopicPartition]:
    """Append the markers that are due half a day from now, when nobody writes until then."""
    later = datetime.now(UTC) + timedelta(hours=settings.output_segment_hours, minutes=1)
    return await append_due_markers(settings, later)
