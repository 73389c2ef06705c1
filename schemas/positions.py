"""The place of a record in Kafka, as a dead letter and a decision name it. One class, since both are one thing."""

from schemas.values import value_class


@value_class(frozen=True, slots=True)
class Position:
    """Where a record lies."""

    topic: str
    partition: int
    offset: int
