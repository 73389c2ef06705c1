"""Whatever can be known of a mapping when it is loaded is refused then: with its place, and what to do."""

import pytest

from services.channels.mapping.errors import InvalidMapping
from services.channels.mapping.mapping import load
from tests.support.mappings import SMALL

KANAAL = 'kanaal = { pad = "kanaal", tabel = "kanaal", anders = "overig" }'
VRAAG = 'onderwerp = { pad = "vraag", als = "bijgeknipt", anders = "Gesprek" }'
BSN = '{ bsn = "klant.bsn" }'
ROL = 'rol = { vast = "klant" }'
ACTOREN = 'actoren = [{ soortActor = { vast = "medewerker" }, naam = { vast = "KCC" } }]'

MISTAKES = [
    # The file
    ("formaat = 1", "formaat = 2", "formaat", "formaat = 1"),
    ('versie = "1"', "", "versie", "Add it"),
    ('versie = "1"', 'versie = "1"\nkleur = "rood"', "kleur", "Correct how it is written"),
    ('naam = "klein"', 'naam = "Klein!"', "naam", "pattern"),
    ('versie = "1"', 'versie = "1"\nherziening = 100', "herziening", "less than or equal to 99"),
    ("urn:nld:oin:00000000000000000000:systeem:proef", "proef", "bron", "URI"),
    ("[overslaan]", "[overslaan", "", "not TOML"),
    ("[contact]", "[contact]\nrichting = { vast =\n}", "", "line end inside"),
    ('sleutel = ["klant.bsn", "id"]', "sleutel = []", "sleutel", "at least 1"),
    # Expressions
    ('contactId = "id"', 'contactId = "id["', "contact.contactId", "no JMESPath"),
    ('contactId = "id"', 'contactId = "a-b"', "contact.contactId", "double quotes"),
    ('contactId = "id"', 'contactId = ""', "contact.contactId", "1 to 1000"),
    ('contactId = "id"', 'contactId = "upper(id)"', "contact.contactId", "no function `upper`"),
    ('contactId = "id"', 'contactId = "length(id, id)"', "contact.contactId", "takes 1 arguments, and gets 2"),
    ('contactId = "id"', 'contactId = "not_null()"', "contact.contactId", "at least 1"),
    ("tijd == null", "!tijd.begin", "overslaan.nog_bezig", "Write `!(a.b)`"),
    ('sleutel = ["klant.bsn", "id"]', 'sleutel = ["id", "%"]', "sleutel[1]", "no JMESPath"),
    ("[contact]", '[uitpakken]\ncontacten = "a["\n[contact]', "uitpakken.contacten", "no JMESPath"),
    ("[contact]", '[uitpakken.json_in]\n"a[" = "b"\n[contact]', 'uitpakken.json_in."a["', "no JMESPath"),
    # Fields
    ('contactId = "id"', 'contactID = "id"', "contact.contactID", "Is `contactId` meant?"),
    ('contactId = "id"', 'contactID = "id"', "contact", "needs contactId too"),
    (ROL, ROL + ', sort = { vast = "x" }', "contact.betrokkenen[0].sort", "no such field"),
    (ROL, ROL + ', als = "x"', "contact.betrokkenen[0].als", "belongs to a value"),
    (ACTOREN, 'actoren = "medewerkers"', "contact.actoren", "[[contact.actoren]]"),
    (ACTOREN, "actoren = [3]", "contact.actoren[0]", "fields of Actor"),
    (KANAAL, 'kanaal = "kanaal"\nvertrouwelijk = true', "contact.vertrouwelijk", "{ vast = … }"),
    (KANAAL, 'kanaal = "kanaal"\nvervolgOp = "vorige"', "contact.vervolgOp", "fields of VervolgOp"),
    # Constants and tables
    (ROL, 'rol = { vast = "klnt" }', "contact.betrokkenen[0].rol.vast", "'klant', 'vertegenwoordiger' or 'overig'"),
    (KANAAL, f"{KANAAL}\nrevisie = {{ vast = 0 }}", "contact.revisie.vast", "greater than or equal to 1"),
    (KANAAL, f'{KANAAL}\ntaal = {{ vast = "nl" }}', "contact.taal.vast", "pattern"),
    (KANAAL, f"{KANAAL}\nbeeindigdOp = {{ vast = 2026-01-01 }}", "contact.beeindigdOp.vast", "write it as a text"),
    (KANAAL, 'kanaal = { pad = "kanaal", tabel = "kanalen" }', "contact.kanaal.tabel", "Add it as [tabel.NAME]"),
    ('bel = "telefoon"', 'bel = ""', "tabel.kanaal.bel", "does not fit `kanaal`"),
    ('anders = "overig"', "anders = 3", "contact.kanaal.anders", "does not fit `kanaal`"),
    ("[tabel.kanaal]", '[tabel.over]\na = "b"\n[tabel.kanaal]', "tabel.over", "No value uses this table"),
    ("[tabel.kanaal]", "[tabel.leeg]\n[tabel.kanaal]", "tabel.leeg", "at least 1"),
    # Values
    (KANAAL, 'kanaal = { pad = "kanaal", vast = "x" }', "contact.kanaal", "exactly one of `pad` and `vast`"),
    (KANAAL, 'kanaal = { tabel = "kanaal" }', "contact.kanaal", "exactly one of `pad` and `vast`"),
    (KANAAL, 'kanaal = { pad = "kanaal", wanneer = "a" }', "contact.kanaal", "in the path: condition && value"),
    (KANAAL, 'kanaal = { vast = "x", anders = "y" }', "contact.kanaal", "takes nothing beside it"),
    (VRAAG, 'onderwerp = { pad = "vraag", als = "hoofdletters" }', "contact.onderwerpen[0].onderwerp.als", "There are"),
    # Short-hands and for each
    (BSN, '{ vestiging = "klant.vestiging" }', "contact.betrokkenen[0].partijIdentificatoren[0].vestiging", "add kvk"),
    (
        BSN,
        '{ bsn = "a", objectId = "b" }',
        "contact.betrokkenen[0].partijIdentificatoren[0].objectId",
        "there already",
    ),
    (VRAAG, f'voor_elk = "vragen", {VRAAG}', "contact.onderwerpen[0].onderwerp", "Write item.…"),
    (
        ROL,
        f'{ROL}, contactnaam = {{ voor_elk = "a", voornaam = "item.b" }}',
        "contact.betrokkenen[0].contactnaam",
        "only in a list",
    ),
]


@pytest.mark.parametrize(("old", "new", "place", "fragment"), MISTAKES)
def test_a_mistake_is_named_with_its_file_its_place_and_what_to_do(
    old: str, new: str, place: str, fragment: str
) -> None:
    assert old in SMALL
    with pytest.raises(InvalidMapping) as caught:
        load(SMALL.replace(old, new), "klein.toml")
    found = {each.place: each.message for each in caught.value.mistakes}
    assert place in found, found
    assert fragment in found[place]
    assert f"klein.toml: {place or 'the file'}: " in str(caught.value)


def test_all_mistakes_are_named_at_once() -> None:
    text = SMALL.replace('contactId = "id"', 'contactId = "id["').replace(ROL, 'rol = { vast = "klnt" }')
    with pytest.raises(InvalidMapping) as caught:
        load(text, "klein.toml")
    assert [each.place for each in caught.value.mistakes] == ["contact.contactId", "contact.betrokkenen[0].rol.vast"]


BOUNDED = [
    ("[@, @, @, @, @, @, @, @, @] | [@, @, @, @, @, @, @, @]", "combinations"),
    ("&&".join(["a"] * 200), "parts"),
    ("(" * 900 + "a", "no JMESPath"),
    ("a" * 1001, "1 to 1000"),
]


@pytest.mark.parametrize(("expression", "fragment"), BOUNDED)
def test_an_expression_that_could_grow_without_bounds_is_refused(expression: str, fragment: str) -> None:
    with pytest.raises(InvalidMapping) as caught:
        load(SMALL.replace('contactId = "id"', f'contactId = "{expression}"'), "klein.toml")
    assert fragment in str(caught.value)


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(InvalidMapping, match="larger than 1 MB"):
        load("#" * (1024 * 1024 + 1), "groot.toml")
