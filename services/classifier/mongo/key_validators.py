"""The validators by which MongoDB refuses a hash of an older versie, whoever writes it.

To set a validator takes the collection for itself: it waits for every transaction that has touched the collection, and
none that began before can write there afterwards. So from then on no process writes what it made by an older state.
"""

from typing import Final

from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER
from services.runtime.mongo.client import Document

GUARDED: Final = (PARTIJREGISTER, BESLUITEN)
"""The collections with hashes, in the order in which they are guarded."""

HASHES: Final[Document] = {"digest": 1, "grondsleutel": 1, "gereserveerd": 1, "sleutels": 1, "partijen.sleutels": 1}
"""The fields of both with hashes."""


def validator(versie: int) -> Document:
    """Return the validator that takes hashes of one versie only."""
    made: Document = {"pattern": f"^{versie}:"}
    sleutels: Document = {"items": made}
    digest: Document = {"pattern": f"^({versie}:|$)"}
    of_hashes = {"digest": digest, "grondsleutel": made, "gereserveerd": made, "sleutels": sleutels}
    partijen: Document = {"items": {"properties": {"sleutels": sleutels}}}
    return {"$jsonSchema": {"properties": {**of_hashes, "partijen": partijen}}}
