"""What the projector logs of records that are not ours: little, however many there are."""

from aiokafka import TopicPartition
from structlog.testing import capture_logs

from services.projector.errors import ForeignReason
from services.projector.instrumentation import FOREIGN_LOG_SECONDS, ForeignRecords
from tests.support.projector_examples import record_of

FIRST, SECOND = TopicPartition("klantcontact.registered", 0), TopicPartition("klantcontact.registered", 1)


def test_one_line_an_hour_stands_for_all_foreign_records_of_a_partition() -> None:
    now = 0.0
    foreign = ForeignRecords(lambda: now)

    with capture_logs() as logs:
        for passed, offset in ((0, 1), (0, 2), (FOREIGN_LOG_SECONDS - 1, 3), (1, 4), (1, 5)):
            now += passed
            foreign.tell([(record_of(place, offset, None), ForeignReason.NO_VALUE) for place in (FIRST, SECOND)])

    assert [(line["partition"], line["offset"]) for line in logs] == [(0, 1), (1, 1), (0, 4), (1, 4)]
