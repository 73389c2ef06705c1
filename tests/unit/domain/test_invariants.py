"""Rules that hold for all contacts.

- V1, G1 and G2 leave no trace but the decision record, and neither that nor the register holds contents.
- A partij is only for a gekende betrokkene; details are in it only with effective consent and without a refusal now.
- An interne taak is made exactly when asked for, with its klantcontact and an actor; an onderwerp has one klantcontact.
- Kanaal and transfer change nothing, and deciding twice, or later, gives the same.
- Numbers and event ids never collide, versies only rise, and no identity finds two partijen.
- The register's record of a partij follows from the decision records.
"""

from collections import defaultdict
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.domain.outcome import Decided, Refused, Repeated
from services.domain.partij import Bijdrage, PartijRecord
from tests.support.examples import SOURCE, Wire, received
from tests.support.thoroughness import EXAMPLES
from tests.unit.domain.desk import Brought, Desk
from tests.unit.domain.oracle_facts import gekend, name_based_id
from tests.unit.domain.strategies import History, contacts, histories

REFUSALS = ("geweigerd", "ingetrokken")


def decided(history: History) -> list[tuple[Wire, Brought]]:
    """Judge a history, and return the contacts that were decided anew."""
    desk = Desk()
    brought = [(data, desk.bring(data, source=source)) for source, data in history]
    return [(data, each) for data, each in brought if isinstance(each.outcome, Decided)]


def betrokkenen_by_id(data: Wire, onderwerp_id: str, source: str) -> dict[str, Wire]:
    """Return the betrokkenen of a contact by the ids that they have in the events of an onderwerp."""
    return {
        name_based_id(source, "betrokkene", data["contactId"], onderwerp_id, each["ref"]): each
        for each in data["betrokkenen"]
    }


@EXAMPLES
@given(contacts())
def test_every_valid_contact_has_an_outcome_for_each_onderwerp(data: Wire) -> None:
    brought = Desk().bring(data)
    assert len(brought.besluit.onderwerpen) == len(data["onderwerpen"])


@EXAMPLES
@given(contacts())
def test_v1_g1_and_g2_leave_no_trace_but_the_decision_record(data: Wire) -> None:
    desk = Desk()
    brought = desk.bring(data)
    silent = {each.onderwerp_id for each in brought.besluit.onderwerpen if each.regel in ("V1", "G1", "G2")}
    assert not [each for each in brought.sent if each.data["herkomst"]["onderwerpId"] in silent]
    assert not [each for each in brought.besluit.uitgegeven if each.onderwerp_id in silent]
    if len(silent) == len(data["onderwerpen"]):
        assert brought.besluit.without_trace
        assert not desk.register.partijen


@EXAMPLES
@given(histories())
def test_a_partij_is_only_for_a_gekende_betrokkene_whom_the_onderwerp_concerns(history: History) -> None:
    for data, brought in decided(history):
        assert isinstance(brought.outcome, Decided)
        contact = brought.outcome.received.contact
        known = {each.ref for each in gekend(contact, zonder_identificator=True)}
        for registered in brought.registered:
            onderwerp_id = registered["herkomst"]["onderwerpId"]
            people = betrokkenen_by_id(data, onderwerp_id, registered["herkomst"]["source"])
            onderwerp = next(each for each in contact.onderwerpen if each.onderwerp_id == onderwerp_id)
            shown = {people[each["betrokkeneId"]]["ref"] for each in registered["betrokkenen"]}
            with_partij = {
                people[each["betrokkeneId"]]["ref"] for each in registered["betrokkenen"] if "wasPartij" in each
            }
            assert shown <= set(onderwerp.betrokkenen or ())
            assert with_partij == known & shown
            assert len(registered["partijen"]) == len(with_partij)


@EXAMPLES
@given(histories())
def test_details_are_in_a_partij_only_with_consent_and_not_refused_now(history: History) -> None:
    for data, brought in decided(history):
        for registered in brought.registered:
            onderwerp_id, source = (registered["herkomst"][name] for name in ("onderwerpId", "source"))
            people = betrokkenen_by_id(data, onderwerp_id, source)
            said = {
                each["wasPartij"]["partijId"]: people[each["betrokkeneId"]].get("toestemmingHergebruik")
                for each in registered["betrokkenen"]
                if "wasPartij" in each
            }
            for partij in registered["partijen"]:
                details = [name for name in ("contactnaam", "organisatienaam", "bezoekadres") if name in partij]
                if details or partij["digitaleAdressen"] or "correspondentieadres" in partij:
                    assert partij["toestemming"] == "gegeven"
                    assert partij["resultaat"] in ("nieuw", "aangevuld")
                    assert said[partij["partijId"]] not in REFUSALS


@EXAMPLES
@given(histories())
def test_an_interne_taak_is_made_exactly_when_requested_with_a_klantcontact_and_an_actor(history: History) -> None:
    for data, brought in decided(history):
        asked = {
            each.get("onderwerpId", str(index)): each["opvolging"]
            for index, each in enumerate(data["onderwerpen"])
            if each.get("opvolging", {}).get("soort") == "interne_taak"
        }
        registered = {each["herkomst"]["onderwerpId"]: each["klantcontact"] for each in brought.registered}
        taken = {each.data["herkomst"]["onderwerpId"]: each.data for each in brought.of_kind("taak.created")}
        assert set(taken) == set(asked) & set(registered)
        for onderwerp_id, taak in taken.items():
            reference = taak["interneTaak"]["aanleidinggevendKlantcontact"]
            assert reference.items() <= registered[onderwerp_id].items()
            assert taak["interneTaak"]["toegewezenAan"] == asked[onderwerp_id]["toegewezenAan"]


@EXAMPLES
@given(histories())
def test_there_is_one_klantcontact_for_each_onderwerp_that_is_registered(history: History) -> None:
    for _, brought in decided(history):
        registered = [each["herkomst"]["onderwerpId"] for each in brought.registered]
        assert registered == [each.onderwerp_id for each in brought.besluit.onderwerpen if each.klantcontact]


@EXAMPLES
@given(
    histories(longest=6),
    st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=50).filter(str.strip),
    st.booleans(),
)
def test_kanaal_and_doorverbonden_change_nothing(history: History, kanaal: str, doorverbonden: bool) -> None:  # noqa: FBT001
    one, other = Desk(), Desk()
    changed = {"kanaal": kanaal.encode("utf-8", "replace").decode(), "doorverbonden": doorverbonden}
    for source, data in history:
        first, second = one.bring(data, source=source), other.bring({**data, **changed}, source=source)
        assert type(first.outcome) is type(second.outcome)
        if not isinstance(first.outcome, Refused):
            assert replace(first.besluit, digest="") == replace(second.besluit, digest="")


@EXAMPLES
@given(histories())
def test_deciding_twice_gives_the_same(history: History) -> None:
    one, other = Desk(), Desk()
    for source, data in history:
        assert one.bring(data, source=source) == other.bring(data, source=source)


@EXAMPLES
@given(histories())
def test_the_revisie_in_force_gives_the_same_events_at_any_later_time(history: History) -> None:
    desk = Desk()
    newest = {}
    for source, data in history:
        brought = desk.bring(data, source=source)
        if isinstance(brought.outcome, Decided):
            newest[source, data["contactId"]] = (data, brought.sent)
    for (source, _), (data, sent) in newest.items():
        again = desk.bring(data, source=source)
        assert isinstance(again.outcome, Repeated)
        assert again.sent == sent


@EXAMPLES
@given(histories())
def test_numbers_never_collide_and_never_change(history: History) -> None:
    numbers: dict[str, dict[str, str]] = {"klantcontact": {}, "taak": {}, "partij": {}}
    for _, brought in decided(history):
        for each in brought.sent:
            data = each.data
            if each.kind == "klantcontact.registered":
                klantcontact = data["klantcontact"]
                _note(numbers["klantcontact"], klantcontact["klantcontactId"], klantcontact["nummer"])
                for partij in data["partijen"]:
                    _note(numbers["partij"], partij["partijId"], partij["nummer"])
            elif each.kind == "taak.created":
                _note(numbers["taak"], data["interneTaak"]["taakId"], data["interneTaak"]["nummer"])
            else:
                kind = each.kind.split(".")[0]
                _note(numbers[kind], data[f"{kind}Id"], data["nummer"])
    for of_kind in numbers.values():
        assert len(set(of_kind.values())) == len(of_kind)


def _note(numbers: dict[str, str], identifier: str, nummer: str) -> None:
    assert numbers.setdefault(identifier, nummer) == nummer
    assert nummer.isdecimal()
    assert len(nummer) <= 10


@EXAMPLES
@given(histories())
def test_event_ids_are_unique_but_for_repeats(history: History) -> None:
    bodies: dict[str, object] = {}
    for _, brought in decided(history):
        ids = [each.body["id"] for each in brought.sent]
        assert len(set(ids)) == len(ids)
        for each in brought.sent:
            assert bodies.setdefault(each.body["id"], each) == each


@EXAMPLES
@given(histories())
def test_versies_of_a_partij_only_rise_and_each_is_used_once(history: History) -> None:
    newest: dict[str, int] = defaultdict(int)
    for _, brought in decided(history):
        seen: dict[str, int] = {}
        for each in brought.sent:
            told = each.data.get("partijen", [each.data] if each.kind == "partij.withdrawn" else [])
            for partij in told:
                if each.data["herkomst"]["revisie"] == brought.besluit.revisie:
                    assert seen.setdefault(partij["partijId"], partij["versie"]) == partij["versie"]
                assert partij["geleegdBij"] <= partij["versie"]
        for partij_id, versie in seen.items():
            assert versie == newest[partij_id] + 1
            newest[partij_id] = versie


# The register


@EXAMPLES
@given(histories())
def test_the_state_kept_of_a_partij_is_the_one_that_follows_from_the_decision_records(history: History) -> None:
    desk = Desk()
    for source, data in history:
        desk.bring(data, source=source)
        bijdragen: dict[str, list[Bijdrage]] = defaultdict(list)
        for besluit in desk.register.besluiten.values():
            for each in besluit.partijen:
                bijdragen[each.partij_id].append(each.bijdrage(besluit.moment))
        for partij in desk.register.partijen.values():
            assert _comparable(partij.known_only_by(bijdragen[partij.partij_id])) == _comparable(partij)


def _comparable(partij: PartijRecord) -> tuple[object, ...]:
    """Return a partij without the choice between two equal moments and without the order of its sleutels."""
    moments = [each.op if each else None for each in (partij.gegeven, partij.ingetrokken, partij.gevuld)]
    return (replace(partij, sleutels=(), gegeven=None, ingetrokken=None, gevuld=None), set(partij.sleutels), *moments)


@EXAMPLES
@given(histories())
def test_no_identity_finds_two_partijen_and_no_partij_has_two_of_a_kind(history: History) -> None:
    desk = Desk()
    for source, data in history:
        desk.bring(data, source=source)
        sleutels = [each for partij in desk.register.partijen.values() for each in partij.sleutels]
        assert len(set(sleutels)) == len(sleutels)
        for partij in desk.register.partijen.values():
            kinds = [sleutel.split(":")[1] for sleutel in partij.sleutels]
            assert len(set(kinds)) == len(kinds)
            assert partij.bekend or not partij.sleutels


@EXAMPLES
@given(contacts())
def test_the_record_and_the_register_hold_no_contents(data: Wire) -> None:
    desk = Desk()
    brought = desk.bring(data, source=SOURCE)
    assert received(data) == brought.outcome.received
    kept = f"{brought.besluit} {desk.register.partijen}"
    personal = [each["objectId"] for person in data["betrokkenen"] for each in person.get("partijIdentificatoren", ())]
    assert not [value for value in personal if value in kept]
