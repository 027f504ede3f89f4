"""Real mail into a letter. Whatever a mailbox holds is taken: nothing here raises on a broken message."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.header import decode_header
from email.message import Message as Parsed
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, TypeVar

from aurinko_async.sandbox.bodies import html_to_text, snippet
from aurinko_async.sandbox.contract import Json, is_array
from aurinko_async.sandbox.letters import Attachment, Letter, address
from aurinko_async.sandbox.times import iso

T = TypeVar("T")
_IDS = re.compile(r"<[^<>\s]+>")
_SENSITIVITIES = {"personal": "personal", "private": "private", "company-confidential": "confidential"}


def parse(source: bytes, when: float) -> Letter:
    """Read a message; `when` is when it came."""
    parsed = message_from_bytes(source)
    text, html, files = _parts(parsed)
    sent = sent_at(parsed)
    body_text = text if text is not None else html_to_text(html or "")
    record: Json = {
        "createdTime": iso(when),
        "lastModifiedTime": iso(when),
        "sentAt": iso(sent if sent is not None else when),
        "subject": header(parsed, "Subject") or "",
        "keywords": [],
        "sysClassifications": ["personal"],
        "sensitivity": _SENSITIVITIES.get((header(parsed, "Sensitivity") or "").lower(), "normal"),
        "from": (_people(parsed, "From") or [address("", "")])[0],
        "to": _people(parsed, "To"),
        "cc": _people(parsed, "Cc"),
        "bcc": _people(parsed, "Bcc"),
        "replyTo": _people(parsed, "Reply-To"),
        "hasAttachments": any(not file.inline for file in files),
        "bodySnippet": snippet(body_text),
        "internetHeaders": [{"name": scrub(name), "value": decoded(str(value))} for name, value in parsed.raw_items()],
    }
    ids = {"internetMessageId": "Message-ID", "inReplyTo": "In-Reply-To", "references": "References"}
    for name, wire in ids.items():
        if value := header(parsed, wire):
            record[name] = " ".join(_IDS.findall(value)) or value
    return Letter(record, html, text, tuple(files), source)


def header(parsed: Parsed, name: str) -> str | None:
    """Give a header's text, decoded and on one line; None if it is not there."""
    value = next((value for key, value in parsed.raw_items() if key.lower() == name.lower()), None)
    return None if value is None else decoded(str(value))


def related_ids(parsed: Parsed) -> list[str]:
    """List the Message-IDs a message names: its references, what it answers, its own last."""
    values = (header(parsed, name) or "" for name in ("References", "In-Reply-To", "Message-ID"))
    return [found for value in values for found in _IDS.findall(value)]


def sent_at(parsed: Parsed) -> float | None:
    """Give the instant of the Date header, if there is one that can be read."""
    return _instant(header(parsed, "Date"))


def received_at(parsed: Parsed) -> float | None:
    """Give when the last server took the message, else when it was sent."""
    arrival = _instant((header(parsed, "Received") or "").rpartition(";")[2].strip())
    return arrival if arrival is not None else sent_at(parsed)


def decoded(value: str) -> str:
    """Decode the encoded words of a header, as far as they can be, and unfold it."""
    clean = " ".join(scrub(value).splitlines())
    pieces: list[tuple[Any, str | None]] = _attempt(lambda: decode_header(clean), [(clean, None)])
    return "".join(_piece(data, charset) for data, charset in pieces).strip()


def scrub(text: str) -> str:
    """Give text that can be written as UTF-8: bytes smuggled in as surrogates become what they most likely meant."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _to_text(text.encode("utf-8", "surrogateescape"), None) if _smuggled(text) else _replaced(text)
    return text


def _smuggled(text: str) -> bool:
    return all("\udc80" <= char <= "\udcff" for char in text if "\ud800" <= char <= "\udfff")


def _replaced(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _piece(data: Any, charset: str | None) -> str:
    if isinstance(data, str):
        return data
    if charset is None:
        return scrub(_attempt(lambda: data.decode("raw-unicode-escape"), data.decode("latin-1")))
    return _to_text(data, charset)


def _to_text(data: bytes, charset: str | None) -> str:
    for name in (charset, "utf-8"):
        if name:
            try:
                text = data.decode(name)
            except (LookupError, ValueError):
                continue
            return _replaced(text) if _unwritable(text) else text
    return data.decode("cp1252", "replace")


def _unwritable(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def _attempt(read: Callable[[], T], otherwise: T) -> T:
    try:
        return read()
    except Exception:  # the parsers of the standard library raise nearly anything on broken mail
        return otherwise


def _instant(text: str | None) -> float | None:
    return _attempt(lambda: parsedate_to_datetime(text).timestamp(), None) if text else None


def _people(parsed: Parsed, name: str) -> list[Json]:
    values = [" ".join(scrub(str(v)).splitlines()) for key, v in parsed.raw_items() if key.lower() == name.lower()]
    nobody: list[tuple[str, str]] = []
    pairs = _attempt(lambda: _pairs(values), nobody)
    return [address(decoded(who), decoded(where)) for who, where in pairs if who or where]


def _pairs(values: list[str]) -> list[tuple[str, str]]:
    try:
        return getaddresses(values, strict=False)
    except TypeError:  # older patch releases are never strict
        return getaddresses(values)


def _parts(parsed: Parsed) -> tuple[str | None, str | None, list[Attachment]]:
    texts: list[str] = []
    html: str | None = None
    files: list[Attachment] = []
    for part in _leaves(parsed):
        kind = _attempt(part.get_content_type, "application/octet-stream")
        attached = "attachment" in (header(part, "Content-Disposition") or "").lower()
        name = _attempt(part.get_filename, None)
        if kind.startswith("multipart/") or (kind == "text/plain" and not attached and not name):
            texts.append(_body(part))
        elif kind == "text/html" and not attached and html is None:
            html = _body(part)
        else:
            files.append(_file(part, kind, name, len(files), attached=attached))
    return ("\n".join(texts) if texts else None), html, files


def _leaves(parsed: Parsed) -> Iterator[Parsed]:
    waiting = [parsed]
    while waiting:
        part = waiting.pop()
        children = _children(part)
        if children is not None and part.get_content_maintype() != "message":
            waiting.extend(reversed(children))
        else:
            yield part


def _children(part: Parsed) -> list[Parsed] | None:
    payload: Any = part.get_payload()
    return payload if is_array(payload) else None


def _content(part: Parsed) -> bytes:
    children = _children(part)
    if children is not None:
        return b"\n".join(_attempt(child.as_bytes, b"") for child in children)
    payload: Any = part.get_payload()
    data: Any = _attempt(lambda: part.get_payload(decode=True), None)
    return data if isinstance(data, bytes) else str(payload or "").encode("utf-8", "surrogateescape")


def _body(part: Parsed) -> str:
    return _to_text(_content(part), _attempt(part.get_content_charset, None)).replace("\r\n", "\n")


def _file(part: Parsed, kind: str, name: str | None, number: int, *, attached: bool) -> Attachment:
    cid = (header(part, "Content-ID") or "").strip("<> ") or None
    if name is None:
        extension = ".eml" if kind == "message/rfc822" else mimetypes.guess_extension(kind) or ".bin"
        name = f"part-{number + 1}{extension}"
    return Attachment(
        id=f"part{number}+/%2F=",
        name=decoded(name),
        mime_type=kind,
        content=_content(part),
        inline=cid is not None and not attached,
        content_id=cid,
        content_location=header(part, "Content-Location"),
    )
