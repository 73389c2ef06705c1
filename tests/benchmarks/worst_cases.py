"""`make worst`: what the worst shapes that the contract allows take, beside plain contacts in the same run.

The table is that of docs/architecture/worst-cases.md. No server takes part: MongoDB and Kafka come on top for each
event and document, as they do for plain contacts.
"""

from statistics import median
from typing import Final

from tests.support.heavy_batch import Measured, measured
from tests.support.heavy_shapes import shapes

ROUNDS: Final = 3
"""Each shape is measured as often, with plain contacts beside it. The median counts."""

PLAIN: Final = "plain contacts"

COLUMNS: Final = (
    "shape",
    "records",
    "kB each",
    "kB out each",
    "ms each",
    "time × plain",
    "time × plain, a kB out",
    "peak MB",
)


def main() -> None:
    """Print the table."""
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---" * len(COLUMNS) + "|")
    for name in shapes():
        pairs = [(measured(PLAIN), measured(name)) for _ in range(ROUNDS)]
        print("| " + " | ".join(_row(name, pairs)) + " |", flush=True)


def _row(name: str, pairs: list[tuple[Measured, Measured]]) -> list[str]:
    of_shape = [shape for _, shape in pairs]
    one = of_shape[0]
    return [
        name,
        f"{one.records:,}",
        f"{one.bytes / one.records / 1000:.1f}",
        f"{one.published_bytes / one.records / 1000:,.0f}",
        f"{median(map(_milliseconds, of_shape)):.1f}",
        f"{median(_milliseconds(shape) / _milliseconds(plain) for plain, shape in pairs):,.0f}",
        _by_output(pairs) if one.published_bytes else "–",
        f"{max(each.peak_mb for each in of_shape):.0f}",
    ]


def _milliseconds(took: Measured) -> float:
    return took.cpu_seconds / took.records * 1000


def _by_output(pairs: list[tuple[Measured, Measured]]) -> str:
    return f"{median(_a_kilobyte(shape) / _a_kilobyte(plain) for plain, shape in pairs):.2f}"


def _a_kilobyte(took: Measured) -> float:
    return took.cpu_seconds / took.published_bytes * 1000


if __name__ == "__main__":
    main()
