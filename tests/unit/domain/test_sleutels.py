"""Keyed digests: the register knows a partij and a contact by them, not by a number or contents."""

import hmac
from base64 import urlsafe_b64encode

import pytest

from schemas.identities import Identity
from services.domain.sleutels import Sleutels, soort_of
from tests.support.examples import ALICE, BOB, contact, received

KEY = bytes(range(32))
IDENTITY = Identity("bsn", ALICE, 0)


def hmac_of(message: bytes, key: bytes = KEY) -> str:
    return urlsafe_b64encode(hmac.new(key, message, "sha256").digest()).decode().rstrip("=")


def test_a_sleutel_is_key_version_kind_and_digest() -> None:
    digest = hmac_of(f"bsn:{ALICE}".encode())
    assert Sleutels(KEY).of_identity(IDENTITY) == f"1:bsn:{digest}"
    assert Sleutels(KEY, 7).of_identity(IDENTITY) == f"7:bsn:{digest}"
    assert len(digest) == 43


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
    assert Sleutels(KEY, 7).controle() == f"7:{hmac_of(b'controle van de sleutel van dit register')}"
    assert Sleutels(KEY[::-1], 7).controle() == f"7:{hmac_of(b'controle van de sleutel van dit register', KEY[::-1])}"


def test_contents_are_recognised_by_a_keyed_digest_without_defaults() -> None:
    # The register holds such digests for years: written in another way, every repeat would be a conflict.
    contents = (
        b'{"contactId":"c-1","kanaal":"telefoon","plaatsgevondenOp":"2026-03-02T09:50:00Z",'
        b'"actoren":[{"soortActor":"medewerker","naam":"KCC"}],"betrokkenen":[],'
        b'"onderwerpen":[{"onderwerpId":"0","onderwerp":"Vraag","betrokkenen":[]}]}'
    )
    arrived = received(contact(betrokkenen=[], revisie=1))
    assert Sleutels(KEY, 2).of_contents(arrived.contact) == f"2:{hmac_of(contents)}"


def test_a_request_to_publish_again_holds_for_one_revisie_of_one_contact_and_one_key() -> None:
    made = Sleutels(KEY, 7).of_request("contact", 2)

    assert made == f"7:{hmac_of(b'publish again contact 2')}"
    others = {
        Sleutels(KEY, 7).of_request("contact", 3),
        Sleutels(KEY, 7).of_request("other", 2),
        Sleutels(KEY[::-1], 7).of_request("contact", 2),
    }
    assert made not in others
    assert len(others) == 3
