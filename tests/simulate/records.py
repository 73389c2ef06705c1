"""Records of the simulated Kafka as the classifier reads them."""

from aiokafka import TopicPartition

from services.runtime.kafka.records import Record, moment
from tests.simulate.kafka.consumer import BEGAN_AT_MS
from tests.simulate.kafka.log import Entry


def record_of(place: TopicPartition, entry: Entry) -> Record:
    """Return an entry as a record."""
    data, written_at = entry.data, moment(BEGAN_AT_MS + round(entry.seconds * 1000))
    return Record(place.topic, place.partition, entry.offset, written_at, data.key, data.value, tuple(data.headers))
