"""Whole sets of the collections: the one that everybody uses, one made anew beside it, and the one from before."""

from enum import StrEnum

from services.projector.writes import Collection


class Generation(StrEnum):
    """A set of the four collections, by what its names end in."""

    LIVE = ""
    NEW = "_nieuw"
    FORMER = "_vorige"

    def name_of(self, collection: Collection) -> str:
        """Give the name of a collection in this set."""
        return f"{collection}{self}"
