"""JSON Lines: each record the API's own JSON."""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[ \t\r\n]+', re.DOTALL)


def to_line(raw: bytes) -> bytes:
    """A record's JSON with the line break that ends it: byte for byte as it came if it is one line.

    What came with line breaks loses all white space between its values; these stay as they are.
    """
    raw = raw.strip(b" \t\r\n")
    if b"\n" in raw or b"\r" in raw:
        raw = _TOKEN.sub(_without_breaks, raw)
    return raw + b"\n"


def _without_breaks(token: re.Match[bytes]) -> bytes:
    text = token[0]
    # A break inside a text is no JSON, yet some servers send it.
    return text.replace(b"\r", rb"\r").replace(b"\n", rb"\n") if text.startswith(b'"') else b""
