"""Messages as the standard library has them: read from their source, or made of what the API told."""

from __future__ import annotations

import csv
import email
import email.message
import re
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import TYPE_CHECKING, Final, cast

from aurinko_async.models.headers import (
    POLICY,
    add_addresses,
    add_date,
    add_text,
    add_verbatim,
    address_of,
    one_line,
    set_text,
    whole,
)

if TYPE_CHECKING:
    from aurinko_async.models.mail import EmailAttachment, EmailMessage

_HTML = re.compile(r"<(?:!doctype|html|head|body|div|p|br|span|table|a|b|i|ul|ol|h\d|img)\b", re.IGNORECASE)
_MIME_TYPE = re.compile(r"([\w.+-]+)/([\w.+-]+)", re.ASCII)
_QUOTED: Final = re.compile(r'[,"\r\n]')


def parse_raw(raw: str | bytes) -> email.message.EmailMessage:
    """Read an RFC 822 message, such as `client.email.messages.get_raw` gives, with the standard library.

    Bytes that are no UTF-8 are kept in a `str` as surrogate escapes; they become the same bytes again.
    """
    data = raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else raw
    return email.message_from_bytes(data, policy=POLICY)


def compose_email(message: EmailMessage) -> email.message.EmailMessage:
    """Make an RFC 822 message of what the API told; `EmailMessage.to_email` says how."""
    made = email.message.EmailMessage(policy=POLICY)
    add_text(made, "Subject", one_line(message.subject))
    outcast = [*_address(made, message)]
    if date := message.sent_at or message.received_at:
        add_date(made, "Date", date)
    known = {
        "Message-ID": message.internet_message_id,
        "In-Reply-To": message.in_reply_to,
        "References": message.references,
    }
    for name, value in known.items():
        if not add_verbatim(made, name, one_line(value)):
            outcast.append((name, one_line(value)))
    for name, text in outcast:
        add_text(made, f"X-Aurinko-{name}", text)
    body = whole(message.body or "")
    set_text(made, body, "html" if _HTML.search(body) else "plain")
    for attachment in message.attachments or ():
        _attach(made, attachment)
    return made


def listed(texts: Iterable[str]) -> str:
    """The texts as the fields of a line of CSV, each of them one line."""
    fields = [one_line(text) for text in texts]
    if not any(_QUOTED.search(field) for field in fields) and fields != [""]:
        return ",".join(fields)
    out = StringIO()
    csv.writer(out, lineterminator="").writerow(fields)
    return out.getvalue()


def _address(made: email.message.EmailMessage, message: EmailMessage) -> Iterator[tuple[str, str]]:
    """Write whom it is from and to; what no header of addresses can hold is given back."""
    given = {
        "From": [message.from_] if message.from_ else None,
        "To": message.to,
        "Cc": message.cc,
        "Bcc": message.bcc,
        "Reply-To": message.reply_to,
    }
    for name, people in given.items():
        found = [(person, address_of(person.name, person.address)) for person in people or ()]
        add_addresses(made, name, [address for _, address in found if address is not None])
        yield name, listed(filter(None, (str(person) for person, address in found if address is None)))


def _attach(made: email.message.EmailMessage, attachment: EmailAttachment) -> None:
    if attachment.content is None:
        return
    kind = _MIME_TYPE.fullmatch(attachment.mime_type or "")
    maintype, subtype = (kind[1], kind[2]) if kind else ("application", "octet-stream")
    if maintype in ("multipart", "message"):
        maintype, subtype = "application", "octet-stream"
    made.add_attachment(
        attachment.content,
        maintype=maintype,
        subtype=subtype,
        disposition="inline" if attachment.inline else "attachment",
        filename=one_line(attachment.name) or None,
    )
    if cid := one_line(attachment.content_id).strip("<>"):
        part = cast("list[email.message.EmailMessage]", made.get_payload())[-1]
        add_verbatim(part, "Content-ID", f"<{cid}>")
