"""Calendars, and who is free when."""

from __future__ import annotations

from functools import cached_property

from aurinko_async._types import Call
from aurinko_async.models import (
    Calendar,
    CalendarCreate,
    CalendarUpdate,
    FreeBusyRequest,
    FreeBusySchedulePage,
    SuggestMeetingTimesRequest,
    SuggestMeetingTimesResponse,
    TokenPage,
    WorkHoursRequest,
    WorkHoursResponse,
)
from aurinko_async.pagination import TokenPaginator
from aurinko_async.resources._resource import Resource
from aurinko_async.resources.events import Events
from aurinko_async.resources.sync import CalendarSync


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

    def list(
        self, *, page_token: str | None = None, with_shared: bool | None = None, mode: str | None = None
    ) -> TokenPaginator[Calendar]:
        """List the calendars.

        Args:
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
