"""The channels of the system on this machine: one for every mapping that comes with klantcontact.

Each proves itself as its platform does, with a secret that is made for this machine.
"""

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

JSON: Final = "application/json"
MAIL: Final = "message/rfc822"
USER: Final = "platform"

TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "open-forms": {"mapping": "open-forms", "authenticatie": "api_sleutel"},
    "amazon-connect": {"mapping": "amazon-connect", "authenticatie": "api_sleutel"},
    "genesys-cloud": {"mapping": "genesys-cloud", "authenticatie": "basic", "gebruiker": USER},
    "twilio": {"mapping": "twilio-taskrouter", "authenticatie": "twilio", "omhulsel": "lijst"},
    "mail": {"mapping": "mail", "authenticatie": "api_sleutel", "omhulsel": "mail"},
    "graph-mail": {"mapping": "mail", "authenticatie": "api_sleutel"},
}
"""The channels by name, as their tables in the channels file."""

SECRETS: Final = "geheimen"


def make_channels(folder: Path, *, address: str) -> Path:
    """Return the channels file, made with its secrets in a folder. `address`: that of the intake, without a path.

    An existing secret is kept: a platform may use it.
    """
    (folder / SECRETS).mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        file = folder / SECRETS / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_hex(32))
    made = folder / "kanalen.toml"
    made.write_text("\n".join(_table(name, address) for name in TABLES), "utf-8")
    return made


def _table(name: str, address: str) -> str:
    fields = {**TABLES[name], "geheim_bestand": f"{SECRETS}/{name}"}
    if fields["authenticatie"] == "twilio":
        fields["publieke_url"] = f"{address}/in/{name}"
    lines = [f'{key} = "{value}"' for key, value in fields.items()]
    return "\n".join([f"[kanaal.{name}]", *lines, ""])


@dataclass(frozen=True, slots=True)
class PlatformRequest:
    """A request as the platform of a channel makes it."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def request_of(name: str, message: bytes, *, address: str, channels: Path) -> PlatformRequest:
    """Return the request with which the platform of a channel of this machine sends one message, or a list of them."""
    secret, url = (channels.parent / SECRETS / name).read_text(), f"{address}/in/{name}"
    table = TABLES[name]
    content_type = {"Content-Type": MAIL if table.get("omhulsel") == "mail" else JSON}
    if table["authenticatie"] == "basic":
        credentials = base64.b64encode(f"{USER}:{secret}".encode()).decode()
        return PlatformRequest(url, {**content_type, "Authorization": f"Basic {credentials}"}, message)
    if table["authenticatie"] == "twilio":
        body = message if message.lstrip().startswith(b"[") else b"[%s]" % message
        signed = f"{url}?bodySHA256={sha256(body).hexdigest()}"
        signature = base64.b64encode(hmac.digest(secret.encode(), signed.encode(), "sha1")).decode()
        return PlatformRequest(signed, {**content_type, "X-Twilio-Signature": signature}, body)
    return PlatformRequest(url, {**content_type, "Authorization": secret}, message)
