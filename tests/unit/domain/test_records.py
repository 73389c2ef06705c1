"""The decision record and the register: they can explain each decision, and judge it again."""

from datetime import UTC, datetime

from schemas.contact_ended_v1 import Toestemming
from schemas.identities import Identity
from schemas.outputs import PartijResultaat, Regel
from services.domain.besluit import BesluitRecord, PartijBesluit
from services.domain.consent import Moment
from services.domain.ids import taak_id
from services.domain.intrekkingen import number_taken_back
from services.domain.numbers import NumberKind
from services.domain.partij import Bijdrage, PartijRecord, Stand
from services.domain.policy import Beleid
from services.domain.rules import rule_of
from tests.support.examples import (
    ALICE,
    CALL_BACK,
    NEW_ZAAK,
    SOURCE,
    Wire,
    contact,
    email,
    known,
    kvk,
    onderwerp,
    stranger,
)
from tests.unit.domain.desk import NOW, SLEUTELS, Desk
from tests.unit.domain.organisaties import R1, employee, organisatie

OP = "2026-03-{:02}T09:50:00Z"


def moment(contact_id: str, day: int) -> Moment:
    return Moment(datetime(2026, 3, day, 9, 50, tzinfo=UTC), SOURCE, contact_id)


def bring(desk: Desk, contact_id: str, day: int, person: Wire) -> PartijBesluit:
    """Bring a contact of one klant, and return the decision about its partij."""
    brought = desk.bring(contact(contact_id, op=OP.format(day), betrokkenen=[person]))
    [partij] = brought.besluit.partijen
    return partij


def only_partij(desk: Desk) -> PartijRecord:
    [partij] = desk.register.partijen.values()
    return partij


def test_the_register_keeps_the_newest_statement_of_each_kind_with_its_origin() -> None:
    desk = Desk()
    bring(desk, "a", 1, known(toestemming="gegeven", adressen=[email()]))
    bring(desk, "b", 9, known(toestemming="gegeven"))
    bring(desk, "c", 5, known(toestemming="ingetrokken"))
    last = bring(desk, "d", 3, known(toestemming="geweigerd"))
    partij = only_partij(desk)
    assert partij == PartijRecord(
        partij_id=last.partij_id,
        nummer="1",
        grondsleutel=partij.sleutels[0],
        versie=4,
        geleegd_bij=0,
        aangevuld_bij=1,
        contacten=4,
        sleutels=partij.sleutels,
        gegeven=moment("b", 9),
        ingetrokken=moment("c", 5),
        gevuld=moment("a", 1),
    )


def test_the_record_holds_what_the_register_knew_of_the_partij() -> None:
    desk = Desk()
    assert bring(desk, "a", 1, known(toestemming="gegeven", adressen=[email()])).stand == Stand()
    assert bring(desk, "b", 2, known(toestemming="ingetrokken")).stand == Stand(
        bekend=True, leeg=False, gegeven=moment("a", 1), gevuld=moment("a", 1)
    )
    assert bring(desk, "c", 3, known()).stand == Stand(
        bekend=True, leeg=True, gegeven=moment("a", 1), ingetrokken=moment("b", 2)
    )


def test_only_a_statement_of_consent_is_recorded_as_one() -> None:
    recorded = {
        said: bring(Desk(), "a", 1, known(toestemming=said)).verklaring
        for said in ("gegeven", "ingetrokken", "geweigerd", "niet_gevraagd")
    }
    assert recorded == {
        "gegeven": Toestemming.GEGEVEN,
        "ingetrokken": Toestemming.INGETROKKEN,
        "geweigerd": None,
        "niet_gevraagd": None,
    }


def test_a_bijdrage_follows_from_the_record_of_a_partij() -> None:
    desk = Desk()
    decided = bring(desk, "a", 1, known(toestemming="gegeven", adressen=[email()]))
    assert decided.bijdrage(moment("a", 1)) == Bijdrage(
        contact=moment("a", 1),
        versie=1,
        resultaat=PartijResultaat.NIEUW,
        verklaring=Toestemming.GEGEVEN,
        vult=True,
        sleutels=only_partij(desk).sleutels,
    )


def test_a_partij_without_identificator_has_no_sleutel_to_find_it_by() -> None:
    desk = Desk()
    bring(desk, "a", 1, employee("p", None))
    assert (only_partij(desk).grondsleutel, only_partij(desk).sleutels) == (None, ())


def test_an_organisatie_is_made_for_the_first_of_its_identificatoren() -> None:
    desk = Desk()
    bring(desk, "a", 1, organisatie(kvk("99990001"), R1))
    assert [sleutel.split(":")[1] for sleutel in only_partij(desk).sleutels] == ["rsin", "kvk_nummer"]
    assert only_partij(desk).grondsleutel == only_partij(desk).sleutels[0]


def test_a_record_holds_its_contact_and_policy() -> None:
    desk = Desk()
    data = contact("a", op=OP.format(1), vertrouwelijk=True, betrokkenen=[known()], onderwerpen=[onderwerp("x")])
    besluit = desk.bring(data, event_id="evt-7").besluit
    assert (besluit.source, besluit.contact_id, besluit.revisie, besluit.besluitversie) == (SOURCE, "a", 1, 1)
    assert (besluit.event_id, besluit.besloten_op, besluit.taal, besluit.vertrouwelijk) == ("evt-7", NOW, "nld", True)
    assert besluit.moment == moment("a", 1)
    assert besluit.digest.startswith("1:")
    assert besluit.beleidsversie == desk.beleid.versie


def test_only_an_onderwerp_that_ever_had_numbers_has_them() -> None:
    desk = Desk()
    besluit = desk.bring(contact(betrokkenen=[known()], onderwerpen=[onderwerp("x")])).besluit
    had = besluit.numbers_of("x")
    assert had is not None
    assert (had.klantcontact_nummer, had.taak_nummer) == ("1", None)
    assert besluit.numbers_of("y") is None


def test_sleutels_are_made_with_the_key_of_the_register() -> None:
    desk = Desk()
    bring(desk, "a", 1, known())
    assert only_partij(desk).sleutels == (SLEUTELS.of_identity(Identity("bsn", ALICE, 0)),)


# Questions to a record


def corrected() -> BesluitRecord:
    """A klant asks to be called back; a correction says that nobody was authenticated or needs that."""
    desk = Desk()
    asked = contact(betrokkenen=[known(toestemming="gegeven")], onderwerpen=[onderwerp("o1", opvolging=CALL_BACK)])
    desk.bring(contact("c-0", onderwerpen=[onderwerp(opvolging=NEW_ZAAK)]))  # takes the first klantcontactnummer
    desk.bring(asked)
    return desk.bring(contact(revisie=2)).besluit


def test_each_withdrawal_has_its_kind_and_number() -> None:
    besluit = corrected()

    assert [number_taken_back(besluit, each) for each in besluit.intrekkingen] == [
        (NumberKind.KLANTCONTACT, "2"),
        (NumberKind.INTERNE_TAAK, "1"),
        (NumberKind.PARTIJ, "1"),
    ]


def test_the_id_of_a_taak_follows_from_the_contact_and_the_onderwerp() -> None:
    besluit = corrected()

    assert besluit.taak_id_of("o1") == taak_id(SOURCE, "c-1", "o1")


def test_an_onderwerp_has_the_judgement_that_first_decided_its_present_outcome() -> None:
    people = [known("a"), stranger("b")]
    people[1]["authenticatie"] = {"middel": "controlevragen"}
    subjects = [onderwerp("of a", betrokkenen=["a"]), onderwerp("of b", betrokkenen=["b"])]
    desk, data = Desk(), contact(betrokkenen=people, onderwerpen=subjects)
    first = desk.bring(data).besluit
    desk.change_policy(Beleid(versie="other", voldoende_middelen={"digid": "*", "controlevragen": "*"}))
    second = desk.again(data).besluit

    assert [first.judgement_of(each) for each in first.onderwerpen] == [1, 1]
    assert [second.judgement_of(each) for each in second.onderwerpen] == [1, 2]


def test_a_rule_that_a_record_names_is_a_row_of_the_table() -> None:
    assert [rule_of(regel).regel for regel in Regel] == list(Regel)
