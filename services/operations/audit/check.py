"""The doctor's check of the audit trail: whether this user may append, and which record is the newest."""

from contextlib import suppress
from typing import Final

from aiokafka.errors import KafkaError, TransactionalIdAuthorizationFailed

from services.operations.audit.head import COLLECTION, AuditHead
from services.operations.checks import Check, failed
from services.operations.mongo import read_register
from services.runtime.errors import KlantcontactError
from services.runtime.exactly_once.kafka_20734 import last_end
from services.runtime.kafka.clients import require_topics, transactional_producer
from services.runtime.kafka.errors import translate_kafka_errors
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.settings import Settings

NAME: Final = "audit trail"

MAY_NOT: Final = (
    "Commands that show contents or change something refuse without it. An operator needs Read and Write on the topic, "
    "and Write on the transactional id of the same name: docs/privacy/audit.md."
)


async def audit_check(settings: Settings) -> Check:
    """Check that the topic shows, and that this user may see its transactional id. Appends nothing, fences nobody."""
    try:
        await require_topics(settings, settings.audit_topic)
        async with read_register(settings) as database:
            with translate_mongo_errors(settings, right=f"read the collection {COLLECTION} of"):
                newest = await AuditHead(database, settings.audit_topic).newest()
        may_append = await _sees_id(settings)
    except KlantcontactError as error:
        return failed(NAME, error)
    told = f"the newest record is {newest.sequence} of {newest.at}" if newest else "it has no record yet"
    if may_append:
        return Check(name=NAME, ok=True, found=told)
    return Check(name=NAME, ok=True, found=f"{told}; this user may not append to it", advice=MAY_NOT)


async def _sees_id(settings: Settings) -> bool:
    """Whether this user may see the transactional id, as everybody may who may write with it."""
    producer = transactional_producer(settings, transactional_id=settings.audit_topic)
    try:
        with translate_kafka_errors(settings, right="ask about transactions"):
            await producer.client.bootstrap()
            try:
                await last_end(producer.client, settings.audit_topic)
            except TransactionalIdAuthorizationFailed:
                return False
        return True
    finally:
        with suppress(KafkaError, OSError):
            await producer.stop()
