"""The order of the files of tests: slow ones first, so that no worker has a long file left when the others are done.

With `--dist=loadfile` xdist gives a worker a whole file at a time, in the order of collection; `--no-loadscope-reorder`
keeps it from sorting them by their number of tests. Measure again with `pytest --durations=0` when the end of a run has
idle workers.
"""

from typing import Final

import pytest

SLOWEST_FIRST: Final = (
    "tests/chaos/test_mix.py",
    "tests/faults/test_classifier_servers.py",
    "tests/faults/test_rebuild_faults.py",
    "tests/integration/classifier/test_memory.py",
    "tests/faults/test_readiness.py",
    "tests/faults/test_intake.py",
    "tests/privacy/test_erased_bytes.py",
    "tests/integration/runtime/test_observed.py",
    "tests/privacy/test_session.py",
    "tests/privacy/test_rotation.py",
    "tests/privacy/test_erased_stays_gone.py",
    "tests/privacy/test_roles.py",
    "tests/integration/operations/test_explain.py",
    "tests/integration/runtime/test_exactly_once.py",
    "tests/integration/operations/test_dead_letters.py",
    "tests/acceptance/test_canary.py",
    "tests/faults/test_rebuild_servers.py",
    "tests/faults/test_redrive.py",
    "tests/faults/test_projector_faults.py",
    "tests/faults/test_bridge.py",
    "tests/integration/bridge/test_process.py",
    "tests/acceptance/test_secure_kafka.py",
    "tests/acceptance/test_operators_day.py",
    "tests/privacy/test_compaction.py",
    "tests/privacy/test_audit.py",
    "tests/privacy/test_retention_by_services.py",
    "tests/faults/test_mapper.py",
    "tests/privacy/test_no_trail.py",
    "tests/integration/operations/test_rebuild.py",
    "tests/integration/classifier/test_amplification.py",
    "tests/simulate/test_simulate.py",
    "tests/unit/bridge/test_histories.py",
    "tests/fuzz/test_fuzz.py",
    "tests/integration/operations/test_skip.py",
    "tests/faults/test_operators_lock.py",
    "tests/integration/cli/test_image.py",
    "tests/acceptance/test_replay.py",
    "tests/integration/operations/test_explain_record.py",
    "tests/integration/runtime/test_oversized_batches.py",
    "tests/acceptance/test_explain.py",
    "tests/acceptance/test_publishers.py",
    "tests/acceptance/test_main_job.py",
    "tests/unit/classifier/test_memory.py",
    "tests/integration/cli/test_terminal.py",
    "tests/unit/domain/test_invariants.py",
    "tests/acceptance/test_replay_faults.py",
    "tests/integration/classifier/test_several_topics.py",
    "tests/faults/test_classifier.py",
    "tests/acceptance/test_confidential.py",
    "tests/integration/cli/test_dlq.py",
    "tests/integration/cli/test_command_line.py",
    "tests/integration/operations/test_publish.py",
    "tests/integration/local/test_stack.py",
    "tests/acceptance/test_dead_letters.py",
    "tests/acceptance/test_up.py",
    "tests/integration/cli/test_streams.py",
    "tests/acceptance/test_fallback.py",
    "tests/integration/cli/test_explain.py",
)

_PLACES: Final = {file: place for place, file in enumerate(SLOWEST_FIRST)}


def sort_slowest_first(items: list[pytest.Item]) -> None:
    """Sort the tests by their file; within a file, and among files that are not named, the order stays."""
    items.sort(key=lambda item: _PLACES.get(item.nodeid.partition("::")[0], len(_PLACES)))
