"""A klantcontact moves among the confidential ones, and back, before the bridge reads of the first move.

The bridge does not see the confidential collections, and gets no event of their topics.
"""

import pytest

from services.bridge.errors import Behind
from services.projector.mongo.writes import Collection
from tests.support.bridge_bench import Bench
from tests.support.projector_examples import klantcontact_withdrawn, registered, taak_created, taak_withdrawn

CONFIDENTIAL = {"vertrouwelijk": True}
CAME = [registered(), taak_created()]
AWAY = [klantcontact_withdrawn(verplaatst=True), taak_withdrawn(verplaatst=True)]
AMONG_THE_CONFIDENTIAL = [registered(revisie=2, fields=CONFIDENTIAL), taak_created(revisie=2, fields=CONFIDENTIAL)]
BACK = registered(revisie=3)


@pytest.fixture
async def bench() -> Bench:
    """Open Klant has the klantcontact and its taak."""
    bench = Bench()
    await bench.take(*CAME)
    assert bench.counts()["internetaken"] == 1
    return bench


@pytest.mark.parametrize("order", [[*AWAY, BACK], [BACK, *AWAY], AWAY[::-1]])
async def test_a_taak_that_did_not_come_back_goes(bench: Bench, order: list[dict[str, object]]) -> None:
    bench.project(*AMONG_THE_CONFIDENTIAL, *AWAY, BACK)

    for event in order:
        await bench.trigger(event, settled=True)

    assert bench.rows("internetaken") == []
    assert len(bench.rows("klantcontacten")) == 1


async def test_a_taak_that_came_back_is_there(bench: Bench) -> None:
    returned = [BACK, taak_created(revisie=3)]
    bench.project(*AMONG_THE_CONFIDENTIAL, *AWAY, *returned)

    for event in [*returned, *AWAY]:
        await bench.trigger(event, settled=True)

    [taak] = bench.rows("internetaken")
    assert taak["gevraagdeHandeling"] == "Terugbellen, revisie 3"


async def test_a_taak_waits_for_the_projector_to_move_it(bench: Bench) -> None:
    with pytest.raises(Behind):
        await bench.trigger(AWAY[1])
    assert len(bench.rows("internetaken")) == 1


async def test_what_moved_goes_also_when_the_projector_has_yet_to_read_where_to(bench: Bench) -> None:
    """To the projector the withdrawal of what moved changes nothing: the event among the confidential ones does."""
    bench.project(*AWAY)

    await bench.trigger(AWAY[1], settled=True)
    assert (len(bench.rows("klantcontacten")), bench.rows("internetaken")) == (1, [])
    await bench.trigger(AWAY[0], settled=True)
    await bench.trigger(CAME[0])

    assert bench.rows("klantcontacten") == []


async def test_a_taak_that_came_back_stays_while_a_rebuild_swaps_and_its_move_is_read_once_more(bench: Bench) -> None:
    returned = [BACK, taak_created(revisie=3)]
    bench.project(*AMONG_THE_CONFIDENTIAL, *AWAY, *returned)
    for event in returned:
        await bench.trigger(event)
    bench.register.collections[Collection.INTERNE_TAKEN].clear()

    with pytest.raises(Behind):
        await bench.trigger(AWAY[1])

    assert len(bench.rows("internetaken")) == 1
