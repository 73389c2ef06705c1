"""The classifier, wired together."""

from datetime import timedelta
from functools import partial

from services.classifier.cases import read
from services.classifier.changes import ChangeReader
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler
from services.classifier.instrumentation import show_source_counters
from services.classifier.mongo.joint import JointRegister
from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.classifier.mongo.register import MongoRegister, kept_without_trace
from services.domain.policy import Beleid
from services.domain.sleutels import Sleutels
from services.runtime.clock import SystemClock
from services.runtime.exactly_once.subscriber import Route, TransactionalSubscriber
from services.runtime.letters.letter_keys import MongoLetterKeys
from services.runtime.letters.sealing import Sealer, configured_sealers
from services.runtime.service import Service, run_service
from services.runtime.settings import Settings
from services.runtime.stops.store import MongoStops
from services.runtime.toml_file import load_toml_file


async def run(settings: Settings) -> None:
    """Run until the process is asked to end. Raises as `run_service` does."""
    beleid = load_toml_file(settings.beleid_file, Beleid)
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
    contacts = TransactionalSubscriber(
        settings, route(settings), handler=handler, stop_store=stop_store, health=health, ending=service.ending
    )
    await service.consume(contacts.reading(), count=store.count)


def route(settings: Settings) -> Route:
    """Return what the classifier reads, and where it may publish."""
    outputs = [topic for topic in settings.topics if topic not in settings.input_topics]
    return Route(settings.input_topics, settings.classifier_group, outputs)
