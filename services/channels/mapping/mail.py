"""A mail of RFC 822 in the shape in which Microsoft Graph gives one, so that one kind of path fits both.

The body is left out: people may write special data in it, and no mapping needs it.
"""

from email import policy
from email.errors import MessageError
from email.headerregistry import AddressHeader, ContentTypeHeader, DateHeader
from email.message import Message
from email.parser import BytesParser
from typing import Any, Final

from services.channels.mapping.reading import UnreadableMessage

_MAX_ADDRESSES: Final = 50
_MAX_HEADER: Final = 4 * 1024
"""Characters of a header that is read. The parser takes time quadratic in them: 4 KiB of the worst take some 0.1 s."""
_OF_THE_PARSER: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MessageError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What Python's parser raises for a malformed header, such as `IndexError` for `<`. It documents none of these. A mail
of a stranger must not count as a bug of ours, of which three in a row stop a partition."""
_AUTOMATIC: Final = ("auto-generated", "auto-replied", "auto-notified")


def mail_as_message(value: bytes) -> dict[str, Any]:
    """Return a mail as a message. Raises UnreadableMessage for bytes without a header of a mail."""
    try:
        # Headers only: the body is not read, so that a mail with many parts costs no more than another. By the old
        # policy: the parser itself asks for the content type, and by the new one that takes time quadratic in it.
        mail = BytesParser(policy=policy.compat32).parsebytes(value, headersonly=True)
    except _OF_THE_PARSER:
        raise UnreadableMessage from None
    return _shaped(mail)


def _shaped(mail: Message) -> dict[str, Any]:
    senders = _addresses(mail, "From")
    sent = _moment(_header(mail, "Date"))
    if not senders and _header(mail, "Message-ID") is None:
        raise UnreadableMessage
    return {
        "internetMessageId": _text(mail, "Message-ID"),
        "subject": _text(mail, "Subject"),
        "sentDateTime": sent,
        "receivedDateTime": _received(mail) or sent,
        "from": senders[0] if senders else None,
        "sender": next(iter(_addresses(mail, "Sender")), senders[0] if senders else None),
        "toRecipients": _addresses(mail, "To"),
        "ccRecipients": _addresses(mail, "Cc"),
        "replyTo": _addresses(mail, "Reply-To"),
        "isDraft": False,
        "hasAttachments": _content_type(mail) == "multipart/mixed",
        "inferenceClassification": "other" if _is_bulk(mail) else "focused",
        "inReplyTo": _text(mail, "In-Reply-To"),
        "automatisch": _is_automatic(mail),
    }


def _header(mail: Message, name: str) -> object:
    """Return the first header of a name, parsed; None when there is none, or none that can be parsed."""
    written = next((str(value) for each, value in mail.raw_items() if each.lower() == name.lower()), None)
    return _parsed(name, written) if written is not None else None


def _parsed(name: str, written: str) -> object:
    """Return a header, parsed; None for one that is too long, or that the parser fails on."""
    if len(written) > _MAX_HEADER:
        return None
    # The bytes as they came: UTF-8 since RFC 6532, and anything from a client that knows no better.
    text = written.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        return policy.default.header_factory(name, "".join(text.splitlines()))
    except _OF_THE_PARSER:
        return None


def _whole(text: str) -> str:
    """Return a text in which what an encoded word failed to decode is U+FFFD. The parser leaves half characters."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _text(mail: Message, name: str) -> str | None:
    found = _header(mail, name)
    return " ".join(_whole(str(found)).split()) or None if found is not None else None


def _content_type(mail: Message) -> str | None:
    found = _header(mail, "Content-Type")
    return found.content_type if isinstance(found, ContentTypeHeader) else None


def _addresses(mail: Message, name: str) -> list[dict[str, Any]]:
    found = _header(mail, name)
    if not isinstance(found, AddressHeader):
        return []
    return [
        {"emailAddress": {"name": _whole(each.display_name) or None, "address": _whole(each.addr_spec)}}
        for each in found.addresses[:_MAX_ADDRESSES]
        if "@" in each.addr_spec
    ]


def _moment(header: object) -> str | None:
    moment = header.datetime if isinstance(header, DateHeader) else None
    return moment.isoformat() if moment is not None and moment.tzinfo is not None else None


def _received(mail: Message) -> str | None:
    """Return when the last server took the mail: its line is the first, with the moment after the last semicolon."""
    written = next((str(value) for name, value in mail.raw_items() if name.lower() == "received"), "")
    _, semicolon, moment = written.rpartition(";")
    return _moment(_parsed("date", moment.strip())) if semicolon else None


def _is_bulk(mail: Message) -> bool:
    precedence = str(_header(mail, "Precedence") or "").strip().lower()
    return _header(mail, "List-Unsubscribe") is not None or precedence in {"bulk", "list", "junk"}


def _is_automatic(mail: Message) -> bool:
    submitted = str(_header(mail, "Auto-Submitted") or "").strip().lower()
    return submitted.startswith(_AUTOMATIC)
