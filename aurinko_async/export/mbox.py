"""mbox: messages as the standard library composes them of what the API told."""

from __future__ import annotations

import base64
import email.message
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.generator import BytesGenerator
from io import BytesIO
from typing import Final, cast

from aurinko_async.models.headers import POLICY, add_text, add_verbatim, one_line
from aurinko_async.models.mail import EmailMessage, SysLabel
from aurinko_async.models.mime import listed

_ENVELOPE: Final = re.compile(rb"(?:\A|[\r\n])>*From ")
_HEADER: Final = re.compile(r"[!-9;-~]+")
_OURS: Final = re.compile(r"(?:content-.*|mime-version|status|x-status|x-aurinko-.*)", re.IGNORECASE)
_SENDER: Final = re.compile(r"[!-~]+")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


_POLICY: Final = POLICY.clone(linesep="\n")


def to_mbox(message: EmailMessage) -> bytes:
    """A message as an entry of an mbox, with the line that begins it and the empty one that ends it.

    It is what `EmailMessage.to_email` makes, and beside: `Status` and `X-Status` (read, flagged), the labels
    (`X-Aurinko-Labels`, comma-separated as in CSV), the ids (`X-Aurinko-Id`, `X-Aurinko-Thread-Id`), what is missing
    (`X-Aurinko-Omitted`), and the other headers, where they are known. No line of a body needs quoting: a text with a
    line that begins with `From ` is written as base64.
    """
    made = message.to_email()
    for name, value in _known(message):
        if name not in made or name.lower() == "received":
            add_verbatim(made, name, value)
    for name, value in _own(message):
        add_text(made, name, value)
    for part in made.walk():
        _guard(part)
    out = BytesIO()
    BytesGenerator(out, mangle_from_=True, policy=_POLICY).flatten(made)
    return _envelope(message).encode() + out.getvalue().rstrip(b"\n") + b"\n\n"


def _envelope(message: EmailMessage) -> str:
    address = message.from_.address if message.from_ else None
    sender = address if address and _SENDER.fullmatch(address) else "MAILER-DAEMON"
    time = message.received_at or message.sent_at or _EPOCH
    try:
        time = time.astimezone(UTC)
    except OverflowError:
        time = _EPOCH
    return f"From {sender} {time.ctime()}\n"


def _known(message: EmailMessage) -> Iterator[tuple[str, str]]:
    """The headers that the API gave as they were, but for those that the message is composed of anyway."""
    for header in message.internet_headers or ():
        name = (header.name or "").strip()
        if _HEADER.fullmatch(name) and not _OURS.fullmatch(name):
            yield name, one_line(header.value)


def _own(message: EmailMessage) -> Iterator[tuple[str, str]]:
    labels = message.sys_labels
    if labels is not None:
        yield "Status", "O" if SysLabel.UNREAD in labels else "RO"
        yield "X-Status", "F" if SysLabel.FLAGGED in labels else ""
    yield "X-Aurinko-Labels", listed([*(labels or ()), *(message.keywords or ())])
    yield "X-Aurinko-Id", one_line(message.id)
    yield "X-Aurinko-Thread-Id", one_line(message.thread_id)
    yield "X-Aurinko-Omitted", listed(message.omitted or ())


def _guard(part: email.message.Message) -> None:
    """Hide lines that would begin the next message."""
    if part.is_multipart():
        return
    content = cast("bytes", part.get_payload(decode=True))
    if _ENVELOPE.search(content):
        del part["Content-Transfer-Encoding"]
        part["Content-Transfer-Encoding"] = "base64"
        part.set_payload(base64.encodebytes(content).decode("ascii"))
