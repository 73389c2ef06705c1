"""Events that take back: `schemas/decision.md`, "Taking back"."""

import pytest

from tests.support.examples import CALL_BACK, NEW_ZAAK, Wire, contact, email, known, onderwerp, phone, stranger
from tests.unit.domain.desk import CLASSIFIER, Brought, Desk
from tests.unit.domain.oracle_facts import name_based_id

WITH_TAAK = onderwerp("a", opvolging=CALL_BACK)
WITHOUT_TAAK = onderwerp("a", opvolging=NEW_ZAAK)
ANSWERED = onderwerp("a")


def steps(*onderwerpen: Wire | None, vertrouwelijk: tuple[int, ...] = ()) -> list[Wire]:
    """Return revisies of one contact of a stranger, each with one onderwerp; some of them are vertrouwelijk."""
    return [
        contact(revisie=revisie, vertrouwelijk=revisie in vertrouwelijk, onderwerpen=[each or onderwerp("other")])
        for revisie, each in enumerate(onderwerpen, start=1)
    ]


def brought(revisies: list[Wire]) -> list[Brought]:
    desk = Desk()
    return [desk.bring(each) for each in revisies]


def told(last: Brought) -> list[str]:
    """Return the outgoing events in words, as in "registered: klantcontact.withdrawn verplaatst"."""
    return [
        f"{each.stream}: {each.kind}" + (" verplaatst" if each.data.get("verplaatst") else "") for each in last.sent
    ]


REGISTERED = "registered: klantcontact.registered"
CONFIDENTIAL = "confidential: klantcontact.registered"
TAAK = "taak: taak.created"
GONE = "registered: klantcontact.withdrawn"
GONE_CONFIDENTIAL = "confidential: klantcontact.withdrawn"
MOVED = "registered: klantcontact.withdrawn verplaatst"
MOVED_BACK = "confidential: klantcontact.withdrawn verplaatst"
TAAK_GONE = "taak: taak.withdrawn"
CONFIDENTIAL_TAAK = "confidential_taak: taak.created"
TAAK_GONE_CONFIDENTIAL = "confidential_taak: taak.withdrawn"
TAAK_MOVED = "taak: taak.withdrawn verplaatst"
TAAK_MOVED_BACK = "confidential_taak: taak.withdrawn verplaatst"


def row(reason: str, given: list[Wire], expected: list[str]) -> object:
    return pytest.param(given, expected, id=reason)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        row("a first time takes nothing back", steps(WITH_TAAK), [REGISTERED, TAAK]),
        row("nor does a revision that keeps all", steps(WITH_TAAK, WITH_TAAK), [REGISTERED, TAAK]),
        row("no follow-up any more", steps(WITH_TAAK, ANSWERED), [GONE, TAAK_GONE]),
        row("no such onderwerp any more", steps(WITH_TAAK, None), [GONE, TAAK_GONE]),
        row("no taak any more", steps(WITH_TAAK, WITHOUT_TAAK), [TAAK_GONE, REGISTERED]),
        row("there never was a taak", steps(WITHOUT_TAAK, ANSWERED), [GONE]),
        row("there never was a klantcontact", steps(ANSWERED, None), []),
        row("a taak that comes later", steps(WITHOUT_TAAK, WITH_TAAK), [REGISTERED, TAAK]),
        row(
            "carried over: the revisie between may not have been published",
            steps(WITH_TAAK, None, None),
            [GONE, TAAK_GONE],
        ),
        row("carried over for the taak alone", steps(WITH_TAAK, WITHOUT_TAAK, WITHOUT_TAAK), [TAAK_GONE, REGISTERED]),
        row("back again: nothing is taken back", steps(WITH_TAAK, None, WITH_TAAK), [REGISTERED, TAAK]),
        row(
            "vertrouwelijk from the first: nobody else saw it",
            steps(WITH_TAAK, vertrouwelijk=(1,)),
            [CONFIDENTIAL, CONFIDENTIAL_TAAK],
        ),
        row(
            "it becomes vertrouwelijk",
            steps(WITH_TAAK, WITH_TAAK, vertrouwelijk=(2,)),
            [MOVED, TAAK_MOVED, CONFIDENTIAL, CONFIDENTIAL_TAAK],
        ),
        row(
            "it no longer is",
            steps(WITH_TAAK, WITH_TAAK, vertrouwelijk=(1,)),
            [MOVED_BACK, TAAK_MOVED_BACK, REGISTERED, TAAK],
        ),
        row(
            "a taak that comes as it becomes vertrouwelijk was never open",
            steps(WITHOUT_TAAK, WITH_TAAK, vertrouwelijk=(2,)),
            [MOVED, CONFIDENTIAL, CONFIDENTIAL_TAAK],
        ),
        row(
            "a taak that goes as it becomes vertrouwelijk is withdrawn where it was",
            steps(WITH_TAAK, WITHOUT_TAAK, vertrouwelijk=(2,)),
            [MOVED, TAAK_GONE, CONFIDENTIAL],
        ),
        row(
            "a taak that was vertrouwelijk only is withdrawn there only",
            steps(WITHOUT_TAAK, WITH_TAAK, WITHOUT_TAAK, vertrouwelijk=(2, 3)),
            [MOVED, TAAK_GONE_CONFIDENTIAL, CONFIDENTIAL],
        ),
        row(
            "a taak to and fro",
            steps(WITH_TAAK, WITH_TAAK, WITH_TAAK, vertrouwelijk=(2,)),
            [MOVED_BACK, TAAK_MOVED_BACK, REGISTERED, TAAK],
        ),
        row(
            "a taak withdrawn where it was last, and moved from where it was before",
            steps(WITH_TAAK, WITH_TAAK, WITHOUT_TAAK, vertrouwelijk=(2, 3)),
            [MOVED, TAAK_MOVED, TAAK_GONE_CONFIDENTIAL, CONFIDENTIAL],
        ),
        row(
            "stays vertrouwelijk: carried over",
            steps(WITHOUT_TAAK, WITHOUT_TAAK, WITHOUT_TAAK, vertrouwelijk=(2, 3)),
            [MOVED, CONFIDENTIAL],
        ),
        row(
            "to and fro", steps(WITHOUT_TAAK, WITHOUT_TAAK, WITHOUT_TAAK, vertrouwelijk=(2,)), [MOVED_BACK, REGISTERED]
        ),
        row(
            "withdrawn where it was last",
            steps(WITHOUT_TAAK, WITHOUT_TAAK, None, vertrouwelijk=(2,)),
            [MOVED, GONE_CONFIDENTIAL],
        ),
        row("vertrouwelijk and withdrawn at once", steps(WITHOUT_TAAK, None, vertrouwelijk=(2,)), [GONE]),
        row(
            "withdrawn, the contact vertrouwelijk since", steps(WITHOUT_TAAK, None, None, vertrouwelijk=(2, 3)), [GONE]
        ),
        row(
            "withdrawn before, back as vertrouwelijk",
            steps(WITHOUT_TAAK, None, WITHOUT_TAAK, vertrouwelijk=(3,)),
            [MOVED, CONFIDENTIAL],
        ),
    ],
)
def test_the_last_revisie_has_its_outgoing_events(given: list[Wire], expected: list[str]) -> None:
    assert told(brought(given)[-1]) == expected


def test_only_the_onderwerp_that_falls_away_is_taken_back() -> None:
    desk = Desk()
    both = [onderwerp("a", opvolging=CALL_BACK), onderwerp("b", opvolging=CALL_BACK)]
    desk.bring(contact(onderwerpen=both))
    second = desk.bring(contact(revisie=2, onderwerpen=[onderwerp("a"), both[1]]))
    assert [(each.kind, each.data["herkomst"]["onderwerpId"]) for each in second.sent] == [
        ("klantcontact.withdrawn", "a"),
        ("taak.withdrawn", "a"),
        ("klantcontact.registered", "b"),
        ("taak.created", "b"),
    ]


def test_a_contact_that_turns_out_not_to_count_takes_all_back() -> None:
    desk = Desk()
    desk.bring(contact(betrokkenen=[known(toestemming="gegeven")], onderwerpen=[WITH_TAAK]))
    second = desk.bring({**contact(revisie=2, betrokkenen=[known()]), "totStandGekomen": False})
    assert told(second) == [GONE, TAAK_GONE, "registered: partij.withdrawn"]


# Their contents, whole


def herkomst(revisie: int, onderwerp_id: str | None = "a") -> Wire:
    made = {
        "source": "urn:nld:oin:00000000000000000000:systeem:telefonie",
        "eventId": f"evt-{revisie}",
        "contactId": "c-1",
        "revisie": revisie,
    }
    return made if onderwerp_id is None else {**made, "onderwerpId": onderwerp_id}


BESLUIT_V1 = {
    "regel": "V1",
    "beleidsversie": "V6898-voorstel-2023-10",
    "besluitversie": 1,
    "toelichting": "Niemand is geauthenticeerd en er is geen opvolging nodig: niets wordt bewaard.",
}


def withdrawn_at_revisie_2(*, then: int = 2) -> Brought:
    """A contact of a known klant with a taak; revisie 2 leaves nothing of it, and `then` is the last revisie."""
    desk = Desk()
    person = known(toestemming="gegeven", adressen=[email(), phone()])
    desk.bring(contact(betrokkenen=[person], onderwerpen=[WITH_TAAK]), event_id="evt-1")
    last = None
    for revisie in range(2, then + 1):
        data = contact(revisie=revisie, betrokkenen=[stranger()], onderwerpen=[ANSWERED])
        last = desk.bring(data, event_id=f"evt-{revisie}")
    assert last is not None
    return last


def test_the_whole_events_hold_ids_and_no_contents() -> None:
    source = "urn:nld:oin:00000000000000000000:systeem:telefonie"
    klantcontact_id = name_based_id(source, "klantcontact", "c-1", "a")
    taak_id = name_based_id(source, "taak", "c-1", "a")
    brought = withdrawn_at_revisie_2()
    partij_id = brought.sent[2].data["partijId"]

    def whole(kind: str, subject: str, event_id: str, data: Wire) -> Wire:
        return {
            "specversion": "1.0",
            "id": event_id,
            "source": CLASSIFIER,
            "type": f"nl.klantinteracties.{kind}",
            "time": "2026-12-01T12:01:00Z",
            "subject": subject,
            "datacontenttype": "application/json",
            "dataschema": f"urn:klantinteracties:schema:{kind}:1",
            "data": data,
        }

    ids = [
        name_based_id(source, "klantcontact.withdrawn", "c-1", f"{klantcontact_id}.registered", "2", "1"),
        name_based_id(source, "taak.withdrawn", "c-1", f"{taak_id}.taak", "2", "1"),
        name_based_id(source, "partij.withdrawn", "c-1", partij_id, "2", "1"),
    ]
    assert [each.key for each in brought.sent] == [klantcontact_id, klantcontact_id, ids[2]]
    assert [each.body for each in brought.sent] == [
        whole(
            "klantcontact.withdrawn",
            klantcontact_id,
            ids[0],
            {
                "klantcontactId": klantcontact_id,
                "nummer": "1",
                "verplaatst": False,
                "reden": "correctie",
                "besluit": BESLUIT_V1,
                "herkomst": herkomst(2),
            },
        ),
        whole(
            "taak.withdrawn",
            taak_id,
            ids[1],
            {
                "taakId": taak_id,
                "klantcontactId": klantcontact_id,
                "nummer": "1",
                "verplaatst": False,
                "reden": "correctie",
                "besluit": BESLUIT_V1,
                "herkomst": herkomst(2),
            },
        ),
        whole(
            "partij.withdrawn",
            partij_id,
            ids[2],
            {
                "partijId": partij_id,
                "nummer": "1",
                "versie": 2,
                "geleegdBij": 2,
                "resultaat": "vervallen",
                "vervallenIdentificatoren": ["bsn"],
                "reden": "correctie",
                "besluit": BESLUIT_V1,
                "herkomst": herkomst(2, None),
            },
        ),
    ]


def test_a_withdrawal_that_is_carried_over_is_the_very_same_event() -> None:
    assert withdrawn_at_revisie_2(then=4).sent == withdrawn_at_revisie_2().sent


def test_a_second_withdrawal_after_a_return_is_another_event() -> None:
    _, first, _, again = brought(steps(WITH_TAAK, None, WITH_TAAK, None))
    assert told(first) == told(again)
    assert not {each.body["id"] for each in first.sent} & {each.body["id"] for each in again.sent}


@pytest.mark.parametrize("kind", ["klantcontact", "taak"])
def test_a_thing_that_moves_twice_has_a_withdrawal_of_its_own_on_each_stream(kind: str) -> None:
    gone = brought(steps(WITH_TAAK, WITH_TAAK, None, vertrouwelijk=(2,)))[-1].of_kind(f"{kind}.withdrawn")
    assert len({each.body["id"] for each in gone}) == 2
    assert [each.data["herkomst"]["revisie"] for each in gone] == [2, 3]
