"""Which fields of a document are ours, that is, follow from events. Others may add fields, and theirs are let be."""

from collections.abc import Mapping

from services.projector.writes import Collection

OURS: Mapping[Collection, frozenset[str]] = {
    Collection.KLANTCONTACTEN: frozenset(
        {"klantcontact", "actoren", "betrokkenen", "onderwerpobjecten", "bijlagen", "besluit", "herkomst"}
    ),
    Collection.PARTIJEN: frozenset(
        {
            "nummer",
            "soortPartij",
            "identificatie",
            "toestemming",
            "partijIdentificatoren",
            "contactnaam",
            "organisatienaam",
            "digitaleAdressen",
            "bezoekadres",
            "correspondentieadres",
            "werkteVoorPartij",
            "versie",
            "geleegdBij",
            "vervallenBij",
            "bijdragen",
            "versies",
        }
    ),
    # Not its status: that belongs to whoever does the taak.
    Collection.INTERNE_TAKEN: frozenset(
        {
            "interneTaak.taakId",
            "interneTaak.nummer",
            "interneTaak.gevraagdeHandeling",
            "interneTaak.toelichting",
            "interneTaak.toegewezenOp",
            "interneTaak.toegewezenAan",
            "interneTaak.aanleidinggevendKlantcontact",
            "interneTaak.plaatsgevondenOp",
            "besluit",
            "herkomst",
        }
    ),
    # Not `sinds`, which says when it was written; here nobody can add anything.
    Collection.VERVALLEN: frozenset(
        {
            "collectie",
            "revisie",
            "besluitversie",
            "versie",
            "geleegdBij",
            "vervallenBij",
            "toestemming",
            "bijdragen",
            "versies",
        }
    ),
}
"""Paths of fields. A test holds them against what `Amendment`s set and take away."""

WITH_FIELDS_OF_OTHERS = (Collection.KLANTCONTACTEN, Collection.PARTIJEN, Collection.INTERNE_TAKEN)
