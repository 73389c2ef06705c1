"""The log lines and metrics of a convergence: ids, uuids and words of our own."""

import structlog

from services.bridge.compare import RowComparison
from services.bridge.converge import Convergence
from services.bridge.errors import LetterReason
from services.bridge.parts import Ours
from services.runtime.observe import bridge_metrics

log = structlog.get_logger()


def tell_comparison(comparison: RowComparison, ours: Ours, **ids: str) -> None:
    """Log the rows of ours that others removed, the rows of others that go with ours, and the taken that stay."""
    for key in sorted(comparison.removed - ours.removed):
        bridge_metrics.REMOVED_BY_OTHERS.inc()
        log.warning("bridge.removed_by_others", row=key, **ids)
    for row in comparison.others:
        log.warning("bridge.removed_with_ours", resource=row.resource, uuid=row.uuid, status=row.status, **ids)
    for row in comparison.left:
        log.warning("bridge.taak_left", resource=row.resource, uuid=row.uuid, status=row.status, **ids)


def count_converged(kind: str, outcome: Convergence | LetterReason) -> None:
    """Count the outcome of a convergence."""
    bridge_metrics.CONVERGED.labels(kind=kind, outcome=outcome).inc()
