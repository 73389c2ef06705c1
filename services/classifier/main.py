"""The classifier, wired together, and the clock of this machine."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

from services.classifier.cases import read
from services.classifier.changes import ChangeReader
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler
from services.classifier.instrumentation import show_source_counters
from services.classifier.kafka.subscriber import ContactSubscriber
from services.classifier.mongo.joint import JointRegister
from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.classifier.mongo.letter_keys import MongoLetterKeys
from services.classifier.mongo.register import MongoRegister, kept_without_trace
from services.classifier.policy_file import load_policy_file
from services.domain.policy import Beleid
from services.domain.sleutels import Sleutels
from services.runtime.letters.sealing import Sealer, configured_sealers
from services.runtime.service import Service, run_service
from services.runtime.settings import Settings
from services.runtime.stops.store import MongoStops


async def run(settings: Settings) -> None:
    """Run until the process is asked to end. Raises as `run_service` does."""
    beleid = load_policy_file(settings.beleid_file, Beleid)
    sleutels, sealer = configured_sleutels(settings), configured_sealers(settings)[-1]
    classify = partial(_classify, beleid=beleid, sleutels=sleutels, sealer=sealer)
    await run_service("classifier", settings, settings.topics, classify)


async def _classify(service: Service, *, beleid: Beleid, sleutels: Sleutels, sealer: Sealer) -> None:
    settings, health = service.settings, service.health
    database = service.client[settings.register_database]
    key = RegisterKey(database, sleutels)
    await service.patiently(key.claim)
    kept = kept_without_trace(settings)
    store = MongoRegister(service.client, settings.register_database, beleid, kept_without_trace=kept, key=key.versions)
    await service.patiently(store.prepare)
    stop_store = MongoStops(database)
    changes = ChangeReader(frozenset(settings.consent_topics), settings.source)
    letter_keys = MongoLetterKeys(database, timedelta(days=settings.dead_letter_retention_days))
    await service.patiently(letter_keys.prepare)
    show_source_counters(beleid.named_sources)
    handler = Handler(
        read=partial(read, sleutels=sleutels, beleid=beleid, changes=changes),
        store=JointRegister(store),
        stop_store=stop_store,
        letter_keys=letter_keys,
        encoder=Encoder(settings, sealer),
        clock=SystemClock(),
        health=health,
        own_failures_limit=settings.own_failures_limit,
        counted_sources=beleid.named_sources,
        spans=service.spans,
        logboek=service.logboek,
    )
    contacts = ContactSubscriber(settings, handler=handler, stop_store=stop_store, health=health, ending=service.ending)
    await service.consume(contacts.reading(), count=store.count)


class SystemClock:
    """Time as it is."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
