"""A klantcontact and what it consists of: betrokkenen, onderwerpobjecten, bijlagen."""

from collections.abc import Mapping
from typing import ClassVar, Final

from tests.fakes.open_klant.actoren import Actoren
from tests.fakes.open_klant.fields import Choice, Field, Flag, Metadata, Moment, Reading, Site, Text
from tests.fakes.open_klant.filters import (
    BY_UUID,
    Contains,
    Equal,
    Filter,
    Flagged,
    Moments,
    Owning,
    OwnsAny,
    Refers,
    RefersByUrl,
    Through,
    identificator,
    reference,
)
from tests.fakes.open_klant.groups import ADRES, CONTACTNAAM, OBJECT, full_name, numbered
from tests.fakes.open_klant.problems import WHOLE, refused
from tests.fakes.open_klant.references import Children, refers
from tests.fakes.open_klant.resource import Resource
from tests.fakes.open_klant.rows import Values

ROLLEN: Final = ("vertegenwoordiger", "klant")

CODES: Final = ("codeObjecttype", "codeSoortObjectId", "objectId", "codeRegister")


def of_partij(code: str) -> Filter:
    """Return the filter of betrokkenen by a code of an identificator of their partij."""
    identificatoren = Owning("partij-identificatoren", "identificeerdePartij", Equal(f"partijIdentificator.{code}"))
    return Through("wasPartij", "partijen", identificatoren)


def of_betrokkenen(found: Filter) -> Filter:
    """Return the filter of klantcontacten by their betrokkenen."""
    return Owning("betrokkenen", "hadKlantcontact", found)


class VolledigeNaam(Field):
    """The name of a betrokkene in one line."""

    def show(self, name: str, row: Values, site: Site) -> str:
        """Return the name."""
        return full_name(row["contactnaam"])


class HadBetrokkenActoren(Field):
    """The actoren of a klantcontact, each shown whole."""

    def show(self, name: str, row: Values, site: Site) -> list[Values]:
        """Return the actoren."""
        links = site.register["actorklantcontacten"].where("klantcontact", row["uuid"])
        return [Actoren().show(site.register["actoren"].rows[link["actor"]], site) for link in links]


class Klantcontacten(Resource):
    """Contacts with klanten."""

    name = "klantcontacten"
    sorted_by = ("plaatsgevondenOp", "pk")
    fields: ClassVar[Mapping[str, Field]] = {
        "gingOverOnderwerpobjecten": Children(of="onderwerpobjecten", by="klantcontact"),
        "hadBetrokkenActoren": HadBetrokkenActoren(read_only=True),
        "omvatteBijlagen": Children(of="bijlagen", by="wasBijlageVanKlantcontact"),
        "hadBetrokkenen": Children(of="betrokkenen", by="hadKlantcontact"),
        "leiddeTotInterneTaken": Children(of="internetaken", by="aanleidinggevendKlantcontact"),
        "nummer": numbered("klantcontacten", "nummer", "klantcontact"),
        "referentienummer": numbered("klantcontacten", "referentienummer", "klantcontact"),
        "kanaal": Text(required=True, longest=50),
        "onderwerp": Text(required=True, longest=200),
        "inhoud": Text(longest=1000, blank=True),
        "reactie": Text(longest=4000, blank=True),
        "indicatieContactGelukt": Flag(null=True),
        "hoofdOnderwerpType": Text(longest=200, blank=True),
        "verdereActieOndernomen": Flag(empty=False),
        "taal": Text(required=True, longest=3),
        "vertrouwelijk": Flag(required=True),
        "plaatsgevondenOp": Moment(now=True),
        "metadata": Metadata(),
    }
    filters: ClassVar[Mapping[str, Filter]] = {
        **{f"hadBetrokkene__{name}": of_betrokkenen(found) for name, found in BY_UUID.items()},
        "hadBetrokkene__wasPartij": OwnsAny("betrokkenen", "hadKlantcontact", having="wasPartij"),
        "hadBetrokkene__wasPartij__uuid": of_betrokkenen(Refers("wasPartij")),
        "hadBetrokkene__wasPartij__url": of_betrokkenen(RefersByUrl("wasPartij")),
        **{f"hadBetrokkene__wasPartij__partijIdentificator__{code}": of_betrokkenen(of_partij(code)) for code in CODES},
        "hadBetrokkene__digitaaladres__adres__icontains": of_betrokkenen(
            Owning("digitaleadressen", "verstrektDoorBetrokkene", Contains("adres"))
        ),
        "leiddeTotInterneTaken": OwnsAny("internetaken", "aanleidinggevendKlantcontact"),
        **{
            f"{parameter}__{name}": Owning("onderwerpobjecten", column, found)
            for parameter, column in (("onderwerpobject", "klantcontact"), ("wasOnderwerpobject", "wasKlantcontact"))
            for name, found in {
                **BY_UUID,
                **identificator("onderwerpobjectidentificator", "onderwerpobjectidentificator"),
            }.items()
        },
        "nummer": Equal("nummer"),
        "referentienummer": Equal("referentienummer"),
        "kanaal": Equal("kanaal"),
        "onderwerp": Contains("onderwerp"),
        "inhoud": Contains("inhoud"),
        "reactie": Contains("reactie"),
        "indicatieContactGelukt": Flagged("indicatieContactGelukt"),
        "vertrouwelijk": Flagged("vertrouwelijk"),
        "plaatsgevondenOp": Moments("plaatsgevondenOp"),
    }

    def check(self, values: Values, reading: Reading) -> None:
        """Refuse further action on a contact that succeeded."""
        row = {**(reading.row or {}), **values}
        if row.get("verdereActieOndernomen") and row.get("indicatieContactGelukt"):
            reason = "Als het contact gelukt is kan er geen verdere actie zijn ondernomen"
            raise refused("no-further-action-when-contact-succesful", reason, name=WHOLE)


class Betrokkenen(Resource):
    """Klanten and vertegenwoordigers at a klantcontact."""

    name = "betrokkenen"
    fields: ClassVar[Mapping[str, Field]] = {
        "wasPartij": refers("partijen", "Partij"),
        "hadKlantcontact": refers("klantcontacten", "Klantcontact", required=True, null=False),
        "digitaleAdressen": Children(of="digitaleadressen", by="verstrektDoorBetrokkene"),
        "bezoekadres": ADRES,
        "correspondentieadres": ADRES,
        "contactnaam": CONTACTNAAM,
        "volledigeNaam": VolledigeNaam(read_only=True),
        "rol": Choice(required=True, options=ROLLEN),
        "organisatienaam": Text(longest=200, blank=True),
        "initiator": Flag(required=True),
    }
    filters: ClassVar[Mapping[str, Filter]] = {
        **{
            f"contactnaam{name[0].upper()}{name[1:]}": Equal(f"contactnaam.{name}")
            for name in ("voorletters", "voornaam", "voorvoegselAchternaam", "achternaam")
        },
        **reference("hadKlantcontact", "hadKlantcontact"),
        "hadKlantcontact__nummer": Through("hadKlantcontact", "klantcontacten", Equal("nummer")),
        "hadKlantcontact__referentienummer": Through("hadKlantcontact", "klantcontacten", Equal("referentienummer")),
        **{
            f"verstrektedigitaalAdres__{name}": Owning("digitaleadressen", "verstrektDoorBetrokkene", found)
            for name, found in {"adres": Equal("adres"), **BY_UUID}.items()
        },
        **reference("wasPartij", "wasPartij"),
        "wasPartij__nummer": Through("wasPartij", "partijen", Equal("nummer")),
        **{f"wasPartij__partijIdentificator__{code}": of_partij(code) for code in CODES},
        "organisatienaam": Equal("organisatienaam"),
    }


class Onderwerpobjecten(Resource):
    """What a klantcontact was about: an object elsewhere, or an earlier klantcontact."""

    name = "onderwerpobjecten"
    fields: ClassVar[Mapping[str, Field]] = {
        "klantcontact": refers("klantcontacten", "Klantcontact"),
        "wasKlantcontact": refers("klantcontacten", "Klantcontact"),
        "onderwerpobjectidentificator": OBJECT,
    }
    filters: ClassVar[Mapping[str, Filter]] = {
        **reference("klantcontact", "klantcontact"),
        **reference("wasKlantcontact", "wasKlantcontact"),
        **identificator("onderwerpobjectidentificator", "onderwerpobjectidentificator"),
    }


class Bijlagen(Resource):
    """Documents that a klantcontact is described in."""

    name = "bijlagen"
    fields: ClassVar[Mapping[str, Field]] = {
        "wasBijlageVanKlantcontact": refers("klantcontacten", "Klantcontact"),
        "bijlageidentificator": OBJECT,
    }
    filters: ClassVar[Mapping[str, Filter]] = {
        "klantcontact__uuid": Refers("wasBijlageVanKlantcontact"),
        **identificator("bijlageidentificator", "bijlageidentificator"),
    }
