"""What one convergence is about: the event that asked for it, what the projector shows, and what may go out."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from schemas.values import value_class
from services.bridge.parts import Signer
from services.bridge.ports import DecisionVersion, GoneMarker, ShownContact, ShownOrGone, ShownState
from services.bridge.wanted import ShownDocument
from services.domain.openklant_beleid import OpenKlantBeleid


@value_class(frozen=True, slots=True)
class Care:
    """How thorough a convergence is. `reconcile` asks for more."""

    whole: bool = False
    """Read every row, and trust no note."""
    again: bool = False
    """Create rows again that somebody else removed."""


USUAL: Final = Care()


@value_class(frozen=True, slots=True)
class Choice:
    """Which klantcontacten a municipality sends to Open Klant."""

    sources: frozenset[str]
    """The sources of the contacts that go there."""
    confidential: bool = False
    add: bool = False
    """Whether a partij that others made gets our addresses."""


@value_class(frozen=True, slots=True)
class BridgeTerms:
    """The terms on which klantcontacten go to Open Klant."""

    signer: Signer
    policy: OpenKlantBeleid
    choice: Choice


@value_class(frozen=True, slots=True)
class Trigger:
    """What an event says: that there is something to look at, and how new it is."""

    klantcontact: DecisionVersion = ()
    taken: Mapping[str, DecisionVersion] = field(default_factory=dict)
    """By taakId."""
    moved_taken: frozenset[str] = frozenset()
    """Those of `taken` that go on among the confidential ones, or come from there."""
    withdrawn: bool = False
    """Whether it says that the klantcontact is withdrawn, or goes on elsewhere."""
    moved: bool = False
    """Whether it goes on among the confidential klantcontacten, or comes from there."""
    nummer: str | None = None
    """Of a klantcontact that was withdrawn."""
    settled: bool = False
    """Whether the projector is past the event. Then it shows all that it ever will of it, which may be nothing: the
    klantcontact may have gone on among the confidential ones since."""


A_LOOK: Final = Trigger()


@value_class(frozen=True, slots=True)
class Meant:
    """What one convergence is about."""

    klantcontact_id: str
    shown: ShownState
    projected: ShownContact
    nummer: str | None
    """None: nothing was ever noted of it, and it is gone."""
    asked: Care

    @property
    def document(self) -> ShownDocument | None:
        """What Open Klant should show, unless it is gone."""
        return None if isinstance(self.shown, GoneMarker) else self.shown

    @property
    def version(self) -> DecisionVersion:
        """Which decision is shown."""
        return version_of(self.shown)

    @property
    def taken(self) -> Sequence[ShownDocument]:
        """The taken that Open Klant should show."""
        return [each for each in self.projected.taken.values() if isinstance(each, Mapping)]


def is_behind(projected: ShownContact, trigger: Trigger) -> bool:
    """Whether the projector shows less than the event says."""
    shown = projected.klantcontact
    if trigger.klantcontact and is_older(shown, trigger.klantcontact):
        return True
    if isinstance(shown, GoneMarker):
        return False
    return any(is_older(projected.taken.get(taak_id), version) for taak_id, version in trigger.taken.items())


def is_older(shown: ShownOrGone, version: DecisionVersion) -> bool:
    """Whether the projector shows a klantcontact or taak of before this decision, or nothing of it."""
    return shown is None or version_of(shown) < version


def state_name(klantcontact_id: str) -> str:
    """Return the name of the state of a klantcontact."""
    return f"kc:{klantcontact_id}"


def version_of(shown: ShownState) -> DecisionVersion:
    """Return the decision that a klantcontact or taak is shown of."""
    if isinstance(shown, GoneMarker):
        return shown.version
    return shown["herkomst"]["revisie"], shown["besluit"]["besluitversie"]


def version_of_partij(shown: ShownState) -> DecisionVersion:
    """Return the versie that a partij is shown of."""
    return shown.version if isinstance(shown, GoneMarker) else (shown["versie"],)
