"""The closed lists of what can be wrong, as a page: from the enums and what stands under their members."""

from schemas.faults import HINTS, FaultKind, RefusalKind
from schemas.meanings import meanings

_PAGE = """\
# What can be wrong with a `contact.ended`

Made from `schemas/faults.py` by `make schemas`. Both lists are closed: publishers and operators may build on them.

An event that is refused becomes a dead letter (`dlq_kind`, `dlq_faults`), or a line of `klantcontact classify`
(`fouten`). Each error has a `pad` and a `soort`, and never a value. `klantcontact validate` tells a publisher the same
beforehand, with the line of the JSON Schema that says so.

`pad` is the path from the event's root with the positions in lists, such as `data.onderwerpen.0.onderwerp`; of an
attribute its name, such as `specversion`; empty when nothing could be read. An error over several fields stands at the
missing one, else at the later one.

All errors are told at once, as far as one does not follow from another. After fifty errors in single fields, what
several fields must agree on is not judged any more. Of a list that is too long, what is too much is not judged.

## `soort`: the kind of an error

| kind | meaning | what to do |
|---|---|---|
{faults}

## `dlq_kind`: why a message became a dead letter

| kind | meaning |
|---|---|
{refusals}
"""


def fault_tables() -> str:
    """Give the page."""
    faults = (_row(f"`{value}`", meaning, HINTS[FaultKind(value)]) for value, meaning in meanings(FaultKind).items())
    refusals = (_row(f"`{value}`", meaning) for value, meaning in meanings(RefusalKind).items())
    return _PAGE.format(faults="\n".join(faults), refusals="\n".join(refusals))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
