"""A record as a store keeps it: the API's JSON byte for byte, beside the few values that it is searched by."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType
from typing import Any, ClassVar, Final, Generic, Literal, NamedTuple, Protocol, TypeAlias, TypeVar, cast

from attrs import Factory, frozen

from aurinko_async.models._model import wire_names
from aurinko_async.models._stored import as_they_are, clean_lists, clean_texts, text_times

Kind: TypeAlias = Literal["text", "time", "flag", "texts"]
Source: TypeAlias = str | Callable[[Any], Any]
"""Where a value is: the path of an attribute, which is `None` where a part of it is, or a function."""

_STORED: Final[Mapping[Kind, Callable[[Sequence[Any]], Sequence[Any]]]] = MappingProxyType(
    {"text": clean_texts, "time": text_times, "flag": as_they_are, "texts": clean_lists}
)


@frozen
class Column:
    """A value that records are searched by: its name, what it is, and where it is, by default under its name."""

    name: str
    kind: Kind
    source: Source = Factory(lambda self: self.name, takes_self=True)


class Record(Protocol):
    """What every record has to a sync."""

    @property
    def id(self) -> str | None: ...
    @property
    def omitted(self) -> list[str] | None: ...


class Searched(Record, Protocol):
    """The fields that are read of a record, and the columns that are made of them.

    Attributes:
        COLUMNS: In the order of a row's values.
        GONE: Whether the record says of itself that it is deleted.
    """

    COLUMNS: ClassVar[tuple[Column, ...]]
    GONE: ClassVar[Source]


S = TypeVar("S", bound=Searched)


class Row(NamedTuple, Generic[S]):
    """A record: its JSON as it came (`raw`), and its values in the order of `S.COLUMNS`, as stores compare them.

    Text is clean, times are text, flags `bool` and lists of clean text `list`; what is absent is `None`. `id` and
    `omitted` are the API's own.
    """

    raw: bytes
    id: str
    omitted: list[str] | None
    deleted: bool | None
    values: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"Row({self.id!r})"


@functools.cache
def _reader(sources: tuple[Source, ...]) -> Callable[[Iterable[Any]], list[tuple[Any, ...]]]:
    """A function that reads these of many records: generated, because a call for each value costs the most."""
    functions: dict[str, Any] = {}
    values: list[str] = []
    for number, source in enumerate(sources):
        if isinstance(source, str):
            parts = accumulate(source.split("."), lambda path, part: f"{path}.{part}", initial="record")
            path = " and ".join(list(parts)[1:])
            if len(wire_names(source)) > 1:
                # A mirror has each spelling on its own.
                path = f'{path} if {path} is not None else getattr(record, "{source}_also", None)'
            values.append(path)
        else:
            functions[f"source{number}"] = source
            values.append(f"source{number}(record)")
    read = eval(f"lambda records: [({', '.join(values)}) for record in records]", functions)
    return cast("Callable[[Iterable[Any]], list[tuple[Any, ...]]]", read)


def rows(cls: type[S], raws: Sequence[bytes], found: Sequence[S]) -> list[Row[S]]:
    """The rows of records, each of them an `S` or its mirror, made column by column."""
    if not found:
        return []
    read = _reader(("id", "omitted", cls.GONE, *(column.source for column in cls.COLUMNS)))(found)
    ids, omitted, deleted, *values = zip(*read, strict=True)
    stored = [_STORED[column.kind](some) for column, some in zip(cls.COLUMNS, values, strict=True)]
    made = zip(raws, ids, omitted, deleted, zip(*stored, strict=True), strict=True)
    return list(map(Row._make, made))
