"""Replies and forwards, written from a message that was read."""

from __future__ import annotations

import email.utils
import html
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from aurinko_async._types import UNSET
from aurinko_async.errors import InvalidInput
from aurinko_async.models.addresses import EmailAddress
from aurinko_async.models.common import BodyType
from aurinko_async.models.outgoing import OutgoingEmail, OutgoingEmailAttachment, OutgoingEmailReply

_REPLIED = re.compile(r"(?:re ?(?:\[\d+\]|\(\d+\))? ?: ?)+", re.IGNORECASE)
_FORWARDED = re.compile(r"(?:fwd? ?: ?)+", re.IGNORECASE)
_RULE = "---------- Forwarded message ----------"


class Attached(Protocol):
    """What of an attachment goes with a forward."""

    name: str | None
    mime_type: str | None
    inline: bool | None
    content_id: str | None
    content: bytes | None


class Original(Protocol):
    """What of a message a reply or a forward is made of."""

    subject: str | None
    from_: EmailAddress | None
    to: list[EmailAddress] | None
    cc: list[EmailAddress] | None
    reply_to: list[EmailAddress] | None
    sent_at: datetime | None
    received_at: datetime | None
    body: str | None
    body_snippet: str | None
    omitted: list[str] | None

    @property
    def attachments(self) -> Sequence[Attached] | None: ...


# --- replies


def reply(
    message: Original, body: str, *, everyone: bool = False, me: str | Sequence[str] | None = None
) -> OutgoingEmailReply:
    """Write a reply; `EmailMessage.reply` says how.

    Raises:
        InvalidInput: there is no address to reply to, or the recipients are not known.
    """
    if everyone and "recipients" in (message.omitted or ()):
        raise InvalidInput("the message is here without its recipients: get it by its id first")
    mine = {_key(address) for address in _recipients(me or ())}
    authors = [] if message.from_ is None else [message.from_]
    # What one sent oneself is followed up to whom it went; a note to oneself, to oneself.
    to = (
        _distinct(message.reply_to, mine)
        or _distinct(authors, mine)
        or _distinct(message.to, mine)
        or _distinct(authors, set())
    )
    if not to:
        raise InvalidInput("the message has no address to reply to")
    taken = mine | {_key(address) for address in to}
    copies = _distinct([*(message.to or ()), *(message.cc or ())], taken) if everyone else []
    return OutgoingEmailReply(subject=_subject("Re:", _REPLIED, message.subject), body=body, to=to, cc=copies or UNSET)


def _subject(prefix: str, prefixes: re.Pattern[str], subject: str | None) -> str:
    words = " ".join((subject or "").split())
    found = prefixes.match(words)
    return f"{prefix} {words[found.end() :] if found else words}".rstrip()


def _key(address: EmailAddress) -> str:
    return (address.address or "").strip().casefold()


def _distinct(addresses: Iterable[EmailAddress] | None, but: set[str]) -> list[EmailAddress]:
    """Each address once, as it can be sent, without those that are taken already."""
    found: dict[str, EmailAddress] = {}
    for address in addresses or ():
        if _key(address) and _key(address) not in but:
            found.setdefault(_key(address), EmailAddress(name=address.name, address=address.address))
    return list(found.values())


# --- forwards


def forward(
    message: Original,
    to: str | EmailAddress | Sequence[str | EmailAddress],
    body: str = "",
    *,
    body_type: str = BodyType.HTML,
    attachments: Sequence[OutgoingEmailAttachment] = (),
) -> OutgoingEmail:
    """Write a message that passes another one on; `EmailMessage.forward` says how.

    Raises:
        InvalidInput: an address or the type cannot be, or the message is here without its body.
    """
    if body_type not in list(BodyType):
        raise InvalidInput(f"body_type must be one of {', '.join(BodyType)}")
    if message.body is None and (message.body_snippet or "body" in (message.omitted or ())):
        raise InvalidInput("the message is here without its body: get it by its id first")
    recipients = _distinct(_recipients(to), set())
    if not recipients:
        raise InvalidInput("a forward needs an address to go to")
    quoted = (_quoted_text if body_type == BodyType.TEXT else _quoted_html)(message)
    files = [*_carried(message), *attachments]
    return OutgoingEmail(
        subject=_subject("Fwd:", _FORWARDED, message.subject),
        body=body + quoted,
        to=recipients,
        attachments=files or UNSET,
    )


def _recipients(given: str | EmailAddress | Sequence[str | EmailAddress]) -> list[EmailAddress]:
    several = [given] if isinstance(given, str | EmailAddress) else given
    return [EmailAddress.parse(one) if isinstance(one, str) else one for one in several]


def _heading(message: Original) -> Iterator[str]:
    """The lines that say what is passed on, each of them one line."""
    time = message.sent_at or message.received_at
    lines = {
        "From": str(message.from_ or ""),
        "Date": email.utils.format_datetime(time) if time else "",
        "Subject": message.subject or "",
        "To": ", ".join(map(str, message.to or ())),
        "Cc": ", ".join(map(str, message.cc or ())),
    }
    return (f"{name}: {' '.join(value.split())}" for name, value in lines.items() if value)


def _quoted_text(message: Original) -> str:
    return "\n".join(["", "", _RULE, *_heading(message), "", message.body or ""])


def _quoted_html(message: Original) -> str:
    heading = "<br>\n".join(html.escape(line) for line in (_RULE, *_heading(message)))
    return f'<br><br>\n<div>{heading}</div>\n<br>\n<blockquote type="cite">{message.body or ""}</blockquote>\n'


def _carried(message: Original) -> Iterator[OutgoingEmailAttachment]:
    for file in message.attachments or ():
        if file.content is not None:
            yield OutgoingEmailAttachment(
                inline=UNSET if file.inline is None else file.inline,
                name=file.name or UNSET,
                mime_type=file.mime_type or UNSET,
                content_id=file.content_id or UNSET,
                content=file.content,
            )
