"""Which keys the hashes of a register are made with while one key takes over from another.

The domain sees hashes of the newest key that this process has. Here they are turned into what is stored, and back:

- *Settled*: every stored hash has one versie. Where that is the newest, as nearly always, nothing has to be turned.
- *Ahead*: the settings have a newer key than the register. Hashes are stored as every other process stores them.
- *Rotating*: hashes of two versies are stored. Both are looked up, and each that is written is of the newer.

The control document says which it is. A process hears of a change from MongoDB: its validators refuse a hash of an
older versie (`docs/privacy/key.md`, "Why no klant gets a second partij").
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from schemas.values import value_class
from services.domain.case import Case
from services.domain.outcome import Decided, Outcome, Rejudged
from services.domain.sleutels import Sleutels, versie_of
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.mongo.client import Document

SLEUTELCONTROLE: Final = "sleutelcontrole"

REGISTER: Final[Document] = {"_id": "register"}
"""A database holds one register."""


@value_class(frozen=True, slots=True)
class KeyState:
    """The versie of the hashes that are written, and of those that may still be stored beside them."""

    versie: int
    former: int | None = None
    """The versie that is being replaced; None: every hash has the one versie."""

    @property
    def oldest(self) -> int:
        """The lowest versie of a hash that is stored."""
        return self.versie if self.former is None else self.former


class KeyMoved(Exception):
    """The state of the key is another than the one that a batch was judged by. Nothing was recorded."""


def state_of(control: Document) -> KeyState:
    """Return what a control document says."""
    rotation = control.get("rotatie")
    return KeyState(
        versie_of(control["controle"]), None if rotation is None or "klaarOp" in rotation else rotation["van"]
    )


class KeyVersions:
    """The state of the register's key, as this process knows it, and the keys of this process."""

    def __init__(self, database: AsyncDatabase[Document], sleutels: Sleutels) -> None:
        self._database = database
        self._controles = database[SLEUTELCONTROLE]
        self._sleutels = sleutels
        self.state = KeyState(sleutels.versie)

    def accept(self, control: Document) -> None:
        """Go by a control document. Raises InvalidSettings when the register has a key that is not among these."""
        self.state = self._compared(control)
        self._sleutels.follow(self.state.versie, since=self.state.oldest)

    async def refresh(self) -> None:
        """Ask for the state. Raises InvalidSettings as `accept` does, and PyMongoError."""
        control = await self._controles.find_one(REGISTER)
        if control is not None:
            self.accept(control)

    async def heed_refusal(self, went_by: KeyState) -> None:
        """Go by the state of now, after MongoDB has refused what was written by another.

        Raises TransientFailure while the state does not say yet how to go on, InvalidSettings, and PyMongoError.
        """
        await self.refresh()
        if self.state == went_by:
            raise TransientFailure(
                "The register's key is about to be replaced, and `klantcontact rotate-key` has to go on. If it was "
                "interrupted, start it again."
            )

    async def verify(self, went_by: KeyState, outcomes: Sequence[Outcome], session: AsyncClientSession) -> None:
        """Raise KeyMoved when a batch went by a state that is no longer so in its own transaction.

        What a batch records, MongoDB's validators refuse then. So this asks only where an outcome records nothing.
        """
        if all(isinstance(each, (Decided, Rejudged)) for each in outcomes):
            return
        control = await self._controles.find_one(REGISTER, session=session)
        if control is not None and state_of(control) != went_by:
            raise KeyMoved

    def translation(self, state: KeyState, batch: Sequence[Case]) -> "Translation":
        """Return how the hashes of a batch are stored in a state."""
        return translation(self._sleutels, state, batch)

    def of_reader(self, batch: Sequence[Case]) -> "Translation":
        """Return how the hashes of a batch may be stored, for who only reads."""
        oldest = None if self._sleutels.versie == 1 else 1
        return translation(self._sleutels, KeyState(self._sleutels.versie, oldest), batch)

    def _compared(self, control: Document) -> KeyState:
        state = state_of(control)
        if state.versie > self._sleutels.versie:
            raise InvalidSettings(
                f"KLANTCONTACT_FORMER_SLEUTEL_FILES: the register in database {self._database.name} has had "
                f"{state.versie} keys, and the settings have {self._sleutels.versie}. Name the file of the newest in "
                "KLANTCONTACT_SLEUTEL_FILE, and those of all before it here, the first one first."
            )
        if self._sleutels.at(state.versie).controle() != control["controle"]:
            raise InvalidSettings(
                f"KLANTCONTACT_SLEUTEL_FILE or KLANTCONTACT_SLEUTEL: this is not the key of the register in database "
                f"{self._database.name}. Put that key back, or correct KLANTCONTACT_MONGO_URI and "
                "KLANTCONTACT_MONGO_DATABASE: with another key the classifier finds none of its klanten any more."
            )
        return state


def same(value: Any) -> Any:  # noqa: ANN401 - whatever it is given
    """Return what it is given."""
    return value


@value_class(frozen=True, slots=True)
class Translation:
    """How hashes are stored, for one batch. Its functions change a document in place and return it."""

    as_stored: Callable[[Iterable[str]], Iterable[str]] = same
    """Gives all forms in which sleutels may be stored."""
    read: Callable[[Document], Document] = same
    """Gives a stored document the hashes of the newest key."""
    read_partij: Callable[[Document], Document] = same
    """The same for a stored partij, which it remembers in `as_read`."""
    written: Callable[[Document], Document] = same
    """Gives a document the hashes that are stored."""
    as_read: Mapping[str, Document] = field(default_factory=dict)
    """The stored partijen of this batch, with the hashes that they have there."""


SETTLED: Final = Translation()


def translation(sleutels: Sleutels, state: KeyState, batch: Sequence[Case]) -> Translation:
    """Return how the hashes of a batch are stored in a state."""
    if state == KeyState(sleutels.versie):
        return SETTLED
    stored: dict[str, set[str]] = {}
    lowered: dict[str, str] = {}
    present = range(state.oldest, state.versie + 1)
    writing = sleutels.at(state.versie)
    for versie in present:
        _add_forms(stored, sleutels.at(versie), batch)
    if writing.versie < sleutels.versie:
        for case in batch:
            lowered[case.digest] = writing.of_contents(case.received.contact)
            for newest, identity in _pairs(case):
                lowered[newest] = writing.of_identity(identity)

    def as_stored(newest: Iterable[str]) -> Iterable[str]:
        return {form for each in newest for form in stored.get(each, (each,))}

    def raised(text: str) -> str:
        newest = sleutels.raised(text)
        if writing.versie < sleutels.versie:
            lowered[newest] = writing.raised(text)
        return newest

    as_read: dict[str, Document] = {}

    def read_partij(document: Document) -> Document:
        as_read[document["_id"]] = dict(document)
        return with_hashes(document, raised)

    return Translation(
        as_stored,
        lambda document: with_hashes(document, raised),
        read_partij,
        lambda document: with_hashes(document, lambda text: lowered.get(text, text)),
        as_read,
    )


def _add_forms(stored: dict[str, set[str]], sleutels: Sleutels, batch: Sequence[Case]) -> None:
    for case in batch:
        for newest, identity in _pairs(case):
            stored.setdefault(newest, set()).add(sleutels.of_identity(identity))


def _pairs(case: Case) -> Iterable[tuple[str, Any]]:
    for sleutels, identities in zip(case.sleutels, case.identities, strict=True):
        yield from zip(sleutels, identities, strict=True)


def with_hashes(document: Document, of: Callable[[str], str]) -> Document:
    """Put other hashes in the place of those of a decision or a partij. Changes the document, and returns it."""
    for name in ("digest", "grondsleutel", "gereserveerd"):
        if document.get(name):  # a decision that was erased in part has an empty digest
            document[name] = of(document[name])
    for holder in (document, *document.get("partijen", ())):
        if "sleutels" in holder:
            holder["sleutels"] = [of(each) for each in holder["sleutels"]]
    return document
