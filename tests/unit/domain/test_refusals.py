"""The combinations that make a contact invalid, and the path of each error: `schemas/decision.md`, "Validity"."""

import pytest

from tests.support.examples import (
    AFDELING,
    CALL_BACK,
    Wire,
    betrokkene,
    bsn,
    contact,
    known,
    kvk,
    onderwerp,
    rsin,
    stranger,
    vestiging,
)
from tests.unit.domain.validity import (
    FIRST,
    ID,
    K1,
    K2,
    NEXT,
    NEXT_ID,
    R1,
    TOPIC,
    TWICE,
    V1,
    bystander,
    company,
    employee,
    employer,
    people,
    refusals_of,
    row,
    subject,
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # refs
        row("a doubled ref", people(stranger(), stranger()), "data.betrokkenen.1.ref dubbel"),
        row(
            "an unknown ref at an onderwerp",
            contact(onderwerpen=[onderwerp(betrokkenen=["k", "x"])]),
            f"{TOPIC}.betrokkenen.1 onbekende_ref",
        ),
        row(
            "an unknown ref represented",
            people(betrokkene(vertegenwoordigt=["x"])),
            f"{FIRST}.vertegenwoordigt.0 onbekende_ref",
        ),
        row("an unknown employer", people(employee("x")), f"{FIRST}.werkteVoor onbekende_ref"),
        row(
            "representing oneself",
            people(betrokkene(vertegenwoordigt=["k"])),
            f"{FIRST}.vertegenwoordigt.0 niet_toegestaan",
        ),
        # onderwerpen
        row(
            "a doubled onderwerpId",
            contact(onderwerpen=[onderwerp("a"), onderwerp("a")]),
            "data.onderwerpen.1.onderwerpId dubbel",
        ),
        row(
            "doubled with a default",
            contact(onderwerpen=[onderwerp("1"), onderwerp()]),
            "data.onderwerpen.1.onderwerpId dubbel",
        ),
        row(
            "a taak without handeling",
            subject({"soort": "interne_taak", "toegewezenAan": AFDELING}),
            f"{TOPIC}.opvolging.gevraagdeHandeling ontbreekt",
        ),
        row(
            "a blank handeling",
            subject({**CALL_BACK, "gevraagdeHandeling": " "}),
            f"{TOPIC}.opvolging.gevraagdeHandeling leeg",
        ),
        row(
            "a taak for nobody",
            subject({"soort": "interne_taak", "gevraagdeHandeling": "Bel"}),
            f"{TOPIC}.opvolging.toegewezenAan ontbreekt",
        ),
        row("zaak_nieuw without zaak", subject({"soort": "zaak_nieuw"}), f"{TOPIC}.opvolging.zaak ontbreekt"),
        row("zaak_bestaand without zaak", subject({"soort": "zaak_bestaand"}), f"{TOPIC}.opvolging.zaak ontbreekt"),
        row(
            "inhoud too long is refused, not cut",
            contact(onderwerpen=[onderwerp(other={"inhoud": "x" * 1001})]),
            f"{TOPIC}.inhoud te_lang",
        ),
        row("no onderwerp", contact(onderwerpen=[]), "data.onderwerpen te_weinig"),
        # vervolgOp
        row(
            "a follow-up of nothing",
            contact(vervolg_op={}),
            "data.vervolgOp.contactId ontbreekt",
            "data.vervolgOp.klantcontactId ontbreekt",
        ),
        row(
            "an onderwerp of no contact", contact(vervolg_op={"onderwerpId": "a"}), "data.vervolgOp.contactId ontbreekt"
        ),
        row(
            "both forms",
            contact(vervolg_op={"contactId": "a", "klantcontactId": "b"}),
            "data.vervolgOp.contactId niet_toegestaan",
        ),
        row(
            "an onderwerp beside a klantcontact",
            contact(vervolg_op={"klantcontactId": "b", "onderwerpId": "c"}),
            "data.vervolgOp.onderwerpId niet_toegestaan",
        ),
        # identificatoren
        row(
            "a failed 11-proef of a bsn",
            people(betrokkene(identificatoren=[bsn("999900007")])),
            f"{ID}.0.objectId elfproef",
        ),
        row(
            "zeros pass the 11-proef and are refused",
            people(betrokkene(identificatoren=[bsn("000000000")])),
            f"{ID}.0.objectId elfproef",
        ),
        row("a failed 11-proef of an rsin", people(company(rsin("999900007"))), f"{ID}.0.objectId elfproef"),
        row(
            "a bsn of eight digits",
            people(betrokkene(identificatoren=[bsn("99990000")])),
            f"{ID}.0.objectId verkeerde_vorm",
        ),
        row("a kvk_nummer of nine", people(company(kvk("999900011"))), f"{ID}.0.objectId verkeerde_vorm"),
        row("letters", people(company(kvk("9999000x"))), f"{ID}.0.objectId verkeerde_vorm"),
        row("digits of another script", people(company(kvk("٩٩٩٩٠٠٠١"))), f"{ID}.0.objectId verkeerde_vorm"),
        row(
            "a vestigingsnummer of eleven",
            people(company(vestiging("99990000001"), K1)),
            f"{ID}.0.objectId verkeerde_vorm",
        ),
        row("a vestiging without kvk_nummer", people(company(V1)), f"{ID}.1 ontbreekt"),
        row(
            "a bsn in the HR",
            people(betrokkene(identificatoren=[{**bsn(), "codeRegister": "hr"}])),
            f"{ID}.0.codeSoortObjectId niet_toegestaan",
        ),
        row(
            "a kvk_nummer of a vestiging",
            people(company({**K1, "codeObjecttype": "vestiging"})),
            f"{ID}.0.codeSoortObjectId niet_toegestaan",
        ),
        row("two of one kind", people(company(K1, K2)), f"{ID}.1.codeSoortObjectId dubbel"),
        row("a bsn for an organisatie", people(company(bsn())), f"{ID}.0.codeSoortObjectId niet_toegestaan"),
        row(
            "a kvk_nummer for a persoon",
            people(betrokkene(identificatoren=[K1])),
            f"{ID}.0.codeSoortObjectId niet_toegestaan",
        ),
        row(
            "any for a contactpersoon",
            people(employee(None, identificatoren=[K1])),
            f"{ID}.0.codeSoortObjectId niet_toegestaan",
        ),
        row(
            "an employer with a bsn",
            people(employee(employer(bsn()))),
            f"{FIRST}.werkteVoor.partijIdentificatoren.0.codeSoortObjectId niet_toegestaan",
        ),
        row("an employer who is a persoon", people(stranger(), employee("k")), f"{NEXT}.werkteVoor niet_toegestaan"),
        row(
            "not even overig is exempt from the checks",
            people(company(kvk("1"), rol="overig")),
            f"{ID}.0.objectId verkeerde_vorm",
        ),
        # the same partij twice
        row("the same bsn", people(known("a"), known("b")), f"{NEXT_ID}.0 {TWICE}"),
        row("the same rsin beside others", people(company(R1, K1), company(K2, R1, ref="p")), f"{NEXT_ID}.1 {TWICE}"),
        row("the same vestiging", people(company(V1, K1), company(K1, V1, ref="p")), f"{NEXT_ID}.1 {TWICE}"),
        row(
            "the same pseudoniem and employer",
            people(employee(employer(K1)), employee(employer(R1, K1), ref="f")),
            f"{NEXT}.werkteVoor {TWICE}",
        ),
        row(
            "by a ref and by itself",
            people(company(K1), employee("o"), employee(employer(K1), ref="f")),
            f"data.betrokkenen.2.werkteVoor {TWICE}",
        ),
        # withdrawing where nothing is kept
        row("a bystander withdraws consent", bystander(), f"{NEXT}.toestemmingHergebruik niet_toegestaan"),
        row(
            "without being gekend too",
            bystander({"authenticatie": None}),
            f"{NEXT}.toestemmingHergebruik niet_toegestaan",
        ),
        # addresses
        row("an address without content", people({**stranger(), "bezoekadres": {}}), f"{FIRST}.bezoekadres leeg"),
        row(
            "blank text is none",
            people({**stranger(), "correspondentieadres": {"stad": " ", "gebruik": "standaard"}}),
            f"{FIRST}.correspondentieadres leeg",
        ),
        # values
        row("1.0 is no integer", contact(other={"revisie": 1.0}), "data.revisie verkeerd_type"),
        row("a boolean is not a number", contact(other={"revisie": True}), "data.revisie verkeerd_type"),
        row("a number is not a boolean", contact(other={"vertrouwelijk": 1}), "data.vertrouwelijk verkeerd_type"),
        row(
            "a null in a list",
            people({**stranger(), "digitaleAdressen": [None]}),
            f"{FIRST}.digitaleAdressen.0 verkeerd_type",
        ),
        row("taal is lower case", contact(other={"taal": "NLD"}), "data.taal verkeerde_vorm"),
        row(
            "the moment of authentication is a date-time",
            people({**stranger(), "authenticatie": {"middel": "x", "op": "2026-03-02"}}),
            f"{FIRST}.authenticatie.op verkeerde_vorm",
        ),
        row(
            "a blank text by which something is found",
            people({**stranger(), "authenticatie": {"middel": "digid", "pseudoniem": " "}}),
            f"{FIRST}.authenticatie.pseudoniem leeg",
        ),
        row(
            "every error at once",
            contact(kanaal=" ", onderwerpen=[onderwerp(tekst="")], betrokkenen=[betrokkene(rol="x")]),
            "data.kanaal leeg",
            f"{FIRST}.rol onbekende_waarde",
            f"{TOPIC}.onderwerp leeg",
        ),
        row(
            "also those over several fields",
            contact(kanaal="", onderwerpen=[onderwerp(betrokkenen=["x"])]),
            "data.kanaal leeg",
            f"{TOPIC}.betrokkenen.0 onbekende_ref",
        ),
    ],
)
def test_an_invalid_contact_is_refused_with_the_path_of_the_error(data: Wire, expected: list[str]) -> None:
    assert sorted(refusals_of(data)) == sorted(expected)
