"""The policy file: what it changes, and how a mistake in it is told."""

from pathlib import Path

import pytest

from services.domain.policy import DEFAULT, Beleid, Bron
from services.runtime.errors import InvalidSettings
from services.runtime.toml_file import load_toml_file


def test_without_a_file_the_defaults_hold() -> None:
    assert load_toml_file(None, Beleid) == DEFAULT


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    file = tmp_path / "beleid.toml"
    file.write_text("""
        versie = "gemeente-2026-1"
        zonder_externe_identificator = "niet_gekend"
        [voldoende_middelen]
        digid = "*"
        controlevragen = ["telefoon"]
    """)

    assert load_toml_file(file, Beleid) == Beleid.model_validate(
        {
            "versie": "gemeente-2026-1",
            "zonder_externe_identificator": "niet_gekend",
            "voldoende_middelen": {"digid": "*", "controlevragen": frozenset({"telefoon"})},
        }
    )


def test_a_mistake_is_told_by_its_place(tmp_path: Path) -> None:
    file = tmp_path / "beleid.toml"
    file.write_text('standaard_taal = "Dutch"\nversi = "1"')

    with pytest.raises(InvalidSettings) as refused:
        load_toml_file(file, Beleid)

    assert str(refused.value) == (
        f"KLANTCONTACT_BELEID_FILE: {file} does not fit:\n"
        "  standaard_taal: String should match pattern '^[a-z]{3}$'\n"
        "  versi: Extra inputs are not permitted. Correct how it is written, or take it out."
    )


def test_a_file_names_the_sources_and_what_each_may(tmp_path: Path) -> None:
    file = tmp_path / "beleid.toml"
    file.write_text("""
        getelde_bronnen = ["urn:counted"]
        [bronnen."urn:nld:oin:1:systeem:mail"]
        [bronnen."urn:nld:oin:1:systeem:telefonie"]
        topics = ["contact.ended.telefonie"]
        kanalen = ["telefoon", "terugbelverzoek"]
        middelen = []
    """)

    beleid = load_toml_file(file, Beleid)

    assert beleid.bronnen == {
        "urn:nld:oin:1:systeem:mail": Bron(),
        "urn:nld:oin:1:systeem:telefonie": Bron(
            topics=frozenset({"contact.ended.telefonie"}),
            kanalen=frozenset({"telefoon", "terugbelverzoek"}),
            middelen=frozenset(),
        ),
    }
    assert beleid.named_sources == {"urn:counted", *beleid.bronnen}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[bronnen]", "bronnen: Dictionary should have at least 1 item after validation, not 0. Name at least one, or"),
        ("bronnen = []", "bronnen: Input should be a valid dictionary. Write a table."),
        ("[bronnen.telefonie]", "bronnen.telefonie: a URI is needed, as in urn:nld:oin:<oin>:systeem:<naam>"),
        (
            '[bronnen."urn:a:b"]\nkanaal = ["mail"]',
            'bronnen."urn:a:b".kanaal: Extra inputs are not permitted. Correct how it is written, or take it out.',
        ),
        (
            '[bronnen."urn:a:b"]\nkanalen = "mail"',
            'bronnen."urn:a:b".kanalen: Input should be a valid frozenset. Write a list of texts, as in ["telefoon"].',
        ),
        (
            '[bronnen."urn:a:b"]\ntopics = []',
            'bronnen."urn:a:b".topics: Frozenset should have at least 1 item after validation, not 0. Name at',
        ),
        ('[bronnen."urn:a:b"]\ntopics = ["a b"]', 'bronnen."urn:a:b".topics.0: String should match pattern'),
        ('[bronnen."urn:a:b"]\nmiddelen = [" "]', 'bronnen."urn:a:b".middelen.0: the text is empty or blank'),
        ('[bronnen]\n"urn:a:b" = "mail"', 'bronnen."urn:a:b": Input should be a valid dictionary or instance of Bron.'),
        ('[voldoende_middelen]\ndigid = "x"', "voldoende_middelen.digid: Input should be '*'"),
    ],
)
def test_a_mistake_in_a_table_is_told_as_toml_names_its_place(written: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "beleid.toml"
    file.write_text(written)

    with pytest.raises(InvalidSettings) as refused:
        load_toml_file(file, Beleid)

    assert f"  {told}" in str(refused.value)


@pytest.mark.parametrize("versie", ["", " ", "x" * 101])
def test_a_version_that_no_output_could_carry_is_refused(versie: str, tmp_path: Path) -> None:
    file = tmp_path / "beleid.toml"
    file.write_text(f'versie = "{versie}"')

    with pytest.raises(InvalidSettings, match="versie: "):
        load_toml_file(file, Beleid)


@pytest.mark.parametrize("content", [b"versie = ", b"\xff"])
def test_a_file_that_is_no_toml_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "beleid.toml"
    file.write_bytes(content)

    with pytest.raises(InvalidSettings, match="is not TOML"):
        load_toml_file(file, Beleid)


def test_a_file_that_is_not_there_is_named_with_what_named_it(tmp_path: Path) -> None:
    file = tmp_path / "beleid.toml"

    with pytest.raises(InvalidSettings) as by_variable:
        load_toml_file(file, Beleid)
    with pytest.raises(InvalidSettings) as by_option:
        load_toml_file(file, Beleid, given_as="--policy")

    assert str(by_variable.value) == (
        f"KLANTCONTACT_BELEID_FILE: {file} can't be read (No such file or directory). Give that file, or leave "
        "KLANTCONTACT_BELEID_FILE out."
    )
    assert str(by_option.value) == (
        f"--policy: {file} can't be read (No such file or directory). Give that file, or leave --policy out."
    )
