"""Keyed digests: the register knows a partij and a contact by them, not by a number or contents."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import get_args

import pytest

from schemas.contact_ended_v1 import (
    Authenticatie,
    Betrokkene,
    ContactEnded,
    Onderwerp,
    OpgegevenAdres,
    OpgegevenDigitaalAdres,
    Opvolging,
    PartijIdentificator,
    VervolgOp,
    Werkgever,
)
from schemas.identities import Identity
from schemas.types import Bericht
from schemas.vng import Actor, Contactnaam, Objectidentificator
from services.domain.sleutels import LATER_FIELDS, NewerSleutel, Sleutels, soort_of
from tests.support.examples import ALICE, BOB, Wire, contact, onderwerp, received

KEY = bytes(range(32))
IDENTITY = Identity("bsn", ALICE, 0)


def hmac_of(message: bytes, key: bytes = KEY) -> str:
    return urlsafe_b64encode(hmac.new(key, message, "sha256").digest()).decode().rstrip("=")


def test_a_sleutel_is_key_version_kind_and_digest() -> None:
    digest = hmac_of(f"bsn:{ALICE}".encode())
    assert Sleutels(KEY).of_identity(IDENTITY) == f"1:bsn:{digest}"
    assert len(digest) == 43


@pytest.mark.parametrize("length", [32, 63, 64, 65, 200])
def test_the_digest_is_the_hmac_of_the_library_whatever_the_length_of_the_key(length: int) -> None:
    key = bytes(range(length))
    assert Sleutels(key).of_identity(IDENTITY) == f"1:bsn:{hmac_of(f'bsn:{ALICE}'.encode(), key)}"


def test_the_place_of_an_identity_in_the_contact_does_not_matter() -> None:
    assert Sleutels(KEY).of_identity(IDENTITY) == Sleutels(KEY).of_identity(IDENTITY._replace(positie=3))


@pytest.mark.parametrize("other", [Identity("bsn", BOB, 0), Identity("rsin", ALICE, 0)])
def test_another_number_or_kind_gives_another_sleutel(other: Identity) -> None:
    digests = {Sleutels(KEY).of_identity(each).split(":")[2] for each in (IDENTITY, other)}
    assert len(digests) == 2


def test_another_key_gives_another_sleutel() -> None:
    assert Sleutels(KEY).of_identity(IDENTITY) != Sleutels(KEY[::-1]).of_identity(IDENTITY)


def test_a_sleutel_tells_its_kind() -> None:
    for soort in ("bsn", "pseudoniem+kvk_nummer"):
        assert soort_of(Sleutels(KEY).of_identity(Identity(soort, "x:y", 0))) == soort


def test_a_register_knows_its_key_and_versie_by_a_digest_that_stays_the_same() -> None:
    # It stands in every register: made in another way, no register would take its own key any more.
    assert Sleutels(KEY).controle() == f"1:{hmac_of(b'controle van de sleutel van dit register')}"
    assert Sleutels(LATER).controle() == f"1:{hmac_of(b'controle van de sleutel van dit register', LATER)}"


# The register holds such digests for years: written in another way, every repeat would be a conflict. A field that the
# contract gets goes into `LATER_FIELDS`, and these texts stay as they are.

WITHOUT_OPTIONAL = (
    b'{"contact_id":"c-1","revisie":1,"kanaal":"telefoon","richting":"inkomend","tot_stand_gekomen":true,'
    b'"plaatsgevonden_op":"2026-03-02T09:50:00+00:00","beeindigd_op":null,"taal":null,"vertrouwelijk":false,'
    b'"doorverbonden":false,"actoren":[{"soort_actor":"medewerker","naam":"KCC","actoridentificator":null}],'
    b'"betrokkenen":[],"onderwerpen":[{"onderwerp_id":"0","onderwerp":"Vraag","inhoud":null,"opvolging":'
    b'{"soort":"geen","gevraagde_handeling":null,"toelichting":null,"toegewezen_aan":null,"zaak":null},'
    b'"betrokkenen":[],"onderwerpobjecten":[],"bijlagen":[]}],"vervolg_op":null}'
)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(contact(betrokkenen=[]), id="defaults absent"),
        pytest.param(
            contact(
                betrokkenen=[],
                revisie=1,
                op="2026-03-02T10:50:00+01:00",
                vertrouwelijk=False,
                onderwerpen=[onderwerp("0", opvolging={"soort": "geen"}, betrokkenen=[])],
                other={"taal": None, "richting": "inkomend", "geslacht": "v"},
            ),
            id="defaults written, an unknown field",
        ),
        pytest.param(dict(reversed(contact(betrokkenen=[]).items())), id="in another order"),
    ],
)
def test_contents_are_recognised_by_a_keyed_digest_with_defaults(given: Wire) -> None:
    assert Sleutels(KEY).of_contents(received(given).contact) == f"1:{hmac_of(WITHOUT_OPTIONAL)}"


FIELDS: dict[type[Bericht], str] = {
    ContactEnded: "contact_id revisie kanaal richting tot_stand_gekomen plaatsgevonden_op beeindigd_op taal "
    "vertrouwelijk doorverbonden actoren betrokkenen onderwerpen vervolg_op",
    Betrokkene: "ref rol initiator soort_partij contactnaam organisatienaam authenticatie partij_identificatoren "
    "toestemming_hergebruik digitale_adressen bezoekadres correspondentieadres vertegenwoordigt werkte_voor",
    Contactnaam: "voorletters voornaam voorvoegsel_achternaam achternaam",
    Authenticatie: "middel pseudoniem op",
    PartijIdentificator: "code_register code_objecttype code_soort_object_id object_id",
    OpgegevenDigitaalAdres: "soort_digitaal_adres adres omschrijving gebruik",
    OpgegevenAdres: "nummeraanduiding_id straatnaam huisnummer huisnummertoevoeging postcode stad adresregel1 "
    "adresregel2 adresregel3 land gebruik",
    Werkgever: "naam partij_identificatoren",
    Onderwerp: "onderwerp_id onderwerp inhoud opvolging betrokkenen onderwerpobjecten bijlagen",
    Opvolging: "soort gevraagde_handeling toelichting toegewezen_aan zaak",
    Actor: "soort_actor naam actoridentificator",
    Objectidentificator: "code_register code_objecttype code_soort_object_id object_id",
    VervolgOp: "klantcontact_id contact_id onderwerp_id",
}


@pytest.mark.parametrize("part", FIELDS)
def test_the_fields_of_the_first_register_stay_in_their_order_and_others_are_left_out_while_absent(
    part: type[Bericht],
) -> None:
    later = LATER_FIELDS.get(part, frozenset())
    assert [name for name in part.model_fields if name not in later] == FIELDS[part].split()


def test_every_part_of_a_contact_has_its_fields_listed() -> None:
    parts: set[type[Bericht]] = {ContactEnded}
    while (
        more := {
            each for part in parts for field in part.model_fields.values() for each in _models_in(field.annotation)
        }
        - parts
    ):
        parts |= more
    assert parts == FIELDS.keys()


def _models_in(annotation: object) -> Iterator[type[Bericht]]:
    if isinstance(annotation, type) and issubclass(annotation, Bericht):
        yield annotation
    for each in get_args(annotation):
        yield from _models_in(each)


def test_a_later_field_counts_only_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    later: Mapping[type[Bericht], str] = {ContactEnded: "taal", Opvolging: "zaak"}
    for part, name in later.items():
        monkeypatch.setitem(LATER_FIELDS, part, frozenset({name}))
    before = WITHOUT_OPTIONAL.replace(b'"taal":null,', b"").replace(b',"zaak":null', b"")

    digests = [
        Sleutels(KEY).of_contents(received(contact(betrokkenen=[], other=other)).contact)
        for other in ({}, {"taal": "nld"})
    ]

    assert digests[0] == f"1:{hmac_of(before)}"
    assert digests[1] != digests[0]


def test_a_request_to_publish_again_holds_for_one_revisie_of_one_contact_and_one_key() -> None:
    made = Sleutels(KEY).of_request("contact", 2)

    assert made == f"1:{hmac_of(b'publish again contact 2')}"
    assert Sleutels(KEY).is_request(made, "contact", 2)
    assert not Sleutels(KEY).is_request(made, "contact", 3)
    assert not Sleutels(KEY).is_request(made, "other", 2)
    assert not Sleutels(LATER).is_request(made, "contact", 2)
    assert not Sleutels(KEY).is_request("é", "contact", 2)


# A later key wraps what the one before it made.

LATER, LAST = KEY[::-1], bytes(range(40, 80))


def test_a_later_key_wraps_the_text_of_the_one_before_it() -> None:
    first = Sleutels(KEY).of_identity(IDENTITY)
    second = f"2:bsn:{hmac_of(first.encode(), LATER)}"
    third = f"3:bsn:{hmac_of(second.encode(), LAST)}"

    assert Sleutels(KEY, LATER).of_identity(IDENTITY) == second
    assert Sleutels(KEY, LATER, LAST).of_identity(IDENTITY) == third
    assert Sleutels(KEY, LATER, LAST).forms_of(IDENTITY) == [third, second, first]


def test_what_is_stored_is_raised_without_what_it_was_made_of() -> None:
    given = received(contact(betrokkenen=[])).contact
    sleutels = Sleutels(KEY, LATER, LAST)
    for made in (lambda of: of.of_identity(IDENTITY), lambda of: of.of_contents(given), Sleutels.controle):
        for versie in (1, 2, 3):
            assert sleutels.raised(made(sleutels.at(versie))) == made(sleutels)


def test_a_hash_of_a_key_that_is_not_here_is_no_older_one() -> None:
    with pytest.raises(NewerSleutel):
        Sleutels(KEY).raised(Sleutels(KEY, LATER).of_identity(IDENTITY))


def test_another_order_of_keys_is_another_key() -> None:
    assert Sleutels(KEY, LATER).controle() != Sleutels(LATER, KEY).controle()


def test_a_request_is_signed_as_every_process_can_verify_and_a_replaced_key_asks_nothing() -> None:
    old, new = Sleutels(KEY), Sleutels(KEY, LATER)
    new.follow(1, since=1)  # the settings of this process are ahead of the register
    assert old.is_request(new.of_request("contact", 1), "contact", 1)

    new.follow(2, since=1)  # the key is being replaced
    signed = new.of_request("contact", 1)
    assert signed.startswith("2:")
    assert new.is_request(signed, "contact", 1)
    assert new.is_request(old.of_request("contact", 1), "contact", 1)

    new.follow(2, since=2)
    assert not new.is_request(old.of_request("contact", 1), "contact", 1)
