"""An instruction to erase, on the register in memory: `schemas/decision.md`, "Erasing"."""

from dataclasses import dataclass, field, replace
from typing import Any

from schemas.outputs import Reden
from services.domain.besluit import BesluitRecord
from services.domain.ids import contact_key
from services.domain.outcome import Declined, Erased, Executed, InstructionAnswer
from services.domain.wissen import execute
from services.domain.wissing import Bezwaar, Gewist, SoortWissing, Wissing
from tests.support.examples import (
    ALICE,
    BOB,
    CALL_BACK,
    SOURCE,
    betrokkene,
    bsn,
    contact,
    email,
    known,
    onderwerp,
    phone,
    stranger,
)
from tests.unit.domain.desk import CLASSIFIER, Desk, Sent, sent_of

VERZOEK = "Z-2026-0001"
KEY = contact_key(SOURCE, "c-1")


@dataclass
class Eraser:
    """Gives instructions to the register of a desk."""

    desk: Desk = field(default_factory=Desk)

    def besluit(self, contact_id: str = "c-1") -> BesluitRecord:
        return self.desk.register.besluiten[contact_key(SOURCE, contact_id)]

    def erase(self, soort: SoortWissing, contact_id: str | None = "c-1", **other: Any) -> InstructionAnswer:  # noqa: ANN401 - fields of a Wissing
        key = contact_key(SOURCE, contact_id) if contact_id is not None else None
        in_force = self.desk.register.besluiten.get(key or "")
        wissing = Wissing(
            opdracht="0001",
            soort=soort,
            verzoek=VERZOEK,
            reden=Reden.GEWIST,
            contact_key=key,
            revisie=in_force.revisie if in_force else 0,
            besluitversie=in_force.besluitversie if in_force else 0,
        )
        return execute(self.desk.register, replace(wissing, **other), self.desk.now, CLASSIFIER)

    def sent(self, answer: InstructionAnswer) -> list[Sent]:
        return [sent_of(each) for each in answer.events(CLASSIFIER)]


def partij_id(eraser: Eraser, contact_id: str = "c-1", at: int = 0) -> str:
    return eraser.besluit(contact_id).partijen[at].partij_id


def without(klantcontact: dict[str, Any], partij_id: str) -> dict[str, Any]:
    """Return the data of a klantcontact as a command composes it, without one partij."""
    kept = {name: value for name, value in klantcontact.items() if name not in ("besluit", "herkomst")}
    kept["betrokkenen"] = [
        each for each in kept["betrokkenen"] if each.get("wasPartij", {}).get("partijId") != partij_id
    ]
    kept["partijen"] = [each for each in kept["partijen"] if each["partijId"] != partij_id]
    return kept


# A whole contact


def test_a_contact_is_withdrawn_with_a_newer_decision_and_leaves_a_tombstone_alone() -> None:
    eraser = Eraser()
    eraser.desk.bring(
        contact(
            betrokkenen=[known(toestemming="gegeven", adressen=[email()])],
            onderwerpen=[onderwerp("a", opvolging=CALL_BACK)],
        )
    )
    numbers = eraser.besluit().uitgegeven[0]
    partij = partij_id(eraser)
    answer = eraser.erase(SoortWissing.CONTACT)
    told = [
        (each.kind, each.data.get("partijId", each.key), each.data["reden"], each.data["besluit"]["besluitversie"])
        for each in eraser.sent(answer)
    ]
    assert told == [
        ("klantcontact.withdrawn", numbers.klantcontact_id, "gewist", 2),
        ("taak.withdrawn", numbers.klantcontact_id, "gewist", 2),
        ("partij.withdrawn", partij, "gewist", 2),
    ]
    register = eraser.desk.register
    assert (register.besluiten, register.partijen) == ({}, {})
    assert register.gewist == {KEY: Gewist(eraser.desk.now, VERZOEK)}
    assert isinstance(answer, Executed)
    assert (answer.item.key, answer.item.revisie, answer.item.besluitversie) == (KEY, 1, 2)


def test_no_withdrawal_tells_the_rule_of_the_contact_as_its_reason() -> None:
    eraser = Eraser()
    eraser.desk.bring(contact(betrokkenen=[known()]))
    sent = eraser.sent(eraser.erase(SoortWissing.CONTACT))
    assert {each.data["besluit"]["toelichting"] for each in sent} == {"Gewist op verzoek (AVG artikel 17)."}


def test_a_contact_that_moved_is_withdrawn_from_each_stream() -> None:
    eraser = Eraser()
    subjects = [onderwerp("a", opvolging=CALL_BACK)]
    eraser.desk.bring(contact(betrokkenen=[stranger()], onderwerpen=subjects))
    eraser.desk.bring(contact(revisie=2, vertrouwelijk=True, betrokkenen=[stranger()], onderwerpen=subjects))
    sent = eraser.sent(eraser.erase(SoortWissing.CONTACT))
    assert [(each.kind, each.stream, each.data["verplaatst"]) for each in sent] == [
        ("klantcontact.withdrawn", "registered", False),
        ("klantcontact.withdrawn", "confidential", False),
        ("taak.withdrawn", "taak", False),
        ("taak.withdrawn", "confidential_taak", False),
    ]
    assert len({each.body["id"] for each in sent}) == 4


def test_an_erased_contact_stays_erased_whatever_comes() -> None:
    eraser = Eraser()
    data = contact(betrokkenen=[known()])
    eraser.desk.bring(data)
    eraser.erase(SoortWissing.CONTACT)
    for again in (data, contact(revisie=2, betrokkenen=[known(toestemming="gegeven")]), contact(revisie=9)):
        brought = eraser.desk.bring(again)
        assert isinstance(brought.outcome, Erased)
        assert brought.sent == ()
    assert isinstance(eraser.desk.again(data).outcome, Erased)
    assert eraser.desk.register.besluiten == {}


def test_a_contact_without_a_trace_leaves_a_tombstone_and_publishes_nothing() -> None:
    eraser = Eraser()
    eraser.desk.bring(contact(betrokkenen=[stranger()]))
    answer = eraser.erase(SoortWissing.CONTACT)
    assert eraser.sent(answer) == []
    assert isinstance(eraser.desk.bring(contact(betrokkenen=[stranger()])).outcome, Erased)


def test_a_contact_that_never_came_can_be_erased_before_it_comes() -> None:
    eraser = Eraser()
    assert eraser.sent(eraser.erase(SoortWissing.CONTACT)) == []
    assert isinstance(eraser.desk.bring(contact(betrokkenen=[known()])).outcome, Erased)


def test_the_partij_of_other_contacts_stays_with_what_they_brought() -> None:
    eraser = Eraser()
    eraser.desk.bring(contact("c-0", betrokkenen=[known(toestemming="gegeven", adressen=[email()])]))
    before = eraser.desk.register.partijen[partij_id(eraser, "c-0")]
    eraser.desk.bring(contact(betrokkenen=[known()]))
    [_, gone] = eraser.sent(eraser.erase(SoortWissing.CONTACT))
    assert (gone.data["resultaat"], gone.data["versie"]) == ("bestaand", 3)
    assert eraser.desk.register.partijen == {before.partij_id: replace(before, versie=3)}


def test_a_klant_who_comes_back_is_new_and_gets_another_number() -> None:
    eraser = Eraser()
    first = eraser.desk.bring(contact(betrokkenen=[known(toestemming="gegeven")])).partij
    eraser.erase(SoortWissing.CONTACT)
    back = eraser.desk.bring(contact("c-2", betrokkenen=[known(toestemming="gegeven")])).partij
    assert (back["resultaat"], back["versie"]) == ("nieuw", 1)
    assert (back["partijId"], back["nummer"]) != (first["partijId"], first["nummer"])
    assert back["nummer"] != first["nummer"]


def test_what_follows_an_erased_contact_up_finds_nothing() -> None:
    eraser = Eraser()
    eraser.desk.bring(contact(betrokkenen=[known()]))
    eraser.erase(SoortWissing.CONTACT)
    later = contact("c-2", betrokkenen=[known()], other={"vervolgOp": {"contactId": "c-1"}})
    assert eraser.desk.bring(later).besluit.kanttekeningen == ("vervolg_onbekend",)


def test_withdrawn_consent_is_not_revived() -> None:
    eraser = Eraser()
    eraser.desk.bring(contact("c-0", betrokkenen=[known(toestemming="gegeven", adressen=[email()])]))
    eraser.desk.bring(contact(betrokkenen=[known(toestemming="ingetrokken")]))
    before = dict(eraser.desk.register.partijen)
    assert eraser.erase(SoortWissing.CONTACT) == Declined(
        eraser.erase(SoortWissing.CONTACT).wissing, Bezwaar.TOESTEMMING_LEEFT_OP
    )
    assert eraser.desk.register.partijen == before
    assert KEY in eraser.desk.register.besluiten


def test_an_instruction_for_another_decision_does_nothing() -> None:
    eraser = Eraser()
    eraser.desk.bring(contact(betrokkenen=[known()]))
    for revisie, besluitversie in ((0, 0), (2, 1), (1, 2)):
        answer = eraser.erase(SoortWissing.CONTACT, revisie=revisie, besluitversie=besluitversie)
        assert isinstance(answer, Declined)
        assert answer.bezwaar is Bezwaar.ANDER_BESLUIT
    assert eraser.desk.register.gewist == {}


def test_a_contact_that_is_erased_already_has_nothing_left() -> None:
    eraser = Eraser()
    eraser.desk.bring(contact(betrokkenen=[known()]))
    eraser.erase(SoortWissing.CONTACT)
    answer = eraser.erase(SoortWissing.CONTACT)
    assert isinstance(answer, Declined)
    assert answer.bezwaar is Bezwaar.AL_GEWIST


# One betrokkene out of a contact


def together() -> tuple[Eraser, dict[str, Any]]:
    """Return a register with a contact of Alice and Bob, and the klantcontact that it gave."""
    eraser = Eraser()
    details = {"toestemming": "gegeven", "adressen": [email()]}
    both = [known("a", ALICE, **details), known("b", BOB, **details)]  # type: ignore[arg-type]
    brought = eraser.desk.bring(
        contact(betrokkenen=both, onderwerpen=[onderwerp("a"), onderwerp("b", betrokkenen=["b"])])
    )
    return eraser, brought.registered[0]


def test_the_klantcontact_goes_out_again_without_the_betrokkene_and_the_others_stay_as_they_were() -> None:
    eraser, klantcontact = together()
    alice, bob = (partij_id(eraser, at=at) for at in (0, 1))
    before = eraser.desk.register.partijen[bob]
    anew = without(klantcontact, alice)
    answer = eraser.erase(SoortWissing.BETROKKENE, partij_id=alice, opnieuw=(anew,))
    gone, again = eraser.sent(answer)
    assert (gone.kind, gone.data["partijId"], gone.data["resultaat"]) == ("partij.withdrawn", alice, "vervallen")
    assert (again.kind, again.stream) == ("klantcontact.registered", "registered")
    assert {name: again.data[name] for name in anew} == anew
    assert (again.data["besluit"]["besluitversie"], again.data["herkomst"]["revisie"]) == (2, 1)
    assert eraser.desk.register.partijen == {bob: before}
    marked = eraser.besluit()
    assert (marked.digest, marked.gewist) == ("", Gewist(eraser.desk.now, VERZOEK))
    assert [each.partij_id for each in marked.partijen] == [bob]
    assert alice not in repr(marked)


def test_a_contact_without_one_betrokkene_is_closed() -> None:
    eraser, klantcontact = together()
    alice = partij_id(eraser)
    eraser.erase(SoortWissing.BETROKKENE, partij_id=alice, opnieuw=(without(klantcontact, alice),))
    assert isinstance(eraser.desk.bring(contact(revisie=2, betrokkenen=[known()])).outcome, Erased)
    assert isinstance(eraser.desk.bring(contact(betrokkenen=[known()])).outcome, Erased)


def test_the_others_can_be_erased_from_it_afterwards() -> None:
    eraser, klantcontact = together()
    alice, bob = (partij_id(eraser, at=at) for at in (0, 1))
    eraser.erase(SoortWissing.BETROKKENE, partij_id=alice, opnieuw=(without(klantcontact, alice),))
    answer = eraser.erase(SoortWissing.CONTACT)
    assert {each.data["besluit"]["besluitversie"] for each in eraser.sent(answer)} == {3}
    assert eraser.desk.register.partijen == {}
    assert bob in {each.body["subject"] for each in eraser.sent(answer)}


def test_an_onderwerp_that_nothing_is_stored_of_any_more_is_withdrawn() -> None:
    eraser, _ = together()
    first = eraser.besluit().uitgegeven[0].klantcontact_id
    answer = eraser.erase(SoortWissing.BETROKKENE, partij_id=partij_id(eraser), vervallen=(first,))
    assert [each.kind for each in eraser.sent(answer)] == ["klantcontact.withdrawn", "partij.withdrawn"]
    assert [each.klantcontact for each in eraser.besluit().onderwerpen] == [False, True]


def test_what_does_not_fit_the_decision_does_not_go_out() -> None:
    eraser, klantcontact = together()
    alice, bob = (partij_id(eraser, at=at) for at in (0, 1))
    good = without(klantcontact, alice)
    [listed] = good["partijen"]
    wrong = [
        {**good, "klantcontact": {**good["klantcontact"], "nummer": "99"}},
        {**good, "klantcontact": {**good["klantcontact"], "vertrouwelijk": True}},
        {**good, "partijen": [{**listed, "versie": 7}]},
        {**good, "partijen": [{**listed, "partijId": alice}]},
        {**good, "betrokkenen": klantcontact["betrokkenen"]},
        {**good, "kanaal": 3, "klantcontact": {**good["klantcontact"], "kanaal": 3}},
    ]
    for each in wrong:
        answer = eraser.erase(SoortWissing.BETROKKENE, partij_id=alice, opnieuw=(each,))
        assert isinstance(answer, Declined)
        assert answer.bezwaar is Bezwaar.PAST_NIET
    assert eraser.besluit().gewist is None
    assert {alice, bob} == set(eraser.desk.register.partijen)


def test_a_contact_that_only_took_a_partij_back_forgets_that_and_stays_open() -> None:
    eraser = Eraser()
    eraser.desk.bring(contact(betrokkenen=[known()]))
    alice = partij_id(eraser)
    eraser.desk.bring(contact(revisie=2, betrokkenen=[known(number=BOB)]))
    assert eraser.sent(eraser.erase(SoortWissing.BETROKKENE, partij_id=alice)) == []
    assert alice not in repr(eraser.besluit())
    third = eraser.desk.bring(contact(revisie=3, betrokkenen=[known(number=BOB)]))
    assert not isinstance(third.outcome, Erased)
    assert [each.body["subject"] for each in third.of_kind("partij.withdrawn")] == []


# Details


def test_details_go_from_the_partij_and_the_klantcontact_and_consent_stays() -> None:
    eraser = Eraser()
    brought = eraser.desk.bring(
        contact(
            betrokkenen=[known(toestemming="gegeven", adressen=[email(), phone()])],
            onderwerpen=[onderwerp("a", opvolging=CALL_BACK)],
        )
    )
    [klantcontact] = brought.registered
    alice = partij_id(eraser)
    anew = {name: value for name, value in klantcontact.items() if name not in ("besluit", "herkomst")}
    stripped = ("contactnaam", "digitaleAdressen")
    anew["betrokkenen"] = [{n: v for n, v in each.items() if n not in stripped} for each in anew["betrokkenen"]]
    anew["partijen"] = [{n: v for n, v in each.items() if n not in stripped} for each in anew["partijen"]]
    refused = eraser.erase(
        SoortWissing.GEGEVENS, partij_id=alice, leegt=True, opnieuw=({**anew, "partijen": klantcontact["partijen"]},)
    )
    assert isinstance(refused, Declined)
    gone, again = eraser.sent(eraser.erase(SoortWissing.GEGEVENS, partij_id=alice, leegt=True, opnieuw=(anew,)))
    assert (gone.data["resultaat"], gone.data["versie"], gone.data["geleegdBij"]) == ("bestaand", 2, 2)
    assert "contactnaam" not in again.data["partijen"][0]
    partij = eraser.desk.register.partijen[alice]
    assert (partij.gevuld, partij.stand.leeg, partij.has_consent, partij.bekend) == (None, True, True, True)
    assert not eraser.besluit().onderwerpen[0].contactgegevens
    filled = eraser.desk.bring(contact("c-2", betrokkenen=[known(adressen=[email()])])).partij
    assert (filled["partijId"], filled["resultaat"]) == (alice, "aangevuld")


# A partij


def test_from_the_moment_that_its_links_are_forgotten_a_klant_is_unknown() -> None:
    eraser = Eraser()
    eraser.desk.bring(contact(betrokkenen=[known(toestemming="gegeven")]))
    eraser.desk.bring(contact("c-2", betrokkenen=[known()]))
    alice = partij_id(eraser)
    eraser.erase(SoortWissing.KOPPELINGEN, None, partij_id=alice)
    assert eraser.desk.bring(contact("c-3", betrokkenen=[known()])).partij["partijId"] != alice
    # A correction works out the partij from all that its contacts did: its links must not come back by that.
    eraser.desk.bring(contact("c-2", revisie=2, betrokkenen=[known(number=BOB)]))
    kept = eraser.desk.register.partijen[alice]
    assert (kept.sleutels, kept.grondsleutel, kept.contacten) == ((), None, 1)


def test_a_partij_goes_with_the_last_contact_that_knows_it() -> None:
    eraser = Eraser()
    eraser.desk.bring(contact(betrokkenen=[known()]))
    eraser.desk.bring(contact("c-2", betrokkenen=[known()]))
    alice = partij_id(eraser)
    eraser.erase(SoortWissing.KOPPELINGEN, None, partij_id=alice)
    still = eraser.erase(SoortWissing.PARTIJ, None, partij_id=alice)
    assert isinstance(still, Declined)
    assert still.bezwaar is Bezwaar.NOG_BEKEND
    results = [
        each.data["resultaat"]
        for contact_id in ("c-1", "c-2")
        for each in eraser.sent(eraser.erase(SoortWissing.CONTACT, contact_id))
        if each.kind == "partij.withdrawn"
    ]
    assert results == ["leeg", "vervallen"]
    assert eraser.desk.register.partijen == {}
    assert isinstance(eraser.erase(SoortWissing.PARTIJ, None, partij_id=alice), Executed)


def test_a_partij_that_no_contact_knows_goes_by_itself() -> None:
    eraser = Eraser()
    eraser.desk.bring(contact(betrokkenen=[known()]))
    alice = partij_id(eraser)
    eraser.desk.bring(contact(revisie=2, betrokkenen=[known(number=BOB)]))
    eraser.erase(SoortWissing.KOPPELINGEN, None, partij_id=alice)
    assert isinstance(eraser.erase(SoortWissing.PARTIJ, None, partij_id=alice), Executed)
    assert alice not in eraser.desk.register.partijen
    assert eraser.desk.bring(contact("c-9", betrokkenen=[known()])).partij["partijId"] != alice


def test_a_partij_without_an_identificator_keeps_its_versie_while_its_contact_may_be_corrected() -> None:
    eraser = Eraser()
    nameless = betrokkene(middel="digid")
    eraser.desk.bring(contact(betrokkenen=[nameless]))
    own = partij_id(eraser)
    eraser.desk.bring(contact(revisie=2, betrokkenen=[known(number=BOB)]))
    eraser.erase(SoortWissing.KOPPELINGEN, None, partij_id=own)
    eraser.erase(SoortWissing.PARTIJ, None, partij_id=own)
    back = eraser.desk.bring(contact(revisie=3, betrokkenen=[nameless]))
    assert (back.partij["partijId"], back.partij["versie"]) == (own, 3)
    assert bsn() not in back.partij["partijIdentificatoren"]


# Name and addresses at betrokkenen


def bare(klantcontact: dict[str, Any]) -> dict[str, Any]:
    """Return the data of a klantcontact as a command composes it, without name and addresses at betrokkenen."""
    kept = {name: value for name, value in klantcontact.items() if name not in ("besluit", "herkomst")}
    shown = ("betrokkeneId", "rol", "initiator", "wasPartij")
    people = [{name: each[name] for name in shown if name in each} for each in kept["betrokkenen"]]
    return {**kept, "betrokkenen": [{**each, "digitaleAdressen": []} for each in people]}


def with_details() -> tuple[Eraser, dict[str, Any]]:
    eraser = Eraser()
    brought = eraser.desk.bring(
        contact(
            betrokkenen=[
                known(toestemming="gegeven", adressen=[email(), phone()]),
                stranger("s", adressen=[phone()]),
            ],
            onderwerpen=[onderwerp("a", opvolging=CALL_BACK)],
        )
    )
    return eraser, brought.registered[0]


def test_details_of_betrokkenen_go_and_what_the_contact_brought_to_a_partij_stays() -> None:
    eraser, registered = with_details()
    before = dict(eraser.desk.register.partijen)
    answer = eraser.erase(SoortWissing.CONTACTGEGEVENS, reden=Reden.BEWAARTERMIJN, opnieuw=(bare(registered),))
    [sent] = eraser.sent(answer)
    assert sent.data["partijen"] == registered["partijen"]
    assert all(each["digitaleAdressen"] == [] and "contactnaam" not in each for each in sent.data["betrokkenen"])
    assert sent.data["besluit"]["besluitversie"] == 2
    assert eraser.desk.register.partijen == before
    assert eraser.besluit().gewist == Gewist(eraser.desk.now, VERZOEK)
    assert isinstance(answer, Executed)
    assert answer.item.key == f"{KEY}.contactgegevens"


def test_a_klantcontact_that_still_shows_a_detail_does_not_go_out_again() -> None:
    eraser, registered = with_details()
    shown = bare(registered)
    shown["betrokkenen"][1]["digitaleAdressen"] = registered["betrokkenen"][1]["digitaleAdressen"]
    answer = eraser.erase(SoortWissing.CONTACTGEGEVENS, opnieuw=(shown,))
    assert isinstance(answer, Declined)
    assert answer.bezwaar is Bezwaar.PAST_NIET
    assert eraser.besluit().gewist is None


def test_a_contact_without_details_can_go_as_a_whole_later() -> None:
    eraser, registered = with_details()
    eraser.erase(SoortWissing.CONTACTGEGEVENS, opnieuw=(bare(registered),))
    assert isinstance(eraser.erase(SoortWissing.CONTACT), Executed)
    assert (eraser.desk.register.besluiten, eraser.desk.register.partijen) == ({}, {})
