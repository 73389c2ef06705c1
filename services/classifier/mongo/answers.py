"""The answers to instructions to erase, recorded in the transaction that executes them: ids only, no contents.

An instruction that comes again, since its events may not have gone out, finds its answer here. A klantcontact that goes
out again has its contents in the instruction itself. The operator's command reads the answers, and deletes them once
the group has committed the instruction.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from services.domain.envelope import Event
from services.domain.outcome import Declined, Executed, InstructionAnswer
from services.domain.streams import Stream
from services.domain.wissing import Bezwaar, Wissing, item_of, item_value
from services.runtime.mongo.client import Document

WISSINGEN: Final = "wissingen"


class Answers:
    """The answers of one register."""

    def __init__(self, wissingen: AsyncCollection[Document]) -> None:
        self._wissingen = wissingen

    async def find(self, wissing: Wissing, session: AsyncClientSession) -> InstructionAnswer | None:
        """Return the answer to this instruction, if there is one."""
        document = await self._wissingen.find_one({"_id": wissing.opdracht}, session=session)
        return answer_of(document, wissing) if document is not None else None

    async def keep(self, answer: InstructionAnswer, session: AsyncClientSession) -> None:
        """Record an answer."""
        await self._wissingen.insert_one(answer_document(answer), session=session)


def answer_document(answer: InstructionAnswer) -> Document:
    """Return the document of an answer."""
    document: Document = {"_id": answer.wissing.opdracht, "verzoek": answer.wissing.verzoek}
    if isinstance(answer, Declined):
        return {**document, "bezwaar": answer.bezwaar.value}
    item = item_value(answer.item)
    return {
        **document,
        "item": {"key": answer.item.key, **item, "gewistOp": answer.item.op.isoformat(timespec="microseconds")},
        "weg": [_event_document(each) for each in answer.gone],
        "opnieuw": {subject: _event_document(each) for subject, each in answer.anew.items()},
    }


def answer_of(document: Mapping[str, Any], wissing: Wissing) -> InstructionAnswer:
    """Return the answer that a document holds."""
    if (bezwaar := document.get("bezwaar")) is not None:
        return Declined(wissing, Bezwaar(bezwaar))
    return Executed(
        wissing,
        item_of(document["item"]["key"], document["item"]),
        [_event_of(each) for each in document["weg"]],
        {subject: _event_of(each) for subject, each in document["opnieuw"].items()},
    )


def _event_document(event: Event) -> Document:
    # As text: a moment in BSON is shorter than one in an event, and the same event has to go out again.
    body = orjson.dumps(event.body, option=orjson.OPT_UTC_Z).decode()
    return {"stream": event.stream.value, "key": event.key, "body": body}


def _event_of(document: Mapping[str, Any]) -> Event:
    return Event(Stream(document["stream"]), document["key"], orjson.loads(document["body"]))
