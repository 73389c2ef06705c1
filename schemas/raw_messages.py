"""The wire format of a raw topic, `kanaal.<naam>`, and what the mapper adds to the events that it makes of it.

A record of a raw topic is one message as a platform sent it. Its value is the bytes of the message, after the envelope
of the request (a list, a batch, a form) was taken off, and it has no key. It holds all that the platform sends, so the
topic has the retention and the rights of `contact.ended`.

Its headers say how it came. Names are in small letters, values are UTF-8, and none holds a secret: never the header
`Authorization` or a signature. A program that writes to a raw topic without the intake may
leave all of them out.
"""

from datetime import datetime
from typing import Final

from schemas.cloudevents import Header, Headers

CONTENT_TYPE: Final = "content-type"
"""The type of the value: `message/rfc822` is a mail. Any other type, and no header, means JSON."""
RECEIVED_AT: Final = "ontvangen"
"""The moment at which the intake had read the whole request: RFC 3339, UTC."""
PROOF: Final = "bewezen"
"""The proof by which the intake knew the platform, in the words of the channels file (`authenticatie`)."""
DELIVERY: Final = "bezorging"
"""The platform's own id of the delivery, where it sends one. The same message sent again has it again."""
CLOUDEVENT_PREFIX: Final = "ce-"
"""The prefix of attributes of a CloudEvent in binary mode, as in the HTTP binding. They stay as they came."""
TRACEPARENT: Final = "traceparent"
"""The platform's trace context. The event that the message becomes continues that trace."""

MAIL_TYPE: Final = "message/rfc822"

MAX_MESSAGE_BYTES: Final = 256 * 1024
"""The most bytes of one message. The intake takes no larger one, and the mapper refuses one."""

MAPPING: Final = "mapping"
"""Header of an event on `contact.ended`: the mapping that made it, as `naam/versie`."""
MESSAGE: Final = "bericht"
"""Header of an event on `contact.ended`: where its raw message lies, as `topic:partition:offset`."""

_DEAD_LETTERS: Final = ".dlq"


def raw_topic_of(kanaal: str) -> str:
    """Return the raw topic of a channel, unless the channels file names another."""
    return f"kanaal.{kanaal}"


def dead_letter_topic_of(raw_topic: str) -> str:
    """Return the topic of the messages of a raw topic that became no event."""
    return f"{raw_topic}{_DEAD_LETTERS}"


def moment_header(moment: datetime) -> Header:
    """Return the header that says when a message was received. `moment` is in UTC."""
    return RECEIVED_AT, moment.isoformat().encode()


def is_mail(headers: Headers) -> bool:
    """Whether a raw record holds a mail of RFC 822."""
    for name, value in headers:
        if name.lower() == CONTENT_TYPE and value is not None:
            return value.partition(b";")[0].strip().lower() == MAIL_TYPE.encode()
    return False
