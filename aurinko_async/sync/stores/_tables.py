"""What a store keeps of each resource beside its JSON. To mirror another resource, describe it here.

A store makes of a description its table, its statements and its indexes; nothing else in it knows a resource.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import accumulate
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, cast

import msgspec
from attrs import Factory, frozen

from aurinko_async.errors import ConfigError, InvalidInput
from aurinko_async.models._row import Row
from aurinko_async.models.calendar import Event, RecurrenceType
from aurinko_async.models.contacts import Contact
from aurinko_async.models.mail import EmailMessage
from aurinko_async.models.recurrence import EventDateTime
from aurinko_async.models.rows import ContactColumns, EventColumns, MessageColumns
from aurinko_async.models.tasks import Task
from aurinko_async.sync.store import SyncKey

Kind: TypeAlias = Literal["text", "time", "flag", "texts"]


@frozen
class Column:
    """A searchable column: its name, what it holds, and where the columns of a row have it.

    Attributes:
        source: The path of an attribute, `None` where a part of it is, or a function; by default the column's name.
    """

    name: str
    kind: Kind
    source: str | Callable[[Any], Any] = Factory(lambda self: self.name, takes_self=True)

    def of(self, columns: Any) -> Any:
        """The value as a store compares it: text is clean, times are text."""
        ((value,),) = _reader((self,))([columns])
        if value is None or self.kind == "flag":
            return value
        if self.kind == "time":
            return text_time(value)
        return clean(value) if self.kind == "text" else [clean(text) for text in value]


@functools.cache
def _reader(columns: tuple[Column, ...]) -> Callable[[Iterable[Any]], list[tuple[Any, ...]]]:
    """A function that reads these columns of many rows: generated, because a call for each value costs the most."""
    sources: dict[str, Any] = {}
    values: list[str] = []
    for number, column in enumerate(columns):
        if isinstance(column.source, str):
            parts = accumulate(column.source.split("."), lambda path, part: f"{path}.{part}", initial="row")
            values.append(" and ".join(list(parts)[1:]))
        else:
            sources[f"source{number}"] = column.source
            values.append(f"source{number}(row)")
    read = eval(f"lambda rows: [({', '.join(values)},) for row in rows]", sources)
    return cast("Callable[[Iterable[Any]], list[tuple[Any, ...]]]", read)


@frozen(kw_only=True)
class Table:
    """The mirror of one resource.

    Attributes:
        resource: As keys name it.
        name: The table's name.
        model: What a record of it is read as.
        columns: The searchable columns.
        time: The column that windows and the order of time go by; `None` when its records have no time.
        container: The column for the container, where an account has more than one.
        indexes: The columns, after account and container, that are worth an index beside the one by time.
    """

    resource: str
    name: str
    model: type[Any]
    columns: tuple[Column, ...]
    time: str | None = None
    container: str | None = None
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def scope(self) -> tuple[str, ...]:
        """The columns that tell whose a record is."""
        return ("account", self.container) if self.container else ("account",)

    def read(self, rows: Iterable[Row[Any]]) -> Iterator[tuple[Any, ...]]:
        """The values of each searchable column in these rows, which are not none."""
        return zip(*_reader(self.columns)([row.columns for row in rows]))  # noqa: B905

    def column(self, name: str) -> Column:
        """The column of this name."""
        return next(column for column in self.columns if column.name == name)

    def owner(self, key: SyncKey) -> tuple[str, ...]:
        """The values of `scope`."""
        return (clean(key.account), clean(key.container)) if self.container else (clean(key.account),)


def _arrived(message: MessageColumns) -> datetime | None:
    # When a message belongs to, for windows of days.
    return message.received_at or message.sent_at


def _unread(message: MessageColumns) -> bool | None:
    return None if message.sys_labels is None else "unread" in message.sys_labels


MESSAGES: Final = Table(
    resource="email",
    name="messages",
    model=EmailMessage,
    columns=(
        Column("thread_id", "text"),
        Column("folder_id", "text"),
        Column("internet_message_id", "text"),
        Column("subject", "text"),
        Column("from_address", "text", "from_.address"),
        Column("from_name", "text", "from_.name"),
        Column("received_at", "time", _arrived),
        Column("sent_at", "time"),
        Column("last_modified_at", "time", "last_modified_time"),
        Column("sys_labels", "texts"),
        Column("unread", "flag", _unread),
        Column("has_attachments", "flag"),
    ),
    time="received_at",
    # A conversation.
    indexes=(("thread_id",),),
)


def _at(of: Callable[[EventColumns], EventDateTime | None]) -> Callable[[EventColumns], datetime | None]:
    def read(event: EventColumns) -> datetime | None:
        value = time.value if (time := of(event)) else None
        if value is None or isinstance(value, datetime):
            return value
        return datetime(value.year, value.month, value.day, tzinfo=UTC)

    return read


def _happens(event: EventColumns) -> datetime | None:
    # A series has no time of its own: it began before a window and still reaches into it.
    return None if event.recurrence_type == RecurrenceType.MASTER else _at(attrgetter("start"))(event)


def _all_day(event: EventColumns) -> bool | None:
    return None if event.start is None else event.start.date_only is not None


EVENTS: Final = Table(
    resource="calendar",
    name="events",
    model=Event,
    columns=(
        Column("subject", "text"),
        Column("location", "text"),
        Column("happens_at", "time", _happens),
        Column("start_at", "time", _at(attrgetter("start"))),
        Column("end_at", "time", _at(attrgetter("end"))),
        Column("all_day", "flag", _all_day),
        Column("organizer_address", "text", "organizer.email_address.address"),
        Column("canceled", "flag", "meeting_info.canceled"),
        Column("show_as", "text"),
        Column("recurrence_type", "text"),
        Column("master_id", "text", "occurrence_info.master_id"),
        Column("ical_uid", "text"),
        Column("last_modified_at", "time", "last_modified_time"),
    ),
    time="happens_at",
    container="calendar_id",
    # By start: the agenda. By iCalendar id: the event that an invitation is about.
    indexes=(("ical_uid",), ("start_at",)),
)


def _addresses(contact: ContactColumns) -> list[str] | None:
    given = contact.email_addresses
    return None if given is None else [entry.address for entry in given if entry.address]


def _numbers(contact: ContactColumns) -> list[str] | None:
    given = contact.phone_numbers
    return None if given is None else [entry.number for entry in given if entry.number]


CONTACTS: Final = Table(
    resource="contacts",
    name="contacts",
    model=Contact,
    columns=(
        Column("display_name", "text", "name.display_name"),
        Column("given_name", "text", "name.given_name"),
        Column("family_name", "text", "name.family_name"),
        Column("company", "text", "company.name"),
        Column("email_addresses", "texts", _addresses),
        Column("phone_numbers", "texts", _numbers),
        Column("last_modified_at", "time", "last_modified_time"),
    ),
    # The address book in its order.
    indexes=(("display_name",),),
)

TASKS: Final = Table(
    resource="tasks",
    name="tasks",
    model=Task,
    columns=(
        Column("parent_id", "text"),
        Column("title", "text"),
        Column("status", "text"),
        Column("importance", "text"),
        Column("due_at", "time", "due"),
        Column("completed_at", "time", "completed"),
        Column("last_modified_at", "time", "last_modified_time"),
    ),
    time="completed_at",
    container="list_id",
    # What is due next.
    indexes=(("due_at",),),
)

TABLES: Final[Mapping[str, Table]] = MappingProxyType(
    {table.resource: table for table in (MESSAGES, EVENTS, CONTACTS, TASKS)}
)
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


def cleaned(texts: Sequence[str | None]) -> Sequence[str | None]:
    """`clean` for a whole column: one look at all of it in the usual case that nothing is to be done."""
    together = joined(texts)
    return texts if clean(together) is together else [text and clean(text) for text in texts]


def joined(texts: Sequence[str | None]) -> str:
    """The texts that there are as one, to look at all of them at once."""
    try:
        return "".join(cast("Sequence[str]", texts))
    except TypeError:
        return "".join(filter(None, texts))


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
