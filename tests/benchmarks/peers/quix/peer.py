"""The classifier's job as a Quix Streams application: the same contacts in, the same kinds of events out, exactly once.

Its state is local and by key, so it keeps no register that others can ask. It is simpler than the classifier, to its
own advantage, in the same ways as `Peer.java` beside it. It runs in an environment of its own, in which nothing of ours
is installed.
"""

import sys
import uuid
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from quixstreams import Application, State
from quixstreams.models import Topic

KLANT: Final = frozenset({"klant", "vertegenwoordiger"})
OWN: Final = "urn:nld:oin:00000000000000000000:systeem:klantcontact"
COMMIT_SECONDS: Final = 0.5
"""Each commit is a transaction and a checkpoint of the state. The default is 5, which no subscriber would like."""

Event = dict[str, Any]
Out = tuple[int, str, bytes]
"""The place of the topic, the key and the value."""


def judge(value: bytes, state: State) -> list[Out]:
    """Return what goes out for a contact. The last topic is that of dead letters."""
    try:
        event = orjson.loads(value)
        check(event)
    except (ValueError, KeyError, TypeError, AttributeError):
        return [(4, "", value)]
    data = event["data"]
    key = f"{event['source']} {data['contactId']}"
    revisie = data.get("revisie", 1)
    known = state.get(f"contact {key}") or [0]
    if revisie <= known[0]:
        return []
    kept, out = [revisie], []
    klant = any(each["rol"] in KLANT for each in data["betrokkenen"])
    found = [partij(data, each, state) for each in data["betrokkenen"] if is_gekend(each)]
    first = found[0] if found else None
    confidential = data.get("vertrouwelijk", False)
    follows = has_registered(event, data, state)
    for place, onderwerp in enumerate(data["onderwerpen"]):
        opvolging = onderwerp.get("opvolging", {}).get("soort", "geen")
        regel = regel_of(klant, data, follows, first, opvolging)
        if regel in {"G1", "G2", "V1"}:
            continue
        number = onderwerp.get("onderwerpId", str(place))
        made = id_of(f"{key} {number}")
        taak_id = id_of(f"taak {made}") if opvolging == "interne_taak" else ""
        about = registered(data, onderwerp, made, first)
        out.append((int(confidential), made, envelope(event, about, "klantcontact.registered", made, regel, number)))
        if taak_id:
            about = taak(data, onderwerp, made, taak_id)
            out.append((2 + int(confidential), taak_id, envelope(event, about, "taak.created", taak_id, regel, number)))
        kept.append([made, taak_id, confidential])
    for each in known[1:]:
        if each not in kept:
            out += withdrawn(event, each)
    state.set(f"contact {key}", kept)
    return out


def check(event: Event) -> None:
    """Raise an error for a contact that lacks what is required, or has an impossible moment or BSN."""
    data = event["data"]
    datetime.fromisoformat(event["time"])
    datetime.fromisoformat(data["plaatsgevondenOp"])
    texts = [event["id"], event["source"], event["type"], data["contactId"], data["kanaal"]]
    texts += [each["naam"] for each in data["actoren"]]
    texts += [each["onderwerp"] for each in data["onderwerpen"]]
    if not all(text.strip() for text in texts):
        raise ValueError
    for betrokkene in data["betrokkenen"]:
        betrokkene["rol"].strip()
        for each in betrokkene.get("partijIdentificatoren", ()):
            if each["codeSoortObjectId"] == "bsn" and not elfproef(each["objectId"]):
                raise ValueError


def elfproef(bsn: str) -> bool:
    """Whether a BSN can exist."""
    digits = [int(each) for each in bsn]
    return len(digits) == 9 and (sum((9 - place) * digits[place] for place in range(8)) - digits[8]) % 11 == 0


def is_gekend(betrokkene: Event) -> bool:
    """Whether a betrokkene is authenticated and has an identificator."""
    return "authenticatie" in betrokkene and bool(betrokkene.get("partijIdentificatoren"))


def has_registered(event: Event, data: Event, state: State) -> bool:
    """Whether it follows up a contact of this klant that was registered."""
    asked = data.get("vervolgOp", {}).get("contactId")
    return asked is not None and len(state.get(f"contact {event['source']} {asked}") or ()) > 1


def regel_of(klant: bool, data: Event, follows: bool, first: Event | None, opvolging: str) -> str:  # noqa: FBT001 - as they stand in the table
    """Return the first row of the decision table that applies."""
    if not klant:
        return "G1"
    if data.get("totStandGekomen") is False:
        return "G2"
    if follows:
        return "V0"
    if first is None:
        return "V1" if opvolging == "geen" else "V2"
    return "V4" if first["toestemming"] == "gegeven" else "V3"


def partij(data: Event, betrokkene: Event, state: State) -> Event:
    """Find or make the partij of a gekende betrokkene. The newest statement of consent counts."""
    identificator = betrokkene["partijIdentificatoren"][0]
    sleutel = f"partij {identificator['codeSoortObjectId']} {identificator['objectId']}"
    known = state.get(sleutel)
    made, versie, gegeven, ingetrokken = known or [id_of(sleutel), 0, "", ""]
    moment, said = utc(data["plaatsgevondenOp"]), betrokkene.get("toestemmingHergebruik")
    if said == "gegeven":
        gegeven = max(gegeven, moment)
    if said == "ingetrokken":
        ingetrokken = max(ingetrokken, moment)
    state.set(sleutel, [made, versie + 1, gegeven, ingetrokken])
    consent = gegeven > ingetrokken
    details = consent and said != "geweigerd"
    document = {
        "partijId": made,
        "versie": versie + 1,
        "geleegdBij": 0,
        "nummer": number_of("2", made),
        "soortPartij": betrokkene.get("soortPartij", "persoon"),
        "resultaat": ("bestaand" if known else "nieuw") if consent else "leeg",
        "toestemming": "gegeven" if consent else "geen",
        "partijIdentificatoren": betrokkene["partijIdentificatoren"],
        "vervallenIdentificatoren": [],
        "identificatie": "extern",
        "digitaleAdressen": addresses(betrokkene, "standaard") if details else [],
    }
    if details and "contactnaam" in betrokkene:
        document["contactnaam"] = betrokkene["contactnaam"]
    return document


def addresses(betrokkene: Event, use: str) -> list[Event]:
    """Return the addresses of one use."""
    given = betrokkene.get("digitaleAdressen", ())
    wanted = [each for each in given if each.get("gebruik", "opvolging") == use]
    return [{name: value for name, value in each.items() if name != "gebruik"} for each in wanted]


def registered(data: Event, onderwerp: Event, made: str, first: Event | None) -> Event:
    """Return what is told of a klantcontact."""
    klantcontact = {
        "klantcontactId": made,
        "nummer": number_of("1", made),
        "kanaal": data["kanaal"],
        "onderwerp": onderwerp["onderwerp"],
        "indicatieContactGelukt": True,
        "taal": data.get("taal", "nld"),
        "vertrouwelijk": data.get("vertrouwelijk", False),
        "plaatsgevondenOp": utc(data["plaatsgevondenOp"]),
    }
    if "inhoud" in onderwerp:
        klantcontact["inhoud"] = onderwerp["inhoud"]
    betrokkenen = []
    for place, each in enumerate(data["betrokkenen"]):
        kept = {
            "betrokkeneId": id_of(f"{made}{place}"),
            "rol": each["rol"],
            "initiator": each.get("initiator", False),
            "digitaleAdressen": addresses(each, "opvolging"),
        }
        if first is not None and "authenticatie" in each:
            kept["wasPartij"] = {"partijId": first["partijId"], "nummer": first["nummer"]}
        betrokkenen.append(kept)
    return {
        "klantcontact": klantcontact,
        "actoren": data["actoren"],
        "betrokkenen": betrokkenen,
        "partijen": [] if first is None else [first],
        "onderwerpobjecten": onderwerp.get("onderwerpobjecten", []),
        "bijlagen": onderwerp.get("bijlagen", []),
    }


def taak(data: Event, onderwerp: Event, made: str, taak_id: str) -> Event:
    """Return what is told of an interne taak."""
    opvolging = onderwerp["opvolging"]
    interne_taak = {
        "taakId": taak_id,
        "nummer": number_of("3", taak_id),
        "gevraagdeHandeling": opvolging["gevraagdeHandeling"],
        "status": "te_verwerken",
        "vertrouwelijk": data.get("vertrouwelijk", False),
        "toegewezenOp": now(),
        "toegewezenAan": opvolging["toegewezenAan"],
        "aanleidinggevendKlantcontact": {"klantcontactId": made, "nummer": number_of("1", made)},
        "plaatsgevondenOp": utc(data["plaatsgevondenOp"]),
    }
    return {"interneTaak": interne_taak}


def withdrawn(event: Event, given: list[Any]) -> list[Out]:
    """Take back what an earlier revisie was given and this one is not."""
    made, taak_id, confidential = given
    about: Event = {"klantcontactId": made, "verplaatst": False}
    out = [(int(confidential), made, envelope(event, about, "klantcontact.withdrawn", made, "V1", "0"))]
    if taak_id:
        about = {"taakId": taak_id, "klantcontactId": made}
        out.append((2 + int(confidential), taak_id, envelope(event, about, "taak.withdrawn", taak_id, "V1", "0")))
    return out


def envelope(event: Event, about: Event, kind: str, made: str, regel: str, number: str) -> bytes:
    """Return an event around what is told."""
    data = event["data"]
    revisie = data.get("revisie", 1)
    besluit = {
        "regel": regel,
        "beleidsversie": "V6898-voorstel-2023-10",
        "besluitversie": 1,
        "toelichting": f"Zie de beslistabel van het klantcontactregister: regel {regel}.",
    }
    herkomst = {
        "source": event["source"],
        "eventId": event["id"],
        "contactId": data["contactId"],
        "revisie": revisie,
        "onderwerpId": number,
    }
    told = {
        "specversion": "1.0",
        "id": id_of(f"event {kind} {made} {revisie}"),
        "source": OWN,
        "type": f"nl.klantinteracties.{kind}",
        "time": now(),
        "subject": made,
        "datacontenttype": "application/json",
        "dataschema": f"urn:klantinteracties:schema:{kind}:1",
        "data": {**about, "besluit": besluit, "herkomst": herkomst},
    }
    return orjson.dumps(told)


def id_of(name: str) -> str:
    """Return the id that belongs to a name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def number_of(first: str, made: str) -> str:
    """Return a number that belongs to an id."""
    return f"{first}{int(made[:8], 16)}"


def utc(moment: str) -> str:
    """Return a moment in UTC."""
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat()


def now() -> str:
    """Return the present moment."""
    return datetime.now(UTC).isoformat()


def main(bootstrap: str, group: str, folder: str, source: str, *outputs: str) -> None:
    """Run until the process is ended. The last of the topics is that of dead letters."""
    app = Application(
        bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=COMMIT_SECONDS,
        state_dir=folder,
        loglevel="WARNING",
    )
    given = app.topic(source, value_deserializer="bytes", key_deserializer="str")
    topics: list[Topic] = [app.topic(each, value_serializer="bytes", key_serializer="str") for each in outputs]
    frame = app.dataframe(given).apply(judge, stateful=True, expand=True)
    for place, topic in enumerate(topics):
        of_topic = frame[frame.apply(lambda out, place=place: out[0] == place)]
        of_topic.apply(lambda out: out[2]).to_topic(topic)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
