"""Admits deliveries that prove where they come from.

An unknown channel and a wrong secret cost the same work and get the same answer.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from schemas.values import value_class
from services.channels.channels_file import Kanaal, load_channels
from services.channels.intake.delivery import Delivery
from services.channels.intake.proofs import BasicProof, CertificateProof, GraphProof, HeaderProof, Proof, TwilioProof
from services.channels.intake.replies import NOT_GENUINE, Rejected
from services.channels.intake_fields import ProofKind
from services.runtime.errors import InvalidSettings
from services.runtime.secret import load_secret, others_may_read
from services.runtime.settings import Settings

MIN_SECRET: Final = 16
"""Bytes of a secret. A shorter one can be found by trying, from anywhere on the internet."""


@value_class(frozen=True, slots=True)
class Entrance:
    """A channel whose messages come through the intake."""

    naam: str
    kanaal: Kanaal
    proof: Proof

    @property
    def topic(self) -> str:
        """The raw topic."""
        return self.kanaal.topic_of(self.naam)


class Gate:
    """Admits genuine deliveries."""

    def __init__(self, entrances: Mapping[str, Entrance]) -> None:
        """`entrances` by the name in the path."""
        self._entrances = entrances
        self._decoys = tuple(_proof(kind, DECOY, [secrets.token_bytes(MIN_SECRET)]) for kind in ProofKind)

    def admit(self, delivery: Delivery) -> Entrance:
        """Return the entrance of a genuine delivery. Raises Rejected for any other.

        A refused delivery has gone through every kind of proof once: its channel's own, and decoys with secrets that
        nobody has. So the time tells neither whether the channel exists nor which proof it has.
        """
        entrance = self._entrances.get(delivery.naam)
        if entrance is not None and entrance.proof.holds(delivery):
            return entrance
        for decoy in self._decoys:
            if entrance is None or type(decoy) is not type(entrance.proof):
                decoy.holds(delivery)
        raise Rejected(NOT_GENUINE)


DECOY: Final = Kanaal.model_construct(
    mapping="geen",
    gebruiker="niemand",
    kop="authorization",
    certificaten=("niemand",),
    publieke_url="https://niemand.example/in/x",
)
"""The fields of a channel that nobody has."""


def load_entrances(settings: Settings) -> Mapping[str, Entrance]:
    """Return the channels that name a proof, by name.

    Raises InvalidSettings for a channels file or a secret that does not fit, and where no channel names a proof.
    """
    entrances = {
        naam: Entrance(naam, kanaal, _proof(kanaal.authenticatie, kanaal, channel_secrets(settings, naam, kanaal)))
        for naam, kanaal in load_channels(settings).items()
        if kanaal.authenticatie is not None
    }
    if not entrances:
        raise InvalidSettings(
            f"{settings.kanalen_file}: no channel has `authenticatie`, so the intake would take nothing. Say how a "
            "platform proves who it is: docs/channels/intake.md."
        )
    return entrances


def secret_file(settings: Settings, kanaal: Kanaal) -> Path | None:
    """Return the path of a channel's secret, which is relative to the channels file."""
    if kanaal.geheim_bestand is None or settings.kanalen_file is None:
        return None
    return settings.kanalen_file.parent / kanaal.geheim_bestand


def exposed_secrets(settings: Settings, channels: Mapping[str, Kanaal]) -> Iterator[Path]:
    """Yield the files of secrets that every user of this machine may read."""
    files = {secret_file(settings, kanaal) for kanaal in channels.values()}
    yield from sorted(file for file in files if file is not None and others_may_read(file))


def channel_secrets(settings: Settings, naam: str, kanaal: Kanaal) -> Sequence[bytes]:
    """Return the secrets of a channel. Raises InvalidSettings when there is none, or one is too short."""
    field = f"{settings.kanalen_file}, kanaal.{naam}.geheim_bestand"
    advice = "Put the secret in it, alone on a line, for the intake's eyes only (mode 0600)."
    text = load_secret(None, secret_file(settings, kanaal), file_variable=field, advice=advice) or b""
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise InvalidSettings(f"{field}: the file is empty. {advice}")
    if any(len(each) < MIN_SECRET for each in found):
        raise InvalidSettings(
            f"{field}: a secret has at least {MIN_SECRET} characters. Make one with `openssl rand -hex 32`, and give "
            "the platform the same."
        )
    return found


def _proof(kind: ProofKind, kanaal: Kanaal, secrets_of_kind: Sequence[bytes]) -> Proof:
    """Return the proof of a channel whose fields were checked when the file was read."""
    header = (kanaal.kop or "Authorization").lower().encode()
    match kind:
        case ProofKind.API_SLEUTEL:
            return HeaderProof(header, secrets_of_kind)
        case ProofKind.BASIC:
            return BasicProof(kanaal.gebruiker or "", secrets_of_kind)
        case ProofKind.GRAPH:
            return GraphProof(secrets_of_kind)
        case ProofKind.MTLS:
            return CertificateProof(header, kanaal.certificaten or (), secrets_of_kind)
        case ProofKind.TWILIO:
            return TwilioProof(kanaal.publieke_url or "", secrets_of_kind)
