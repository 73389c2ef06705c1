"""`klantcontact classify`: `schemas/decision.md`, "Dry run"."""

from services.domain.policy import DEFAULT, Beleid, Bron
from services.operations.classify import classify
from tests.support.examples import (
    CALL_BACK,
    SOURCE,
    contact,
    email,
    event,
    known,
    line,
    onderwerp,
    phone,
    stranger,
)
from tests.unit.domain.desk import answers
from tests.unit.domain.oracle_facts import name_based_id


def test_a_line_shows_the_outcome_of_each_onderwerp() -> None:
    data = contact(
        betrokkenen=[known(toestemming="gegeven", adressen=[email(), phone()]), stranger("s")],
        onderwerpen=[onderwerp("a", opvolging=CALL_BACK), onderwerp("b", betrokkenen=["s"])],
    )
    assert answers(data) == [
        {
            "contactId": "c-1",
            "uitkomsten": [
                {
                    "onderwerpIndex": 0,
                    "regel": "V4",
                    "klantcontact": True,
                    "interneTaak": True,
                    "partij": "nieuw",
                    "betrokkeneContactgegevens": True,
                    "toelichting": "Geauthenticeerd, met geldende toestemming voor hergebruik.",
                    "klantcontactId": name_based_id(SOURCE, "klantcontact", "c-1", "a"),
                },
                {
                    "onderwerpIndex": 1,
                    "regel": "V1",
                    "klantcontact": False,
                    "interneTaak": False,
                    "partij": "geen",
                    "betrokkeneContactgegevens": False,
                    "toelichting": "Niemand is geauthenticeerd en er is geen opvolging nodig: niets wordt bewaard.",
                },
            ],
        }
    ]


def test_notes_stand_in_the_toelichting() -> None:
    [answer] = answers(contact(vervolg_op={"contactId": "never-seen"}))
    assert answer["uitkomsten"][0]["toelichting"] == (
        "Niemand is geauthenticeerd en er is geen opvolging nodig: niets wordt bewaard. "
        "vervolgOp wijst naar geen klantcontact dat hier geregistreerd is."
    )


def test_partijen_and_consent_are_remembered_from_line_to_line() -> None:
    shown = answers(contact("c-1", betrokkenen=[known(toestemming="gegeven")]), contact("c-2", betrokkenen=[known()]))
    assert [each["uitkomsten"][0]["partij"] for each in shown] == ["nieuw", "bestaand"]


def test_an_invalid_line_gets_each_fault_with_its_place_and_changes_nothing() -> None:
    invalid = contact("c-1", betrokkenen=[known(toestemming="gegeven")], kanaal="")
    shown = answers(invalid, contact("c-1", betrokkenen=[known()]))
    assert shown[0] == {
        "regelnummer": 1,
        "contactId": "c-1",
        "fouten": [{"pad": "data.kanaal", "soort": "leeg"}],
    }
    assert shown[1]["uitkomsten"][0]["partij"] == "leeg"


def test_empty_lines_are_skipped_and_counted() -> None:
    lines = [b"", line(event(contact())), b"  \t\r\n", b"{", b"\n"]
    assert [each.get("regelnummer") for each in classify(lines, DEFAULT)] == [None, 4]


def test_an_unreadable_line_has_no_path_and_no_contact() -> None:
    for unreadable in (b"{", b"[]", b'"x"', b"null", b"12", b"\xff", b"{}x", b'{"data": NaN}'):
        assert list(classify([unreadable], DEFAULT)) == [
            {"regelnummer": 1, "contactId": None, "fouten": [{"pad": "", "soort": "onleesbaar"}]}
        ]


def test_a_line_above_64_kib_is_not_read() -> None:
    whole = line(event(contact()))
    full = whole + b" " * (65_536 - len(whole))
    assert [each["contactId"] for each in classify([full], DEFAULT)] == ["c-1"]
    assert list(classify([full + b" "], DEFAULT)) == [
        {"regelnummer": 1, "contactId": None, "fouten": [{"pad": "", "soort": "te_groot"}]}
    ]


def test_a_line_that_its_source_may_not_send_gets_each_fault_also_of_the_topic() -> None:
    beleid = Beleid(bronnen={SOURCE: Bron(topics=frozenset({"contact.telefonie"}), kanalen=frozenset({"telefoon"}))})
    lines = [line(event(contact("c-1"))), line(event(contact("c-2", kanaal="mail")))]
    asked = [list(classify(lines, beleid, topic)) for topic in ("contact.telefonie", "contact.ended", None)]
    assert [[[fout["pad"] for fout in each.get("fouten", ())] for each in answers] for answers in asked] == [
        [[], ["data.kanaal"]],
        [[""], ["", "data.kanaal"]],
        [[], ["data.kanaal"]],
    ]
    assert {fout["soort"] for fout in asked[1][0]["fouten"]} == {"bron_niet_toegestaan"}


def test_a_conflict_is_reported_at_the_revisie() -> None:
    assert answers(contact(), contact(kanaal="balie"))[-1] == {
        "regelnummer": 2,
        "contactId": "c-1",
        "fouten": [{"pad": "data.revisie", "soort": "revisie_conflict"}],
    }


def test_a_lower_revisie_prints_the_outcome_in_force() -> None:
    third = contact(revisie=3, betrokkenen=[known()])
    shown = answers(third, contact(revisie=2))
    assert shown[0] == shown[1]


def test_the_line_of_a_contact_with_another_number_of_onderwerpen_is_that_of_the_one_in_force() -> None:
    shown = answers(contact(revisie=2), contact(onderwerpen=[onderwerp("a"), onderwerp("b")]))
    assert len(shown[1]["uitkomsten"]) == 1


def test_each_file_begins_with_an_empty_register() -> None:
    data = contact(betrokkenen=[known(toestemming="gegeven")])
    assert answers(data) == answers(data)
