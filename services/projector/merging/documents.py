"""MongoDB documents made of events, and amendments to documents that others may have added fields to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.values import value_class

ProjectedDocument = dict[str, Any]


@value_class(frozen=True, slots=True)
class Amendment:
    """A change to an existing document: fields (dotted paths) to set and to remove. Other fields stay."""

    set: ProjectedDocument
    unset: tuple[str, ...] = ()

    def applied_to(self, document: ProjectedDocument) -> ProjectedDocument:
        """Return the document after the change. The one that is given stays as it is."""
        changed = {**document}
        for path, value in self.set.items():
            holder, name = _holder(changed, path)
            holder[name] = value
        for path in self.unset:
            holder, name = _holder(changed, path)
            holder.pop(name, None)
        return changed


def difference(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Amendment:
    """Return the amendment that makes `there` equal to `wanted`."""
    return Amendment(
        {path: value for path, value in wanted.items() if path not in there or there[path] != value},
        tuple(path for path in there if path not in wanted),
    )


def _holder(document: ProjectedDocument, path: str) -> tuple[ProjectedDocument, str]:
    """Return the object that holds the last name of a path, each object on the way copied into its holder."""
    *steps, name = path.split(".")
    for step in steps:
        document[step] = {**document[step]}
        document = document[step]
    return document, name


def milliseconds(moment: datetime) -> datetime:
    """Return the moment as BSON keeps it, so that a document read back equals the one that was written."""
    finer = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - finer) if finer else moment
