"""The document of a partij, event by event. Expected documents are written by hand."""

from datetime import UTC, datetime

import pytest

from services.projector.merging.documents import Amendment
from services.projector.merging.partij import MAX_CONTACTS
from services.projector.merging.projection import States, project
from services.projector.mongo.writes import Amend, Collection, plan
from tests.fakes.projector_store import FakeRegister
from tests.support.projector_examples import (
    AS_IT_IS,
    SOURCE,
    Event,
    Fields,
    bsn,
    email,
    fact,
    kvk,
    nummer,
    partij,
    partij_id,
    partij_withdrawn,
    registered,
)

JANSEN = partij_id("jansen")
MONDAY, TUESDAY, WEDNESDAY = (f"2026-03-0{day}T09:50:00Z" for day in (2, 3, 4))


def stored(*events: Event, name: str = "jansen") -> Event | None:
    """Return the partij after the events; None: it is not there."""
    register = FakeRegister()
    for event in events:
        register.merge([fact(event)])
    return register.collections[Collection.PARTIJEN].get(partij_id(name))


def remembered(*events: Event) -> Event | None:
    """Return the marker of the removed partij after the events, without the moment; None: there is none."""
    register = FakeRegister()
    for event in events:
        register.merge([fact(event)])
    found = register.collections[Collection.VERVALLEN].get(JANSEN)
    return None if found is None else {name: value for name, value in found.items() if name != "sinds"}


def brings(
    contact: str,
    versie: int,
    *,
    op: str = MONDAY,
    revisie: int = 1,
    resultaat: str = "aangevuld",
    fields: Fields = AS_IT_IS,
) -> Event:
    """Return a contact that fills the partij."""
    listed = partij(versie=versie, resultaat=resultaat, fields=fields)
    return registered(contact, op=op, revisie=revisie, partijen=[listed])


def test_a_new_partij_stands_with_all_that_it_has() -> None:
    event = brings(
        "c-1",
        1,
        resultaat="nieuw",
        fields={
            "contactnaam": {"voorletters": "B", "achternaam": "Jansen"},
            "digitaleAdressen": [email("b@example.nl", "thuis")],
            "bezoekadres": {"straatnaam": "Kade", "huisnummer": 1, "stad": "Almere"},
        },
    )

    assert stored(event) == {
        "_id": JANSEN,
        "nummer": nummer("partij|jansen"),
        "soortPartij": "persoon",
        "identificatie": "extern",
        "toestemming": "gegeven",
        "partijIdentificatoren": [bsn()],
        "contactnaam": {"voorletters": "B", "achternaam": "Jansen"},
        "digitaleAdressen": [email("b@example.nl", "thuis")],
        "bezoekadres": {"straatnaam": "Kade", "huisnummer": 1, "stad": "Almere"},
        "versie": 1,
        "geleegdBij": 0,
        "vervallenBij": 0,
        "bijdragen": [
            {
                "source": SOURCE,
                "contactId": "c-1",
                "versie": 1,
                "plaatsgevondenOp": datetime(2026, 3, 2, 9, 50, tzinfo=UTC),
                "contactnaam": {"voorletters": "B", "achternaam": "Jansen"},
                "digitaleAdressen": [email("b@example.nl", "thuis")],
                "bezoekadres": {"straatnaam": "Kade", "huisnummer": 1, "stad": "Almere"},
            }
        ],
        "versies": {"kern": 1, "toestemming": 1, "identificatoren": {"bsn": 1}},
    }


def test_without_consent_it_holds_its_identificatoren_and_number_only() -> None:
    event = brings(
        "c-1",
        1,
        resultaat="leeg",
        fields={"contactnaam": {"achternaam": "Jansen"}, "digitaleAdressen": [email("b@x.nl")]},
    )

    assert stored(event) == {
        "_id": JANSEN,
        "nummer": nummer("partij|jansen"),
        "soortPartij": "persoon",
        "identificatie": "extern",
        "toestemming": "geen",
        "partijIdentificatoren": [bsn()],
        "digitaleAdressen": [],
        "versie": 1,
        "geleegdBij": 1,
        "vervallenBij": 0,
        "bijdragen": [],
        "versies": {"kern": 1, "toestemming": 1, "identificatoren": {"bsn": 1}},
    }


def shown(document: Event | None, *names: str) -> Event:
    assert document is not None
    return {name: document.get(name) for name in names}


def test_each_address_shows_once_and_the_newest_contact_comes_first() -> None:
    document = stored(
        brings("c-1", 1, op=TUESDAY, fields={"digitaleAdressen": [email("a@x.nl", "oud"), email("b@x.nl")]}),
        brings("c-2", 2, op=WEDNESDAY, fields={"digitaleAdressen": [email("a@x.nl", "nieuw")]}),
        brings("c-3", 3, op=MONDAY, fields={"digitaleAdressen": [email("c@x.nl")]}),
    )

    assert shown(document, "digitaleAdressen") == {
        "digitaleAdressen": [email("a@x.nl", "nieuw"), email("b@x.nl"), email("c@x.nl")]
    }


def test_the_later_decision_is_the_newer_of_two_contacts_at_one_moment() -> None:
    document = stored(
        brings("c-1", 1, fields={"bezoekadres": {"stad": "Almere"}}),
        brings("c-2", 2, fields={"bezoekadres": {"stad": "Zwolle"}}),
    )

    assert shown(document, "bezoekadres") == {"bezoekadres": {"stad": "Zwolle"}}


def test_a_postal_address_is_that_of_the_newest_contact_that_has_one() -> None:
    document = stored(
        brings("c-1", 1, op=TUESDAY, fields={"correspondentieadres": {"stad": "Almere"}}),
        brings("c-2", 2, op=MONDAY, fields={"correspondentieadres": {"stad": "Zwolle"}}),
        brings("c-3", 3, op=WEDNESDAY, fields={"contactnaam": {"achternaam": "Jansen"}}),
    )

    assert shown(document, "correspondentieadres") == {"correspondentieadres": {"stad": "Almere"}}


def test_the_name_comes_whole_from_the_latest_decision_that_has_one() -> None:
    document = stored(
        brings("c-1", 1, op=WEDNESDAY, fields={"organisatienaam": "Bakkerij"}),
        brings("c-2", 2, op=MONDAY, fields={"contactnaam": {"achternaam": "Jansen"}}),
        brings("c-3", 3, op=MONDAY, fields={"digitaleAdressen": [email("b@x.nl")]}),
    )

    # Not also the organisatienaam: a partij has one name.
    assert shown(document, "contactnaam", "organisatienaam") == {
        "contactnaam": {"achternaam": "Jansen"},
        "organisatienaam": None,
    }


def test_a_name_without_any_part_does_not_count() -> None:
    assert shown(stored(brings("c-1", 1, fields={"contactnaam": {}})), "contactnaam", "bijdragen") == {
        "contactnaam": None,
        "bijdragen": [],
    }


def test_an_employer_shows_by_identificator_and_its_name_goes_with_the_details() -> None:
    employer = {"organisatienaam": "Bakkerij", "partijIdentificatoren": [kvk()]}
    hired = brings("c-1", 1, fields={"soortPartij": "contactpersoon", "werkteVoorPartij": employer})
    emptied = brings(
        "c-2",
        2,
        resultaat="leeg",
        fields={"soortPartij": "contactpersoon", "werkteVoorPartij": {"partijIdentificatoren": [kvk()]}},
    )

    assert shown(stored(hired), "werkteVoorPartij") == {"werkteVoorPartij": employer}
    assert shown(stored(hired, emptied), "werkteVoorPartij") == {"werkteVoorPartij": {"partijIdentificatoren": [kvk()]}}


def test_an_employers_name_goes_when_somebody_else_empties_without_listing_the_partij() -> None:
    employer = {"organisatienaam": "Bakkerij", "partijIdentificatoren": [kvk()]}
    hired = brings("c-1", 1, fields={"soortPartij": "contactpersoon", "werkteVoorPartij": employer})

    document = stored(hired, partij_withdrawn("c-2", versie=2, resultaat="leeg"))

    assert shown(document, "werkteVoorPartij", "bijdragen") == {
        "werkteVoorPartij": {"partijIdentificatoren": [kvk()]},
        "bijdragen": [],
    }


def test_bestaand_leaves_the_details_of_others_and_needs_no_marker_when_nothing_can_precede() -> None:
    document = stored(
        brings("c-1", 1, fields={"digitaleAdressen": [email("b@x.nl")]}),
        brings("c-2", 2, resultaat="bestaand", fields={"digitaleAdressen": [email("not-taken@x.nl")]}),
    )

    assert document is not None
    assert document["digitaleAdressen"] == [email("b@x.nl")]
    assert [each["contactId"] for each in document["bijdragen"]] == ["c-1"]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (brings("c-1", 2, revisie=2, resultaat="bestaand"), "a revision brings nothing any more"),
        (
            registered("c-1", besluitversie=2, partijen=[partij(versie=2, resultaat="bestaand")]),
            "a new judgement brings nothing any more",
        ),
        (partij_withdrawn("c-1", versie=2), "a revision does not touch the partij"),
    ],
)
def test_details_that_a_contact_no_longer_brings_are_gone_even_when_the_event_comes_late(
    event: Event, why: str
) -> None:
    filled = brings("c-1", 1, fields={"contactnaam": {"achternaam": "Jansen"}, "digitaleAdressen": [email("b@x.nl")]})
    marker = {"source": SOURCE, "contactId": "c-1", "versie": 2}

    for order in ((filled, event), (event, filled)):
        document = stored(*order)
        assert shown(document, "contactnaam", "digitaleAdressen", "bijdragen") == {
            "contactnaam": None,
            "digitaleAdressen": [],
            "bijdragen": [marker],
        }, why


def test_withdrawn_consent_removes_earlier_details_and_keeps_later_ones() -> None:
    before = brings("c-1", 1, fields={"digitaleAdressen": [email("before@x.nl")]})
    emptied = brings("c-2", 2, resultaat="leeg")
    after = brings("c-3", 3, fields={"digitaleAdressen": [email("after@x.nl")]})
    after["data"]["partijen"][0]["geleegdBij"] = 2

    for order in ((before, emptied, after), (after, before, emptied), (emptied, after, before)):
        assert shown(stored(*order), "toestemming", "geleegdBij", "digitaleAdressen") == {
            "toestemming": "gegeven",
            "geleegdBij": 2,
            "digitaleAdressen": [email("after@x.nl")],
        }


def test_geleegd_bij_empties_also_when_the_event_that_emptied_has_not_come() -> None:
    before = brings("c-1", 1, fields={"digitaleAdressen": [email("before@x.nl")]})
    after = brings("c-3", 3, resultaat="bestaand", fields={"geleegdBij": 2})

    assert shown(stored(before, after), "digitaleAdressen") == {"digitaleAdressen": []}


def test_no_consent_empties_even_if_geleegd_bij_does_not_say_so() -> None:
    before = brings("c-1", 1, fields={"digitaleAdressen": [email("before@x.nl")]})
    emptied = brings("c-2", 2, resultaat="leeg", fields={"geleegdBij": 0})

    assert shown(stored(before, emptied), "digitaleAdressen", "bijdragen") == {
        "digitaleAdressen": [],
        "bijdragen": [],
    }


@pytest.mark.parametrize(("resultaat", "toestemming"), [("bestaand", "gegeven"), ("leeg", "geen")])
def test_a_withdrawal_states_the_toestemming_that_remains(resultaat: str, toestemming: str) -> None:
    listed = brings("c-1", 1, resultaat="nieuw" if resultaat == "leeg" else "leeg")

    for order in ((listed, partij_withdrawn(resultaat=resultaat)), (partij_withdrawn(resultaat=resultaat), listed)):
        assert shown(stored(*order), "toestemming") == {"toestemming": toestemming}


def test_a_withdrawn_identificator_goes_and_a_later_one_of_its_kind_counts() -> None:
    first = brings("c-1", 1, fields={"partijIdentificatoren": [bsn("999990019"), kvk()]})
    corrected = brings(
        "c-1",
        2,
        revisie=2,
        fields={"partijIdentificatoren": [bsn("999990020")], "vervallenIdentificatoren": ["bsn", "kvk_nummer"]},
    )

    for order in ((first, corrected), (corrected, first)):
        assert shown(stored(*order), "partijIdentificatoren") == {"partijIdentificatoren": [bsn("999990020")]}


def test_a_withdrawal_takes_back_identificatoren() -> None:
    listed = brings("c-1", 1, fields={"partijIdentificatoren": [bsn(), kvk()]})
    withdrawn = partij_withdrawn(kinds=["kvk_nummer"])

    for order in ((listed, withdrawn), (withdrawn, listed)):
        assert shown(stored(*order), "partijIdentificatoren") == {"partijIdentificatoren": [bsn()]}


def test_a_partij_that_nobody_knows_any_more_is_gone_and_stays_gone() -> None:
    listed = brings("c-1", 1, fields={"digitaleAdressen": [email("b@x.nl")]})
    vervallen = partij_withdrawn(versie=2, resultaat="vervallen")

    for order in ((listed, vervallen), (vervallen, listed)):
        assert stored(*order) is None
        assert remembered(*order) == {
            "_id": JANSEN,
            "collectie": "partijen",
            "versie": 2,
            "geleegdBij": 0,
            "vervallenBij": 2,
            "bijdragen": [],
            "versies": {"identificatoren": {}},
        }


def test_a_partij_that_came_back_has_only_what_came_after() -> None:
    before = brings("c-1", 1, fields={"contactnaam": {"achternaam": "Jansen"}, "partijIdentificatoren": [bsn(), kvk()]})
    vervallen = partij_withdrawn(versie=2, resultaat="vervallen")
    back = brings("c-2", 3, resultaat="nieuw", fields={"digitaleAdressen": [email("b@x.nl")]})

    for order in ((before, vervallen, back), (back, vervallen, before), (vervallen, before, back)):
        document = stored(*order)
        assert shown(document, "contactnaam", "digitaleAdressen", "partijIdentificatoren", "vervallenBij") == {
            "contactnaam": None,
            "digitaleAdressen": [email("b@x.nl")],
            "partijIdentificatoren": [bsn()],
            "vervallenBij": 2,
        }
        assert remembered(*order) is None


def test_a_partij_known_only_by_its_withdrawal_is_remembered_by_ids_and_versies() -> None:
    assert remembered(partij_withdrawn(versie=4, geleegd_bij=2, kinds=["rsin"])) == {
        "_id": JANSEN,
        "collectie": "partijen",
        "versie": 4,
        "geleegdBij": 2,
        "vervallenBij": 0,
        "toestemming": "gegeven",
        "bijdragen": [{"source": SOURCE, "contactId": "c-1", "versie": 4}],
        "versies": {"toestemming": 4, "identificatoren": {"rsin": 4}},
    }


def test_the_newest_contacts_are_kept_and_no_more() -> None:
    events = [
        brings(f"c-{versie}", versie, fields={"digitaleAdressen": [email(f"{versie}@x.nl")]})
        for versie in range(1, MAX_CONTACTS + 3)
    ]
    newest = [f"c-{versie}" for versie in range(MAX_CONTACTS + 2, 2, -1)]

    for order in (events, events[::-1]):
        document = stored(*order)
        assert document is not None
        assert [each["contactId"] for each in document["bijdragen"]] == newest


def test_an_event_changes_only_the_fields_that_differ() -> None:
    known = project(States(), [fact(brings("c-1", 1, fields={"digitaleAdressen": [email("b@x.nl")]}))])
    changed = project(known, [fact(brings("c-2", 2, resultaat="bestaand"))])

    [amend] = [
        write
        for collection, write in plan(known, changed, {}, datetime.now(UTC))
        if collection == "partijen"
        if isinstance(write, Amend)
    ]

    assert amend.amendment == Amendment(
        {"versie": 2, "versies": {"kern": 2, "toestemming": 2, "identificatoren": {"bsn": 2}}}
    )


def test_details_that_are_emptied_are_removed_by_name() -> None:
    known = project(States(), [fact(brings("c-1", 1, fields={"bezoekadres": {"stad": "Almere"}}))])
    changed = project(known, [fact(partij_withdrawn("c-1", versie=2))])

    [(_, amend)] = plan(known, changed, {}, datetime.now(UTC))

    assert isinstance(amend, Amend)
    assert amend.amendment.unset == ("bezoekadres",)


def test_the_same_event_again_writes_nothing() -> None:
    register = FakeRegister()
    employer = {"organisatienaam": "Bakkerij", "partijIdentificatoren": [kvk()]}
    event = fact(
        brings(
            "c-1",
            1,
            revisie=2,
            fields={"digitaleAdressen": [email("b@x.nl")], "werkteVoorPartij": employer, "bezoekadres": {"stad": "X"}},
        )
    )
    register.merge([event, fact(partij_withdrawn("c-2", "bakker"))])
    before = register.writes

    register.merge([event, fact(partij_withdrawn("c-2", "bakker"))])

    assert register.writes == before


def test_an_identificator_that_one_decision_takes_back_and_gives_anew_stays() -> None:
    """A vertrouwelijk contact that empties a partij says so twice: where it is listed, and in public."""
    listed = brings("c-1", 2, resultaat="leeg", fields={"partijIdentificatoren": [bsn("999990020")]})
    in_public = partij_withdrawn("c-1", versie=2, resultaat="leeg", kinds=["bsn"])

    for order in ((listed, in_public), (in_public, listed)):
        assert shown(stored(*order), "partijIdentificatoren") == {"partijIdentificatoren": [bsn("999990020")]}


def test_moments_that_are_one_to_mongodb_are_one_within_a_batch_too() -> None:
    first = brings("c-1", 1, op="2026-03-02T09:50:00.000900Z", fields={"bezoekadres": {"stad": "Almere"}})
    second = brings("c-2", 2, op="2026-03-02T09:50:00.000100Z", fields={"bezoekadres": {"stad": "Zwolle"}})
    register = FakeRegister()

    register.merge([fact(first), fact(second)])

    assert register.collections[Collection.PARTIJEN][JANSEN] == stored(first, second)
    assert shown(stored(first, second), "bezoekadres") == {"bezoekadres": {"stad": "Zwolle"}}
