"""Both services of a tree as jobs, each run with topics, groups and a database of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.runtime.kafka.topics import CONSENT_PARTITIONS
from tests.benchmarks.figures import Run
from tests.benchmarks.ground import Filled, Ground
from tests.benchmarks.trees import Tree
from tests.benchmarks.watch import Job, measure
from tests.support.kafka_tools import make_topics, topic_names

KEY: Final = "0" * 64
"""Of the register. It keeps no secret: all people are made up."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """The classifier and the projector of a tree, with names that no other run has."""

    ground: Ground
    tree: Tree
    name: str
    contacts: Filled
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def outputs(self) -> list[str]:
        """The topics that the projector reads."""
        names = topic_names(self.name)
        topics = ("registered_topic", "confidential_topic", "taak_topic", "confidential_taak_topic")
        return [str(names[each]) for each in topics]  # type: ignore[literal-required] # names of the same keys

    @property
    def answers(self) -> list[str]:
        """The topics that may hold something for each contact: that of dead letters, then the outputs."""
        return [topic_names(self.name)["dead_letter_topic"], *self.outputs]

    @property
    def written(self) -> list[str]:
        """Every topic but those of the contacts."""
        named = {setting: names for setting, names in topic_names(self.name).items() if setting != "contact_topics"}
        return [name for names in named.values() for name in _listed(names)]

    @property
    def environment(self) -> dict[str, str]:
        """The variables of both services."""
        names = {**topic_names(self.name), "contact_topics": self.contacts.topics}
        given = {
            **{setting: ",".join(_listed(named)) for setting, named in names.items()},
            "kafka_bootstrap": self.ground.bootstrap,
            "mongo_uri": self.ground.mongo_uri,
            "mongo_database": self.name,
            "classifier_group": f"{self.name}-classifier",
            "projector_group": f"{self.name}-projector",
            "sleutel": KEY,
            **self.settings,
        }
        return self.tree.environment(given)

    def make_topics(self, *, partitions: int) -> None:
        """Make the topics that the services write to."""
        few = _listed(topic_names(self.name)["consent_topics"])
        make_topics(self.ground.bootstrap, *few, partitions=CONSENT_PARTITIONS)
        make_topics(self.ground.bootstrap, *set(self.written).difference(few), partitions=partitions)

    def classify(self, *, instances: int = 1) -> Run:
        """Run the classifier until it has read all contacts."""
        return measure(self.ground, self.job("classifier", self.contacts, instances=instances))

    def project(self) -> Run:
        """Run the projector until it has read all that the classifier published."""
        return measure(self.ground, self.job("projector", self.ground.filled(self.outputs)))

    def forget(self) -> None:
        """Remove all that the services have written."""
        self.ground.forget(topics=self.written, database=self.name)

    def job(self, service: str, filled: Filled, *, instances: int = 1) -> Job:
        """Return one of the services as processes that read topics."""
        return Job(
            name=f"{service}-{self.name}",
            command=self.tree.command("run", service),
            group=f"{self.name}-{service}",
            filled=filled,
            environment=self.environment,
            folder=self.tree.folder,
            instances=instances,
        )


def _listed(names: object) -> Sequence[str]:
    return names if isinstance(names, tuple) else [str(names)]
