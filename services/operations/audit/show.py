"""`audit show`: the records of the trail, oldest first."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime

from services.operations.audit.chain import Entry, UnreadableEntry, entry_in
from services.operations.topic_reader import Progress, topic_reader, unseen
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySelection:
    """Which records. None does not narrow."""

    command: str | None = None
    """A command, or the group that it belongs to: `dlq` takes `dlq export` too."""
    request: str | None = None
    since: datetime | None = None

    def takes(self, entry: Entry) -> bool:
        """Whether a record is among them; `since` is for the reader of the topic."""
        command = str(entry.fields["command"])
        of_command = self.command is None or f"{command} ".startswith(f"{self.command} ")
        return of_command and self.request in {None, entry.fields["request"]}


async def shown(
    settings: Settings, selection: EntrySelection, progress: Progress = unseen
) -> AsyncGenerator[tuple[int, Entry], None]:
    """Yield the selected records with their offsets. Raises InvalidSettings, TransientFailure."""
    async with topic_reader(settings) as reader:
        whole = await reader.whole(settings.audit_topic)
        stretches = await reader.between(whole, since=selection.since, until=None)
        async for batch in reader.records(stretches, progress):
            for each in batch:
                try:
                    entry = entry_in(each.value)
                except UnreadableEntry:
                    continue  # `audit verify` names it
                if selection.takes(entry):
                    yield each.offset, entry
