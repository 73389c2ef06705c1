"""The tables of the policy: what a municipality calls otherwise in Open Klant than its channels do in their events."""

from pathlib import Path

import pytest

from services.bridge.wanted import HERKOMST
from services.domain.openklant_beleid import OpenKlantBeleid
from services.domain.policy import Beleid
from services.runtime.errors import InvalidSettings
from services.runtime.toml_file import load_toml_file
from tests.support.bridge_bench import Bench
from tests.support.projector_examples import Event, registered, taak_created

POLICY = """
[openklant.actor.groep]
code_register = "obj"
code_objecttype = "grp"
code_soort_object_id = "idf"

[openklant.objecttype.melding]
code_register = "meldingen-van-ons"
"""


def read(folder: Path, text: str) -> OpenKlantBeleid:
    """Return the tables of a policy file."""
    file = folder / "beleid.toml"
    file.write_text(text)
    return load_toml_file(file, Beleid).openklant


def codes(objecttype: str, object_id: str = "1") -> Event:
    """Return an identificator as a channel gives it."""
    return {
        "objectId": object_id,
        "codeObjecttype": objecttype,
        "codeRegister": "kanaal",
        "codeSoortObjectId": "nummer",
    }


def contact() -> list[Event]:
    """Return a contact about a zaak and a melding, with a taak for a groep, and an employee without a code."""
    event = registered()
    event["data"]["onderwerpobjecten"] = [
        {"onderwerpobjectidentificator": codes("zaak", "z-1")},
        {"onderwerpobjectidentificator": codes("melding", "m-1")},
    ]
    groep = {"soortActor": "organisatorische_eenheid", "naam": "Team", "actoridentificator": codes("groep", "7")}
    return [event, taak_created(fields={"toegewezenAan": groep})]


async def there(policy: OpenKlantBeleid) -> dict[str, tuple[str, str, str]]:
    """Return the codes that each object and actor of the contact gets in Open Klant, by its id."""
    bench = Bench(policy=policy)
    await bench.take(*contact())
    given = [each["onderwerpobjectidentificator"] for each in bench.rows("onderwerpobjecten")]
    given += [each["actoridentificator"] for each in bench.rows("actoren")]
    return {
        each["objectId"]: (each["codeRegister"], each["codeObjecttype"], each["codeSoortObjectId"]) for each in given
    }


async def test_codes_of_the_policy_replace_those_of_the_event_and_the_others_stay(tmp_path: Path) -> None:
    assert await there(read(tmp_path, POLICY)) == {
        "z-1": ("openzaak", "zgw-Zaak", "nummer"),  # ours, beside what the policy adds
        "m-1": ("meldingen-van-ons", "melding", "nummer"),
        "7": ("obj", "grp", "idf"),
        "KCC": (HERKOMST, "mdw", "naam"),
    }


async def test_without_a_policy_a_zaak_has_the_codes_of_kiss() -> None:
    assert await there(OpenKlantBeleid()) == {
        "z-1": ("openzaak", "zgw-Zaak", "nummer"),
        "m-1": ("kanaal", "melding", "nummer"),
        "7": ("kanaal", "groep", "nummer"),
        "KCC": (HERKOMST, "mdw", "naam"),
    }


async def test_an_empty_table_leaves_a_zaak_as_it_is(tmp_path: Path) -> None:
    assert (await there(read(tmp_path, "[openklant.objecttype.zaak]")))["z-1"] == ("kanaal", "zaak", "nummer")


async def test_a_new_policy_changes_what_is_there_and_leaves_the_taak_to_its_people(tmp_path: Path) -> None:
    bench = Bench()
    await bench.take(*contact())
    bench.calls()
    later = Bench(
        policy=read(tmp_path, POLICY), open_klant=bench.open_klant, register=bench.register, states=bench.states
    )
    for event in contact():
        await later.trigger(event)
    assert [each["onderwerpobjectidentificator"]["codeRegister"] for each in bench.rows("onderwerpobjecten")] == [
        "openzaak",
        "meldingen-van-ons",
    ]
    [taak] = bench.rows("internetaken")
    [actor] = taak["toegewezenAanActoren"]
    assert bench.open_klant.register["actoren"].rows[actor]["actoridentificator"]["codeObjecttype"] == "grp"


@pytest.mark.parametrize("table", ["[openklant.actor.groep]\ncode = 'grp'", "[openklant.zaak]\ncode_register = 'x'"])
def test_a_name_that_no_table_has_is_told(tmp_path: Path, table: str) -> None:
    with pytest.raises(InvalidSettings, match="openklant"):
        read(tmp_path, table)
