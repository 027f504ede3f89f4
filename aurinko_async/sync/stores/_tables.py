"""What a store keeps of each resource beside its JSON. To mirror another resource, describe it here.

A store makes of a description its table, its statements and its indexes; nothing else in it knows a resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

from aurinko_async.errors import ConfigError
from aurinko_async.models._row import Column, Row, Searched
from aurinko_async.models._stored import clean, text_time
from aurinko_async.models.calendar import Event
from aurinko_async.models.contacts import Contact
from aurinko_async.models.mail import EmailMessage
from aurinko_async.models.rows import ContactColumns, EventColumns, MessageColumns, TaskColumns
from aurinko_async.models.tasks import Task
from aurinko_async.sync.store import SyncKey


@frozen(kw_only=True)
class Table:
    """The mirror of one resource.

    Attributes:
        resource: As keys name it.
        name: The table's name.
        model: What a record of it is read as.
        searched: What is read of a record for its searchable columns.
        time: The column that windows and the order of time go by; `None` when its records have no time.
        container: The column for the container, where an account has more than one.
        indexes: The columns, after account and container, that are worth an index beside the one by time.
    """

    resource: str
    name: str
    model: type[Any]
    searched: type[Searched]
    time: str | None = None
    container: str | None = None
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def scope(self) -> tuple[str, ...]:
        """The columns that tell whose a record is."""
        return ("account", self.container) if self.container else ("account",)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The searchable columns."""
        return self.searched.COLUMNS

    def value(self, row: Row[Any], name: str) -> Any:
        """What a row has in the searchable column of this name."""
        return row.values[[column.name for column in self.columns].index(name)]

    def owner(self, key: SyncKey) -> tuple[str, ...]:
        """The values of `scope`."""
        return (clean(key.account), clean(key.container)) if self.container else (clean(key.account),)


MESSAGES: Final = Table(
    resource="email",
    name="messages",
    model=EmailMessage,
    searched=MessageColumns,
    time="received_at",
    # A conversation.
    indexes=(("thread_id",),),
)

EVENTS: Final = Table(
    resource="calendar",
    name="events",
    model=Event,
    searched=EventColumns,
    time="happens_at",
    container="calendar_id",
    # By start: the agenda. By iCalendar id: the event that an invitation is about.
    indexes=(("ical_uid",), ("start_at",)),
)

CONTACTS: Final = Table(
    resource="contacts",
    name="contacts",
    model=Contact,
    searched=ContactColumns,
    # The address book in its order.
    indexes=(("display_name",),),
)

TASKS: Final = Table(
    resource="tasks",
    name="tasks",
    model=Task,
    searched=TaskColumns,
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


def window(since: datetime | None, until: datetime | None) -> tuple[str, str]:
    """Bounds for a column of `text_time`: the first included, the second not; an open one lies beyond every time."""
    return "" if since is None else text_time(since), "~" if until is None else text_time(until)
