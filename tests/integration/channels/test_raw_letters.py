"""`klantcontact dlq` on the letters of a channel: a message goes back to its raw topic, and is mapped anew."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from services.operations.explain.explain import NotDecided, explain
from services.operations.explain.search import Asked
from services.operations.topic_reader import Progress, Records, Stretch, TopicReader, unseen
from tests.support.commands import run_command
from tests.support.mappings import MESSAGE, SMALL
from tests.support.raw_channels import JSON_TYPE, RawChannels, headers_of, small_channel
from tests.support.service_process import ServiceProcess

WRONG = {**MESSAGE, "id": "g-wrong", "klant": {"bsn": "999990008"}}
ODD = json.dumps({**MESSAGE, "id": "g-odd", "kanaal": {"a": "bel"}}).encode()
WHY = ("--request", "Z-1", "--reason", "test")


@pytest.fixture
def raw(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path) -> RawChannels:
    return small_channel(kafka=kafka_bootstrap, mongo=mongo_uri, name=topics, database=database, folder=tmp_path)


@pytest.fixture
def dlq(raw: RawChannels) -> Callable[..., CompletedProcess[str]]:
    (topic,) = raw.settings.raw_dead_letter_topics
    return lambda command, *options: run_command(raw.settings, "dlq", command, "--in", topic, *options)


@pytest.fixture
def start(raw: RawChannels, tmp_path: Path) -> Iterator[Callable[[], ServiceProcess]]:
    with ExitStack() as undo:
        yield lambda: undo.enter_context(ServiceProcess("mapper", raw.settings, tmp_path / "mapper.log"))


def test_a_message_is_listed_shown_corrected_sent_back_and_mapped_anew(
    raw: RawChannels,
    dlq: Callable[..., CompletedProcess[str]],
    start: Callable[[], ServiceProcess],
    tmp_path: Path,
) -> None:
    (raw_topic,), (topic,) = raw.settings.raw_topics, raw.settings.raw_dead_letter_topics
    places = raw.publish((raw_topic, each, [JSON_TYPE]) for each in (json.dumps(WRONG).encode(), ODD, b"{"))
    mapper = start()
    raw.wait_until_mapped(3)
    mapper.terminate()

    groups = {each["kind"]: each for each in json.loads(dlq("list", "--json").stdout)["groups"]}
    assert {kind: each["paths"] for kind, each in groups.items()} == {
        "contact_ongeldig": ["data.betrokkenen.*.partijIdentificatoren.*.objectId"],
        "mapping_fout": ["contact.kanaal"],
        "onleesbaar": [],
    }
    shown = json.loads(dlq("show", groups["mapping_fout"]["example"], "--json").stdout)
    assert shown["mapping"] == "klein/1"
    assert shown["faults"] == [
        {
            "pad": "contact.kanaal",
            "soort": "opzoeken",
            "hint": "The path found a list or an object, and a table knows texts. Choose one item: `… | [0]`.",
        }
    ]

    # `explain` finds the letter whose contact the mapper knows. Each of the other two could be of any contact.
    wrong, odd = groups["contact_ongeldig"]["example"], groups["mapping_fout"]["example"]
    for name, ids in (("g-wrong", [wrong]), ("g-odd", [])):
        explained = run_command(raw.settings, "explain", name, "--json")
        (of_channel,) = json.loads(explained.stdout)["channelLetters"]
        assert (explained.returncode, of_channel["topic"], of_channel["couldBe"]) == (1, topic, 2)
        assert [each["id"] for each in of_channel["newest"]] == ids
    at_place = run_command(raw.settings, "explain", f"{topic}:{odd.replace('-', ':')}", "--json")
    explained_letter = json.loads(at_place.stdout)
    assert explained_letter["record"]["layAt"]["topic"] == raw_topic
    assert [each["id"] for each in explained_letter["letters"]["newest"]] == [odd]

    # The one message is corrected, for the other the mapping; the third stays as it is.
    (line,) = dlq("export", "--kind", "contact_ongeldig", *WHY).stdout.splitlines()
    mended = json.loads(line)
    mended["event"]["klant"]["bsn"] = "999990007"
    (tmp_path / "mended.jsonl").write_text(json.dumps(mended))
    (tmp_path / "klein.toml").write_text(SMALL.replace('pad = "kanaal"', 'pad = "kanaal.a"').replace('"1"', '"2"'))
    assert dlq("redrive", "--from", str(tmp_path / "mended.jsonl"), *WHY).returncode == 0
    assert dlq("redrive", "--all", *WHY).returncode == 0

    mapper = start()
    raw.wait_until_mapped(6)
    found = {json.loads(each.value() or b"")["data"]["contactId"]: headers_of(each) for each in raw.events()}
    assert {name: each["mapping"] for name, each in found.items()} == {"g-wrong": "klein/2", "g-odd": "klein/2"}
    assert set(places).isdisjoint(each["bericht"] for each in found.values())
    (again,) = [headers_of(each) for each in raw.letters() if headers_of(each)["dlq_attempt"] == "2"]
    assert (again["dlq_kind"], again["dlq_letter"]) == ("onleesbaar", groups["onleesbaar"]["example"])
    assert (again["dlq_topic"], again["dlq_partition"]) == (raw_topic, places[2].split(":")[1])

    assert dlq("discard", "--all", "--reason", "not ours").returncode == 0
    assert json.loads(dlq("list", "--json").stdout)["groups"] == []
    nobody = run_command(raw.settings, "explain", "g-nobody")
    assert (nobody.returncode, "it never came" in nobody.stderr) == (1, True)


async def test_an_explanation_reads_each_topic_once(
    raw: RawChannels, start: Callable[[], ServiceProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    (raw_topic,) = raw.settings.raw_topics
    raw.publish((raw_topic, each, [JSON_TYPE]) for each in (json.dumps(WRONG).encode(), ODD, b"{"))
    start()
    raw.wait_until_mapped(3)
    reads: Counter[str] = Counter()
    records = TopicReader.records

    def counted(
        self: TopicReader, stretches: Sequence[Stretch], progress: Progress = unseen, *, oversized: bool = False
    ) -> AsyncIterator[Records]:
        reads.update({each.topic for each in stretches})
        return records(self, stretches, progress, oversized=oversized)

    monkeypatch.setattr(TopicReader, "records", counted)
    found = await explain(raw.settings, Asked("g-wrong"))

    assert isinstance(found, NotDecided)
    assert [(each.letters.number, each.could_be) for each in found.of_channels or ()] == [(1, 2)]
    topics = (*raw.settings.input_topics, raw.settings.dead_letter_topic, *raw.settings.raw_dead_letter_topics)
    assert reads == dict.fromkeys(topics, 1)


def test_a_topic_that_holds_no_letters_is_refused_with_those_that_do(raw: RawChannels) -> None:
    refused = run_command(raw.settings, "dlq", "list", "--in", "kanaal.nobody.dlq")
    assert refused.returncode != 0
    assert f"{raw.settings.dead_letter_topic}, {raw.settings.raw_dead_letter_topics[0]}" in refused.stderr
