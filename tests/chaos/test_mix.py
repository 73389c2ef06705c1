"""A mix of all kinds of faults, for a quarter of a minute: nothing is lost, doubled, torn apart or decided otherwise.

`make chaos` does the same for as long as it is given, with another seed each time.
"""

from tests.chaos.driver import Orders, run
from tests.chaos.faults import KINDS
from tests.chaos.plan import chosen

SEED = 14
MINUTES = 0.25
PER_SECOND = 20


def test_the_register_is_right_whatever_happens_to_processes_servers_and_connections() -> None:
    kinds, _ = chosen(KINDS, ["processes", "kafka", "mongo", "network"])
    outcome = run(Orders(seed=SEED, kinds=kinds, minutes=MINUTES, per_second=PER_SECOND, probes=1), print)
    assert outcome.result.violations == []
    assert {each.kind for each in outcome.struck} > {each.name for each in kinds}
    assert outcome.result.events > outcome.result.contacts > 0
    assert outcome.messages > 0
