"""The classifier's job as a Quix Streams application, exactly once, by our own rules: only the way of working differs.

Its register is the local state of a message key. That finds the partijen of one klant, since a klant has one key, and
nobody else can ask it. Numbers begin anew with each start, which a real one could not do. It runs in an environment of
its own, in which our sources are read from the folder.
"""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from quixstreams import Application, State, message_context
from quixstreams.models import Topic

from schemas.faults import Refusal
from services.classifier.cases import read
from services.classifier.encoding import Encoder
from services.classifier.mongo.documents import besluit_document, besluit_of, bijdragen_of, partij_document, partij_of
from services.domain.case import Case
from services.domain.numbers import Numbers
from services.domain.outcome import Outcome, Refused
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.runtime.kafka.records import Record
from services.runtime.letters.sealing import Sealer
from services.runtime.settings import Settings

COMMIT_SECONDS: Final = 0.5
"""Each commit is a transaction and a checkpoint of the state. The default is 5, which no subscriber would like."""

SLEUTELS: Final = Sleutels(bytes(32))
KEPT: Final = timedelta(days=120)

Out = tuple[str, str, bytes]
"""The topic, the key and the value of a message."""


class Judge:
    """Judges one contact after another."""

    def __init__(self, settings: Settings) -> None:
        self._encoder = Encoder(settings, Sealer(bytes(32)))
        self._numbers = Numbers(count(1), count(1), count(1))

    def __call__(self, value: bytes, key: str, timestamp: int, headers: object, state: State) -> Sequence[Out]:
        """Return what goes out for a contact."""
        del headers  # these contacts have none
        context = message_context()
        written_at = datetime.fromtimestamp(timestamp / 1000, UTC)
        record = Record(context.topic, context.partition, context.offset, written_at, key.encode(), value, ())
        now = datetime.now(UTC)
        outcome = self._judged(record, now, state)
        messages = self._encoder.messages(record, outcome, now)
        return [(each.topic, (each.key or b"").decode(), each.value or b"") for each in messages]

    def _judged(self, record: Record, now: datetime, state: State) -> Outcome:
        case = read(record, SLEUTELS, DEFAULT)
        if isinstance(case, Refusal):
            return Refused(case)
        assert isinstance(case, Case), "nobody asks it to erase"
        register = Register(DEFAULT, self._numbers)
        _look_up(case, register, state)
        outcome = register.judge(case, now)
        _keep(register, state)
        return outcome


def _look_up(case: Case, register: Register, state: State) -> None:
    """Add what the register knows of a contact, its klanten, and what it follows up."""
    for key in {case.key, _followed(case, state)}:
        if key is not None and (document := state.get(f"besluit {key}")) is not None:
            register.add_besluit(besluit_of(document))
    in_force = register.besluiten.get(case.key)
    ids = {state.get(f"sleutel {each}") for of_one in case.sleutels for each in of_one}
    ids.update(case.own_partij_ids())
    ids.update(touched.partij_id for touched in (in_force.partijen if in_force else ()))
    for partij_id in ids:
        if partij_id is not None and (document := state.get(f"partij {partij_id}")) is not None:
            register.add_partij(partij_of(document))
    if in_force is None or in_force.revisie >= case.received.contact.revisie:
        return
    for partij_id in register.touchable([case], [case]):
        for key in state.get(f"touching {partij_id}") or ():
            for touched, bijdrage in bijdragen_of(state.get(f"besluit {key}")):
                if touched == partij_id:
                    register.add_bijdrage(partij_id, key, bijdrage)


def _followed(case: Case, state: State) -> str | None:
    asked = case.received.contact.vervolg_op
    if asked is None or asked.klantcontact_id is None:
        return case.vervolg_key()
    key: str | None = state.get(f"klantcontact {asked.klantcontact_id.lower()}")
    return key


def _keep(register: Register, state: State) -> None:
    """Record what judging has changed."""
    for partij_id in register.changed_partijen:
        partij = register.partijen[partij_id]
        state.set(f"partij {partij_id}", partij_document(partij))
        for sleutel in partij.sleutels:
            state.set(f"sleutel {sleutel}", partij_id)
    for key in register.changed_besluiten:
        besluit = register.besluiten[key]
        document: dict[str, Any] = dict(besluit_document(besluit, KEPT))
        document.pop("vervaltOp", None)  # a moment, which JSON does not know; nothing expires here
        state.set(f"besluit {key}", document)
        for given in besluit.uitgegeven:
            state.set(f"klantcontact {given.klantcontact_id}", key)
        for touched in besluit.partijen:
            known = state.get(f"touching {touched.partij_id}") or []
            if key not in known:
                state.set(f"touching {touched.partij_id}", [*known, key])


def main(bootstrap: str, group: str, folder: str, source: str, *outputs: str) -> None:
    """Run until the process is ended. The first of the topics is that of dead letters."""
    app = Application(
        bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=COMMIT_SECONDS,
        state_dir=folder,
        loglevel="WARNING",
    )
    given = app.topic(source, value_deserializer="bytes", key_deserializer="str")
    topics: Mapping[str, Topic] = {
        each: app.topic(each, value_serializer="bytes", key_serializer="str") for each in outputs
    }
    names = ("dead_letter_topic", "registered_topic", "confidential_topic", "taak_topic", "confidential_taak_topic")
    judge = Judge(Settings().model_copy(update=dict(zip(names, outputs, strict=True))))
    frame = app.dataframe(given).apply(judge, stateful=True, expand=True, metadata=True)
    for name, topic in topics.items():
        of_topic = frame[frame.apply(lambda out, name=name: out[0] == name)]
        of_topic.apply(lambda out: out[2]).to_topic(topic)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
