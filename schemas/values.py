"""Values: frozen dataclasses to whoever reads or type checks them, at the price of plain ones.

At run time a frozen dataclass sets every field by a call, and a contact makes some thirty values with a few hundred
fields: a twentieth of the classifier's time. So mypy alone refuses to change one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as value_class
else:

    def value_class(*, frozen: bool, slots: bool) -> Callable[[type], type]:
        """Make a class of values; those that are equal have one hash."""
        return partial(dataclass, unsafe_hash=frozen, slots=slots)


__all__ = ["value_class"]
