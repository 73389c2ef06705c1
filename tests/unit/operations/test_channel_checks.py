"""What the doctor says of the channels file."""

from pathlib import Path

import pytest

from services.channels.channels_file import NO_CHANNELS
from services.domain.policy import DEFAULT, Beleid, Bron
from services.operations.channel_checks import STRANGER_ADVICE, channel_checks
from services.operations.checks import Check
from services.operations.intake_check import intake_checks
from services.runtime.settings import Settings
from tests.support.mappings import SMALL

BRON = "urn:nld:oin:00000000000000000000:systeem:proef"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "klein.toml").write_text(SMALL, "utf-8")
    (tmp_path / "kanalen.toml").write_text('[kanaal.proef]\nmapping = "klein.toml"', "utf-8")
    return Settings(kanalen_file=tmp_path / "kanalen.toml")


def naming(bron: str, *topics: str) -> Beleid:
    return Beleid(bronnen={bron: Bron(topics=frozenset(topics) if topics else None)})


@pytest.mark.parametrize("file", [None, NO_CHANNELS])
def test_without_channels_there_is_nothing_to_say(file: Path | None) -> None:
    given = Settings(kanalen_file=file)
    assert [*channel_checks(given, DEFAULT), *intake_checks(given)] == []
    assert given.raw_topics == ()


@pytest.mark.parametrize("beleid", [DEFAULT, naming(BRON), naming(BRON, "contact.ended")])
def test_it_names_each_channel_with_its_mapping_and_topics(settings: Settings, beleid: Beleid) -> None:
    assert list(channel_checks(settings, beleid)) == [
        Check(name="channels", ok=True, found="proef: klein/1, from kanaal.proef to contact.ended")
    ]


@pytest.mark.parametrize("beleid", [naming("urn:other"), naming(BRON, "contact.ended.balie")])
def test_a_source_that_the_policy_does_not_let_speak_is_a_fault(settings: Settings, beleid: Beleid) -> None:
    assert list(channel_checks(settings, beleid)) == [
        Check(name="channels", ok=False, found=f"proef: {BRON} may not write to contact.ended", advice=STRANGER_ADVICE)
    ]


def test_every_mistake_in_every_mapping_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "klein.toml").write_text(SMALL.replace('contactId = "id"', 'contactId = "id["'), "utf-8")
    (tmp_path / "kanalen.toml").write_text(
        '[kanaal.proef]\nmapping = "klein.toml"\n[kanaal.mail]\nmapping = "post"\n', "utf-8"
    )

    (check,) = channel_checks(settings, DEFAULT)

    assert not check.ok
    assert f"{tmp_path / 'klein.toml'}: contact.contactId: This is no JMESPath" in check.found
    assert "post: the file: It can't be read" in check.found
