"""Text made fit for files that have a syntax of their own."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, Final, TypeVar, cast

import attrs

T = TypeVar("T")

_UNFIT: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
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


def fit(text: str) -> str:
    """The text without control characters but for the end of a line, a page and a tab."""
    if not text.isascii():
        # Two surrogates that belong together become the character they stand for.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _UNFIT.sub("", text)


def line(text: str | None) -> str:
    """The text as one line."""
    return " ".join(clean(text).split())


def scrubbed(value: T) -> T:
    """A copy of a model whose texts are all `fit`; the model itself when they are."""
    return cast("T", _scrubbed(value))


def _scrubbed(value: Any) -> Any:
    kind: type[Any] = value.__class__
    if kind is str:
        text = fit(value)
        return value if text == value else text
    if kind is list:
        return [_scrubbed(item) for item in value]
    if attrs.has(kind):
        found = {field.name: getattr(value, field.name) for field in attrs.fields(kind)}
        changes = {name: made for name, old in found.items() if (made := _scrubbed(old)) is not old}
        return attrs.evolve(value, **changes) if changes else value
    return value


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
