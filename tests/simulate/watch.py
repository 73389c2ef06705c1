"""Checks every change of the servers, and compares each transaction of the register with the rules."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Final, cast

from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER
from services.projector.mongo.writes import CONFIDENTIAL, FROM, Collection
from tests.simulate.mongo.matching import Document
from tests.simulate.mongo.store import Transaction
from tests.simulate.oracle import History, Judged, Step, without_chance
from tests.simulate.town import CLASSIFIERS, Town

HOME: Final[Mapping[str, str]] = {
    **{each: each for each in Collection if each is not Collection.VERVALLEN},
    **{confidential: ordinary for ordinary, confidential in CONFIDENTIAL.items()},
}
"""The collection to which a thing belongs, by that in which it stands."""


class Watch:
    """The checks after every step."""

    def __init__(self, town: Town) -> None:
        self.history = History()
        self._town = town
        self._numbers: dict[tuple[str, str], str] = {}
        self._offsets: dict[Hashable, int] = {}
        town.store.after_commit = self._after_commit
        town.broker.after_write = self._after_write

    def _after_commit(self, transaction: Transaction) -> None:
        self._compare_register(transaction)
        for (collection, _), stored in transaction.changes.items():
            if stored is None:
                continue
            for kind, nummer, of in numbers_in(collection, stored.document):
                if self._numbers.setdefault((kind, nummer), of) != of:
                    self._town.world.violated(f"a number of a {kind} was given twice")
            if collection in HOME or collection == Collection.VERVALLEN:
                self._look_in_one_place(collection, stored.document)

    def _compare_register(self, transaction: Transaction) -> None:
        left = {
            (collection, str(identifier)): None if stored is None else without_chance(stored.document)
            for (collection, identifier), stored in transaction.changes.items()
            if collection in (BESLUITEN, PARTIJREGISTER)
        }
        if left:
            step = Step(cast("Judged", transaction.about), transaction.began, self._town.store.commits, left)
            for collection in self.history.add(step):
                self._town.world.violated(f"a document of {collection} is not as the rules say")

    def _look_in_one_place(self, collection: str, document: Document) -> None:
        home = HOME.get(collection) or document[FROM]
        places = [*(each for each, of in HOME.items() if of == home), Collection.VERVALLEN]
        collections = self._town.store.collections
        if sum(document["_id"] in collections.get(each, {}) for each in places) > 1:
            self._town.world.violated("a thing stands in two places")

    def _after_write(self) -> None:
        for place, offset in self._town.broker.offsets.committed.items():
            if place[0] == CLASSIFIERS and offset < self._offsets.get(place, 0):
                self._town.world.violated("the classifier's position went back")
            self._offsets[place] = offset


def numbers_in(collection: str, document: Document) -> Iterator[tuple[str, str, str]]:
    """Yield kind, number and owner of each number that a document of the register hands out."""
    if collection == PARTIJREGISTER:
        yield "partij", document["nummer"], document["_id"]
    elif collection == BESLUITEN:
        for each in document.get("uitgegeven", ()):
            yield "klantcontact", each["klantcontactNummer"], each["klantcontactId"]
            if "taakNummer" in each:
                yield "interne taak", each["taakNummer"], each["klantcontactId"]
