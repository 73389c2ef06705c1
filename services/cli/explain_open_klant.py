"""What Open Klant has of a contact, in rows of an explanation."""

from typing import Final

from services.operations.explain.open_klant import InOpenKlant, OpenKlantState
from services.operations.wording import to_the_second

_WORDS: Final = {
    OpenKlantState.EQUAL: "equal",
    OpenKlantState.REMOVED: "removed",
    OpenKlantState.OUTDATED: "not yet: equal to an earlier decision",
    OpenKlantState.OPEN: "not yet: the bridge is at work on it",
    OpenKlantState.REFUSED: "refused ({reason}); see `klantcontact dlq list --in openklant.dlq`",
    OpenKlantState.LEFT_OUT: "left out: somebody removed it there, or a backfill left it here",
    OpenKlantState.NOT_SENT: "not sent; `klantcontact bridge dry-run --id` says whether it goes there",
}


def in_open_klant(each: InOpenKlant) -> str:
    """Return what Open Klant has of a klantcontact or interne taak, in words."""
    moment = each.open_since or (each.equal_at if each.state is not OpenKlantState.LEFT_OUT else None)
    since = f", since {to_the_second(moment)}" if moment else ""
    row = f" ({each.uuid})" if each.uuid else ""
    return f"{each.kind.replace('_', ' ')} {each.nummer}{row} {_WORDS[each.state].format(reason=each.reason)}{since}"
