"""How many decisions there were by day, source and rule: counted with the decisions, so that no content is ever needed.

Each partition of the input counts in a document of its own, so that instances do not wait for each other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Final

from pymongo import UpdateOne

from services.domain.judgement import Judged, Judgement, Rejudged

TELLINGEN: Final = "tellingen"

WITHOUT_PARTITION: Final = -1


def tallies(judgements: Sequence[Judgement]) -> Iterator[UpdateOne]:
    """Give what a batch adds to the counts. A day is one of UTC; a new judgement counts on its own day."""
    counted: defaultdict[tuple[str, str, int], Counter[str]] = defaultdict(Counter)
    for judgement in judgements:
        if isinstance(judgement, Judged | Rejudged):
            besluit = judgement.besluit
            day = besluit.besloten_op.astimezone(UTC).date().isoformat()
            partition = besluit.position.partition if besluit.position else WITHOUT_PARTITION
            counted[day, besluit.source, partition].update(each.regel.value for each in besluit.onderwerpen)
    for (day, source, partition), by_rule in counted.items():
        yield UpdateOne({"_id": {"dag": day, "source": source, "partition": partition}}, {"$inc": by_rule}, upsert=True)
