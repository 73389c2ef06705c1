"""The intake, wired together."""

from functools import partial

import structlog

from services.channels.intake.budget import Budget
from services.channels.intake.gate import exposed_secrets, load_entrances
from services.channels.intake.handler import Intake
from services.channels.intake.http.application import HttpIntake
from services.channels.intake.http.server import listening
from services.channels.intake.instrumentation import Receptions
from services.channels.intake.kafka import KafkaRawTopics
from services.runtime.ending import Ending
from services.runtime.kafka.clients import require_topics
from services.runtime.observe.health import Health, Part, serve
from services.runtime.secret import READABLE_ADVICE
from services.runtime.settings import Settings
from services.runtime.waiting import until_answered

log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """Answer requests until the process is asked to end. The intake needs no MongoDB.

    Raises InvalidSettings for a setting that the operator must change.
    """
    entrances = load_entrances(settings)
    for file in exposed_secrets(settings, {naam: entrance.kanaal for naam, entrance in entrances.items()}):
        log.warning("secret.readable_by_others", setting="geheim_bestand", file=file, advice=READABLE_ADVICE)
    topics = sorted({entrance.topic for entrance in entrances.values()})
    ending, health, budget = Ending(), Health(waits_for=(Part.KAFKA,)), Budget()
    with ending.on_signals():
        async with serve(settings, health):
            await ending.unless(until_answered(partial(require_topics, settings, *topics), health))
            if ending.asked:
                return
            raw_topics = KafkaRawTopics(settings, topics, budget=budget, health=health)
            http = HttpIntake(
                Intake(entrances, raw_topics),
                budget=budget,
                receptions=Receptions(entrances),
                most_bytes=max(entrance.kanaal.max_bytes for entrance in entrances.values()),
            )
            async with raw_topics.watched(ending), listening(http.application(), settings, ending):
                await ending.wait()
