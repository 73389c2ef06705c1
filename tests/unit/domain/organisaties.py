"""Organisaties and their employees, and a desk where each contact has betrokkenen of its own."""

from tests.support.examples import (
    Wire,
    betrokkene,
    contact,
    kvk,
    nth_rsin,
    rsin,
    vestiging,
)
from tests.unit.domain.desk import Brought, Desk

R1, R2 = rsin(nth_rsin(0)), rsin(nth_rsin(1))
K1, K2 = kvk("99990001"), kvk("99990002")
V1, V2 = vestiging("999900000001"), vestiging("999900000002")


def organisatie(*identificatoren: Wire, ref: str = "o", toestemming: str | None = None) -> Wire:
    return betrokkene(
        ref,
        middel="eherkenning",
        soort="organisatie",
        identificatoren=identificatoren,
        toestemming=toestemming,
        other={"organisatienaam": "Bakkerij Bloem"},
    )


def employee(pseudoniem: str | None, werkte_voor: Wire | str | None, *, ref: str = "e") -> Wire:
    return betrokkene(ref, soort="contactpersoon", middel="eherkenning", pseudoniem=pseudoniem, werkte_voor=werkte_voor)


def employer(*identificatoren: Wire) -> Wire:
    return {"naam": "Bakkerij Bloem", "partijIdentificatoren": list(identificatoren)}


class Counter:
    """A desk where each contact has one betrokkene, and that returns the id of its partij."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.count = 0

    def bring(self, *people: Wire) -> Brought:
        self.count += 1
        return self.desk.bring(contact(f"c-{self.count}", betrokkenen=people))

    def partij(self, person: Wire) -> str:
        return str(self.bring(person).partij["partijId"])
