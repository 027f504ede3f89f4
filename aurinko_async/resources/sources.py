"""The API as a sync sees it, one class per resource.

Each is used over models and over rows: a record is the one or the other. `get` fetches a single record, to settle
whether it is gone or to have it whole.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from aurinko_async.models._row import Row
from aurinko_async.models.calendar import Event
from aurinko_async.models.common import DeletedRecord
from aurinko_async.models.contacts import Contact
from aurinko_async.models.mail import DeletedEmailMessage, EmailMessage, SyncStatus
from aurinko_async.models.pages import DeltaPage
from aurinko_async.models.rows import is_gone
from aurinko_async.models.tasks import Task
from aurinko_async.resources.sync import CalendarSync, ContactSync, EmailSync, TaskSync
from aurinko_async.sync.checkpoint import Params, Window

NONE: Final = timedelta()
DAY: Final = timedelta(days=1)
"""Providers round the edges of a window to days."""
LONGEST_EVENT: Final = timedelta(days=31)
"""An event that began this long before the window may still reach into it."""


@frozen
class EmailSource:
    """Mail: all folders of an account, in a window of days."""

    sync: EmailSync
    get: Callable[[str], Awaitable[EmailMessage]]
    days_within: int | None
    body_type: str | None

    @property
    def key(self) -> tuple[str, str]:
        return "email", ""

    @property
    def params(self) -> Params:
        given = {"daysWithin": self.days_within, "bodyType": self.body_type and str(self.body_type)}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def slack(self) -> tuple[timedelta, timedelta]:
        return NONE, DAY

    def window(self, now: datetime) -> Window:
        return (None if self.days_within is None else (now - timedelta(days=self.days_within)).isoformat(), None)

    def is_tombstone(self, record: EmailMessage) -> bool:
        return bool(record.deleted)

    def tombstone(self, record_id: str) -> DeletedEmailMessage:
        return DeletedEmailMessage(id=record_id)

    async def start(self) -> SyncStatus:
        return await self.sync.start(days_within=self.days_within, body_type=self.body_type)

    async def updated(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[EmailMessage]:
        return await self.sync.updated(delta_token=delta_token, page_token=page_token)

    async def deleted(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[DeletedEmailMessage]:
        return await self.sync.deleted(delta_token=delta_token, page_token=page_token)


@frozen
class EventSource:
    """The events of one calendar, in a range of time."""

    sync: CalendarSync
    get: Callable[[str], Awaitable[Event]]
    calendar_id: str
    time_min: datetime
    time_max: datetime

    @property
    def key(self) -> tuple[str, str]:
        return "calendar", self.calendar_id

    @property
    def params(self) -> Params:
        return {"timeMin": self.time_min.isoformat(), "timeMax": self.time_max.isoformat()}

    @property
    def slack(self) -> tuple[timedelta, timedelta]:
        return LONGEST_EVENT, DAY

    def window(self, now: datetime) -> Window:
        return self.time_min.isoformat(), self.time_max.isoformat()

    def is_tombstone(self, record: Event) -> bool:
        return bool(record.deleted) if isinstance(record, Row) else is_gone(record)

    def tombstone(self, record_id: str) -> DeletedRecord:
        return DeletedRecord(id=record_id)

    async def start(self) -> SyncStatus:
        return await self.sync.start(self.calendar_id, time_min=self.time_min, time_max=self.time_max)

    async def updated(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[Event]:
        return await self.sync.updated(self.calendar_id, delta_token=delta_token, page_token=page_token)

    async def deleted(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[DeletedRecord]:
        return await self.sync.deleted(self.calendar_id, delta_token=delta_token, page_token=page_token)


@frozen
class ContactSource:
    """The whole address book."""

    sync: ContactSync
    get: Callable[[str], Awaitable[Contact]]

    @property
    def key(self) -> tuple[str, str]:
        return "contacts", ""

    @property
    def params(self) -> Params:
        return {}

    @property
    def slack(self) -> tuple[timedelta, timedelta]:
        return NONE, NONE

    def window(self, now: datetime) -> Window:
        return None, None

    def is_tombstone(self, record: Contact) -> bool:
        return bool(record.deleted)

    def tombstone(self, record_id: str) -> DeletedRecord:
        return DeletedRecord(id=record_id)

    async def start(self) -> SyncStatus:
        return await self.sync.start()

    async def updated(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[Contact]:
        return await self.sync.updated(delta_token=delta_token, page_token=page_token)

    async def deleted(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[DeletedRecord]:
        return await self.sync.deleted(delta_token=delta_token, page_token=page_token)


@frozen
class TaskSource:
    """The tasks of one list; without what was completed before a date, when one is given."""

    sync: TaskSync
    get: Callable[[str], Awaitable[Task]]
    list_id: str
    skip_completed_before_date: datetime | None

    @property
    def key(self) -> tuple[str, str]:
        return "tasks", self.list_id

    @property
    def params(self) -> Params:
        since = self.skip_completed_before_date
        return {} if since is None else {"skipCompletedBeforeDate": since.isoformat()}

    @property
    def slack(self) -> tuple[timedelta, timedelta]:
        return NONE, DAY

    def window(self, now: datetime) -> Window:
        since = self.skip_completed_before_date
        return (None if since is None else since.isoformat()), None

    def is_tombstone(self, record: Task) -> bool:
        return bool(record.deleted)

    def tombstone(self, record_id: str) -> DeletedRecord:
        return DeletedRecord(id=record_id)

    async def start(self) -> SyncStatus:
        return await self.sync.start(self.list_id, skip_completed_before_date=self.skip_completed_before_date)

    async def updated(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[Task]:
        return await self.sync.updated(self.list_id, delta_token=delta_token, page_token=page_token)

    async def deleted(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[DeletedRecord]:
        return await self.sync.deleted(self.list_id, delta_token=delta_token, page_token=page_token)
