"""What a store keeps of each resource beside its JSON. To mirror another resource, describe it here.

A store makes of a description its table, its statements and its indexes; nothing else in it knows a resource.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

import msgspec
from attrs import frozen

from aurinko_async.errors import ConfigError
from aurinko_async.models.rows import MessageColumns
from aurinko_async.sync.store import SyncKey

Kind: TypeAlias = Literal["text", "time", "flag", "texts"]


@frozen
class Column:
    """A searchable column: its name, what it holds, and how it is read from the columns of a row."""

    name: str
    kind: Kind
    read: Callable[[Any], Any]


@frozen(kw_only=True)
class Table:
    """The mirror of one resource.

    Attributes:
        name: The table's name.
        columns: The searchable columns.
        time: The column that windows and the order of time go by; `None` when its records have no time.
        container: The column for the container, where an account has more than one.
        indexes: The columns, after account and container, that are worth an index beside the one by time.
    """

    name: str
    columns: tuple[Column, ...]
    time: str | None = None
    container: str | None = None
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def scope(self) -> tuple[str, ...]:
        """The columns that tell whose a record is."""
        return ("account", self.container) if self.container else ("account",)

    def owner(self, key: SyncKey) -> tuple[str, ...]:
        """The values of `scope`."""
        return (clean(key.account), clean(key.container)) if self.container else (clean(key.account),)


def _arrived(message: MessageColumns) -> datetime | None:
    return message.time


def _from_address(message: MessageColumns) -> str | None:
    return message.from_.address if message.from_ else None


def _from_name(message: MessageColumns) -> str | None:
    return message.from_.name if message.from_ else None


def _unread(message: MessageColumns) -> bool | None:
    return None if message.sys_labels is None else "unread" in message.sys_labels


MESSAGES: Final = Table(
    name="messages",
    columns=(
        Column("thread_id", "text", attrgetter("thread_id")),
        Column("folder_id", "text", attrgetter("folder_id")),
        Column("internet_message_id", "text", attrgetter("internet_message_id")),
        Column("subject", "text", attrgetter("subject")),
        Column("from_address", "text", _from_address),
        Column("from_name", "text", _from_name),
        Column("received_at", "time", _arrived),
        Column("sent_at", "time", attrgetter("sent_at")),
        Column("last_modified_at", "time", attrgetter("last_modified_time")),
        Column("sys_labels", "texts", attrgetter("sys_labels")),
        Column("unread", "flag", _unread),
        Column("has_attachments", "flag", attrgetter("has_attachments")),
    ),
    time="received_at",
    indexes=(("thread_id",),),
)

TABLES: Final[Mapping[str, Table]] = MappingProxyType({"email": MESSAGES})
"""The resources that a store can mirror."""


def table_of(key: SyncKey) -> Table | None:
    """The table that a key's records go to; `None` for a consumer, which keeps only its place.

    Raises:
        ConfigError: this resource cannot be mirrored.
    """
    if key.consumer:
        return None
    table = TABLES.get(key.resource)
    if table is None:
        raise ConfigError(f"a store mirrors {', '.join(TABLES)}; for {key.resource} iterate over the batches instead")
    return table


def clean(text: str) -> str:
    """Text that every database takes: what is no Unicode character, and NUL, becomes U+FFFD."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\ufffd") if "\0" in text else text


def cleaned(texts: list[str | None]) -> list[str | None]:
    """`clean` for a whole column: one look at all of it in the usual case that nothing is to be done."""
    together = "".join(filter(None, texts))
    return texts if clean(together) is together else [text and clean(text) for text in texts]


def text_time(time: datetime) -> str:
    """A time as sortable text: UTC, always with milliseconds, `2026-01-31T09:05:00.000Z`."""
    if time.tzinfo is not UTC:
        # Within hours of year 1 or 9999 the offset does not matter.
        with suppress(OverflowError):
            time = time.astimezone(UTC)
    text: str = msgspec.to_builtins(time)  # as isoformat, at a tenth of its cost
    return text[:23] + "Z" if time.microsecond else text[:19] + ".000Z"


def window(since: datetime | None, until: datetime | None) -> tuple[str, str]:
    """Bounds for a column of `text_time`: the first included, the second not; an open one lies beyond every time."""
    return "" if since is None else text_time(since), "~" if until is None else text_time(until)
