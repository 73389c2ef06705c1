"""What an erasure does about an instruction that the classifier declined."""

from services.domain.outcome import Declined
from services.domain.wissing import Bezwaar
from services.runtime.errors import KlantcontactError


class CannotErase(KlantcontactError):
    """Something can't be erased. The message says what, and what to do."""


def is_asked_again(declined: Declined) -> bool:
    """Whether the command asks for it again. Raises CannotErase where that would not help."""
    match declined.bezwaar:
        case Bezwaar.AL_GEWIST:
            return False
        case Bezwaar.ANDER_BESLUIT | Bezwaar.NOG_BEKEND:
            return True
        case Bezwaar.TOESTEMMING_LEEFT_OP:
            raise CannotErase(
                "The klant withdrew consent in this contact, and an older consent would count again without it. Record "
                "the withdrawal outside the contact first (`klantcontact withdraw`), or erase the klant as a whole "
                "(--partij)."
            )
        case Bezwaar.PAST_NIET:
            raise CannotErase(
                "A klantcontact as it is stored does not fit its decision, so it can't go out again without this "
                "klant. `klantcontact rebuild` mends it."
            )
