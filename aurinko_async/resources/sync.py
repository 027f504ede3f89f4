"""The three requests that every sync is made of, for mail, calendars, contacts and tasks.

They are the wire, one request each: `DeltaSync` keeps the order, the tokens and the records right. `start` is also the
question whether a sync is ready: the same call again, with the same parameters, until `SyncStatus.ready`. A page of
`updated` or `deleted` is asked for with one of the two tokens: `delta_token` is the one that `start` gave for that
stream, or the last page of the round before; `page_token` the one that the page before gave. A token that is no longer
taken raises `CursorRejected`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from aurinko_async._types import Call
from aurinko_async.models.calendar import Event
from aurinko_async.models.common import DeletedRecord
from aurinko_async.models.contacts import Contact
from aurinko_async.models.mail import DeletedEmailMessage, EmailMessage, SyncStatus
from aurinko_async.models.pages import DeltaPage
from aurinko_async.models.tasks import Task
from aurinko_async.resources._resource import Resource

T = TypeVar("T")


class Sync(Resource):
    """What the four have in common; each names its paths, its start parameters and its records."""

    async def _start(self, path: str, *, query: dict[str, object] | None = None, **path_args: str) -> SyncStatus:
        return await self._session.request(
            Call("POST", path, SyncStatus, path_args=path_args, query=query or {}, repeatable=True)
        )

    async def _page(
        self, path: str, result: type[DeltaPage[T]], delta: str | None, page: str | None, **path_args: str
    ) -> DeltaPage[T]:
        return await self._session.request(
            Call("GET", path, result, path_args=path_args, query={"deltaToken": delta, "pageToken": page})
        )


class EmailSync(Sync):
    """`client.email.sync`: the requests of a mail sync, which covers all folders."""

    async def start(self, *, days_within: int | None = None, body_type: str | None = None) -> SyncStatus:
        """Start a sync, or ask whether it is ready.

        Args:
            days_within: Begin with the mail of the last so many days.
            body_type: `html` or `text`, to have the bodies too.

        Source: POST /v1/email/sync
        """
        return await self._start("/v1/email/sync", query={"daysWithin": days_within, "bodyType": body_type})

    async def updated(
        self, *, delta_token: str | None = None, page_token: str | None = None
    ) -> DeltaPage[EmailMessage]:
        """Get a page of the messages that are new or have changed.

        Source: GET /v1/email/sync/updated
        """
        return await self._page("/v1/email/sync/updated", DeltaPage[EmailMessage], delta_token, page_token)

    async def deleted(
        self, *, delta_token: str | None = None, page_token: str | None = None
    ) -> DeltaPage[DeletedEmailMessage]:
        """Get a page of the messages that are gone.

        Source: GET /v1/email/sync/deleted
        """
        return await self._page("/v1/email/sync/deleted", DeltaPage[DeletedEmailMessage], delta_token, page_token)


class CalendarSync(Sync):
    """`client.calendars.sync`: the requests of a sync of one calendar's events."""

    async def start(self, calendar_id: str, *, time_min: datetime, time_max: datetime) -> SyncStatus:
        """Start a sync, or ask whether it is ready.

        Args:
            time_min: Begin with the events that end after this instant.
            time_max: Begin with the events that start before this instant.

        Source: POST /v1/calendars/{calendarId}/sync
        """
        return await self._start(
            "/v1/calendars/{calendarId}/sync", query={"timeMin": time_min, "timeMax": time_max}, calendarId=calendar_id
        )

    async def updated(
        self, calendar_id: str, *, delta_token: str | None = None, page_token: str | None = None
    ) -> DeltaPage[Event]:
        """Get a page of the events that are new or have changed.

        Source: GET /v1/calendars/{calendarId}/sync/updated
        """
        return await self._page(
            "/v1/calendars/{calendarId}/sync/updated",
            DeltaPage[Event],
            delta_token,
            page_token,
            calendarId=calendar_id,
        )

    async def deleted(
        self, calendar_id: str, *, delta_token: str | None = None, page_token: str | None = None
    ) -> DeltaPage[DeletedRecord]:
        """Get a page of the events that are gone.

        Source: GET /v1/calendars/{calendarId}/sync/deleted
        """
        return await self._page(
            "/v1/calendars/{calendarId}/sync/deleted",
            DeltaPage[DeletedRecord],
            delta_token,
            page_token,
            calendarId=calendar_id,
        )


class ContactSync(Sync):
    """`client.contacts.sync`: the requests of a sync of the address book."""

    async def start(self) -> SyncStatus:
        """Start a sync, or ask whether it is ready.

        Source: POST /v1/contacts/sync
        """
        return await self._start("/v1/contacts/sync")

    async def updated(self, *, delta_token: str | None = None, page_token: str | None = None) -> DeltaPage[Contact]:
        """Get a page of the contacts that are new or have changed.

        Source: GET /v1/contacts/sync/updated
        """
        return await self._page("/v1/contacts/sync/updated", DeltaPage[Contact], delta_token, page_token)

    async def deleted(
        self, *, delta_token: str | None = None, page_token: str | None = None
    ) -> DeltaPage[DeletedRecord]:
        """Get a page of the contacts that are gone.

        Source: GET /v1/contacts/sync/deleted
        """
        return await self._page("/v1/contacts/sync/deleted", DeltaPage[DeletedRecord], delta_token, page_token)


class TaskSync(Sync):
    """`client.task_lists.sync`: the requests of a sync of one list's tasks; `default` is the id of the main list."""

    async def start(self, task_list_id: str, *, skip_completed_before_date: datetime | None = None) -> SyncStatus:
        """Start a sync, or ask whether it is ready.

        Args:
            skip_completed_before_date: Leave out the tasks that were completed before.

        Source: POST /v1/tasklists/{taskListId}/sync
        """
        return await self._start(
            "/v1/tasklists/{taskListId}/sync",
            query={"skipCompletedBeforeDate": skip_completed_before_date},
            taskListId=task_list_id,
        )

    async def updated(
        self, task_list_id: str, *, delta_token: str | None = None, page_token: str | None = None
    ) -> DeltaPage[Task]:
        """Get a page of the tasks that are new or have changed.

        Source: GET /v1/tasklists/{taskListId}/sync/updated
        """
        return await self._page(
            "/v1/tasklists/{taskListId}/sync/updated", DeltaPage[Task], delta_token, page_token, taskListId=task_list_id
        )

    async def deleted(
        self, task_list_id: str, *, delta_token: str | None = None, page_token: str | None = None
    ) -> DeltaPage[DeletedRecord]:
        """Get a page of the tasks that are gone.

        Source: GET /v1/tasklists/{taskListId}/sync/deleted
        """
        return await self._page(
            "/v1/tasklists/{taskListId}/sync/deleted",
            DeltaPage[DeletedRecord],
            delta_token,
            page_token,
            taskListId=task_list_id,
        )
