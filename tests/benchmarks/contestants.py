"""What runs in turn: the services in several set-ups, and the loops beside them."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Final

from services.runtime.settings import Settings
from tests.benchmarks.channels import CHANNELS, filled, mapped
from tests.benchmarks.contest import Contestant, NotRun
from tests.benchmarks.figures import Run
from tests.benchmarks.ground import Filled, Ground
from tests.benchmarks.options import Options
from tests.benchmarks.product import Services
from tests.benchmarks.trees import ROOT, Tree, compiled_tree
from tests.benchmarks.watch import Job, measure
from tests.support.kafka_tools import make_topics

NAIVE_EVENTS: Final = 400
"""Enough to see what one message costs; all of them would take ten minutes."""

MORE_PARTITIONS: Final = 12
"""As `klantcontact topics create` makes by default."""

COMPILED: Final = "compiled classifier"


@dataclass(frozen=True, kw_only=True)
class Contestants:
    """All that can run, on one pair of servers. Topics are filled when the first asks for them."""

    ground: Ground
    options: Options
    tree: Tree

    @cached_property
    def contacts(self) -> Filled:
        """The topic that most of them read."""
        return self.ground.fill("contact.ended", self.options.events, partitions=self.options.partitions)

    @cached_property
    def more_partitions(self) -> Filled:
        """The same contacts in more partitions."""
        return self.ground.fill("contact.ended.more", self.options.events, partitions=MORE_PARTITIONS)

    @cached_property
    def few(self) -> Filled:
        """Some of the same contacts."""
        return self.ground.fill("contact.ended.few", NAIVE_EVENTS, partitions=self.options.partitions)

    @cached_property
    def many(self) -> Filled:
        """Enough contacts to let a JVM warm up."""
        return self.ground.fill("contact.ended.many", self.options.warm_events, partitions=self.options.partitions)

    @cached_property
    def projected(self) -> Services:
        """What the classifier publishes of the contacts, and what the projector makes of that."""
        services = self.services("projected", self.contacts)
        services.make_topics(partitions=self.options.partitions)
        services.classify()
        services.project()
        return services

    @cached_property
    def published(self) -> Filled:
        """The events that the projector reads."""
        return self.ground.filled(self.projected.outputs)

    @cached_property
    def messages(self) -> Mapping[str, Filled]:
        """The raw topic of each channel, by the name of its contestant."""
        partitions = self.options.partitions
        return {
            name: filled(self.ground, channel, self.options.events, partitions=partitions)
            for name, channel in CHANNELS.items()
        }

    def batch(self, setting: str) -> str:
        """Return the most records of a batch, as that setting of the services says."""
        return str(self.options.batch or Settings.model_fields[setting].default)

    def warm_up(self) -> None:
        """Warm Kafka up: its JVM compiles what it does often, and the first run would pay for that."""
        self.classifier("warm", "warm", self.contacts)

    def of_contacts(self) -> Mapping[str, Contestant]:
        """Return those that read contacts, by name."""
        return {
            "floor": self.floor,
            "naive": self.naive,
            "classifier": lambda run: self.classifier("classifier", run, self.contacts),
            COMPILED: lambda run: self.classifier(COMPILED, run, self.contacts, tree=self.compiled),
            "two classifiers": lambda run: self.classifier("two classifiers", run, self.contacts, instances=2),
            **{name: partial(self.mapper, name) for name in CHANNELS},
            "twelve partitions": lambda run: self.classifier("twelve partitions", run, self.more_partitions),
        }

    def of_events(self) -> Mapping[str, Contestant]:
        """Return those that read what the classifier published, by name."""
        return {"projector": self.projector, "bare upserts": self.upserts}

    @cached_property
    def compiled(self) -> Tree:
        """This tree as the image has it. Raises NotRun where there is no compiler."""
        try:
            return compiled_tree()
        except subprocess.CalledProcessError:
            raise NotRun("it takes gcc and the headers of this Python to compile") from None

    def services(self, run: str, contacts: Filled) -> Services:
        """Return the services with names of one run."""
        return Services(ground=self.ground, tree=self.tree, name=run, contacts=contacts, settings=self.options.settings)

    def classifier(
        self, name: str, run: str, contacts: Filled, *, instances: int = 1, tree: Tree | None = None
    ) -> Mapping[str, Run]:
        """Run the classifier over contacts: that of this tree, or of another one."""
        services = replace(self.services(run, contacts), tree=tree or self.tree)
        services.make_topics(partitions=len(contacts.ends))
        shown = services.classify(instances=instances)
        services.forget()
        return {name: replace(shown, name=name)}

    def mapper(self, name: str, run: str) -> Mapping[str, Run]:
        """Run the mapper over the messages of a channel."""
        services = self.services(run, self.messages[name])
        shown = mapped(services, CHANNELS[name], partitions=self.options.partitions)
        return {name: replace(shown, name=name)}

    def projector(self, run: str) -> Mapping[str, Run]:
        """Run the projector over the events, into a database of its own."""
        services = replace(
            self.projected, settings={**self.options.settings, "mongo_database": run, "projector_group": run}
        )
        shown = measure(self.ground, replace(services.job("projector", self.published), group=run))
        self.ground.forget(database=run)
        return {"projector": replace(shown, name="projector")}

    def upserts(self, run: str) -> Mapping[str, Run]:
        """Run the bare upserts over the same events."""
        arguments = [run, self.projected.name, ",".join(self.published.topics), run]
        batch = self.batch("projector_batch_size")
        return {"bare upserts": self._loop("upserts", "bare upserts", run, self.published, *arguments, batch)}

    def floor(self, run: str) -> Mapping[str, Run]:
        """Run the floor over contacts."""
        make_topics(self.ground.bootstrap, f"{run}.out", partitions=self.options.partitions)
        arguments = [run, *self.contacts.topics, f"{run}.out", run, self.batch("batch_size")]
        return {"floor": self._loop("floor", "floor", run, self.contacts, *arguments, topics=[f"{run}.out"])}

    def naive(self, run: str) -> Mapping[str, Run]:
        """Run the naive loop over a few contacts."""
        make_topics(self.ground.bootstrap, f"{run}.out", partitions=self.options.partitions)
        arguments = [run, *self.few.topics, f"{run}.out", run]
        return {"naive": self._loop("naive", "naive", run, self.few, *arguments, topics=[f"{run}.out"])}

    def _loop(
        self, module: str, name: str, run: str, filled: Filled, *arguments: str, topics: Sequence[str] = ()
    ) -> Run:
        job = Job(
            name=name,
            command=[
                *(sys.executable, "-m", f"tests.benchmarks.loops.{module}"),
                *(self.ground.bootstrap, self.ground.mongo_uri, *arguments),
            ],
            group=run,
            filled=filled,
            folder=ROOT,
        )
        shown = measure(self.ground, job)
        self.ground.forget(topics=topics, database=run)
        return shown
