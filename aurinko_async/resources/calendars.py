"""Calendars, and who is free when."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import cached_property, partial

from aurinko_async._types import Call
from aurinko_async.errors import InvalidInput
from aurinko_async.models import (
    Calendar,
    CalendarCreate,
    CalendarUpdate,
    Event,
    FreeBusyRequest,
    FreeBusySchedulePage,
    SuggestMeetingTimesRequest,
    SuggestMeetingTimesResponse,
    TokenPage,
    WorkHoursRequest,
    WorkHoursResponse,
)
from aurinko_async.models.common import DeletedRecord
from aurinko_async.models.rows import EventColumns
from aurinko_async.pagination import TokenPaginator
from aurinko_async.resources._resource import Resource
from aurinko_async.resources.delta import container_sync, delta_sync
from aurinko_async.resources.events import Events
from aurinko_async.resources.sources import EventSource
from aurinko_async.resources.sync import CalendarSync
from aurinko_async.sync.containers import Containers, ContainerSync
from aurinko_async.sync.driver import DeltaSync
from aurinko_async.sync.machine import Bounds
from aurinko_async.sync.store import SyncStore
from aurinko_async.sync.values import LEASE_WAIT, SyncOptions, SyncReport


class Calendars(Resource):
    """`client.calendars`: an account's calendars; the id `primary` stands for the main one."""

    @cached_property
    def events(self) -> Events:
        """Events of a calendar."""
        return Events(self._session)

    @cached_property
    def sync(self) -> CalendarSync:
        """The requests that a sync of a calendar's events is made of."""
        return CalendarSync(self._session)

    def delta(
        self,
        calendar_id: str,
        *,
        time_min: datetime,
        time_max: datetime,
        store: SyncStore | None = None,
        checkpoint: str | None = None,
        consumer: str = "default",
        hydrate: bool = False,
        prefetch: bool | Callable[[], bool] = True,
        account: str | None = None,
        lease_wait: float = LEASE_WAIT,
        bounds: Bounds | None = None,
        progress: Callable[[SyncReport], None] | None = None,
    ) -> DeltaSync[Event, DeletedRecord]:
        """Sync the events of a calendar: completely the first time, then what changed since.

        Nothing is sent before `await sync.run()` (mirror into `store`) or `async for batch in sync` begins. The other
        arguments are those of `client.email.delta`.

        Args:
            calendar_id: The calendar; `primary` is the main one.
            time_min: Events that end after this instant; others than last time start anew.
            time_max: Events that start before this instant; others than last time start anew.

        Raises:
            InvalidInput: an argument that cannot be.

        Source: POST /v1/calendars/{calendarId}/sync, GET /v1/calendars/{calendarId}/sync/updated,
            GET /v1/calendars/{calendarId}/sync/deleted
        """
        _check_range(time_min, time_max)
        return delta_sync(
            self._session,
            lambda session: EventSource(
                CalendarSync(session), partial(Events(session).get, calendar_id), calendar_id, time_min, time_max
            ),
            SyncOptions(
                store=store,
                checkpoint=checkpoint,
                consumer=consumer,
                hydrate=hydrate,
                prefetch=prefetch,
                account=account,
                lease_wait=lease_wait,
                bounds=bounds or Bounds(),
                progress=progress,
            ),
            model=Event,
            columns=EventColumns,
        )

    def delta_all(
        self,
        *,
        time_min: datetime,
        time_max: datetime,
        store: SyncStore,
        skip: Collection[str] = (),
        with_shared: bool | None = None,
        hydrate: bool = False,
        prefetch: bool | Callable[[], bool] = True,
        account: str | None = None,
        lease_wait: float = LEASE_WAIT,
        bounds: Bounds | None = None,
        progress: Callable[[SyncReport], None] | None = None,
    ) -> ContainerSync:
        """Mirror the events of all calendars: `await sync.run()`. The arguments are those of `delta`.

        Calendars that the API no longer has are emptied in the mirror.

        Args:
            skip: The ids of calendars to leave as they are, this time.
            with_shared: Calendars that others share with the account too.

        Raises:
            InvalidInput: an argument that cannot be.

        Source: GET /v1/calendars, GET /v1/calendars/{id}, POST /v1/calendars/{calendarId}/sync,
            GET /v1/calendars/{calendarId}/sync/updated, GET /v1/calendars/{calendarId}/sync/deleted
        """
        _check_range(time_min, time_max)
        containers = Containers(
            resource="calendar",
            lists=self.list(with_shared=with_shared).pages,
            get=self.get,
            sync=lambda calendar_id, owner, told: self.delta(
                calendar_id,
                time_min=time_min,
                time_max=time_max,
                store=store,
                hydrate=hydrate,
                prefetch=prefetch,
                account=owner,
                lease_wait=lease_wait,
                bounds=bounds,
                progress=told,
            ),
        )
        return container_sync(self._session, containers, store, account=account, progress=progress, skip=skip)

    def list(
        self, *, page_token: str | None = None, with_shared: bool | None = None, mode: str | None = None
    ) -> TokenPaginator[Calendar]:
        """List the calendars.

        Args:
            page_token: Start at this page.
            with_shared: Calendars that others share with the account too.
            mode: `user` or `group`, as in `CalendarMode`; only Office 365 tells them apart.

        Source: GET /v1/calendars
        """
        return self._token_pages(
            Call(
                "GET",
                "/v1/calendars",
                TokenPage[Calendar],
                query={"pageToken": page_token, "withShared": with_shared, "mode": mode},
            )
        )

    async def create(self, calendar: CalendarCreate) -> Calendar:
        """Create a calendar.

        Source: POST /v1/calendars
        """
        return await self._session.request(Call("POST", "/v1/calendars", Calendar, body=calendar))

    async def get(self, calendar_id: str) -> Calendar:
        """Get one calendar.

        Source: GET /v1/calendars/{id}
        """
        return await self._session.request(Call("GET", "/v1/calendars/{id}", Calendar, path_args={"id": calendar_id}))

    async def update(self, calendar_id: str, calendar: CalendarUpdate) -> Calendar:
        """Change a calendar: what `calendar` does not say stays as it is.

        Source: PATCH /v1/calendars/{id}
        """
        return await self._session.request(
            Call("PATCH", "/v1/calendars/{id}", Calendar, path_args={"id": calendar_id}, body=calendar)
        )

    async def free_busy(self, request: FreeBusyRequest) -> FreeBusySchedulePage:
        """Look up when people are busy.

        Somebody whose time cannot be looked up has an `error` in the answer; the others are there all the same.

        Source: POST /v1/calendars/freeBusy
        """
        return await self._session.request(
            Call("POST", "/v1/calendars/freeBusy", FreeBusySchedulePage, body=request, repeatable=True)
        )

    async def suggest_meeting_times(self, request: SuggestMeetingTimesRequest) -> SuggestMeetingTimesResponse:
        """Find times that suit all attendees of a meeting.

        Source: POST /v1/calendars/suggestMeetingTimes
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/calendars/suggestMeetingTimes",
                SuggestMeetingTimesResponse,
                body=request,
                repeatable=True,
            )
        )

    async def work_hours(self, request: WorkHoursRequest) -> WorkHoursResponse:
        """Look up when people work.

        Source: POST /v1/calendars/workHours
        """
        return await self._session.request(
            Call("POST", "/v1/calendars/workHours", WorkHoursResponse, body=request, repeatable=True)
        )


def _check_range(time_min: datetime, time_max: datetime) -> None:
    if time_min.tzinfo is None or time_max.tzinfo is None or time_min >= time_max:
        raise InvalidInput("time_min and time_max must be aware datetimes, time_min the earlier one")
