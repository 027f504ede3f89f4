"""Text made fit for files that have a syntax of their own."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from aurinko_async.models.headers import fit

_BREAK: Final = re.compile(r"\r\n?|\f")
_HTML: Final = re.compile(
    r"<(?:!doctype|html|head|body|div|p|br|span|table|a|b|i|ul|ol|h\d|img)\b[^>]*>", re.IGNORECASE
)
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_BLOCKS: Final = frozenset({"p", "div", "br", "tr", "li", "blockquote", "h1", "h2", "h3", "h4", "table", "ul", "ol"})
_SILENT: Final = frozenset({"script", "style", "head", "title"})


def clean(text: str | None) -> str:
    """The text without control characters; what is no Unicode character becomes U+FFFD, a line ends with `\\n`."""
    return _BREAK.sub("\n", fit(text or ""))


def line(text: str | None) -> str:
    """The text as one line."""
    return " ".join(clean(text).split())


def is_html(text: str) -> bool:
    """Whether it looks like HTML."""
    return _HTML.search(text) is not None


def plain(text: str | None) -> str:
    """The text, out of its HTML if it is some."""
    cleaned = clean(text)
    if not is_html(cleaned):
        return cleaned
    reader = _Reader()
    try:
        reader.feed(cleaned)
        reader.close()
    except (AssertionError, ValueError):  # the parser gives up on some broken declarations
        return clean(re.sub(r"<[^>]*>", " ", cleaned))
    # A character reference can stand for what was cleaned away before.
    return _BLANK_LINES.sub("\n\n", clean("".join(reader.pieces))).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS and tag != "br":
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)
