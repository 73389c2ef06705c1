"""The writes that make the partijen of a batch what they have become."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from pymongo import InsertOne, UpdateOne

from services.classifier.mongo.documents import partij_changes, partij_document
from services.domain.partij import PartijRecord
from services.runtime.mongo.client import Document

PartijWrite = UpdateOne | InsertOne[Document]


def partij_writes(
    changed: Iterable[tuple[PartijRecord | None, PartijRecord]],
    written: Callable[[Document], Document],
    as_read: Mapping[str, Document],
) -> list[PartijWrite]:
    """Return the writes for partijen before (None: new) and after a batch.

    `written` gives a document the hashes that are stored. `as_read` holds the documents whose hashes were stored
    otherwise than the domain sees them.
    """
    given_up: list[PartijWrite] = []
    claimed: list[PartijWrite] = []
    released: list[PartijWrite] = []
    updated: list[PartijWrite] = []
    inserted: list[PartijWrite] = []
    for before, partij in changed:
        if before is None:
            document = written(partij_document(partij))
            if "gereserveerd" in document:
                # Made and forgotten in one batch. It holds its sleutel for a moment, so that it collides with a partij
                # that another instance makes for the same klant.
                claimed.append(InsertOne({**document, "sleutels": [document["gereserveerd"]]}))
                released.append(UpdateOne({"_id": partij.partij_id}, {"$unset": {"sleutels": ""}}))
            else:
                inserted.append(InsertOne(document))
            continue
        was = as_read.get(partij.partij_id) or partij_document(before)
        # A whole document costs MongoDB a look at every index.
        if update := partij_changes(was, written(partij_document(partij))):
            updated.append(UpdateOne({"_id": partij.partij_id}, update))
        kept = tuple(sleutel for sleutel in before.sleutels if sleutel in partij.sleutels)
        if len(kept) < len(before.sleutels):
            fewer = partij_changes(was, written(partij_document(replace(before, sleutels=kept))))
            given_up.append(UpdateOne({"_id": partij.partij_id}, fewer))
    # A sleutel can move between partijen: one gives it up before the other takes it. Writes of one kind lie together,
    # since each change of kind is a round trip.
    return [*given_up, *claimed, *released, *updated, *inserted]
