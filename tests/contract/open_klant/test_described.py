"""The Open Klant in memory beside Open Klant's own description: it has the same parameters and the same fields."""

import httpx
import pytest

from tests.contract.open_klant.bodies import with_taak
from tests.contract.open_klant.conftest import OPENAPI
from tests.contract.open_klant.description import Description
from tests.contract.open_klant.visitor import Visitor
from tests.fakes.open_klant.api import EXPANDED, RESOURCES
from tests.fakes.open_klant.paging import PARAMETERS


@pytest.mark.skipif(OPENAPI is None, reason="KLANTCONTACT_OPENKLANT_OPENAPI names no description")
@pytest.mark.parametrize("name", RESOURCES)
def test_a_list_has_the_parameters_that_are_described(name: str, description: Description) -> None:
    known = {*RESOURCES[name].filters, *PARAMETERS, *(["expand"] if name in EXPANDED else [])}

    assert known == description.parameters(f"/{name}")


@pytest.mark.skipif(OPENAPI is None, reason="KLANTCONTACT_OPENKLANT_OPENAPI names no description")
def test_an_answer_that_is_not_as_described_is_noticed(visitor: Visitor, description: Description) -> None:
    answer = visitor.get(f"klantcontacten/{with_taak(visitor)[0]}")
    told = {**answer.json(), "kanaal": None}

    with pytest.raises(AssertionError, match=r"ANSWER is not as described: \$\.kanaal"):
        description.validate(httpx.Response(200, json=told, request=answer.request))
