"""The Open Klant in memory has the same parameters as Open Klant's own description, where that is there."""

import pytest

from tests.contract.open_klant.conftest import OPENAPI
from tests.contract.open_klant.description import Description
from tests.fakes.open_klant.api import RESOURCES
from tests.fakes.open_klant.expand import EXPANDED
from tests.fakes.open_klant.paging import PARAMETERS


@pytest.mark.skipif(OPENAPI is None, reason="KLANTCONTACT_OPENKLANT_OPENAPI names no description")
def test_each_list_has_the_parameters_that_are_described(description: Description) -> None:
    known = {
        name: {*each.filters, *PARAMETERS, *(["expand"] if name in EXPANDED else [])}
        for name, each in RESOURCES.items()
    }

    assert known == {name: description.parameters(f"/{name}") for name in RESOURCES}
