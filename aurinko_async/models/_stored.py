"""Values as every store compares them: text that each database takes, times as sortable text."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, cast

import msgspec

from aurinko_async.errors import InvalidInput

T = TypeVar("T")

_encode: Final = msgspec.json.Encoder().encode


def clean(text: str) -> str:
    """Text that every database takes: what is no Unicode character, and NUL, becomes U+FFFD."""
    try:
        plain = text.isascii()
    except AttributeError:
        raise InvalidInput(f"accounts and ids are str in a store, not {type(text).__name__}: str(account.id)") from None
    if not plain:
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\ufffd") if "\0" in text else text


def text_time(time: datetime) -> str:
    """A time as sortable text: UTC, always with milliseconds, `2026-01-31T09:05:00.000Z`."""
    if time.tzinfo is not UTC:
        # Within hours of year 1 or 9999 the offset does not matter.
        with suppress(OverflowError):
            time = time.astimezone(UTC)
    text: str = msgspec.to_builtins(time)  # as isoformat, at a tenth of its cost
    return text[:23] + "Z" if time.microsecond else text[:19] + ".000Z"


# --- whole columns: one look at all values, in the usual case that nothing is to be done


def clean_texts(texts: Sequence[str | None]) -> Sequence[str | None]:
    """`clean` for a whole column."""
    try:
        together = "".join(cast("Sequence[str]", texts))
    except TypeError:
        together = "".join(filter(None, texts))
    return texts if clean(together) is together else [text and clean(text) for text in texts]


def clean_lists(lists: Sequence[list[str] | None]) -> Sequence[list[str] | None]:
    """`clean` for a whole column of lists."""
    with suppress(UnicodeEncodeError):
        if b"\\u0000" not in _encode(lists):
            return lists
    return [texts and [clean(text) for text in texts] for texts in lists]


def text_times(times: Sequence[datetime | None]) -> Sequence[str | None]:
    """`text_time` for a whole column; whole seconds in UTC only lack their milliseconds."""
    together = _encode(times)
    if together.count(b"Z") == len(times) and len(together) == len(times) * len('"2026-01-31T09:05:00Z",') + 1:
        # They usually all are.
        return cast("list[str | None]", msgspec.json.decode(together.replace(b"Z", b".000Z")))
    texts: list[Any] = msgspec.json.decode(together)
    return [
        None if time is None else f"{text[:19]}.000Z" if len(text) == 20 else text_time(time)
        for text, time in zip(texts, times, strict=True)
    ]


def as_they_are(values: Sequence[T]) -> Sequence[T]:
    """A column that needs nothing."""
    return values
