"""What the bridge tells of its work: ids, uuids and our own words."""

import structlog

from services.bridge.compare import RowComparison
from services.bridge.converge import Convergence
from services.bridge.errors import LetterReason
from services.bridge.parts import Ours
from services.runtime.observe import bridge_metrics

log = structlog.get_logger()


def tell_comparison(comparison: RowComparison, ours: Ours, **ids: str) -> None:
    """Tell what came to light: rows that others removed, and what of theirs goes with a row of ours."""
    for key in sorted(comparison.removed - ours.removed):
        bridge_metrics.REMOVED_BY_OTHERS.inc()
        log.warning("bridge.removed_by_others", row=key, **ids)
    for row in comparison.others:
        log.warning("bridge.removed_with_ours", resource=row.resource, uuid=row.uuid, status=row.status, **ids)
    for row in comparison.left:
        log.warning("bridge.taak_left", resource=row.resource, uuid=row.uuid, status=row.status, **ids)


def count_converged(kind: str, outcome: Convergence | LetterReason) -> None:
    """Count what a convergence came to."""
    bridge_metrics.CONVERGED.labels(kind=kind, outcome=outcome).inc()
