"""A partij in the register, without name and address, and how one decision changes it.

Its size does not depend on how many contacts a partij has. The decision record of each contact keeps what that contact
did. From those records a correction works out the partij without its own earlier revisie.
"""

from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter

from schemas.contact_ended_v1 import Toestemming
from schemas.outputs import FILLING, PartijResultaat
from schemas.values import value_class
from services.domain.consent import Moment, Statements


@value_class(frozen=True, slots=True)
class Stand:
    """The facts about a partij that a decision needs, without ids."""

    bekend: bool = False
    """Whether another contact in force knows it."""
    leeg: bool = True
    """Whether it was not `nieuw` or `aangevuld` since it was last `leeg`."""
    gegeven: Moment | None = None
    ingetrokken: Moment | None = None
    gevuld: Moment | None = None
    """The contact that last put default details there, if it was not emptied since."""
    beperkt: Moment | None = None
    """The change that restricted its processing (AVG 18), while that lasts."""

    @property
    def statements(self) -> Statements:
        """The statements of consent that are known."""
        return Statements(self.gegeven, self.ingetrokken)

    def stating(self, said: Toestemming | None, contact: Moment) -> Statements:
        """Return the statements that are known once a contact, judged now, adds its own."""
        return self.statements.including(said, self.statements.stated_at(said, contact))


ONBEKEND = Stand()


@value_class(frozen=True, slots=True)
class Bijdrage:
    """What one contact in force did to a partij."""

    contact: Moment
    """With the moment from which its statement counts."""
    versie: int
    resultaat: PartijResultaat
    verklaring: Toestemming | None
    """Its statement of consent, if it made one."""
    vult: bool
    """Whether it put default details there."""
    sleutels: tuple[str, ...]
    """The links that it brought or used."""


@value_class(frozen=True, slots=True)
class PartijRecord:
    """A partij in the register. `versie` counts the decisions about it, `geleegd_bij` is the last that emptied it."""

    partij_id: str
    nummer: str
    grondsleutel: str | None
    """The identity it was made for. By that it gets its id and number back when no contact knows it any more."""
    versie: int = 0
    geleegd_bij: int = 0
    aangevuld_bij: int = 0
    """The last versie at which it was `nieuw` or `aangevuld`."""
    contacten: int = 0
    """How many contacts in force know it."""
    sleutels: tuple[str, ...] = ()
    gegeven: Moment | None = None
    ingetrokken: Moment | None = None
    gevuld: Moment | None = None
    beperkt: Moment | None = None
    gewist: bool = False
    """Whether its klant is being erased: no contact links it any more."""

    @property
    def bekend(self) -> bool:
        """Whether a contact in force knows it."""
        return self.contacten > 0

    @property
    def is_linked(self) -> bool:
        """Whether a contact can find it, or get it back."""
        return bool(self.sleutels) or self.grondsleutel is not None

    @property
    def stand(self) -> Stand:
        """The facts that a decision needs."""
        leeg = self.aangevuld_bij <= self.geleegd_bij
        return Stand(self.bekend, leeg, self.gegeven, self.ingetrokken, self.gevuld, self.beperkt)

    @property
    def has_consent(self) -> bool:
        """Whether consent to reuse is in force."""
        return self.stand.statements.give_consent

    def with_bijdrage(self, bijdrage: Bijdrage) -> "PartijRecord":
        """Return the partij after one more decision."""
        emptied = bijdrage.resultaat is PartijResultaat.LEEG
        filled = bijdrage.contact if bijdrage.vult else self.gevuld
        stated = Statements(self.gegeven, self.ingetrokken).including(bijdrage.verklaring, bijdrage.contact)
        linked = () if self.gewist else bijdrage.sleutels
        return PartijRecord(
            partij_id=self.partij_id,
            nummer=self.nummer,
            grondsleutel=self.grondsleutel,
            versie=bijdrage.versie,
            geleegd_bij=bijdrage.versie if emptied else self.geleegd_bij,
            aangevuld_bij=bijdrage.versie if bijdrage.resultaat in FILLING else self.aangevuld_bij,
            contacten=self.contacten + (not bijdrage.contact.wijziging),
            sleutels=self.sleutels + tuple(each for each in linked if each not in self.sleutels),
            gegeven=stated.gegeven,
            ingetrokken=stated.ingetrokken,
            gevuld=None if emptied else filled,
            beperkt=self.beperkt,
            gewist=self.gewist,
        )

    def known_only_by(self, bijdragen: Iterable[Bijdrage]) -> "PartijRecord":
        """Return the partij as if only these contacts had been. An emptied one stays empty, and no versie is reused."""
        bare = replace(self, contacten=0, sleutels=(), gegeven=None, ingetrokken=None, gevuld=None, aangevuld_bij=0)
        rebuilt, only_counted = bare, 0
        for bijdrage in sorted(bijdragen, key=attrgetter("versie")):
            if rebuilt.only_counts(bijdrage):
                only_counted += not bijdrage.contact.wijziging  # a klant can have thousands of such contacts
                continue
            fills_no_more = bijdrage.vult and bijdrage.versie <= self.geleegd_bij
            rebuilt = rebuilt.with_bijdrage(replace(bijdrage, vult=False) if fills_no_more else bijdrage)
        contacten = rebuilt.contacten + only_counted
        return replace(rebuilt, versie=self.versie, geleegd_bij=self.geleegd_bij, contacten=contacten)

    def only_counts(self, bijdrage: Bijdrage) -> bool:
        """Whether one more decision leaves the partij as it is, but for `versie` and one more contact."""
        return (
            bijdrage.verklaring is None
            and (
                bijdrage.resultaat is PartijResultaat.BESTAAND
                or (bijdrage.resultaat is PartijResultaat.LEEG and self.gevuld is None)
            )
            and not bijdrage.vult
            and (self.gewist or all(each in self.sleutels for each in bijdrage.sleutels))
        )

    def without_links(self) -> "PartijRecord":
        """Return the partij as no contact finds it any more, also one that comes with what it was made for."""
        return replace(self, grondsleutel=None, sleutels=(), gewist=True)

    def emptied(self) -> "PartijRecord":
        """Return the partij after a decision that empties it of details, and of nothing else."""
        versie = self.versie + 1
        return replace(self, versie=versie, geleegd_bij=versie, gevuld=None)

    def taken_back(self) -> "PartijRecord":
        """Return the partij after a decision that no longer touches it: emptied when no effective consent remains."""
        return replace(self, versie=self.versie + 1) if self.has_consent else self.emptied()
