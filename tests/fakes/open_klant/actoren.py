"""Actoren, and at which klantcontacten they took part."""

from collections.abc import Mapping
from typing import ClassVar, Final

from tests.fakes.open_klant.fields import Choice, Field, Flag, Reading, Text
from tests.fakes.open_klant.filters import Contains, Equal, Filter, Flagged, identificator, reference
from tests.fakes.open_klant.groups import OBJECT
from tests.fakes.open_klant.problems import WHOLE, refused
from tests.fakes.open_klant.references import refers
from tests.fakes.open_klant.resource import Resource
from tests.fakes.open_klant.rows import Values

SOORTEN_ACTOR: Final = ("medewerker", "geautomatiseerde_actor", "organisatorische_eenheid")


class Actoren(Resource):
    """Who acts for the municipality."""

    name = "actoren"
    fields: ClassVar[Mapping[str, Field]] = {
        "naam": Text(required=True, longest=200),
        "soortActor": Choice(required=True, options=SOORTEN_ACTOR),
        "indicatieActief": Flag(empty=True),
        "actoridentificator": OBJECT,
    }
    filters: ClassVar[Mapping[str, Filter]] = {
        "naam": Contains("naam"),
        "soortActor": Equal("soortActor", SOORTEN_ACTOR),
        "indicatieActief": Flagged("indicatieActief"),
        **identificator("actoridentificator", "actoridentificator"),
    }


class Actorklantcontacten(Resource):
    """Which actoren took part in a klantcontact."""

    name = "actorklantcontacten"
    fields: ClassVar[Mapping[str, Field]] = {
        "actor": refers("actoren", "Actor", required=True, null=False),
        "klantcontact": refers("klantcontacten", "Klantcontact", required=True, null=False),
    }
    filters: ClassVar[Mapping[str, Filter]] = {
        **reference("actor", "actor"),
        **reference("klantcontact", "klantcontact"),
    }

    def check(self, values: Values, reading: Reading) -> None:
        """Refuse a pair that is there already."""
        pair = {**(reading.row or {}), **values}
        mine = reading.row["uuid"] if reading.row else None
        for link in reading.register[self.name].where("klantcontact", pair["klantcontact"]):
            if link["actor"] == pair["actor"] and link["uuid"] != mine:
                reason = "De velden actor, klantcontact moeten een unieke set zijn."
                raise refused("unique", reason, name=WHOLE)
