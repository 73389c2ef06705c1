"""The validators of the collections: MongoDB refuses what the models would, also from programs that bypass them.

Ids, numbers and moments have their own types. A partij without consent holds no name and no details. A confidential
klantcontact or taak stands in the collection for those, and no other there. A document in `vervallen` has no contents.
Everywhere else, others may add fields beside ours.
"""

from collections.abc import Mapping
from typing import Any

from schemas.contact_ended_v1 import CodeSoortObjectId
from schemas.outputs import Hergebruik, Identificatie, Regel
from schemas.vng import SoortPartij
from services.projector.merging.partij import CONSENT_GIVEN, MAX_CONTACTS
from services.projector.merging.partij_document import MAY_BE_ABSENT
from services.projector.mongo.writes import FROM, SINCE, Collection
from services.runtime.mongo.client import Document

BsonRule = dict[str, Any]

IDENTIFIER: BsonRule = {"bsonType": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
NUMMER: BsonRule = {"bsonType": "string", "pattern": "^[0-9]{1,10}$"}
TEXT: BsonRule = {"bsonType": "string", "minLength": 1}
MOMENT: BsonRule = {"bsonType": "date"}
COUNTER: BsonRule = {"bsonType": ["int", "long"], "minimum": 0}
POSITIVE: BsonRule = {"bsonType": ["int", "long"], "minimum": 1}
YES_OR_NO: BsonRule = {"bsonType": "bool"}


def _object(required: Mapping[str, BsonRule], optional: Mapping[str, BsonRule] | None = None) -> BsonRule:
    rule: BsonRule = {"bsonType": "object", "properties": {**required, **(optional or {})}}
    # MongoDB refuses an empty `required`.
    return {**rule, "required": list(required)} if required else rule


def _exactly(required: Mapping[str, BsonRule], optional: Mapping[str, BsonRule] | None = None) -> BsonRule:
    return {**_object(required, optional), "additionalProperties": False}


def _list(items: BsonRule, max_items: int | None = None) -> BsonRule:
    return {"bsonType": "array", "items": items, **({"maxItems": max_items} if max_items is not None else {})}


def _one_of(values: list[str] | list[bool]) -> BsonRule:
    return {"enum": values}


BESLUIT = _object(
    {
        "regel": _one_of([regel.value for regel in Regel]),
        "beleidsversie": TEXT,
        "besluitversie": POSITIVE,
        "toelichting": TEXT,
    }
)
HERKOMST = _object({"source": TEXT, "eventId": TEXT, "contactId": TEXT, "revisie": POSITIVE}, {"onderwerpId": TEXT})
PARTIJ_VERWIJZING = _object({"partijId": IDENTIFIER, "nummer": NUMMER})
KLANTCONTACT_VERWIJZING = _object({"klantcontactId": IDENTIFIER, "nummer": NUMMER})
ACTOR = _object({"soortActor": TEXT, "naam": TEXT})
ADRES: BsonRule = {"bsonType": "object"}
DIGITALE_ADRESSEN = _list(_object({"soortDigitaalAdres": TEXT, "adres": TEXT}))
PARTIJ_IDENTIFICATOREN = _list(
    _object({"codeRegister": TEXT, "codeObjecttype": TEXT, "codeSoortObjectId": TEXT, "objectId": TEXT})
)


def _klantcontact(*, vertrouwelijk: bool) -> BsonRule:
    return _object(
        {
            "_id": IDENTIFIER,
            "klantcontact": _object(
                {
                    "klantcontactId": IDENTIFIER,
                    "nummer": NUMMER,
                    "kanaal": TEXT,
                    "onderwerp": TEXT,
                    "indicatieContactGelukt": {"bsonType": ["bool", "null"]},
                    "taal": TEXT,
                    "vertrouwelijk": _one_of([vertrouwelijk]),
                    "plaatsgevondenOp": MOMENT,
                },
                {"inhoud": {"bsonType": "string"}},
            ),
            "actoren": _list(ACTOR),
            "betrokkenen": _list(
                _object(
                    {"betrokkeneId": IDENTIFIER, "rol": TEXT, "initiator": YES_OR_NO},
                    {"wasPartij": PARTIJ_VERWIJZING, "digitaleAdressen": DIGITALE_ADRESSEN},
                )
            ),
            "onderwerpobjecten": _list({"bsonType": "object"}),
            "bijlagen": _list({"bsonType": "object"}),
            "besluit": BESLUIT,
            "herkomst": HERKOMST,
        }
    )


def _interne_taak(*, vertrouwelijk: bool) -> BsonRule:
    said = {"vertrouwelijk": _one_of([vertrouwelijk])}
    return _object(
        {
            "_id": IDENTIFIER,
            "interneTaak": _object(
                {
                    "taakId": IDENTIFIER,
                    "nummer": NUMMER,
                    "gevraagdeHandeling": TEXT,
                    "status": TEXT,
                    "toegewezenOp": MOMENT,
                    "toegewezenAan": ACTOR,
                    "aanleidinggevendKlantcontact": KLANTCONTACT_VERWIJZING,
                    "plaatsgevondenOp": MOMENT,
                    **(said if vertrouwelijk else {}),
                },
                # A taak of 0.1.0 does not say, and stands with the ordinary ones.
                said,
            ),
            "besluit": BESLUIT,
            "herkomst": HERKOMST,
        }
    )


KINDS = _exactly({}, {kind.value: POSITIVE for kind in CodeSoortObjectId})
MARKER = _exactly({"source": TEXT, "contactId": TEXT, "versie": POSITIVE})
"""A contact that brought nothing, or whose details were emptied."""

PARTIJ = _object(
    {
        "_id": IDENTIFIER,
        "nummer": NUMMER,
        "soortPartij": _one_of([soort.value for soort in SoortPartij]),
        "identificatie": _one_of([each.value for each in Identificatie]),
        "toestemming": _one_of([each.value for each in Hergebruik]),
        "partijIdentificatoren": PARTIJ_IDENTIFICATOREN,
        "digitaleAdressen": DIGITALE_ADRESSEN,
        "versie": POSITIVE,
        "geleegdBij": COUNTER,
        "vervallenBij": COUNTER,
        "bijdragen": _list(
            _object({"source": TEXT, "contactId": TEXT, "versie": POSITIVE}, {"plaatsgevondenOp": MOMENT}),
            MAX_CONTACTS,
        ),
        "versies": _exactly(
            {"kern": POSITIVE, "toestemming": POSITIVE, "identificatoren": KINDS}, {"beperking": POSITIVE}
        ),
    },
    {
        "beperking": _one_of([True]),
        "contactnaam": {"bsonType": "object"},
        "organisatienaam": TEXT,
        "bezoekadres": ADRES,
        "correspondentieadres": ADRES,
        "werkteVoorPartij": _object({"partijIdentificatoren": PARTIJ_IDENTIFICATOREN}),
    },
)

DETAILS = [name for name in MAY_BE_ABSENT if name != "werkteVoorPartij"]

WITHOUT_DETAILS: BsonRule = {
    "not": {"anyOf": [{"required": [name]} for name in DETAILS]},
    "properties": {
        "digitaleAdressen": {"maxItems": 0},
        "bijdragen": {"items": MARKER},
        # An employer keeps the identificatoren by which the contactpersoon is found, and no name.
        "werkteVoorPartij": _exactly({"partijIdentificatoren": PARTIJ_IDENTIFICATOREN}),
    },
}

ONLY_WITH_CONSENT: BsonRule = {"anyOf": [{"properties": {"toestemming": _one_of([CONSENT_GIVEN])}}, WITHOUT_DETAILS]}

GONE_VERSIONED = _exactly(
    {"_id": IDENTIFIER, FROM: TEXT, SINCE: MOMENT, "revisie": POSITIVE, "besluitversie": POSITIVE}
)
GONE_PARTIJ = _exactly(
    {
        "_id": IDENTIFIER,
        FROM: _one_of([Collection.PARTIJEN.value]),
        SINCE: MOMENT,
        "versie": POSITIVE,
        "geleegdBij": COUNTER,
        "vervallenBij": COUNTER,
        "bijdragen": _list(MARKER, MAX_CONTACTS),
        "versies": _exactly({"identificatoren": KINDS}, {"toestemming": POSITIVE, "beperking": POSITIVE}),
    },
    {"toestemming": _one_of([each.value for each in Hergebruik]), "beperking": _one_of([True])},
)


def _validator(*rules: BsonRule) -> Document:
    return {"$jsonSchema": rules[0] if len(rules) == 1 else {"allOf": list(rules)}}


VALIDATORS: Mapping[Collection, Document] = {
    Collection.KLANTCONTACTEN: _validator(_klantcontact(vertrouwelijk=False)),
    Collection.KLANTCONTACTEN_VERTROUWELIJK: _validator(_klantcontact(vertrouwelijk=True)),
    Collection.INTERNE_TAKEN: _validator(_interne_taak(vertrouwelijk=False)),
    Collection.INTERNE_TAKEN_VERTROUWELIJK: _validator(_interne_taak(vertrouwelijk=True)),
    Collection.PARTIJEN: _validator(PARTIJ, ONLY_WITH_CONSENT),
    Collection.VERVALLEN: _validator({"anyOf": [GONE_VERSIONED, GONE_PARTIJ]}),
}
