"""`klantcontact explain` and `klantcontact stats` as typed: their output and their exit status."""

import json
import subprocess
from datetime import timedelta

import pytest

from services.local.servers.network import HOST, free_port
from services.operations.stats import By, Count, Stats, stats
from services.runtime.channel_topics import NOT_SEARCHED
from services.runtime.settings import Settings
from tests.integration.operations.test_explain import CALLED, settings, town
from tests.support.commands import run_command
from tests.support.examples import CALL_BACK, OTHER_SOURCE, SOURCE, contact, known, onderwerp
from tests.support.explain_town import NOW, Town

__all__ = ["settings", "town"]

DONE, FAULTS_FOUND, WRONG_USE = 0, 1, 2
SECONDS = 60


def run(given: Settings, *arguments: str, impatient: bool = False) -> subprocess.CompletedProcess[str]:
    return run_command(given, *arguments, variables={"COLUMNS": "100"}, impatient=impatient)


async def test_text_and_json_explain_a_decision(town: Town) -> None:
    await town.decide(CALLED)
    await town.project("c-1")

    page = run(town.settings, "explain", "c-1")
    read = run(town.settings, "explain", "c-1", "--json", "--no-dead-letters")

    assert (page.returncode, page.stderr) == (DONE, "")
    assert "o1: V4, VNG V6898, C0992" in page.stdout
    assert "consent: yes, gegeven in this contact" in page.stdout
    assert "klantcontact 1 stored, revisie 1, judgement 1" in page.stdout
    assert read.returncode == DONE
    told = json.loads(read.stdout)
    assert (told["decided"], told["decision"]["contactId"], told["kafka"]["letters"]) == (True, "c-1", None)


async def test_a_record_is_explained_by_its_position(town: Town) -> None:
    await town.decide(CALLED)
    town.publish_value(b"no JSON")
    topic = town.settings.contact_topics[0]

    decided = run(town.settings, "explain", f"{topic}:0:0")
    unread = run(town.settings, "explain", f"{topic}:0:1")
    read = run(town.settings, "explain", f"{topic}:0:1", "--json")
    nowhere = run(town.settings, "explain", f"{topic}:7:0")
    as_contact = run(town.settings, "explain", f"{topic}:0:0", "--contact")

    assert (decided.returncode, decided.stderr) == (DONE, "")
    assert decided.stdout.startswith(f"asked for     {topic}, partition 0, offset 0: it lies there, not handled yet")
    assert "o1: V4, VNG V6898, C0992" in decided.stdout
    assert (unread.returncode, unread.stderr) == (FAULTS_FOUND, "")
    assert "contact       none can be read in it" in unread.stdout
    told = json.loads(read.stdout)
    assert (told["decided"], told["record"]["held"], told["letters"]["number"]) == (False, "record", 0)
    assert (nowhere.returncode, nowhere.stderr) == (FAULTS_FOUND, f"{topic} has no partition 7.\n")
    assert as_contact.stderr.startswith(f"Nothing is known of contact {topic}:0:0")


async def test_an_unknown_or_undecided_contact_ends_with_1(town: Town) -> None:
    town.publish(contact("waiting"))

    unknown = run(town.settings, "explain", "nowhere")
    waiting = run(town.settings, "explain", "waiting")

    assert (unknown.returncode, unknown.stdout) == (FAULTS_FOUND, "")
    assert unknown.stderr.startswith("Nothing is known of contact nowhere: it never came")
    assert (waiting.returncode, waiting.stderr.strip()) == (FAULTS_FOUND, NOT_SEARCHED)
    assert "not judged yet" in waiting.stdout


async def test_an_ambiguous_id_ends_with_2_and_the_command_to_type(town: Town) -> None:
    await town.decide(CALLED)
    await town.decide(contact("c-1"), source=OTHER_SOURCE)

    several = run(town.settings, "explain", "c-1")
    chosen = run(town.settings, "explain", "c-1", "--contact", "--source", SOURCE)

    assert (several.returncode, several.stdout) == (WRONG_USE, "")
    assert f"klantcontact explain c-1 --contact --source {SOURCE}" in several.stderr
    assert chosen.returncode == DONE


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["explain"], "Missing argument"),
        (["explain", "c-1", "--nummer"], "one to ten digits"),
        (["explain", "1", "--nummer", "--contact"], "exclude each other"),
        (["stats", "--by", "klant"], "--by takes rule, source, day"),
        (["stats", "--since", "yesterday"], "does not match"),
        (["stats", "--since", "2126-12-02", "--until", "2126-12-01"], "--since lies after --until"),
    ],
)
def test_wrong_use_ends_with_2(arguments: list[str], told: str) -> None:
    done = run(Settings(), *arguments)

    assert (done.returncode, done.stdout) == (WRONG_USE, "")
    assert told in done.stderr


async def test_servers_that_are_away_end_with_1_and_show_nothing_that_is_not_in_the_audit_trail(town: Town) -> None:
    await town.decide(CALLED)
    no_kafka = town.settings.model_copy(update={"kafka_bootstrap": f"{HOST}:{free_port()}"})
    no_mongo = town.settings.model_copy(update={"mongo_uri": f"mongodb://{HOST}:{free_port()}/?replicaSet=rs0"})

    unrecorded, none, counted = (
        run(no_kafka, "explain", "c-1"),  # patient with MongoDB, which does answer
        run(no_mongo, "explain", "c-1", impatient=True),
        run(no_mongo, "stats", impatient=True),
    )

    told = f"Kafka at {no_kafka.kafka_bootstrap} does not answer.\n"
    assert (unrecorded.returncode, unrecorded.stdout, unrecorded.stderr) == (FAULTS_FOUND, "", told)
    for each in (none, counted):
        assert (each.returncode, each.stdout) == (FAULTS_FOUND, "")
        assert "MongoDB at" in each.stderr


# Counting ------------------------------------------------------------------------------------------------------------


async def counted_town(town: Town) -> Town:
    """Decide on three days: V2 and V1, then a correction to V4, then V2 of another source."""
    await town.decide(contact("c-1", onderwerpen=[onderwerp("a", opvolging=CALL_BACK), onderwerp("b")]))
    town.now = NOW + timedelta(days=1)
    await town.decide(contact("c-1", revisie=2, betrokkenen=[known(toestemming="gegeven")]))
    town.now = NOW + timedelta(days=2)
    await town.decide(contact("c-2", onderwerpen=[onderwerp(opvolging=CALL_BACK)]), source=OTHER_SOURCE)
    return town


async def test_decisions_are_counted_by_the_chosen_fields(town: Town) -> None:
    await counted_town(town)
    days = [(NOW + timedelta(days=each)).date() for each in range(3)]

    by_rule = await stats(town.settings)
    by_all = await stats(town.settings, by=(By.DAY, By.RULE, By.SOURCE))
    of_two_days = await stats(town.settings, by=(By.SOURCE,), since=days[1], until=days[2])
    of_one_day = await stats(town.settings, until=days[0])

    assert by_rule == Stats((By.RULE,), (Count(("V1",), 1), Count(("V2",), 2), Count(("V4",), 1)), 4)
    assert by_all.counts == (
        Count(("2126-12-01", "V1", SOURCE), 1),
        Count(("2126-12-01", "V2", SOURCE), 1),
        Count(("2126-12-02", "V4", SOURCE), 1),
        Count(("2126-12-03", "V2", OTHER_SOURCE), 1),
    )
    assert set(of_two_days.counts) == {Count((SOURCE,), 1), Count((OTHER_SOURCE,), 1)}
    assert of_one_day.counts == (Count(("V1",), 1), Count(("V2",), 1))


async def test_counts_are_printed_as_text_and_as_json(town: Town) -> None:
    await counted_town(town)

    page = run(town.settings, "stats")
    read = run(town.settings, "stats", "--by", "source,day", "--since", "2126-12-03", "--json")
    nothing = run(town.settings, "stats", "--since", "2126-12-04")

    assert [line.split() for line in page.stdout.splitlines()] == [
        ["rule", "decisions"],
        ["V1", "1"],
        ["V2", "2"],
        ["V4", "1"],
        ["total", "4"],
    ]
    assert json.loads(read.stdout) == {
        "counts": [{"source": OTHER_SOURCE, "day": "2126-12-03", "number": 1}],
        "total": 1,
    }
    assert (nothing.returncode, nothing.stdout.split()) == (DONE, ["rule", "decisions", "total", "0"])
