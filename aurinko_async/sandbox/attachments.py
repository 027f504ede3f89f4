"""Small real files for made-up mail to carry."""

from __future__ import annotations

import gzip
import struct
import zlib
from functools import cache
from random import Random

from aurinko_async.sandbox import prose
from aurinko_async.sandbox.letters import Attachment
from aurinko_async.sandbox.times import iso

_COLOURS = (0x2E7D32, 0xC62828, 0x1565C0, 0xF9A825)


def make(random: Random, number: int) -> Attachment:
    """Make a file of some kind."""
    name, mime_type = random.choice(prose.FILE_NAMES)
    match mime_type:
        case "text/csv":
            content = "".join(f"{n};{random.random():.4f}\r\n" for n in range(20)).encode()
        case "application/pdf":
            content = _pdf()
        case "image/png":
            content = picture(16, random.choice(_COLOURS))
        case "application/gzip":
            content = _archive()
        case _:
            content = random.choice(prose.SENTENCES)[0].encode()
    return Attachment(attachment_id(number), name, mime_type, content)


def inline_image(number: int) -> Attachment:
    """Make a picture that the HTML body shows by its content id."""
    cid = f"logo.{number}@example.com"
    return Attachment(attachment_id(number), "logo.png", "image/png", picture(8, 0x3366CC), inline=True, content_id=cid)


def invitation(subject: str, when: float, number: int) -> Attachment:
    """Make a meeting request."""
    stamp = iso(when).replace("-", "").replace(":", "")
    lines = ("BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VEVENT", f"DTSTART:{stamp}", f"SUMMARY:{subject}")
    content = "\r\n".join((*lines, "END:VEVENT", "END:VCALENDAR", "")).encode()
    return Attachment(attachment_id(number), "invite.ics", "text/calendar", content)


def attachment_id(number: int) -> str:
    """Give an id with all the characters in it that a path must escape."""
    return f"ANGjdJ{number}+/%2F=="


@cache
def picture(size: int, colour: int) -> bytes:
    """Make a square PNG of one colour."""
    row = b"\0" + colour.to_bytes(3, "big") * size
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * size)),
        (b"IEND", b""),
    )
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@cache
def _archive() -> bytes:
    return gzip.compress(b"nothing to see here\n" * 20, mtime=0)


@cache
def _pdf() -> bytes:
    return (
        b"%PDF-1.1\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )
