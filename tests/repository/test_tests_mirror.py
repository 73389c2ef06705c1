"""The tests of a package stand under its name: tests/unit/X and tests/integration/X are about services/X or schemas."""

import re
from pathlib import Path

import pytest

from tests.support.slow_files import SLOWEST_FIRST

PACKAGES = {each.parent.name for each in Path("services").glob("*/__init__.py")} | {"schemas"}
FOLDERS = sorted(
    each
    for kind in ("unit", "integration")
    for each in Path("tests", kind).iterdir()
    if each.is_dir() and each.name != "__pycache__"
)


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_a_folder_of_tests_has_the_name_of_a_package(folder: Path) -> None:
    assert folder.name in PACKAGES


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_every_file_in_a_folder_of_tests_is_collected_or_imported(folder: Path) -> None:
    everything = "\n".join(each.read_text("utf-8") for each in Path("tests").rglob("*.py"))
    read_by_pytest = ("test_", "__init__", "conftest")
    helpers = [each.stem for each in folder.glob("*.py") if not each.stem.startswith(read_by_pytest)]
    module = ".".join(folder.parts)
    assert [each for each in helpers if f"from {module}.{each} import" not in everything] == []


@pytest.mark.parametrize(
    "file",
    sorted(each for folder in FOLDERS if folder.parent.name == "unit" for each in folder.glob("test_*.py")),
    ids=str,
)
def test_a_unit_test_that_imports_our_packages_imports_its_own(file: Path) -> None:
    """A test of the rules may know them by a helper alone."""
    imported = set(re.findall(r"^from (?:services\.)?(\w+)", file.read_text("utf-8"), re.MULTILINE)) & PACKAGES
    assert not imported - {"schemas"} or file.parent.name in imported


def test_every_file_in_the_list_of_slow_files_exists() -> None:
    assert [file for file in SLOWEST_FIRST if not Path(file).exists()] == []


def test_a_slow_file_has_one_place() -> None:
    assert len(set(SLOWEST_FIRST)) == len(SLOWEST_FIRST)
