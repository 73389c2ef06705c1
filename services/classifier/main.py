"""The classifier, wired together."""

from functools import partial

from services.classifier.adapters.consumption import Consumption
from services.classifier.adapters.mongo_register import MongoRegister, kept_without_trace
from services.classifier.adapters.register_key import RegisterKey
from services.classifier.adapters.system_clock import SystemClock
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler
from services.domain.case import prepare
from services.domain.policy import Beleid
from services.domain.sleutels import Sleutels
from services.runtime.policy_file import load_policy_file
from services.runtime.secret import load_sleutel
from services.runtime.service import Service, run_service
from services.runtime.settings import Settings


async def run(settings: Settings) -> None:
    """Run until asked to end. Raises as `run_service` does."""
    beleid = load_policy_file(settings.beleid_file, Beleid)
    sleutels = Sleutels(load_sleutel(settings), settings.sleutelversie)
    await run_service("classifier", settings, settings.topics, partial(_classify, beleid=beleid, sleutels=sleutels))


async def _classify(service: Service, *, beleid: Beleid, sleutels: Sleutels) -> None:
    settings, health = service.settings, service.health
    await service.patiently(RegisterKey(service.client[settings.mongo_database], sleutels).claim)
    kept = kept_without_trace(settings)
    store = MongoRegister(service.client, settings.mongo_database, beleid, kept_without_trace=kept)
    await service.patiently(store.prepare)
    handler = Handler(
        prepare=partial(prepare, sleutels=sleutels, beleid=beleid),
        store=store,
        encoder=Encoder(settings),
        clock=SystemClock(),
        health=health,
        own_failures_limit=settings.own_failures_limit,
        spans=service.spans,
    )
    consumption = Consumption(settings, handler=handler, health=health, ending=service.ending)
    await service.consume(consumption, count=store.count)
