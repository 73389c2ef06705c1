"""Parts of the other sections: percentiles, the documents of a filled register, and the settings of a tree."""

import math
import sys
from typing import Any

from tests.benchmarks.latency import percentile
from tests.benchmarks.register import renewed
from tests.benchmarks.trees import ROOT, Tree


def test_a_percentile_is_a_value_that_so_many_do_not_pass() -> None:
    values = [float(each) for each in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.5, 0.99, 1.0)] == [50, 99, 100]
    assert percentile([3.0], 0.99) == 3


def test_what_never_came_counts_among_the_slowest() -> None:
    assert percentile([1.0, math.inf], 0.5) == 1
    assert percentile([1.0, math.inf], 0.99) == math.inf


def test_a_document_of_a_filled_register_has_the_form_of_a_real_one_and_ids_of_its_own() -> None:
    document: dict[str, Any] = {
        "_id": "8576cdb2-202e-548c-b1d2-74f75cdee799",
        "regel": "V4",
        "nummer": "12",
        "versie": 3,
        "sleutels": ["1:bsn:pQWY0lnQO3MJWt0bt9Xh_n6DeM_VfFjUPfgUMAoIBLA"],
        "partijen": [{"partijId": "8576cdb2-202e-548c-b1d2-74f75cdee799"}],
    }
    one, other = renewed(document, 1), renewed(document, 2)
    assert one["_id"] == one["partijen"][0]["partijId"] != other["_id"]
    assert (len(one["_id"]), one["regel"], one["versie"], one["nummer"]) == (36, "V4", 3, "112")
    assert one["sleutels"][0].startswith("1:bsn:")
    assert len(one["sleutels"][0]) == len(document["sleutels"][0])
    assert one["sleutels"] != other["sleutels"]


def test_a_tree_is_given_no_setting_that_it_does_not_know() -> None:
    settings = {"mongo_database": "x", "of_another_commit": 1}
    assert Tree("this", ROOT, sys.executable).environment(settings) == {"KLANTCONTACT_MONGO_DATABASE": "x"}
