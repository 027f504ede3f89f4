"""Headers of messages as the standard library has them, made without its parsers where nothing is to be parsed.

Its parsers take most of the time that composing a message takes, they break on some malformed values, and some Pythons
make two addresses of one whose name has a comma and an umlaut.
"""

from __future__ import annotations

import email.message
import email.policy
import re
from base64 import b64encode, encodebytes
from binascii import b2a_qp
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from email.headerregistry import (
    Address,
    AddressHeader,
    BaseHeader,
    ContentTransferEncodingHeader,
    ContentTypeHeader,
    Group,
    HeaderRegistry,
    MIMEVersionHeader,
    SingleAddressHeader,
    UniqueAddressHeader,
    UniqueDateHeader,
    UniqueSingleAddressHeader,
    UnstructuredHeader,
)
from email.utils import format_datetime, quote
from typing import Any, Final, Literal

_UNFIT: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_ATOMS: Final = r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
_ADDRESS: Final = re.compile(rf"({_ATOMS})@([a-z0-9-]+(?:\.[a-z0-9-]+)*)", re.ASCII | re.IGNORECASE)
_MESSAGE_ID: Final = re.compile(rf"<{_ATOMS}@{_ATOMS}>", re.ASCII)
_NAME: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~ -]*", re.ASCII)

LONGEST_ADDRESS: Final = 320
"""Characters: 64 before the @ and 255 behind it."""
LONGEST_WORD: Final = 900
"""Characters of a word that is written as it is; a line has 998 at most."""
LONGEST_LINE: Final = 78
"""Bytes of a line of text that is written as it is."""
ENCODED: Final = 39
"""Bytes in an encoded word at most: with what is around them and `Reply-To` they fit in a line of 76 characters."""


def fit(text: str) -> str:
    """The text without control characters but for the end of a line, a page and a tab."""
    return _UNFIT.sub("", whole(text))


def whole(text: str) -> str:
    """The text with U+FFFD for what is no Unicode character."""
    if text.isascii():
        return text
    # Two surrogates that belong together become the character they stand for.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def one_line(text: str | None) -> str:
    """The text as one line: a break would begin another header."""
    return " ".join(fit(text or "").split())


# --- writing


def _folded(name: str, words: Iterable[str], policy: email.policy.Policy[Any]) -> str:
    """Lines that are as long as they should be, where words allow it."""
    # Lines with encoded words are to be two shorter than others.
    limit = policy.max_line_length - 2 if policy.max_line_length else float("inf")
    lines, current, blank = list[str](), f"{name}:", True
    for word in words:
        # A line of nothing but blanks would end the headers for some readers.
        if word and not blank and len(current) + 1 + len(word) > limit:
            lines.append(current)
            current = ""
        current += f" {word}"
        blank = blank and not word
    return policy.linesep.join([*lines, current, ""])


def _words(header: str, text: str, utf8: bool) -> list[str]:
    """The words of a text that is free, encoded where it could not stand or would be taken for encoded."""
    words = text.split(" ")
    if (utf8 or (text.isascii() and text.isprintable())) and "=?" not in text and max(map(len, words)) <= LONGEST_WORD:
        return words
    return list(_encoded(text, max(12, min(ENCODED, (62 - len(header)) // 4 * 3))))


def _encoded(text: str, size: int) -> Iterator[str]:
    chunk = bytearray()
    for character in text:
        data = character.encode("utf-8", "replace")
        if len(chunk) + len(data) > size:
            yield _encoded_word(chunk)
            chunk.clear()
        chunk += data
    yield _encoded_word(chunk)


def _encoded_word(data: bytes | bytearray) -> str:
    return f"=?utf-8?b?{b64encode(data).decode()}?="


def _mailbox(header: str, address: Address, utf8: bool) -> list[str]:
    shown, spec = address.display_name, address.addr_spec
    if not shown:
        return [spec]
    words = _words(header, shown, utf8)
    # Encoded words stand as they are; of the others some need quotes.
    if words[0].startswith("=?") or _NAME.fullmatch(shown):
        return [*words, f"<{spec}>"]
    return [*f'"{quote(shown)}"'.split(" "), f"<{spec}>"]


def _recipients(header: Any, utf8: bool) -> Iterator[str]:
    """The words of the header, the commas and semicolons behind those they belong to."""
    last = len(header.groups) - 1
    for number, group in enumerate(header.groups):
        words = list[str]()
        for place, address in enumerate(group.addresses):
            words += _mailbox(header.name, address, utf8)
            if place < len(group.addresses) - 1:
                words[-1] += ","
        if group.display_name is not None:
            words = [*_group(header.name, group.display_name, utf8), *words]
            words[-1] += ";"
        if number < last:
            words[-1] += ","
        yield from words


def _group(header: str, name: str, utf8: bool) -> list[str]:
    words = _mailbox(header, Address(name, "x", "x"), utf8)[:-1] or ['""']
    words[-1] += ":"
    return words


# --- the classes of headers


def _fold(header: Any, policy: Any) -> str:
    """Addresses written from what they are, not from how they were parsed."""
    addresses = header.addresses
    if header.defects or not addresses or not all(address.addr_spec.isascii() for address in addresses):
        return BaseHeader.fold(header, policy=policy)
    return _folded(header.name, _recipients(header, policy.utf8), policy)


class _Addresses(AddressHeader):
    def fold(self, *, policy: Any) -> str:
        return _fold(self, policy)


class _SingleAddress(SingleAddressHeader):
    def fold(self, *, policy: Any) -> str:
        return _fold(self, policy)


class _UniqueAddresses(UniqueAddressHeader):
    def fold(self, *, policy: Any) -> str:
        return _fold(self, policy)


class _UniqueSingleAddress(UniqueSingleAddressHeader):
    def fold(self, *, policy: Any) -> str:
        return _fold(self, policy)


class _Type(ContentTypeHeader):
    def fold(self, *, policy: Any) -> str:
        return _as_it_is(self, policy)


class _Encoding(ContentTransferEncodingHeader):
    def fold(self, *, policy: Any) -> str:
        return _as_it_is(self, policy)


class _Version(MIMEVersionHeader):
    def fold(self, *, policy: Any) -> str:
        return _as_it_is(self, policy)


def _as_it_is(header: Any, policy: Any) -> str:
    """What every message has needs no folding."""
    return f"{header.name}: {header}{policy.linesep}" if header in _COMMON else BaseHeader.fold(header, policy=policy)


class _Made(str):
    """Given as its text and what else its kind has: there is nothing to parse."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: Any, kwds: dict[str, Any]) -> None:
        text, more = value
        kwds.update(more, decoded=text, parse_tree=None)

    def __reduce__(self) -> Any:
        return str.__new__, (type(self), str(self)), self.__dict__


class _MadeAddresses(_Made, _UniqueAddresses, BaseHeader):  # type: ignore[misc]
    pass


class _MadeText(_Made, UnstructuredHeader, BaseHeader):
    def fold(self, *, policy: Any) -> str:
        return _folded(self.name, _words(self.name, str(self), policy.utf8), policy)


class _MadeDate(_Made, UniqueDateHeader, BaseHeader):  # type: ignore[misc]
    def fold(self, *, policy: Any) -> str:
        return _folded(self.name, str(self).split(" "), policy)


class _Registry(HeaderRegistry):
    """The standard library's with some of the classes ours; none is made twice."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[Any, Any] = {}
        ours: dict[Any, Any] = {
            AddressHeader: _Addresses,
            SingleAddressHeader: _SingleAddress,
            UniqueAddressHeader: _UniqueAddresses,
            UniqueSingleAddressHeader: _UniqueSingleAddress,
            ContentTypeHeader: _Type,
            ContentTransferEncodingHeader: _Encoding,
            MIMEVersionHeader: _Version,
        }
        for name, kind in tuple(self.registry.items()):
            self.map_to_type(name, ours.get(kind, kind))

    def __getitem__(self, name: str) -> Any:
        kind = self.registry.get(name.lower(), self.default_class)
        if kind not in self._made:
            self._made[kind] = super().__getitem__(name)
        return self._made[kind]

    def __reduce__(self) -> Any:
        return _Registry, ()


_REGISTRY: Final = _Registry()
_PARSED: Final = frozenset(
    name for name, kind in _REGISTRY.registry.items() if not issubclass(kind, UnstructuredHeader)
)
"""The headers that have a syntax, in lower case."""
POLICY: Final = email.policy.EmailPolicy(header_factory=_REGISTRY)
"""The standard library's default, but for how it writes addresses."""

_TYPES: Final = {kind: _REGISTRY("Content-Type", f'text/{kind}; charset="utf-8"') for kind in ("plain", "html")}
_ENCODINGS: Final = {
    kind: _REGISTRY("Content-Transfer-Encoding", kind) for kind in ("7bit", "8bit", "quoted-printable", "base64")
}
_VERSION: Final = _REGISTRY("MIME-Version", "1.0")
_COMMON: Final = frozenset(map(str, (*_TYPES.values(), *_ENCODINGS.values(), _VERSION)))


# --- making them


def address_of(name: str | None, spec: str | None) -> Address | None:
    """An address as headers have it; `None` if none can: it is not ASCII, or malformed."""
    spec, shown = (spec or "").strip(), one_line(name)
    if len(spec) > LONGEST_ADDRESS:
        return None
    if found := _ADDRESS.fullmatch(spec):
        return Address(shown, found[1], found[2])
    try:
        address = Address(shown, addr_spec=spec)
    except Exception:  # on some malformed addresses the parser breaks
        return None
    return address if spec.isascii() and spec.isprintable() and address.addr_spec == spec else None


def add_addresses(message: email.message.EmailMessage, name: str, addresses: Sequence[Address]) -> None:
    """Add a header of addresses."""
    if addresses:
        groups = [Group(None, [address]) for address in addresses]
        message[name] = _MadeAddresses(name, (", ".join(map(str, addresses)), {"groups": groups}))


def add_date(message: email.message.EmailMessage, name: str, date: datetime) -> None:
    """Add a date."""
    message[name] = _MadeDate(name, (format_datetime(date), {"datetime": date}))


def add_text(message: email.message.EmailMessage, name: str, text: str) -> None:
    """Add a header that means its text, which is one line."""
    if text:
        message[name] = _MadeText(name, (text, {}))


def add_verbatim(message: email.message.EmailMessage, name: str, line: str) -> bool:
    """Add a header as it stood in a message; `False` if the standard library can neither hold nor write it."""
    if not line:
        return True
    # What it need not parse cannot break its parsers.
    identifies = name.lower() == "message-id"
    free = name.lower() not in _PARSED or (identifies and _MESSAGE_ID.fullmatch(line))
    if free and line.isascii() and "=?" not in line:
        add_text(message, name, line)
        return True
    try:
        header: Any = _REGISTRY(name, line)
        POLICY.fold_binary(name, header)
    except Exception:
        return False
    if identifies and header != line:  # a part of it identifies nothing
        return False
    message[name] = header
    return True


def set_text(message: email.message.EmailMessage, text: str, subtype: Literal["plain", "html"]) -> None:
    """Do what `set_content` does of a text, several times faster."""
    lines = text.encode("utf-8", "replace").splitlines()
    data = b"\n".join([*lines, b""]) if lines else b"\n"
    encoding = "7bit" if text.isascii() else "8bit"
    if max(map(len, lines), default=0) > LONGEST_LINE:
        quoted, coded = b2a_qp(data), encodebytes(data)
        encoding, data = ("base64", coded) if len(coded) < len(quoted) else ("quoted-printable", quoted)
    message["Content-Type"] = _TYPES[subtype]
    message["Content-Transfer-Encoding"] = _ENCODINGS[encoding]
    message["MIME-Version"] = _VERSION
    message.set_payload(data.decode("ascii", "surrogateescape"))
