"""A mail of RFC 822 in the shape in which Microsoft Graph gives one, so that one kind of path fits both.

The body is not taken over: what people write in a mail may be special data, and no mapping needs it.
"""

from email import policy
from email.headerregistry import AddressHeader, ContentTypeHeader, DateHeader
from email.message import Message
from email.parser import BytesParser
from typing import Any, Final

from services.channels.mapping.reading import UnreadableMessage

_MAX_ADDRESSES: Final = 50
_MAX_HEADER: Final = 4 * 1024
"""Characters of a header that is read. The parser takes time quadratic in them: 4 KiB of the worst take some 0.1 s."""
_AUTOMATIC: Final = ("auto-generated", "auto-replied", "auto-notified")


def mail_as_message(value: bytes) -> dict[str, Any]:
    """Return a mail as a message. Raises UnreadableMessage for what has no header of a mail."""
    try:
        # Headers only: the body is not read, so that a mail with many parts costs no more than another. By the old
        # policy: the parser itself asks for the content type, and by the new one that takes time quadratic in it.
        mail = BytesParser(policy=policy.compat32).parsebytes(value, headersonly=True)
    except Exception:  # noqa: BLE001 - the parser of the standard library fails in many ways on what is no mail
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
    """Return the first header of a name, parsed; None for one that is too long or that the parser fails on."""
    written = next((str(value) for each, value in mail.raw_items() if each.lower() == name.lower()), None)
    if written is None or len(written) > _MAX_HEADER:
        return None
    try:
        return policy.default.header_factory(name, _unfolded(written))
    except Exception:  # noqa: BLE001 - the parser fails in many ways on what is no header
        return None


def _unfolded(written: str) -> str:
    return "".join(written.splitlines())


def _text(mail: Message, name: str) -> str | None:
    found = _header(mail, name)
    return " ".join(str(found).split()) or None if found is not None else None


def _content_type(mail: Message) -> str | None:
    found = _header(mail, "Content-Type")
    return found.content_type if isinstance(found, ContentTypeHeader) else None


def _addresses(mail: Message, name: str) -> list[dict[str, Any]]:
    found = _header(mail, name)
    if not isinstance(found, AddressHeader):
        return []
    return [
        {"emailAddress": {"name": each.display_name or None, "address": each.addr_spec}}
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
    if not semicolon or len(moment) > _MAX_HEADER:
        return None
    try:
        return _moment(policy.default.header_factory("date", _unfolded(moment).strip()))
    except Exception:  # noqa: BLE001 - the same
        return None


def _is_bulk(mail: Message) -> bool:
    precedence = str(_header(mail, "Precedence") or "").strip().lower()
    return _header(mail, "List-Unsubscribe") is not None or precedence in {"bulk", "list", "junk"}


def _is_automatic(mail: Message) -> bool:
    submitted = str(_header(mail, "Auto-Submitted") or "").strip().lower()
    return submitted.startswith(_AUTOMATIC)
