"""`value_class`: a frozen dataclass for readers and mypy, at the run-time cost of a plain one.

A frozen dataclass sets every field through a call. A contact makes some thirty values with a few hundred fields, and
those calls took a twentieth of the classifier's time. So only mypy refuses to change a value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as value_class
else:

    def value_class(*, frozen: bool, slots: bool) -> Callable[[type], type]:
        """Return the decorator of a class of values. Equal values have equal hashes."""
        return partial(dataclass, unsafe_hash=frozen, slots=slots)


__all__ = ["value_class"]
