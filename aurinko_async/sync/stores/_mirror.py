"""What every mirror can be asked, whichever database it is in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final, Literal, TypeVar, overload

from attrs import frozen

from aurinko_async._codec import decode_leniently
from aurinko_async.errors import DecodeError, InvalidInput
from aurinko_async.models.calendar import Event
from aurinko_async.models.contacts import Contact
from aurinko_async.models.mail import EmailMessage
from aurinko_async.models.tasks import Task
from aurinko_async.sync.stores._tables import CONTACTS, EVENTS, MESSAGES, TABLES, TASKS, Table

M = TypeVar("M")

BATCH: Final = 200
"""Records read at once by an iteration: about 1 MB of mail."""


@frozen(kw_only=True)
class Query:
    """Which records of a table, in which order.

    Attributes:
        container: `None` is all of the account.
        equals: Columns of text or flags, and their values.
        contains: Columns of kind "texts", and a value that their list has.
        time: The column that lies at or after `since`, and before `until`.
        order: A column; ids are the second key, containers the third, both ascending. NULLs come last, whichever
            direction.
    """

    table: Table
    account: str
    container: str | None = None
    equals: tuple[tuple[str, str | int], ...] = ()
    contains: tuple[tuple[str, str], ...] = ()
    time: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    order: str
    descending: bool = False
    include_deleted: bool = False
    limit: int | None = None
    offset: int = 0

    def __attrs_post_init__(self) -> None:
        for name, bound in (("since", self.since), ("until", self.until)):
            if bound is not None and bound.tzinfo is None:
                raise InvalidInput(f"{name} has no time zone: give an aware datetime")
        if self.offset < 0 or (self.limit is not None and self.limit < 0):
            raise InvalidInput("limit and offset cannot be negative")

    @property
    def bounded(self) -> bool:
        """Are only the records of some time asked for?"""
        return self.time is not None and (self.since is not None or self.until is not None)


class Mirror(ABC):
    """The records of a store, as models or as the API's own JSON.

    Models are read as tolerantly as the sync took the records: a field that cannot be read is `None`.
    """

    async def messages(
        self,
        account: str,
        *,
        label: str | None = None,
        thread_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        include_deleted: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[EmailMessage]:
        """List messages of an account, newest first.

        Args:
            label: Only those with this system label, e.g. `inbox` or `unread`.
            since, until: Only those received at or after, and before.
            include_deleted: Also those that are deleted by now.
            limit: `None` is all of them.
        """
        query = Query(
            table=MESSAGES,
            account=account,
            equals=_given(thread_id=thread_id),
            contains=_given(sys_labels=label),
            time="received_at",
            since=since,
            until=until,
            order="received_at",
            descending=True,
            include_deleted=include_deleted,
            limit=limit,
            offset=offset,
        )
        return await self._models(EmailMessage, query)

    async def events(
        self,
        account: str,
        *,
        calendar_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        include_deleted: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Event]:
        """List events of an account by their start; a series stands where its first occurrence does.

        Args:
            calendar_id: Only those of this calendar; `None` is all that are mirrored.
            since, until: Only those that start at or after, and before.
            include_deleted: Also those that are deleted by now.
            limit: `None` is all of them.
        """
        query = Query(
            table=EVENTS,
            account=account,
            container=calendar_id,
            time="start_at",
            since=since,
            until=until,
            order="start_at",
            include_deleted=include_deleted,
            limit=limit,
            offset=offset,
        )
        return await self._models(Event, query)

    async def contacts(
        self,
        account: str,
        *,
        email: str | None = None,
        include_deleted: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Contact]:
        """List contacts of an account by the name they are displayed with.

        Args:
            email: Only those with this address, spelled as the provider has it.
            include_deleted: Also those that are deleted by now.
            limit: `None` is all of them.
        """
        query = Query(
            table=CONTACTS,
            account=account,
            contains=_given(email_addresses=email),
            order="display_name",
            include_deleted=include_deleted,
            limit=limit,
            offset=offset,
        )
        return await self._models(Contact, query)

    async def tasks(
        self,
        account: str,
        *,
        list_id: str | None = None,
        status: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        include_deleted: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Task]:
        """List tasks of an account by the time they are due, those without one last.

        Args:
            list_id: Only those of this task list; `None` is all that are mirrored.
            status: Only those with this status, e.g. `notStarted`.
            since, until: Only those that are due at or after, and before.
            include_deleted: Also those that are deleted by now.
            limit: `None` is all of them.
        """
        query = Query(
            table=TASKS,
            account=account,
            container=list_id,
            equals=_given(status=status),
            time="due_at",
            since=since,
            until=until,
            order="due_at",
            include_deleted=include_deleted,
            limit=limit,
            offset=offset,
        )
        return await self._models(Task, query)

    @overload
    async def get(
        self, account: str, record_id: str, *, resource: Literal["email"] = "email", container: None = None
    ) -> EmailMessage | None: ...
    @overload
    async def get(
        self, account: str, record_id: str, *, resource: Literal["calendar"], container: str | None = None
    ) -> Event | None: ...
    @overload
    async def get(
        self, account: str, record_id: str, *, resource: Literal["contacts"], container: None = None
    ) -> Contact | None: ...
    @overload
    async def get(
        self, account: str, record_id: str, *, resource: Literal["tasks"], container: str | None = None
    ) -> Task | None: ...
    async def get(
        self, account: str, record_id: str, *, resource: str = "email", container: str | None = None
    ) -> EmailMessage | Event | Contact | Task | None:
        """Get a record; `None` when the mirror has none of this id or it is deleted.

        Args:
            container: The calendar or task list; `None` looks in all that are mirrored.
        """
        raw = await self.raw(account, record_id, resource=resource, container=container)
        return None if raw is None else read(_table(resource, container).model, raw)

    async def raw(
        self, account: str, record_id: str, *, resource: str = "email", container: str | None = None
    ) -> bytes | None:
        """Get the API's JSON of a record as it came; `None` when there is none or it is deleted."""
        return await self._raw(_table(resource, container), account, container, record_id)

    async def count(self, account: str, *, resource: str = "email", container: str | None = None) -> int:
        """Count the records of an account that are not deleted."""
        return await self._count(_table(resource, container), account, container)

    @overload
    def iterate(
        self, account: str, *, resource: Literal["email"] = "email", deleted: bool = False
    ) -> AsyncIterator[EmailMessage]: ...
    @overload
    def iterate(
        self, account: str, *, resource: Literal["calendar"], deleted: bool = False
    ) -> AsyncIterator[Event]: ...
    @overload
    def iterate(
        self, account: str, *, resource: Literal["contacts"], deleted: bool = False
    ) -> AsyncIterator[Contact]: ...
    @overload
    def iterate(self, account: str, *, resource: Literal["tasks"], deleted: bool = False) -> AsyncIterator[Task]: ...
    async def iterate(self, account: str, *, resource: str = "email", deleted: bool = False) -> AsyncIterator[Any]:
        """Go through all records of an account by container and id, a few in memory at a time.

        A sync may write meanwhile: what it adds or removes on the way may or may not be seen, nothing is seen twice.

        Args:
            deleted: Only those that are deleted by now, instead of those that are not.
        """
        model = _table(resource).model
        async for _, raw in self.iterate_raw(account, resource=resource, deleted=deleted):
            yield read(model, raw)

    async def iterate_raw(
        self, account: str, *, resource: str = "email", deleted: bool = False
    ) -> AsyncIterator[tuple[str, bytes]]:
        """Go through all records of an account as `iterate` does: each one's id and the API's JSON as it came."""
        table, after = _table(resource), ("", "")
        while batch := await self._after(table, account, after, BATCH, deleted):
            for _, record_id, raw in batch:
                yield record_id, raw
            after = batch[-1][:2]

    async def _models(self, model: type[M], query: Query) -> list[M]:
        return [read(model, raw) for raw in await self._find(query)]

    @abstractmethod
    async def _find(self, query: Query) -> list[bytes]: ...

    @abstractmethod
    async def _raw(self, table: Table, account: str, container: str | None, record_id: str) -> bytes | None:
        """The JSON of a live record, of any container when that is `None`."""

    @abstractmethod
    async def _count(self, table: Table, account: str, container: str | None) -> int:
        """How many live records there are, in all containers when that is `None`."""

    @abstractmethod
    async def _after(
        self, table: Table, account: str, after: tuple[str, str], limit: int, deleted: bool
    ) -> list[tuple[str, str, bytes]]:
        """The first live records with a greater (container, id) than `after`, in that order: both, and the JSON.

        Or the first deleted ones. The container is empty where the table has none.
        """


def _table(resource: str, container: str | None = None) -> Table:
    table = TABLES.get(resource)
    if table is None:
        raise InvalidInput(f"a mirror has {', '.join(TABLES)}, not {resource}")
    if container is not None and table.container is None:
        raise InvalidInput(f"{resource} has no containers: leave out container")
    return table


def _given(**values: str | None) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in values.items() if value is not None)


def read(model: type[M], raw: bytes) -> M:
    """A record as tolerantly as the sync took it: a field that cannot be read is `None`."""
    try:
        return decode_leniently(model, raw)
    except DecodeError:
        return decode_leniently(model, raw.decode("utf-8", "replace").encode())
