"""Writes the dead letters of the bridge: ids, the call and its reason, never contents."""

from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.dead_letters import dead_letter
from schemas.faults import Fault, FaultKind, RefusalKind
from schemas.positions import Position
from services.bridge.errors import LetterReason
from services.bridge.ports import BridgeLetter
from services.runtime.errors import TransientFailure
from services.runtime.kafka.errors import missing_right
from services.runtime.observe.health import Part

KINDS = {
    LetterReason.GEWEIGERD: RefusalKind.OPENKLANT_WEIGERT,
    LetterReason.NUMMER_BEZET: RefusalKind.NUMMER_BEZET,
    LetterReason.FAALT: RefusalKind.OPENKLANT_WEIGERT,
    LetterReason.EIGEN_FOUT: RefusalKind.INTERNE_FOUT,
}


class KafkaLetters:
    """The topic of the dead letters."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    async def write(self, letter: BridgeLetter) -> None:
        """Write a letter, as `ports.BridgeLetters` promises."""
        record = letter.record
        made = dead_letter(
            key=f"{letter.kind}:{letter.id}".encode(),
            value=None,
            headers=(),
            position=Position(record.topic, record.partition, record.offset),
            kind=KINDS[letter.reason],
            faults=[Fault(letter.told, FaultKind.NIET_TOEGESTAAN)],
            time=datetime.now(UTC),
        )
        try:
            await self._producer.send_and_wait(self._topic, key=made.key, value=made.value, headers=list(made.headers))
        except KafkaError as error:
            reason = str(missing_right(error) or "Kafka does not take a dead letter of the bridge.")
            raise TransientFailure(reason, part=Part.KAFKA) from error
