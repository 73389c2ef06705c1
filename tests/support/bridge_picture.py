"""What the projector shows and what Open Klant has, each drawn as one picture in the same plain values.

It knows nothing of the code that it judges: the two pictures are drawn from the stored documents and rows alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from services.projector.mongo.writes import Collection
from tests.fakes.open_klant.server import OpenKlant
from tests.fakes.projector_store import FakeRegister

Document = Mapping[str, Any]
Picture = Mapping[str, Any]

NAME = ("voorletters", "voornaam", "voorvoegselAchternaam", "achternaam")


def wanted_picture(register: FakeRegister, *, sources: Iterable[str]) -> Picture:
    """Return the picture of the documents that Open Klant should show."""
    contents = register.contents()
    shown = [
        each for each in contents[Collection.KLANTCONTACTEN].values() if each["herkomst"]["source"] in set(sources)
    ]
    ids = {each["_id"] for each in shown}
    numbers = {each["_id"]: each["nummer"] for each in contents[Collection.PARTIJEN].values()}
    linked = {each["wasPartij"]["partijId"] for each in _betrokkenen(shown) if "wasPartij" in each}
    return {
        "klantcontacten": {each["klantcontact"]["nummer"]: _klantcontact(each, numbers) for each in shown},
        "taken": {
            each["interneTaak"]["nummer"]: (
                each["interneTaak"]["gevraagdeHandeling"],
                each["interneTaak"].get("toelichting", ""),
                each["interneTaak"]["aanleidinggevendKlantcontact"]["nummer"],
            )
            for each in contents[Collection.INTERNE_TAKEN].values()
            if each["interneTaak"]["aanleidinggevendKlantcontact"]["klantcontactId"] in ids
        },
        "partijen": {numbers[each]: _partij(contents[Collection.PARTIJEN][each]) for each in linked if each in numbers},
    }


def _betrokkenen(klantcontacten: Iterable[Document]) -> Iterator[Document]:
    for each in klantcontacten:
        yield from each["betrokkenen"]


def _klantcontact(document: Document, numbers: Mapping[str, str]) -> Picture:
    klantcontact = document["klantcontact"]
    return {
        "onderwerp": klantcontact["onderwerp"],
        "inhoud": klantcontact.get("inhoud", ""),
        "kanaal": klantcontact["kanaal"],
        "revisie": str(document["herkomst"]["revisie"]),
        "betrokkenen": sorted(
            (
                each["rol"],
                each["initiator"],
                numbers.get(each.get("wasPartij", {}).get("partijId", ""), ""),
                _name(each.get("contactnaam")),
                each.get("organisatienaam", ""),
                _stad(each.get("bezoekadres")),
                sorted(adres["adres"] for adres in each["digitaleAdressen"]),
            )
            for each in document["betrokkenen"]
        ),
        "objecten": sorted(
            each["onderwerpobjectidentificator"]["objectId"]
            for each in document["onderwerpobjecten"]
            if "onderwerpobjectidentificator" in each
        ),
        "bijlagen": sorted(each["objectId"] for each in document["bijlagen"]),
        "actoren": sorted({each["naam"] for each in document["actoren"]}),
    }


def _partij(document: Document) -> Picture:
    restricted = document.get("beperking", False)
    return {
        "soort": document["soortPartij"],
        "identificatoren": sorted(each["objectId"] for each in document["partijIdentificatoren"]),
        "naam": "" if restricted else _name(document.get("contactnaam")),
        "stad": "" if restricted else _stad(document.get("bezoekadres")),
        "adressen": [] if restricted else sorted(each["adres"] for each in document["digitaleAdressen"]),
    }


def _name(name: Document | None) -> str:
    return " ".join(filter(None, ((name or {}).get(part) for part in NAME)))


def _stad(adres: Document | None) -> str:
    return (adres or {}).get("stad") or ""


def found_picture(open_klant: OpenKlant) -> Picture:
    """Return the picture of the rows in Open Klant that say that they are ours."""
    tables = {name: list(table.rows.values()) for name, table in open_klant.register.tables.items()}
    ours = [each for each in tables["klantcontacten"] if each["metadata"].get("herkomst") == "klantcontact"]
    uuids = {each["uuid"]: each for each in ours}
    linked = {each["wasPartij"] for each in tables["betrokkenen"] if each["hadKlantcontact"] in uuids}
    return {
        "klantcontacten": {each["nummer"]: _found_klantcontact(each, tables) for each in ours},
        "taken": {
            each["nummer"]: (
                each["gevraagdeHandeling"],
                each["toelichting"],
                uuids[each["aanleidinggevendKlantcontact"]]["nummer"],
            )
            for each in tables["internetaken"]
            if each["aanleidinggevendKlantcontact"] in uuids
        },
        "partijen": {
            each["nummer"]: _found_partij(each, tables) for each in tables["partijen"] if each["uuid"] in linked
        },
    }


def _found_klantcontact(row: Document, tables: Mapping[str, list[Any]]) -> Picture:
    partijen = {each["uuid"]: each["nummer"] for each in tables["partijen"]}
    actoren = {each["uuid"]: each["naam"] for each in tables["actoren"]}
    return {
        "onderwerp": row["onderwerp"],
        "inhoud": row["inhoud"],
        "kanaal": row["kanaal"],
        "revisie": row["metadata"]["revisie"],
        "betrokkenen": sorted(
            (
                each["rol"],
                each["initiator"],
                partijen.get(each["wasPartij"], ""),
                _name(each["contactnaam"]),
                each["organisatienaam"],
                _stad(each["bezoekadres"]),
                sorted(
                    adres["adres"]
                    for adres in tables["digitaleadressen"]
                    if adres["verstrektDoorBetrokkene"] == each["uuid"]
                ),
            )
            for each in tables["betrokkenen"]
            if each["hadKlantcontact"] == row["uuid"]
        ),
        "objecten": sorted(
            each["onderwerpobjectidentificator"]["objectId"]
            for each in tables["onderwerpobjecten"]
            if each["klantcontact"] == row["uuid"] and each["wasKlantcontact"] is None
        ),
        "bijlagen": sorted(
            each["bijlageidentificator"]["objectId"]
            for each in tables["bijlagen"]
            if each["wasBijlageVanKlantcontact"] == row["uuid"]
        ),
        "actoren": sorted(
            actoren[each["actor"]] for each in tables["actorklantcontacten"] if each["klantcontact"] == row["uuid"]
        ),
    }


def _found_partij(row: Document, tables: Mapping[str, list[Any]]) -> Picture:
    return {
        "soort": row["soortPartij"],
        "identificatoren": sorted(
            each["partijIdentificator"]["objectId"]
            for each in tables["partij-identificatoren"]
            if each["identificeerdePartij"] == row["uuid"]
        ),
        "naam": _name((row[row["soortPartij"]] or {}).get("contactnaam")),
        "stad": _stad(row["bezoekadres"]),
        "adressen": sorted(
            each["adres"] for each in tables["digitaleadressen"] if each["verstrektDoorPartij"] == row["uuid"]
        ),
    }


def orphans(open_klant: OpenKlant) -> list[Document]:
    """Return the addresses in Open Klant that no event gave."""
    return [
        each
        for each in open_klant.register["digitaleadressen"].rows.values()
        if each["verstrektDoorBetrokkene"] is None and each["verstrektDoorPartij"] is None
    ]
