"""A kill counts for its process, whatever fault did it; the other faults count by name or kind."""

from tests.chaos.counts import ASKED, OF_NETWORK, counted, still_lacking
from tests.chaos.faults import KINDS
from tests.chaos.run import ROUNDS
from tests.chaos.world import SERVICES


def test_kills_are_added_up_over_the_instances_and_nothing_is_counted_twice() -> None:
    kills = {"classifier-1": 3, "classifier-2": 4, "kafka-1": 5, "projector-1": 0}
    faults = [
        ("processes", "classifier killed", 7),
        ("nothing", "nothing", 5),
        ("network", "connections to Kafka: cut", 2),
        ("disk", "disk of kafka-3 full", 2),
        ("disk", "disk of mongod-3 full", 1),
    ]
    assert counted(kills, faults) == {
        "classifier killed": 7,
        "projector killed": 0,
        "kafka killed": 5,
        "connections to Kafka: cut": 2,
        "disk": 3,
    }


def test_what_was_done_often_enough_is_lacking_no_more() -> None:
    assert still_lacking({"a": 3, "b": 2, "c": 1}, {"a": 1, "b": 2}) == {"a": 2, "c": 1}


def test_the_rounds_ask_for_everything_and_each_has_the_faults_that_bring_it() -> None:
    assert {what: times for each in ROUNDS for what, times in each.asked.items()} == ASKED
    kinds_of = {f"{each} killed": "processes" for each in SERVICES} | {
        "kafka killed": "kafka",
        "mongod killed": "mongo",
    }
    for each in ROUNDS:
        for what in each.asked:
            assert kinds_of.get(what, "network" if what in OF_NETWORK else what) in each.kinds
    assert {name for each in ROUNDS for name in each.kinds} == set(KINDS)
