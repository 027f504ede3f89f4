"""Booking with one account."""

from __future__ import annotations

from datetime import date
from functools import cached_property

from aurinko_async._types import Call
from aurinko_async.models import (
    BookingProfile,
    BookingProfileInput,
    BookingProfileUpdate,
    BookingSuccess,
    BookingTimes,
    CreateMeetingResponse,
    MeetingRequest,
    OffsetPage,
    ReservationConfirmation,
    ReservationDeletion,
    WeekWorkSchedule,
)
from aurinko_async.pagination import OffsetPaginator
from aurinko_async.resources._resource import Resource


class Profiles(Resource):
    """`client.booking.profiles`: what meetings the account offers."""

    def list(self, *, limit: int | None = None, offset: int | None = None) -> OffsetPaginator[BookingProfile]:
        """List the profiles.

        Args:
            limit: How many to fetch at once; 50 when not given.
            offset: How many to skip.

        Source: GET /v1/book/account/profiles
        """
        return self._offset_pages(
            Call(
                "GET",
                "/v1/book/account/profiles",
                OffsetPage[BookingProfile],
                query={"limit": limit, "offset": offset},
            )
        )

    async def create(self, profile: BookingProfileInput) -> BookingProfile:
        """Create a profile.

        Source: POST /v1/book/account/profiles
        """
        return await self._session.request(Call("POST", "/v1/book/account/profiles", BookingProfile, body=profile))

    async def get(self, profile_id: int) -> BookingProfile:
        """Get one profile.

        Source: GET /v1/book/account/profiles/{id}
        """
        return await self._session.request(
            Call("GET", "/v1/book/account/profiles/{id}", BookingProfile, path_args={"id": profile_id})
        )

    async def update(self, profile_id: int, profile: BookingProfileUpdate) -> BookingSuccess:
        """Change a profile: what `profile` does not say stays as it is.

        Source: PATCH /v1/book/account/profiles/{id}
        """
        return await self._session.request(
            Call("PATCH", "/v1/book/account/profiles/{id}", BookingSuccess, path_args={"id": profile_id}, body=profile)
        )

    async def delete(self, profile_id: int) -> BookingSuccess:
        """Delete a profile.

        Source: DELETE /v1/book/account/profiles/{id}
        """
        return await self._session.request(
            Call("DELETE", "/v1/book/account/profiles/{id}", BookingSuccess, path_args={"id": profile_id})
        )

    async def meeting_times(
        self,
        profile_id: int,
        *,
        required: str | None = None,
        from_date: date | None = None,
        interval_length: str | None = None,
        page_token: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> BookingTimes:
        """Get the times that a profile has free.

        Args:
            required: `one` or `all`, as in `BookingRequiredMode`: whose time has to be free.
            from_date: The day to start at, to go through a large range in pieces.
            interval_length: How long a piece is: an ISO 8601 period such as `P1W`, which `format_period` writes.
            page_token: The `next_page_token` of the piece before, where there are many accounts.

        Source: GET /v1/book/account/profiles/{id}/meeting
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/book/account/profiles/{id}/meeting",
                BookingTimes,
                path_args={"id": profile_id},
                query={
                    "required": required,
                    "fromDate": from_date,
                    "intervalLength": interval_length,
                    "pageToken": page_token,
                    "limit": limit,
                    "offset": offset,
                },
            )
        )

    async def create_meeting(
        self,
        profile_id: int,
        meeting: MeetingRequest,
        *,
        required: str | None = None,
        reserve_for_minutes: int | None = None,
    ) -> CreateMeetingResponse:
        """Make a meeting at one of the times that a profile has free, or only reserve the time.

        Args:
            required: `one` or `all`, as in `BookingRequiredMode`: whose time has to be free.
            reserve_for_minutes: Make no meeting yet: keep the time for so long, to be confirmed by `reservations`.

        Source: POST /v1/book/account/profiles/{id}/meeting
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/book/account/profiles/{id}/meeting",
                CreateMeetingResponse,
                path_args={"id": profile_id},
                query={"required": required, "reserveForMinutes": reserve_for_minutes},
                body=meeting,
            )
        )


class Reservations(Resource):
    """`client.booking.reservations`: times that are kept for meetings to be confirmed."""

    async def confirm(self, reservation_id: int) -> ReservationConfirmation:
        """Make the meeting that a time was reserved for.

        Source: POST /v1/book/account/reservations/{id}/confirm
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/book/account/reservations/{id}/confirm",
                ReservationConfirmation,
                path_args={"id": reservation_id},
            )
        )

    async def delete(self, reservation_id: int) -> ReservationDeletion:
        """Give up a reserved time.

        Source: DELETE /v1/book/account/reservations/{id}
        """
        return await self._session.request(
            Call("DELETE", "/v1/book/account/reservations/{id}", ReservationDeletion, path_args={"id": reservation_id})
        )


class Booking(Resource):
    """`client.booking`: meetings that others book with the account."""

    @cached_property
    def profiles(self) -> Profiles:
        """What meetings the account offers."""
        return Profiles(self._session)

    @cached_property
    def reservations(self) -> Reservations:
        """Times that are kept for meetings to be confirmed."""
        return Reservations(self._session)

    async def work_hours(self) -> WeekWorkSchedule:
        """Get the work hours of the account.

        Source: GET /v1/book/account/workHours
        """
        return await self._session.request(Call("GET", "/v1/book/account/workHours", WeekWorkSchedule))
