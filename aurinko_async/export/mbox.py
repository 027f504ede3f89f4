"""mbox: messages as the standard library composes them of what the API told."""

from __future__ import annotations

import base64
import csv
import email.message
import email.policy
import email.utils
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.generator import BytesGenerator
from email.header import Header
from email.headerregistry import Address, AddressHeader
from io import BytesIO, StringIO
from typing import Any, Final, cast

from aurinko_async.export._text import line, scrubbed
from aurinko_async.models.addresses import EmailAddress
from aurinko_async.models.mail import EmailMessage, SysLabel

_ENVELOPE: Final = re.compile(rb"(?:\A|[\r\n])>*From ")
_HEADER: Final = re.compile(r"[!-9;-~]+")
_OURS: Final = re.compile(r"(?:content-.*|mime-version|status|x-status|x-aurinko-.*)", re.IGNORECASE)
_SENDER: Final = re.compile(r"[!-~]+")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Policy(email.policy.EmailPolicy):
    """Writes addresses itself: Python 3.11.7 makes two of one whose name has a comma and an umlaut."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if not isinstance(value, AddressHeader):
            return super().fold_binary(name, value)
        return f"{name}: {f',{self.linesep} '.join(map(_mailbox, value.addresses))}{self.linesep}".encode("ascii")


_POLICY: Final = _Policy(linesep="\n")


def _mailbox(address: Address) -> str:
    if address.display_name.isascii():
        return email.utils.formataddr((address.display_name, address.addr_spec))
    return f"{Header(address.display_name, 'utf-8').encode(linesep=chr(10))} <{address.addr_spec}>"


def to_mbox(message: EmailMessage) -> bytes:
    """A message as an entry of an mbox, with the line that begins it and the empty one that ends it.

    It is what `EmailMessage.to_email` makes, and beside: `Status` and `X-Status` (read, flagged), the labels
    (`X-Aurinko-Labels`, comma-separated as in CSV), the ids (`X-Aurinko-Id`, `X-Aurinko-Thread-Id`), what is missing
    (`X-Aurinko-Omitted`), addresses that cannot stand in their header (`X-Aurinko-To` and its like), and the other
    headers, where they are known. No line of a body needs quoting: a text with a line that begins with `From ` is
    written as base64.
    """
    message = scrubbed(message)
    made = message.to_email()
    for name, value in _known(message):
        _add(made, name, value)
    for name, value in [*_own(message), *_outcast(message, made)]:
        if value:
            made[name] = value
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
            yield name, line(header.value)


def _own(message: EmailMessage) -> Iterator[tuple[str, str]]:
    labels = message.sys_labels
    if labels is not None:
        yield "Status", "O" if SysLabel.UNREAD in labels else "RO"
        yield "X-Status", "F" if SysLabel.FLAGGED in labels else ""
    yield "X-Aurinko-Labels", _listed([*(labels or ()), *(message.keywords or ())])
    yield "X-Aurinko-Id", line(message.id)
    yield "X-Aurinko-Thread-Id", line(message.thread_id)
    yield "X-Aurinko-Omitted", _listed(message.omitted or ())


def _outcast(message: EmailMessage, made: email.message.EmailMessage) -> Iterator[tuple[str, str]]:
    """Addresses that the standard library refuses to write."""
    given: dict[str, Sequence[EmailAddress] | None] = {
        "From": [message.from_] if message.from_ else None,
        "To": message.to,
        "Cc": message.cc,
        "Bcc": message.bcc,
        "Reply-To": message.reply_to,
    }
    for name, addresses in given.items():
        header: Any = made[name]
        there = {one.addr_spec for one in header.addresses} if isinstance(header, AddressHeader) else set[str]()
        missing = [str(one) for one in addresses or () if one.address and line(one.address) not in there]
        yield f"X-Aurinko-{name}", _listed(missing)


def _listed(texts: Sequence[str]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="").writerow([line(text) for text in texts])
    return out.getvalue()


def _add(made: email.message.EmailMessage, name: str, value: str) -> None:
    """Add a header, unless it is there or the standard library cannot hold or write it."""
    if not value or (name in made and name.lower() != "received"):
        return
    probe = email.message.EmailMessage()
    try:
        probe[name] = value
        bytes(probe)
    except Exception:
        return
    made[name] = value


def _guard(part: email.message.Message) -> None:
    """Hide lines that would begin the next message."""
    if part.is_multipart():
        return
    content = cast("bytes", part.get_payload(decode=True))
    if _ENVELOPE.search(content):
        del part["Content-Transfer-Encoding"]
        part["Content-Transfer-Encoding"] = "base64"
        part.set_payload(base64.encodebytes(content).decode("ascii"))
