"""Messages as the standard library has them: read from their source, or made of what the API told."""

from __future__ import annotations

import email
import email.message
import email.policy
import email.utils
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aurinko_async.models.addresses import EmailAddress

if TYPE_CHECKING:
    from aurinko_async.models.mail import EmailAttachment, EmailMessage

_HTML = re.compile(r"<(?:!doctype|html|head|body|div|p|br|span|table|a|b|i|ul|ol|h\d|img)\b", re.IGNORECASE)
_MIME_TYPE = re.compile(r"([\w.+-]+)/([\w.+-]+)")


def parse_raw(raw: str | bytes) -> email.message.EmailMessage:
    """Read an RFC 822 message, such as `client.email.messages.get_raw` gives, with the standard library.

    Bytes that are no UTF-8 are kept in a `str` as surrogate escapes; they become the same bytes again.
    """
    data = raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else raw
    return email.message_from_bytes(data, policy=email.policy.default)


def compose_email(message: EmailMessage) -> email.message.EmailMessage:
    """Make an RFC 822 message of what the API told; `EmailMessage.to_email` says how."""
    made = email.message.EmailMessage()
    date = message.sent_at or message.received_at
    headers = {
        "Subject": message.subject,
        "From": _addresses([message.from_] if message.from_ else None),
        "To": _addresses(message.to),
        "Cc": _addresses(message.cc),
        "Bcc": _addresses(message.bcc),
        "Reply-To": _addresses(message.reply_to),
        "Date": email.utils.format_datetime(date) if date else None,
        "Message-ID": message.internet_message_id,
        "In-Reply-To": message.in_reply_to,
        "References": message.references,
    }
    for name, value in headers.items():
        line = _line(value)
        if line and _is_header(name, line):
            made[name] = line
    body = message.body or ""
    made.set_content(body, subtype="html" if _HTML.search(body) else "plain")
    for attachment in message.attachments or ():
        _attach(made, attachment)
    return made


def _line(value: str | None) -> str:
    """What providers give as one value may hold line breaks, which would be another header."""
    return " ".join((value or "").split())


def _is_header(name: str, line: str) -> bool:
    """Whether the standard library can hold and write it: on some malformed values its parsers break."""
    probe = email.message.EmailMessage()
    try:
        probe[name] = line
        bytes(probe)
    except Exception:
        return False
    return True


def _addresses(addresses: Sequence[EmailAddress] | None) -> str:
    lines = [
        email.utils.formataddr((_line(given.name), _line(given.address)), charset="utf-8")
        for given in addresses or ()
        if given.address and given.address.isascii()
    ]
    return ", ".join(line for line in lines if _is_header("To", line))


def _attach(made: email.message.EmailMessage, attachment: EmailAttachment) -> None:
    if attachment.content is None:
        return
    kind = _MIME_TYPE.fullmatch(attachment.mime_type or "")
    cid = f"<{_line(attachment.content_id).strip('<>')}>"
    maintype, subtype = (kind[1], kind[2]) if kind else ("application", "octet-stream")
    if maintype in ("multipart", "message"):
        maintype, subtype = "application", "octet-stream"
    made.add_attachment(
        attachment.content,
        maintype=maintype,
        subtype=subtype,
        disposition="inline" if attachment.inline else "attachment",
        filename=_line(attachment.name) or None,
        cid=cid if attachment.content_id and _is_header("Content-ID", cid) else None,
    )
