"""A channels file with a channel for each proof and envelope, and requests that prove themselves."""

import base64
import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from services.runtime.settings import Settings

SECRET: Final = "a-secret-of-the-tests-0123456789"  # noqa: S105 - it opens nothing
OTHER_SECRET: Final = "another-secret-of-the-tests-0123"  # noqa: S105 - nor does this
TWILIO_URL: Final = "https://kanalen.gemeente.example/in/twilio"
FORM_URL: Final = "https://kanalen.gemeente.example/in/twilio-form"
CERTIFICATE: Final = "CN=balie.gemeente.example,O=Gemeente Voorbeeld"
ORIGIN: Final = "eventemitter.example.com"

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

CHANNELS: Final[Mapping[str, Mapping[str, object]]] = {
    "open-forms": {"authenticatie": "api_sleutel", "mapping": "open-forms"},
    "connect": {
        "authenticatie": "api_sleutel",
        "kop": "X-Amz-Firehose-Access-Key",
        "omhulsel": "firehose",
        "max_bytes": 4 * 1024 * 1024,
        "mapping": "amazon-connect",
    },
    "genesys": {"authenticatie": "basic", "gebruiker": "genesys", "mapping": "genesys-cloud"},
    "twilio": {
        "authenticatie": "twilio",
        "omhulsel": "lijst",
        "publieke_url": TWILIO_URL,
        "mapping": "twilio-taskrouter",
    },
    "twilio-form": {
        "authenticatie": "twilio",
        "omhulsel": "formulier",
        "publieke_url": FORM_URL,
        "mapping": "twilio-taskrouter",
    },
    "balie": {
        "authenticatie": "mtls",
        "kop": "X-Client-Certificate",
        "certificaten": [CERTIFICATE],
        "mapping": "open-forms",
    },
    "graph": {"authenticatie": "graph", "mapping": "mail"},
    "mail": {"authenticatie": "basic", "gebruiker": "mail", "omhulsel": "mail", "mapping": "mail"},
    "events": {
        "authenticatie": "api_sleutel",
        "kop": "X-Api-Key",
        "omhulsel": "cloudevents",
        "oorsprongen": [ORIGIN],
        "mapping": "open-forms",
    },
    "kafka-connect": {"mapping": "open-forms"},
}
"""The last one has no proof: its messages reach Kafka in another way."""


def channels_file(folder: Path, *, topics: str = "kanaal") -> Path:
    """Write the file and the secret that all channels share, and return its path. A topic is `<topics>.<naam>`."""
    secret = folder / "geheim"
    secret.write_text(f"{SECRET}\n{OTHER_SECRET}\n", encoding="utf-8")
    secret.chmod(0o600)
    tables = [
        "\n".join(
            [f"[kanaal.{naam}]", f'topic = "{topics}.{naam}"']
            + [f"{field} = {json.dumps(value)}" for field, value in fields.items()]
            + (['geheim_bestand = "geheim"'] if "authenticatie" in fields else [])
        )
        for naam, fields in CHANNELS.items()
    ]
    file = folder / "kanalen.toml"
    file.write_text("\n\n".join(tables), encoding="utf-8")
    return file


def intake_settings(folder: Path, others: Mapping[str, object], *, topics: str = "kanaal") -> Settings:
    """Return settings with this channels file, and with these other settings."""
    return Settings.model_validate({"kanalen_file": channels_file(folder, topics=topics), **others})


def basic(user: str, password: str = SECRET) -> str:
    """Return the header of HTTP's basic authentication."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def twilio_query(body: bytes) -> str:
    """Return the query that Twilio adds to an address for a body that is no form."""
    return f"bodySHA256={sha256(body).hexdigest()}"


def twilio_signature(signed: str, token: str = SECRET, *, digest: str = "sha1") -> str:
    """Return Twilio's signature of a text: an address, followed by the fields of a form."""
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), digest)).decode()


def firehose(*messages: bytes, request_id: str = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f") -> bytes:
    """Return the body of a delivery of Amazon Data Firehose."""
    records = [{"data": base64.b64encode(each).decode()} for each in messages]
    return json.dumps({"requestId": request_id, "timestamp": 1764547200000, "records": records}).encode()
