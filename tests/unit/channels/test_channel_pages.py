"""The pages of the platforms show channels that the intake and the mapper would take."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.channels.channels_file import Kanaal, Kanalen
from services.channels.intake.envelopes import MAX_MESSAGES
from services.channels.intake.http.application import ANSWER_SECONDS, MAX_FORM_BYTES
from services.channels.intake.http.protocol import MAX_HEAD_BYTES, REQUEST_SECONDS
from services.channels.intake.http.server import MAX_CONNECTIONS
from services.channels.intake_fields import NEEDS, IntakeFields, Omhulsel, ProofKind

PAGES = sorted(Path("docs/channels").glob("*.md"))
TOML = re.compile(r"^ *```toml\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SHIPPED = {folder.name for folder in Path("services/channels/mapping/shipped").iterdir()}
INTAKE = Path("docs/channels/intake.md").read_text(encoding="utf-8")


def shown() -> Iterator[tuple[str, Kanaal]]:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    blocks = [block for text in texts for block in TOML.findall(text)]
    for block in [*blocks, Path("deploy/kanalen.toml").read_text(encoding="utf-8")]:
        yield from Kanalen.model_validate(tomllib.loads(block)).kanaal.items()


def test_every_channel_that_is_shown_fits_and_has_a_mapping_that_comes_along() -> None:
    channels = list(shown())
    assert {naam for naam, _ in channels} == {"open-forms", "connect", "genesys", "twilio", "mail"}
    assert {Path(kanaal.mapping).stem for _, kanaal in channels} == SHIPPED


def test_the_page_has_a_row_for_each_proof_and_envelope() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", INTAKE, re.MULTILINE))
    assert rows >= {*ProofKind, *Omhulsel}
    assert {field for needed in NEEDS.values() for field in needed} <= set(re.findall(r"`(\w+)`", INTAKE))


@pytest.mark.parametrize(
    "number",
    [
        IntakeFields.model_fields["max_bytes"].default,
        IntakeFields.model_fields["stil_na_uren"].default,
        MAX_MESSAGES,
        MAX_CONNECTIONS,
        MAX_FORM_BYTES // 1024,
        MAX_HEAD_BYTES // 1024,
        int(REQUEST_SECONDS),
        int(ANSWER_SECONDS),
    ],
)
def test_the_page_has_the_numbers_that_hold(number: int) -> None:
    assert re.search(rf"\b{number}\b", INTAKE)
