"""The AsyncAPI 3.0 document: topics, operations and messages.

It describes this application. So others publish where it says `receive`, and subscribe where it says `send`.
"""

import inspect
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from schemas.cloudevents import STRUCTURED
from schemas.generation.published import CONTACT_ENDED, EVENTS, PublishedEvent
from schemas.generation.topics import CONTACT_TOPIC, DEAD_LETTER_TOPIC, INPUT_TOPICS, TOPICS, Topic

AsyncApi = dict[str, Any]

DESCRIPTION: Final = """\
From `contact.ended` to a register of klantcontacten that keeps exactly what it may keep.

Every event is a CloudEvent 1.0 of the NL GOV profile 1.1: one a record, as UTF-8 JSON. The classifier reads
`contact.ended` and `toestemming.gewijzigd` in structured and in binary mode, of at most 64 KiB, and takes `data_base64`
for `data`. It writes in structured mode. Attributes, keys and headers hold no personal data. Within a version fields
are only added: ignore fields that you do not know.

Each error in an event has a path and a kind: see `faults.md`. Dutch terms: see `glossary.md`.
"""

COMPACTED: Final = (
    "The topic is compacted: of each key the newest event stays, and the others go after a day. A subscriber that is "
    "further behind sees the newest of each, not every step. Pass over records without a value."
)

_DAY_MILLISECONDS: Final = 24 * 60 * 60 * 1000
_BINDING_VERSION: Final = "0.5.0"
_BINARY: Final = "contactEndedBinary"
_DEAD_LETTER: Final = "deadLetter"
_TEXT: Final = {"type": "string"}

_TRACE: Final = {**_TEXT, "description": "W3C Trace Context; it counts when the event has none of its own."}

_DEAD_LETTER_HEADERS: Final = {
    "dlq_topic": "The topic of the original.",
    "dlq_partition": "Its partition.",
    "dlq_offset": "Its offset.",
    "dlq_last_offset": "Of a letter for a batch that was too large to unpack: the batch's last offset.",
    "dlq_kind": "Why it was refused: a `dlq_kind` of `faults.md`.",
    "dlq_faults": "JSON: the first fifty errors, each with `pad` and `soort`; no value of the message.",
    "dlq_mapping": "Of a message of a channel: the mapping that refused it, as `naam/versie`.",
    "dlq_time": "When it was refused.",
    "dlq_attempt": "How often it has become a dead letter.",
    "dlq_letter": "Earlier letters of a record that was redriven and refused again: `partition-offset`, with commas.",
    "dlq_sleutel": "The id of the key that seals the value, which the register keeps. Absent where there is no value.",
    "dlq_cut": "JSON: the original size of each part that was cut to 64 KiB: `key`, `headers` or `value`.",
}


def asyncapi(examples: Mapping[str, Any]) -> AsyncApi:
    """Return the document. `examples` are complete events by the name of their file."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    messages = {_message_name(event): _message(event, examples) for event in EVENTS}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Klantcontact",
            "version": project["version"],
            "description": DESCRIPTION,
            "license": {"name": project["license"]},
        },
        "defaultContentType": STRUCTURED,
        "channels": {topic.channel: _channel(topic) for topic in TOPICS},
        "operations": dict(_operations()),
        "components": {"messages": {**messages, _BINARY: _binary(), _DEAD_LETTER: _dead_letter()}},
    }


def _message_name(event: PublishedEvent) -> str:
    noun, participle = event.name.split(".")
    return noun + participle.title()


def _message_names(topic: Topic) -> list[str]:
    names = [_message_name(event) for event in topic.events]
    if topic is CONTACT_TOPIC:
        return [*names, _BINARY]
    return names or [_DEAD_LETTER]


def _channel(topic: Topic) -> AsyncApi:
    return {
        "address": topic.address,
        "title": topic.address,
        "summary": topic.summary,
        "description": f"Key: {topic.key}\n\nOrder: {topic.order}\n\nKept: {_kept(topic)}\n",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _message_names(topic)},
        "bindings": {
            "kafka": {
                "topic": topic.address,
                "topicConfiguration": {
                    "cleanup.policy": ["compact", "delete"] if topic.is_compacted else ["delete"],
                    "retention.ms": topic.retention_days * _DAY_MILLISECONDS,
                    "retention.bytes": topic.retention_bytes,
                },
                "bindingVersion": _BINDING_VERSION,
            }
        },
    }


def _kept(topic: Topic) -> str:
    kept = f"{topic.retention_days} days by default."
    return f"{kept} {COMPACTED}" if topic.is_compacted else kept


def _operations() -> Iterator[tuple[str, AsyncApi]]:
    for topic in TOPICS:
        receives = topic in INPUT_TOPICS
        action = "receive" if receives else "send"
        if receives:
            summary = "You publish here. The classifier judges each event once."
        elif topic is DEAD_LETTER_TOPIC:
            summary = "Operators read here, correct and redrive."
        else:
            summary = "You subscribe here, in a consumer group of your own, reading committed."
        yield (
            f"{action}{topic.channel[0].upper()}{topic.channel[1:]}",
            {
                "action": action,
                "channel": {"$ref": f"#/channels/{topic.channel}"},
                "summary": summary,
                "messages": [{"$ref": f"#/channels/{topic.channel}/messages/{name}"} for name in _message_names(topic)],
            },
        )


def _message(event: PublishedEvent, examples: Mapping[str, Any]) -> AsyncApi:
    of_event = [name for name, example in examples.items() if example["type"] == event.type]
    return {
        "name": event.type,
        "title": f"{event.name}, version {event.version}",
        "summary": " ".join((inspect.getdoc(event.data) or "").split("\n\n", maxsplit=1)[0].split()),
        "contentType": STRUCTURED,
        "headers": _headers({"content-type": {"const": STRUCTURED}}),
        "payload": {"$ref": f"./json/{event.event_file}"},
        "bindings": _key(next(topic for topic in TOPICS if event in topic.events)),
        "examples": [{"name": name.removesuffix(".json"), "payload": examples[name]} for name in of_event[:1]],
    }


def _binary() -> AsyncApi:
    """Return the message of binary mode: the attributes in headers, the data alone in the value."""
    attributes = CONTACT_ENDED.event.model_fields
    return {
        "name": CONTACT_ENDED.type,
        "title": f"{CONTACT_ENDED.name}, version {CONTACT_ENDED.version}, in binary mode",
        "summary": "The same event with its attributes in headers and only its data in the value.",
        "contentType": "application/json",
        "headers": _headers(
            {
                "content-type": {"const": "application/json"},
                **{f"ce_{name}": {**_TEXT} for name in attributes if name not in ("data", "datacontenttype")},
                "ce_specversion": {"const": "1.0"},
                "ce_type": {"const": CONTACT_ENDED.type},
                "traceparent": _TRACE,
            },
            required=[f"ce_{name}" for name, info in attributes.items() if info.is_required() and name != "data"],
        ),
        "payload": {"$ref": f"./json/{CONTACT_ENDED.data_file}"},
        "bindings": _key(CONTACT_TOPIC),
    }


def _dead_letter() -> AsyncApi:
    return {
        "name": _DEAD_LETTER,
        "title": "A dead letter",
        "summary": "The key and headers of the original, unchanged, with more headers; its value, sealed.",
        "contentType": "application/octet-stream",
        "headers": _headers({name: {**_TEXT, "description": text} for name, text in _DEAD_LETTER_HEADERS.items()}),
        "payload": {
            "description": "The value as it was sent, even when it is not JSON, compressed and sealed: AES-256-GCM "
            "under a key of its own. `klantcontact dlq` opens it with the key of the register, until it expires, is "
            "discarded, or its contact is erased."
        },
        "bindings": _key(DEAD_LETTER_TOPIC),
    }


def _headers(properties: AsyncApi, required: list[str] | None = None) -> AsyncApi:
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _key(topic: Topic) -> AsyncApi:
    return {"kafka": {"key": {**_TEXT, "description": topic.key}, "bindingVersion": _BINDING_VERSION}}
