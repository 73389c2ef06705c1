"""A service works with topics that keep the broker's clock only.

The rules go by the moment at which the broker took a record: a contact may not lie in its future. Where a topic keeps
the publisher's clock (`CreateTime`, Kafka's default), the publisher names that moment.
"""

from services.runtime.errors import InvalidSettings
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.errors import translate_kafka_errors
from services.runtime.kafka.topics import BROKERS_CLOCK, TIMESTAMP_TYPE, topic_configurations
from services.runtime.settings import Settings


async def require_brokers_clock(settings: Settings, *names: str) -> None:
    """Check that topics that exist keep the broker's clock. A broker without administration is not asked.

    Raises InvalidSettings when one does not, with the command that mends it, or when Kafka does not let this user ask.
    Raises TransientFailure when Kafka does not answer.
    """
    right = f"describe the configuration of {', '.join(names)} (DescribeConfigs)"
    async with admin_client(settings) as admin:
        with translate_kafka_errors(settings, right=right):
            configurations = await topic_configurations(admin, names)
    clocks = {name: found.get(TIMESTAMP_TYPE, BROKERS_CLOCK) for name, found in configurations.items()}
    wrong = [name for name, clock in clocks.items() if clock != BROKERS_CLOCK]
    if wrong:
        raise InvalidSettings(
            f"Publishers date the records of {', '.join(wrong)} ({TIMESTAMP_TYPE}); the broker has to. Run "
            f"{' and '.join(_command(settings, each) for each in wrong)}."
        )


def _command(settings: Settings, topic: str) -> str:
    return (
        f"`kafka-configs.sh --bootstrap-server {settings.kafka_bootstrap} --alter --entity-type topics --entity-name "
        f"{topic} --add-config {TIMESTAMP_TYPE}={BROKERS_CLOCK}`"
    )
