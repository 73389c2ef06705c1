"""Odd contacts, and the errors in them."""

import pytest

from tests.support.examples import (
    Wire,
    betrokkene,
    contact,
    known,
    kvk,
    nth_rsin,
    onderwerp,
    rsin,
    stranger,
    vestiging,
)
from tests.unit.domain.desk import answers

R1, K1, K2, V1 = rsin(nth_rsin(0)), kvk("99990001"), kvk("99990002"), vestiging("999900000001")

FIRST, NEXT = "data.betrokkenen.0", "data.betrokkenen.1"
ID, NEXT_ID = f"{FIRST}.partijIdentificatoren", f"{NEXT}.partijIdentificatoren"
TOPIC = "data.onderwerpen.0"
TWICE = "dubbele_partij"


def row(reason: str, data: Wire, *expected: str) -> object:
    """A contact, and the errors that it is refused for."""
    return pytest.param(data, list(expected), id=reason)


def people(*persons: Wire) -> Wire:
    """A contact with these betrokkenen."""
    return contact(betrokkenen=persons)


def refusals_of(data: Wire) -> list[str]:
    """Return each error, as in "data.onderwerpen.0.onderwerp ontbreekt"; none for a contact that is accepted."""
    return [f"{each['pad']} {each['soort']}" for each in answers(data)[0].get("fouten", ())]


def subject(opvolging: Wire) -> Wire:
    """A contact with one onderwerp that asks for this."""
    return contact(onderwerpen=[onderwerp(opvolging=opvolging)])


def company(*identificatoren: Wire, ref: str = "o", rol: str = "klant") -> Wire:
    return betrokkene(ref, rol, soort="organisatie", identificatoren=identificatoren)


def employee(
    werkte_voor: Wire | str | None,
    *,
    ref: str = "e",
    pseudoniem: str = "p-1",
    identificatoren: list[Wire] | None = None,
) -> Wire:
    return betrokkene(
        ref,
        soort="contactpersoon",
        middel="eherkenning",
        pseudoniem=pseudoniem,
        werkte_voor=werkte_voor,
        identificatoren=identificatoren,
    )


def employer(*identificatoren: Wire) -> Wire:
    """The employer of a contactpersoon."""
    return {"partijIdentificatoren": list(identificatoren)}


def bystander(other: Wire | None = None) -> Wire:
    """Somebody whom no onderwerp concerns withdraws consent."""
    withdrawing = [stranger(), known("w", toestemming="ingetrokken") | (other or {})]
    return contact(betrokkenen=withdrawing, onderwerpen=[onderwerp(betrokkenen=["k"])])
