"""Interne taken."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar, Final

from tests.fakes.open_klant.fields import Choice, Field, Moment, Reading, Site, Text, shown_moment
from tests.fakes.open_klant.filters import Equal, Filter, Moments, Refers, Through, reference
from tests.fakes.open_klant.groups import numbered
from tests.fakes.open_klant.problems import WHOLE, refused
from tests.fakes.open_klant.references import References, refers
from tests.fakes.open_klant.resource import Resource
from tests.fakes.open_klant.rows import Register, Values

STATUSSEN: Final = ("te_verwerken", "verwerkt")


class ToegewezenAanActor(Field):
    """The first actor of a taak."""

    def show(self, name: str, row: Values, site: Site) -> Values:
        """Return a link to it; a taak whose actoren are gone has one without an address."""
        actoren = row["toegewezenAanActoren"]
        return dict(site.link("actoren", actoren[0])) if actoren else {"uuid": None}


class Internetaken(Resource):
    """Taken for employees."""

    name = "internetaken"
    fields: ClassVar[Mapping[str, Field]] = {
        "nummer": numbered("internetaken", "nummer", "interne taak"),
        "referentienummer": numbered("internetaken", "referentienummer", "interne taak"),
        "gevraagdeHandeling": Text(required=True, longest=200),
        "aanleidinggevendKlantcontact": refers("klantcontacten", "Klantcontact", required=True, null=False),
        "toegewezenAanActor": ToegewezenAanActor(read_only=True),
        "toegewezenAanActoren": References(reads=refers("actoren", "Actor", null=False)),
        "toelichting": Text(longest=1000, blank=True),
        "status": Choice(required=True, options=STATUSSEN),
        "toegewezenOp": Moment(read_only=True),
        "afgehandeldOp": Moment(null=True),
    }
    filters: ClassVar[Mapping[str, Filter]] = {
        "nummer": Equal("nummer"),
        "referentienummer": Equal("referentienummer"),
        "status": Equal("status", STATUSSEN),
        "toegewezenOp": Moments("toegewezenOp"),
        "actoren__naam": Through("toegewezenAanActoren", "actoren", Equal("naam")),
        **reference("toegewezenAanActor", "toegewezenAanActoren"),
        **reference("aanleidinggevendKlantcontact", "aanleidinggevendKlantcontact"),
        "klantcontact__uuid": Refers("aanleidinggevendKlantcontact"),
        **{
            f"klantcontact__{name}": Through("aanleidinggevendKlantcontact", "klantcontacten", Equal(name))
            for name in ("nummer", "referentienummer")
        },
    }

    def read(self, reading: Reading) -> Values:
        """Return the columns; the older way to name one actor stands beside the newer way to name several."""
        values = super().read(reading)
        if "toegewezenAanActor" in reading.body:
            one = refers("actoren", "Actor", null=False)
            values["toegewezenAanActoren"] = [one.read(reading.body["toegewezenAanActor"], reading)]
        return values

    def check(self, values: Values, reading: Reading) -> None:
        """Refuse a taak without actoren, and one that was handled before it is handled."""
        one, several = "toegewezenAanActor" in reading.body, "toegewezenAanActoren" in reading.body
        if one and several:
            reason = "`toegewezen_aan_actor` en `toegewezen_aan_actoren` mag niet beiden gebruikt worden."
            raise refused("invalid", reason, name=WHOLE)
        if not one and not several and not reading.partial:
            reason = "`toegewezen_aan_actor` of `toegewezen_aan_actoren` is required (mag niet beiden gebruiken)."
            raise refused("invalid", reason, name=WHOLE)
        status = values.get("status", (reading.row or {}).get("status"))
        if values.get("afgehandeldOp") and status != "verwerkt":
            reason = "De Internetaak kan geen afgehandeld op datum bevatten als de status niet op 'verwerkt' staat."
            raise refused("invalid", reason, name="afgehandeldOp")

    def create(self, values: Values, register: Register) -> Values:
        """Add a taak that is assigned now."""
        return super().create(_handled({"toegewezenOp": shown_moment(datetime.now(UTC)), **values}), register)

    def change(self, row: Values, values: Values, register: Register) -> Values:
        """Change a taak: another status sets or clears the moment at which it was handled."""
        return super().change(row, _handled({**row, **values}), register)


def _handled(taak: Values) -> Values:
    if taak["status"] == "te_verwerken":
        return {**taak, "afgehandeldOp": None}
    return {**taak, "afgehandeldOp": taak.get("afgehandeldOp") or shown_moment(datetime.now(UTC))}
