"""The channels file: what it says, and how a mistake in it is told."""

from pathlib import Path

import pytest

from services.channels.channels_file import Kanaal, load_channels
from services.runtime.errors import InvalidSettings
from services.runtime.settings import Settings

TWO = """
[kanaal.open-forms]
mapping = "open-forms"

[kanaal.twilio]
mapping = "mappings/twilio.toml"
topic = "raw.twilio"
contact_topic = "contact.ended.telefonie"
"""


def _settings(folder: Path, text: str) -> Settings:
    file = folder / "kanalen.toml"
    file.write_text(text, "utf-8")
    return Settings(kanalen_file=file, contact_topics=("contact.ended", "contact.ended.telefonie"))


def test_a_channel_has_a_mapping_and_topics_where_it_needs_others(tmp_path: Path) -> None:
    assert load_channels(_settings(tmp_path, TWO)) == {
        "open-forms": Kanaal(mapping="open-forms"),
        "twilio": Kanaal(mapping="mappings/twilio.toml", topic="raw.twilio", contact_topic="contact.ended.telefonie"),
    }


def test_the_settings_know_the_raw_topics_and_those_of_their_dead_letters(tmp_path: Path) -> None:
    settings = _settings(tmp_path, TWO)

    assert settings.raw_topics == ("kanaal.open-forms", "raw.twilio")
    assert settings.raw_dead_letter_topics == ("kanaal.open-forms.dlq", "raw.twilio.dlq")
    assert set(settings.every_topic) >= {*settings.raw_topics, *settings.raw_dead_letter_topics}
    assert set(settings.topics).isdisjoint(settings.raw_topics), "classifier and projector work without channels"


def test_without_a_file_there_is_no_raw_topic_and_no_channel() -> None:
    assert Settings().raw_topics == ()
    with pytest.raises(InvalidSettings, match="KLANTCONTACT_KANALEN_FILE is not set"):
        load_channels(Settings())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[kanaal.a]\nmapping = 1", "kanaal.a.mapping: Input should be a valid string"),
        ("[kanaal.a]", "kanaal.a.mapping: Field required"),
        (
            '[kanaal.a]\nmapping = "mail"\nmaping = "mail"',
            "kanaal.a.maping: Extra inputs are not permitted. Correct how it is written, or take it out.",
        ),
        (
            '[kanaal.a]\nmapping = "mail"\ncontact_topic = "contact.ended.balie"',
            "kanaal.a.contact_topic: contact.ended.balie",
        ),
    ],
    ids=["no text", "no mapping", "a key that there is not", "a topic that the classifier does not read"],
)
def test_a_mistake_is_told_by_its_place(tmp_path: Path, text: str, told: str) -> None:
    settings = _settings(tmp_path, text)

    with pytest.raises(InvalidSettings) as refused:
        load_channels(settings)

    assert str(refused.value).startswith(f"KLANTCONTACT_KANALEN_FILE: {settings.kanalen_file}")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[kanaal.a]\ntopic = "geen naam"', "kanaal.a.topic: a name has letters, digits"),
        ('[kanaal."Open Forms"]\nmapping = "open-forms"', 'kanaal."Open Forms"'),
        ("[kanaal", "is not TOML"),
        ('[kanaal.a]\nmapping = "mail"\ntopic = "contact.ended"', "every topic needs a name of its own"),
        (
            '[kanaal.a]\nmapping = "mail"\ntopic = "x"\n[kanaal.b]\nmapping = "mail"\ntopic = "x"',
            "every topic needs a name of its own",
        ),
    ],
    ids=["no topic", "no name of a channel", "no TOML", "a topic of publishers", "one topic for two channels"],
)
def test_a_file_whose_topics_can_not_be_known_is_refused_with_the_settings(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises((InvalidSettings, ValueError)) as refused:
        _settings(tmp_path, text)

    assert told in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"KLANTCONTACT_KANALEN_FILE: .*none\.toml can't be read"):
        Settings(kanalen_file=tmp_path / "none.toml")
