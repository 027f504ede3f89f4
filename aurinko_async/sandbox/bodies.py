"""Message bodies: between HTML and text, without what they quote, and the snippet of them."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

_SNIPPET_LENGTH = 160
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "blockquote", "h1", "h2", "h3", "table", "ul", "ol"})
_SILENT = frozenset({"script", "style", "head", "title"})
_BLANK_LINES = re.compile(r"\n{3,}")
_QUOTED_HTML = re.compile(r'<div class="gmail_quote">.*</div>|<blockquote.*</blockquote>', re.DOTALL | re.IGNORECASE)
_QUOTED_TEXT = re.compile(r"^(?:On .{0,200}wrote:\s*\n)?(?:>.*(?:\n|\Z))+", re.MULTILINE)


class _TextOf(HTMLParser):
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
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)


def html_to_text(html: str) -> str:
    """Give the readable text of a piece of HTML, however broken."""
    parser = _TextOf()
    try:
        parser.feed(html)
        parser.close()
    except (AssertionError, ValueError):  # the parser gives up on some broken declarations
        return re.sub(r"<[^>]*>", " ", html)
    return _BLANK_LINES.sub("\n\n", "".join(parser.pieces)).strip()


def text_to_html(text: str) -> str:
    """Wrap plain text in HTML."""
    return '<div style="white-space:pre-wrap">' + escape(text, quote=False) + "</div>"


def without_quotes(body: str, body_type: str) -> str:
    """Strip what a reply quotes."""
    return (_QUOTED_HTML if body_type == "html" else _QUOTED_TEXT).sub("", body).rstrip()


def snippet(text: str) -> str:
    """Give the beginning of a text in one line."""
    return " ".join(text[: _SNIPPET_LENGTH * 2].split())[:_SNIPPET_LENGTH]
