"""The bridge while everything around it fails at once: it ends equal, and nothing stands in Open Klant twice."""

import random
from pathlib import Path

from tests.fakes.open_klant.faults import Broken, Fault
from tests.fakes.open_klant.server import OpenKlant
from tests.support.bridge_process import bridge_committed, bridge_process, bridge_settings, wait_until_equal
from tests.support.projector_examples import (
    Event,
    assigned,
    bsn,
    email,
    klantcontact_withdrawn,
    partij,
    registered,
    taak_created,
    taak_withdrawn,
)
from tests.support.projector_process import projector_process, publish
from tests.support.waiting import wait_for

SEED = 13
CONTACTS = 40
NUMBERS = {"jansen": "999990019", "bakker": "999990020", "visser": "999990032"}


def history(number: int, chance: random.Random) -> list[Event]:
    """Return what becomes of one contact: most are corrected, and some are withdrawn."""
    contact, name = f"c-{number}", chance.choice(list(NUMBERS))
    fields = {"partijIdentificatoren": [bsn(NUMBERS[name])], "digitaleAdressen": [email(f"{name}@example.nl")]}
    events: list[Event] = []
    for revisie in range(1, chance.randint(2, 3) + 1):
        klant = partij(name, versie=10 * number + revisie, fields=fields)
        events.append(registered(contact, revisie=revisie, partijen=[klant]))
        events.append(taak_created(contact, revisie=revisie, fields=assigned(f"Afdeling {revisie % 2}")))
    if chance.random() < 0.25:
        events += [klantcontact_withdrawn(contact, revisie=9), taak_withdrawn(contact, revisie=9)]
    return events


def bad_weather(chance: random.Random) -> list[Fault]:
    """Return faults between which some calls go well: never so many in a row that the lanes stop for long."""
    kinds = [
        Fault(500, takes_effect=True),
        Fault(503),
        Fault(429),
        Fault(Broken.CUT),
        Fault(Broken.HALF),
        Fault(None, delay_seconds=1.5),  # the bridge waits one second; the call takes effect
    ]
    faults = []
    for number in range(24):
        each = kinds[number % len(kinds)]
        skip = chance.randint(0, 250)
        faults.append(Fault(each.answer, each.takes_effect, each.delay_seconds, skip=skip))
    return faults


def test_it_ends_equal_after_errors_that_took_effect_kills_and_an_open_klant_that_went_away(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path
) -> None:
    chance, open_klant = random.Random(SEED), OpenKlant()
    histories = [history(number, chance) for number in range(CONTACTS)]
    first, last = ([event for each in part for event in each] for part in (histories[:30], histories[30:]))
    open_klant.weather.faults = bad_weather(chance)
    open_klant.weather.latency_seconds = 0.01

    with open_klant.running():
        settings = bridge_settings(kafka_bootstrap, mongo_uri, topics, database, open_klant, tmp_path)
        publish(settings, first)
        with projector_process(settings, tmp_path), bridge_process(settings, tmp_path, "killed") as killed:
            wait_for("it is at work", lambda: len(open_klant.weather.calls) > 60)
            killed.server.kill()
    publish(settings, last)
    with projector_process(settings, tmp_path), bridge_process(settings, tmp_path) as bridge:
        wait_for("its lanes wait for Open Klant", lambda: 1.0 in bridge.measured("klantcontact_bridge_outage").values())
        wait_for("it is ready all the while", bridge.is_ready)
        with open_klant.running():
            wait_until_equal(open_klant, [*first, *last])
            wait_for("all is committed", lambda: bridge_committed(settings) == len(first) + len(last))
        letters = [each for each in bridge.log() if each["event"] in {"bridge.dead_letter", "bridge.failed"}]

    actoren = [each["actoridentificator"]["objectId"] for each in open_klant.register["actoren"].rows.values()]
    assert sorted(actoren) == ["Afdeling 0", "Afdeling 1", "KCC"]
    assert letters == []
