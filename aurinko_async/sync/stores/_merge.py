"""A partial record over a fuller one: what it omits is kept, all else is the new one's, each value byte for byte."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, cast

import msgspec

from aurinko_async._codec import decode
from aurinko_async.errors import DecodeError
from aurinko_async.models._row import Row, S
from aurinko_async.models._stored import clean_texts

GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"recipients": ("to", "cc", "bcc", "replyTo")})
"""The fields that a name in `omitted` stands for, where that is not the field of this name."""
INSIDE: Final[Mapping[str, str]] = MappingProxyType({"attendees": "meetingInfo"})
"""The object that a name in `omitted` is a field of, where that is not the record itself."""

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_names = msgspec.json.Decoder(list[str])
_lax = json.JSONDecoder(strict=False)
_mark = re.compile(r"[ \t\r\n]*[{:,]?[ \t\r\n]*")


def completed(searched: type[S], row: Row[S], stored: bytes) -> Row[S]:
    """The row with what it omits and `stored` has; the row itself when that is nothing."""
    new, old = _slices(row.raw), _slices(stored)
    if _is_stub(old):
        return row
    lacking = _omitted(old)
    omitted = row.omitted or []
    regained = [name for name in omitted if name not in lacking]
    if not regained:
        return row
    for name in regained:
        if name in INSIDE:
            outer = INSIDE[name]
            inside = _slices(new.get(outer, b""))
            _regain(inside, _slices(old.get(outer, b"")), name)
            if inside:
                new[outer] = _object(inside)
        else:
            _regain(new, old, name)
    new["omitted"] = msgspec.json.encode([name for name in omitted if name in lacking])
    raw = _object(new)
    try:
        return cast("Row[S]", decode(cast("Any", Row)[searched], raw))
    except DecodeError:
        # Each of the two could be read, both together cannot: invalid bytes in one, lone surrogates in the other.
        return row._replace(raw=raw)


def by_id(searched: type[S], rows: Sequence[Row[S]]) -> dict[str, Row[S]]:
    """The rows by id, a later one over an earlier one of the same id."""
    found: dict[str, Row[S]] = {}
    for record_id, row in zip(clean_texts([row.id for row in rows]), rows, strict=True):
        if record_id:
            before = found.get(record_id) if row.omitted else None
            found[record_id] = row if before is None else completed(searched, row, before.raw)
    return found


def _is_stub(fields: Mapping[str, bytes]) -> bool:
    """Whether it only says that the record is gone, and so nothing of what it was."""
    return fields.get("deleted") == b"true" or _slices(fields.get("occurrenceInfo", b"")).get("type") == b'"deleted"'


def _regain(new: dict[str, bytes], old: Mapping[str, bytes], name: str) -> None:
    for wire in GROUPS.get(name, (name,)):
        new.pop(wire, None)
        if wire in old:
            new[wire] = old[wire]


def _object(fields: Mapping[str, bytes]) -> bytes:
    return b"{" + b",".join(json.dumps(name).encode() + b":" + value for name, value in fields.items()) + b"}"


def _omitted(fields: Mapping[str, bytes]) -> list[str]:
    try:
        return _names.decode(fields.get("omitted", b"[]"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []


def _slices(raw: bytes) -> dict[str, bytes]:
    if not raw.lstrip().startswith(b"{"):
        return {}
    try:
        return {name: bytes(value) for name, value in _fields.decode(raw).items()}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _slices_slowly(raw)


def _slices_slowly(raw: bytes) -> dict[str, bytes]:
    """The same with the stdlib's reader, which takes lone surrogates."""
    text = raw.decode("utf-8", "surrogateescape")
    fields: dict[str, bytes] = {}
    position = _after_mark(text, 0)
    while not text.startswith("}", position):
        name, end = _lax.raw_decode(text, position)
        start = _after_mark(text, end)
        _, end = _lax.raw_decode(text, start)
        fields[name] = text[start:end].encode("utf-8", "surrogateescape")
        position = _after_mark(text, end)
    return fields


def _after_mark(text: str, position: int) -> int:
    match = _mark.match(text, position)
    return match.end() if match else position
