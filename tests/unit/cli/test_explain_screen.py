"""An explanation on the screen: it fits one screen, and its values can't control the terminal."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.faults import Fault, FaultKind, RefusalKind
from schemas.positions import Position
from schemas.raw_messages import MAPPING, MESSAGE
from services.cli.explain_rows import letter_rows
from services.cli.explain_screen import explained, not_decided
from services.cli.screen import print_table
from services.domain.besluit import BesluitRecord
from services.domain.policy import DEFAULT
from services.domain.wissing import Gewist
from services.operations.dead_letters.letters import Content, Letter, LetterId
from services.operations.dead_letters.reading import Found
from services.operations.dead_letters.selection import LetterState
from services.operations.dead_letters.states import UNTOUCHED, Change, History
from services.operations.explain.channel_letters import ChannelLetters
from services.operations.explain.contact_records import OvertakenRecord, OvertakenRecords, Sighting
from services.operations.explain.explain import Explained, NotDecided
from services.operations.explain.in_kafka import InKafka
from services.operations.explain.letters import Letters
from services.operations.explain.projected import Documents, compared, wanted_of
from services.operations.mapped_from import MappedFrom
from services.runtime.kafka.open_transactions import OpenTransaction
from tests.support.examples import CALL_BACK, OTHER_SOURCE, SOURCE, contact, email, known, nth_bsn, onderwerp, stranger
from tests.unit.domain.desk import Desk

COLUMNS, LINES = 100, 50
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
DISCARDED = History((Change(state=LetterState.DISCARDED, by="somebody", at=NOW, attempt=1),))


def letter(partition: int, offset: int, kind: RefusalKind | None, *paths: str, history: History = UNTOUCHED) -> Found:
    """Make a dead letter that is wrong at some places."""
    told = Letter(
        id=LetterId(partition, offset),
        written_at=NOW,
        kind=kind,
        faults=tuple(Fault(path, FaultKind.ONTBREEKT) for path in paths),
        origin=None,
        source=SOURCE,
        attempt=1,
        earlier=(),
        is_cut=False,
        content=Content(b"a secret key", b"a secret value", ()),
    )
    return Found(told, history)


LETTER = letter(3, 120, RefusalKind.CONTACT_ONGELDIG, "data.kanaal", history=DISCARDED)
STRANGE = letter(0, 1, None, "")
MAPPED = MappedFrom("open-forms/1", Position("kanaal.open-forms", 0, 12))


def letters(*given: Found) -> Letters:
    return Letters(len(given), given)


OF_CHANNELS = (
    ChannelLetters(topic="kanaal.open-forms.dlq", letters=letters(STRANGE, LETTER), could_be=1),
    ChannelLetters(topic="kanaal.twilio.dlq", letters=letters(), could_be=2),
)


def in_kafka(*, behind: int = 0, found: Letters | None = None, waiting: int = 0) -> InKafka:
    return InKafka(
        record_is_held=True,
        projector_behind=behind,
        letters=found or letters(),
        open_transactions=tuple(
            OpenTransaction(topic="taak.created", partition=each, first_offset=7, end=9, since=NOW)
            for each in range(waiting)
        ),
    )


def explanation(besluit: BesluitRecord, kafka: InKafka | None) -> Explained:
    """Return the explanation of a decision without documents of the projector."""
    besluit = replace(besluit, position=Position("contact.ended", 3, 17))
    projected = tuple(compared(each, Documents({}, {})) for each in wanted_of(besluit))
    return Explained(besluit, projected, (), kafka, None)


def told(besluit: BesluitRecord, kafka: InKafka | None, asked: str = "") -> list[tuple[str, str]]:
    return list(explained(explanation(besluit, kafka), asked))


def screen(rows: Sequence[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    monkeypatch.setenv("LINES", str(LINES))
    monkeypatch.setenv("TERM", "dumb")  # a terminal without colours
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(rows, bold_first=True)
    return capsys.readouterr().out


def test_a_contact_under_earlier_consent_is_shown_in_full() -> None:
    desk = Desk()
    desk.bring(
        contact("mail-1", betrokkenen=[known(toestemming="gegeven", adressen=[email()])], op="2026-03-01T09:50:00Z"),
        source=OTHER_SOURCE,
    )
    besluit = desk.bring(
        contact("gesprek-1", betrokkenen=[known()], onderwerpen=[onderwerp("verhuizing", opvolging=CALL_BACK)]),
        other={"traceparent": TRACEPARENT},
    ).besluit
    klantcontact_id = besluit.uitgegeven[0].klantcontact_id

    earlier = f"contact mail-1 of {OTHER_SOURCE}, 2026-03-01 09:50:00Z"
    assert told(besluit, in_kafka(behind=4, found=letters(LETTER))) == [
        ("contact", f"gesprek-1 of {SOURCE}"),
        ("", "took place 2026-03-02 09:50:00Z; revisie 1"),
        ("decided", f"2026-12-01 12:01:00Z, judgement 1, by policy {DEFAULT.versie}"),
        ("record", "contact.ended, partition 3, offset 17: still there"),
        ("trace", "4bf92f3577b34da6a3ce929d0e0e4736"),
        (
            "onderwerp",
            (
                "verhuizing: V4, VNG V6898, C0992\n"
                "Geauthenticeerd, met geldende toestemming voor hergebruik.\n"
                f"klantcontact 2 ({klantcontact_id}), interne taak 1, partij bestaand"
            ),
        ),
        (
            "betrokkene",
            (
                "1: gekend by digid; partij 1 bestaand\n"
                f"consent: yes, gegeven in {earlier}\n"
                f"before: known, filled by {earlier}"
            ),
        ),
        ("projector", "klantcontact 2 not yet"),
        ("", "interne taak 1 not yet"),
        ("", "partij 1 not yet"),
        ("", "the projector has at most 4 records to go"),
        ("dead letters", "3-120, 2026-12-01 12:00:00Z, discarded: contact_ongeldig at data.kanaal"),
    ]


def test_a_correction_that_took_everything_back_is_shown() -> None:
    desk = Desk()
    desk.bring(contact(betrokkenen=[known(toestemming="gegeven")], onderwerpen=[onderwerp(opvolging=CALL_BACK)]))
    besluit = desk.bring(contact(revisie=2)).besluit

    rows = told(besluit, None)

    when = "2026-12-01 12:01:00Z, revisie 2, judgement 1"
    assert rows[4:] == [
        (
            "onderwerp",
            (
                "0: V1, VNG V6898, basisterminologie\n"
                "Niemand is geauthenticeerd en er is geen opvolging nodig: niets wordt bewaard.\n"
                "no klantcontact, no interne taak, no partij"
            ),
        ),
        ("earlier", f"2026-12-01 12:00:00Z: revisie 1, judgement 1, V4, policy {DEFAULT.versie}"),
        ("taken back", f"klantcontact 1; {when}"),
        ("", f"interne taak 1; {when}"),
        ("", f"partij 1, which is vervallen; {when}"),
        ("projector", "klantcontact 1 removed"),
        ("", "interne taak 1 removed"),
        ("", "partij 1 removed"),
    ]


def test_a_document_that_is_missing_after_the_projector_read_everything_is_not_shown_as_delay() -> None:
    besluit = Desk().bring(contact(onderwerpen=[onderwerp(opvolging=CALL_BACK)])).besluit

    assert (
        "projector",
        "klantcontact 1 is not there; others may have removed it, and `klantcontact doctor` sees to our own part",
    ) in told(besluit, in_kafka())


def test_records_behind_an_open_transaction_are_shown_with_the_moment_since_which_they_wait() -> None:
    besluit = Desk().bring(contact(onderwerpen=[onderwerp(opvolging=CALL_BACK)])).besluit

    waits = "partition 0 of taak.created waits behind a transaction that somebody has open since 2026-12-01 12:00:00Z"
    to_go = "the projector has at most 4 records to go"
    assert ("", f"{to_go}\n{waits}") in told(besluit, in_kafka(behind=4, waiting=1))
    assert ("", f"{to_go}\n{waits} (and 2 more)") in told(besluit, in_kafka(behind=4, waiting=3))


def test_the_requested_onderwerp_comes_first() -> None:
    besluit = (
        Desk().bring(contact(onderwerpen=[onderwerp(f"o{number}", opvolging=CALL_BACK) for number in range(9)])).besluit
    )

    rows = told(besluit, None, asked="8")
    assert [text[:4] for _, text in rows if text[:1] == "o"] == ["o7: ", "o0: "]
    assert ("", "… and 7 more; --json gives more of them") in rows


def full(*, onderwerpen: int = 9, betrokkenen: int = 9, revisies: int = 9, dead: int = 9) -> Explained:
    """Return the explanation of a contact with many parts, each as long as it can be."""
    people = [known(f"k{number}", nth_bsn(number), adressen=[email()]) for number in range(betrokkenen + 1)]
    subjects = [onderwerp("o" * 39 + str(number), opvolging=CALL_BACK) for number in range(onderwerpen + 1)]
    desk = Desk()
    for each in range(betrokkenen):
        earlier = [known("k", nth_bsn(each), toestemming="gegeven", adressen=[email()])]
        desk.bring(contact("e" * 255 + str(each), betrokkenen=earlier, op="2026-03-01T09:50:00Z"), source=OTHER_SOURCE)
    for revisie in range(1, revisies):
        desk.bring(contact("c" * 256, betrokkenen=people, onderwerpen=subjects, revisie=revisie))
    last = contact(
        "c" * 256,
        betrokkenen=people[:betrokkenen],
        onderwerpen=subjects[:onderwerpen],
        revisie=revisies,
        vervolg_op={"contactId": "nowhere"},
    )
    besluit = desk.bring(last, other={"traceparent": TRACEPARENT}).besluit
    places = [f"data.onderwerpen.onderwerp{number}" for number in range(9)]
    wrong = letter(3, 120, RefusalKind.CONTACT_ONGELDIG, *places, history=DISCARDED)
    kafka = in_kafka(behind=10**9, found=letters(*[wrong] * dead), waiting=9)
    return explanation(besluit, replace(kafka, of_channels=OF_CHANNELS))


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(full(), id="more of everything than is shown"),
        pytest.param(full(onderwerpen=3, betrokkenen=2, revisies=4, dead=2), id="as much as is shown"),
    ],
)
def test_even_the_fullest_explanation_fits_one_screen(
    found: Explained, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = screen(list(explained(found, "")), monkeypatch, capsys).splitlines()

    assert len(page) <= LINES
    assert max(map(len, page)) <= COLUMNS


def test_an_id_can_not_control_the_screen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    besluit = Desk().bring(contact("c\u001b[2J\n\u202e1 [red]x[/red]")).besluit

    page = screen(told(besluit, None), monkeypatch, capsys)
    assert "c\ufffd[2J\ufffd\ufffd1 [red]x[/red] of urn:" in page
    assert "\u001b" not in page


def test_a_contact_that_waits_to_be_judged_is_shown() -> None:
    seen = Sighting(SOURCE, Position("contact.ended", 3, 17), is_judged=False)

    assert list(not_decided(NotDecided("c-1", (seen,), letters()))) == [
        ("contact", "c-1"),
        ("decision", "none"),
        ("record", f"contact.ended, partition 3, offset 17, of {SOURCE}: not judged yet"),
        ("dead letters", "none"),
    ]


def test_a_contact_that_waits_behind_an_open_transaction_is_shown() -> None:
    seen = Sighting(SOURCE, Position("contact.ended", 3, 17), is_judged=False, waits_since=NOW)

    waits = "not judged yet; it waits behind a transaction that somebody has open since 2026-12-01 12:00:00Z"
    assert ("record", f"contact.ended, partition 3, offset 17, of {SOURCE}: {waits}") in list(
        not_decided(NotDecided("c-1", (seen,), letters()))
    )


def test_what_came_too_late_and_what_waits_is_shown_before_the_dead_letters() -> None:
    besluit = Desk().bring(contact()).besluit
    late = tuple(OvertakenRecord(Position("contact.ended", 3, 20 + each), each, NOW) for each in (1, 2, 3))
    kafka = replace(
        in_kafka(),
        waiting=(Sighting(SOURCE, Position("contact.ended", 3, 30), is_judged=False),),
        overtaken=OvertakenRecords(7, late),
    )

    assert told(besluit, kafka)[-4:] == [
        ("waiting", f"contact.ended, partition 3, offset 30, of {SOURCE}: not judged yet"),
        (
            "overtaken",
            (
                "2026-12-01 12:00:00Z: revisie 3 came after a higher one, and changed nothing; "
                "contact.ended, partition 3, offset 23"
            ),
        ),
        ("", "… and 6 more; --json gives more of them"),
        ("dead letters", "none"),
    ]


def test_a_cut_letter_says_so() -> None:
    cut = replace(LETTER, letter=replace(LETTER.letter, is_cut=True))
    [row] = letter_rows(letters(cut))
    assert row[1].endswith("contact_ongeldig at data.kanaal, cut")


def test_a_refused_contact_is_shown() -> None:
    seen = Sighting(SOURCE, Position("contact.ended", 3, 17), is_judged=True)
    refused = "read and not decided: it was refused, or nothing is left of the decision"
    assert list(not_decided(NotDecided("c-1", (seen,), letters(STRANGE, LETTER))))[2:] == [
        ("record", f"contact.ended, partition 3, offset 17, of {SOURCE}: {refused}"),
        ("dead letters", "3-120, 2026-12-01 12:00:00Z, discarded: contact_ongeldig at data.kanaal"),
        ("", "0-1, 2026-12-01 12:00:00Z, open: unknown kind at (the event as a whole)"),
    ]


def test_what_a_mapper_refused_is_shown_with_what_could_be_of_the_contact() -> None:
    assert list(not_decided(NotDecided("c-1", (), letters(), OF_CHANNELS)))[2:] == [
        ("record", "none in the topics of publishers"),
        ("dead letters", "none"),
        ("of a channel", "1 open dead letter could be of it: klantcontact dlq list --in kanaal.open-forms.dlq"),
        ("", "2 open dead letters could be of it: klantcontact dlq list --in kanaal.twilio.dlq"),
        (
            "",
            "kanaal.open-forms.dlq: 3-120, 2026-12-01 12:00:00Z, discarded: contact_ongeldig at data.kanaal",
        ),
        (
            "",
            "kanaal.open-forms.dlq: 0-1, 2026-12-01 12:00:00Z, open: unknown kind at (the event as a whole)",
        ),
    ]
    rows = told(Desk().bring(contact()).besluit, replace(in_kafka(), of_channels=OF_CHANNELS))
    assert rows[-2:] == [
        ("of a channel", "1 open dead letter could be of it: klantcontact dlq list --in kanaal.open-forms.dlq"),
        ("", "… and 3 more; --json gives more of them"),
    ]


def test_a_shortened_decision_is_told_without_what_it_does_not_hold() -> None:
    onderwerpen = [onderwerp("verhuizing"), onderwerp("afval")]
    besluit = Desk().bring(contact("gesprek-1", betrokkenen=[stranger()], onderwerpen=onderwerpen)).besluit
    found = replace(besluit.shortened(), contact_id="gesprek-1")

    rows = told(found, in_kafka())

    assert rows[:3] == [
        ("contact", f"gesprek-1 of {SOURCE}"),
        ("", "revisie 1"),
        ("decided", f"2026-12-01 12:00:00Z, judgement 1, by policy {DEFAULT.versie}"),
    ]
    assert [text.split(",")[0] for _, text in rows[4:6]] == ["number 1: V1", "number 2: V1"]


def test_of_a_contact_from_which_somebody_was_erased_it_says_when_and_for_which_request() -> None:
    besluit = Desk().bring(contact(onderwerpen=[onderwerp("a", opvolging=CALL_BACK)])).besluit
    closed = replace(besluit, gewist=Gewist(NOW, "Z-1"))
    assert ("erased", "in part, 2026-12-01 12:00:00Z, for request Z-1; the contact is closed") in told(closed, None)
    assert not [name for name, _ in told(besluit, None) if name == "erased"]


def test_what_a_channel_sent_leads_back_to_its_message() -> None:
    headers = ((MAPPING, b"open-forms/1"), (MESSAGE, b"kanaal.open-forms:0:12"))
    mapped = replace(LETTER, letter=replace(LETTER.letter, content=Content(b"k", b"v", headers)))
    rows = told(Desk().bring(contact()).besluit, replace(in_kafka(found=letters(mapped)), mapped=MAPPED))

    assert ("message", "kanaal.open-forms, partition 0, offset 12, by mapping open-forms/1") in rows
    assert dict(rows)["dead letters"].splitlines() == [
        "3-120, 2026-12-01 12:00:00Z, discarded: contact_ongeldig at data.kanaal",
        "mapped from kanaal.open-forms, partition 0, offset 12, by mapping open-forms/1",
    ]
