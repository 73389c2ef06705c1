"""What `klantcontact replay --topic kanaal.open-forms` shows of messages that are mapped again.

Rows for a person, JSON for a program: names of fields, ids and rules. No values.
"""

from collections.abc import Iterator
from typing import Any, Final

from services.cli.replay_screen import ShownOutcomes, change, place_of, row
from services.operations.map_again.comparing import MappedStanding
from services.operations.map_again.judging import MappedAnew
from services.operations.map_again.run import MappedAgain
from services.operations.replay.requests import Answer
from services.operations.wording import printable, printable_id

MOST_FIELDS: Final = 5
"""So many are named in a row; `--json` has all."""

_QUIET: Final = frozenset({MappedStanding.SAME, MappedStanding.NO_EVENT, MappedStanding.NOT_MAPPED})
"""What `--diff-only` leaves out."""


class ShownMessages(ShownOutcomes[MappedAnew]):
    """Messages of a channel that are mapped again."""

    def differs(self, judged: MappedAnew) -> bool:
        """Whether its event changes, or something stands in the way of that."""
        return judged.standing not in _QUIET

    def rows(self, judged: MappedAnew, answer: Answer | None) -> Iterator[str]:
        """Yield a row for each onderwerp of an event that differs, or one for a contact without such an event."""
        compared = judged.compared
        contact_id = printable_id(compared.contact_id or place_of(compared.record))
        note = ": ".join([answer.value if answer else judged.standing.value, *_why(judged)])
        for onderwerp in judged.onderwerpen:
            cells = change(onderwerp.was, onderwerp.wordt)
            yield row((contact_id, printable(onderwerp.onderwerp_id), *cells, note))
        if not judged.onderwerpen:
            yield row((contact_id, "", "", "", "", "", note))

    def value(self, judged: MappedAnew, answer: Answer | None) -> dict[str, Any]:
        """Return one contact for a program."""
        compared = judged.compared
        return {
            "topic": compared.record.topic,
            "partition": compared.record.partition,
            "offset": compared.record.offset,
            "contactId": compared.contact_id,
            "standing": judged.standing.value,
            "revisie": compared.event.revisie if compared.event else None,
            "was": {"mapping": compared.before.mapping, "revisie": compared.before.revisie}
            if compared.before
            else None,
            "fields": list(compared.fields),
            "reason": compared.reason,
            "refusal": judged.refusal.value if judged.refusal else None,
            "onderwerpen": [
                {
                    "onderwerpId": each.onderwerp_id,
                    "was": each.was.as_json() if each.was else None,
                    "wordt": each.wordt.as_json() if each.wordt else None,
                }
                for each in judged.onderwerpen
            ],
            **({"answer": answer.value} if answer else {}),
        }


def _why(mapped: MappedAnew) -> Iterator[str]:
    compared = mapped.compared
    if compared.reason is not None:
        yield printable(compared.reason)
    if mapped.refusal is not None and mapped.standing is MappedStanding.REFUSED:
        yield mapped.refusal.value
    if compared.fields:
        more = len(compared.fields) - MOST_FIELDS
        yield ", ".join(map(printable, compared.fields[:MOST_FIELDS])) + (f" (+{more})" if more > 0 else "")


def message_summary(made: MappedAgain, *, executed: bool) -> Iterator[str]:
    """Yield the counts, and what the operator can do next."""
    if not made.standings.total():
        yield "No message fits the selection."
    for standing in MappedStanding:
        if number := made.standings[standing.value]:
            yield f"{number:>8}  {standing.value}"
    for answer, number in sorted(made.answers.items()):
        yield f"{number:>8}  contacts {answer}"
    for each in made.trimmed:
        yield (
            f"Partition {each.partition} of {each.topic} holds offset {each.first} and later; Kafka has removed the "
            "earlier messages."
        )
    if made.forgotten:
        yield (
            f"More contacts change than a dry run can carry along: {made.forgotten:,} were dropped. Select fewer "
            "messages, and execute those first."
        )
    yield from _next_steps(made, executed=executed)


def _next_steps(made: MappedAgain, *, executed: bool) -> Iterator[str]:
    if made.standings[MappedStanding.CONFLICT]:
        yield (
            "The classifier refuses other contents under a revisie that it has decided (revisie_conflict). Raise "
            "`herziening` in the mapping, and `versie` with it; restart the mapper, and start this again."
        )
    if made.standings[MappedStanding.NO_LONGER]:
        yield (
            "A contact whose message is no longer an event stays as it was decided. Map the message to a contact "
            "without betrokkenen to take it back (rule G1), or erase it."
        )
    if not executed and (made.standings[MappedStanding.CHANGES] or made.standings[MappedStanding.NEW]):
        yield "Nothing was sent. --execute sends the events that are new or change."
    if executed and not made.answers.keys() <= {Answer.AS_SHOWN}:
        yield (
            "Some contacts did not come out as shown: does the classifier run with the policy that was used here? If "
            "so, something changed meanwhile; start this again to see."
        )
