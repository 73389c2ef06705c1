"""The page of faults, made from the enums in `schemas/faults.py` and the texts under their members."""

from schemas.faults import HINTS, FaultKind, RefusalKind
from schemas.meanings import meanings

_PAGE = """\
# What can be wrong with a `contact.ended`

Made from `schemas/faults.py` by `make schemas`. Both lists are closed: publishers and operators may build on them.

A refused event becomes a dead letter (headers `dlq_kind` and `dlq_faults`), or a line of `klantcontact classify`
(`fouten`). Each error has a `pad` and a `soort`, and never a value. `klantcontact validate` shows a publisher the same
errors beforehand, each with its line of the JSON Schema. `validate` and `dlq show` also say what is expected at that
place, with an example that is valid there.

`pad` is the path from the event's root with the positions in lists, such as `data.onderwerpen.0.onderwerp`. For an
attribute it is the name, such as `specversion`. It is empty when nothing could be read. An error over several fields is
reported at the missing one, else at the later one. A missing item of a list has the position after the last one.

All errors are reported at once, unless one follows from another. With more than fifty errors in single fields, the
rules over several fields are not applied. In a list that is too long, the items beyond the limit are not judged.

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
    """Return the page."""
    faults = (_row(f"`{value}`", meaning, HINTS[FaultKind(value)]) for value, meaning in meanings(FaultKind).items())
    refusals = (_row(f"`{value}`", meaning) for value, meaning in meanings(RefusalKind).items())
    return _PAGE.format(faults="\n".join(faults), refusals="\n".join(refusals))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
