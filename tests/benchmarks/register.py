"""What an event costs when the register already holds many decisions and partijen: they are written into MongoDB."""

import base64
import hashlib
import os
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice
from typing import Any, Final

from pymongo import MongoClient
from pymongo.database import Database

from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER
from tests.benchmarks.contest import Contestant, Results, say
from tests.benchmarks.contestants import Contestants
from tests.benchmarks.figures import Run
from tests.benchmarks.rows import Row, ratio
from tests.benchmarks.watch import measure, measure_parts

SIZES: Final = "1000,100000"
"""Of both collections. `KLANTCONTACT_BENCH_REGISTER` names others: 1000,1000000 takes some minutes to fill, 10000000
the greater part of an hour."""

AT_ONCE: Final = 1_000
MARK: Final = "bench"
"""A field of the documents that are made here. The classifier never reads them."""

HASH: Final = re.compile(r"(.*:)[\w-]{43}")
UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Document = dict[str, Any]


@dataclass(frozen=True)
class Registers:
    """Registers of several sizes, and the classifier on each of them."""

    contestants: Contestants

    @property
    def sizes(self) -> list[int]:
        """The sizes, smallest first."""
        return sorted(map(int, (os.environ.get("KLANTCONTACT_BENCH_REGISTER") or SIZES).split(",")))

    def of_contacts(self) -> Mapping[str, Contestant]:
        """Return the classifier on each of them, by name."""
        return {_name(size): partial(self._classify, size) for size in self.sizes}

    def rows(self, results: Results) -> Sequence[Row]:
        """Return the cost on each, as a share of the cost on the smallest."""
        smallest, *larger = self.sizes
        beside = f"CPU an event of all three with {smallest:,} partijen and decisions"
        return [
            ratio(results, f"{size:,} / {beside}", _name(size), _name(smallest), _cost, at_most=1.2) for size in larger
        ]

    def _classify(self, size: int, run: str) -> Mapping[str, Run]:
        ground, contacts = self.contestants.ground, self.contestants.contacts
        database = f"register{size}"
        # Another contest had the classifier read these contacts under the name of the run alone.
        services = self.contestants.services(f"register-{run}", contacts)
        services = replace(services, settings={**services.settings, "mongo_database": database})
        with MongoClient[Document](ground.mongo_uri) as client:
            if database not in client.list_database_names():
                say(f"filling a register of {size:,} …")
                fill(client[self._templates], client[database], size)
            services.make_topics(partitions=self.contestants.options.partitions)
            shown = measure(ground, services.job("classifier", contacts))
            for collection in (BESLUITEN, PARTIJREGISTER):
                client[database][collection].delete_many({MARK: {"$exists": False}})
        services.forget()
        return {_name(size): replace(shown, name=_name(size))}

    @cached_property
    def _templates(self) -> str:
        """The name of a database with the register of a few contacts."""
        services = self.contestants.services("templates", self.contestants.few)
        services.make_topics(partitions=self.contestants.options.partitions)
        measure_parts(services.ground, services.job("classifier", services.contacts), [1.0])
        return services.name


def _name(size: int) -> str:
    return f"register of {size:,}"


def _cost(run: Run) -> float:
    return run.system_us


def fill(templates: Database[Document], database: Database[Document], size: int) -> None:
    """Make a register with so many decisions and partijen, like those of a small one, with indexes like it."""
    for collection in templates.list_collection_names():
        few = list(templates[collection].find())
        for name, index in templates[collection].index_information().items():
            if name != "_id_":
                database[collection].create_index(name=name, **_index(index))
        if collection not in {BESLUITEN, PARTIJREGISTER}:
            if few:
                database[collection].insert_many(few)
            continue
        made = (renewed(few[number % len(few)], number) for number in range(size))
        while some := list(islice(made, AT_ONCE)):
            database[collection].insert_many(some, ordered=False)


def _index(found: Mapping[str, Any]) -> Document:
    options = {name: value for name, value in found.items() if name not in {"v", "ns", "key"}}
    return {"keys": found["key"], **options}


def renewed(document: Document, number: int) -> Document:
    """Return a document of the same form, whose ids, hashes and numbers belong to it alone."""
    return {**_renewed(document, number), MARK: True}


def _renewed(value: Any, number: int) -> Any:  # noqa: ANN401 - whatever BSON holds
    if isinstance(value, dict):
        return {name: _renewed(each, number) for name, each in value.items()}
    if isinstance(value, list):
        return [_renewed(each, number) for each in value]
    return _text(value, number) if isinstance(value, str) else value


def _text(text: str, number: int) -> str:
    if text.isdecimal():
        return f"{number}{text}"
    if UUID.fullmatch(text):
        return str(uuid.UUID(bytes=_digest(text, number)[:16]))
    if (found := HASH.fullmatch(text)) is not None:
        return found[1] + base64.urlsafe_b64encode(_digest(text, number)).decode().rstrip("=")
    return text


def _digest(text: str, number: int) -> bytes:
    return hashlib.sha256(f"{number} {text}".encode()).digest()
