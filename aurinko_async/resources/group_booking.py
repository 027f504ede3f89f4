"""Booking with groups of accounts, as the application."""

from __future__ import annotations

from datetime import date
from functools import cached_property

from aurinko_async._types import Call
from aurinko_async.models import (
    AccountAttachment,
    AccountDetachment,
    AttachedAccounts,
    AttachedGroup,
    AvailableProfiles,
    AvailableProfilesRequest,
    BookingSuccess,
    BookingTimes,
    CreateMeetingResponse,
    GroupAttachment,
    GroupBookingProfile,
    GroupBookingProfileInput,
    GroupBookingProfileUpdate,
    GroupDetachment,
    MeetingRequest,
    OffsetPage,
    ReservationConfirmation,
    ReservationDeletion,
)
from aurinko_async.pagination import OffsetPaginator
from aurinko_async.resources._resource import Resource


class GroupProfiles(Resource):
    """`client.group_booking.profiles`: what meetings groups of accounts offer."""

    def list(self, *, limit: int | None = None, offset: int | None = None) -> OffsetPaginator[GroupBookingProfile]:
        """List the profiles.

        Args:
            limit: How many to fetch at once; 50 when not given.
            offset: How many to skip.

        Source: GET /v1/book/group/profiles
        """
        return self._offset_pages(
            Call(
                "GET",
                "/v1/book/group/profiles",
                OffsetPage[GroupBookingProfile],
                query={"limit": limit, "offset": offset},
                audience="app",
            )
        )

    async def create(self, profile: GroupBookingProfileInput) -> GroupBookingProfile:
        """Create a profile.

        Source: POST /v1/book/group/profiles
        """
        return await self._session.request(
            Call("POST", "/v1/book/group/profiles", GroupBookingProfile, body=profile, audience="app")
        )

    async def available(self, request: AvailableProfilesRequest) -> AvailableProfiles:
        """Find which of several profiles have a time free.

        Source: POST /v1/book/group/profiles/dynamic/availability
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/book/group/profiles/dynamic/availability",
                AvailableProfiles,
                body=request,
                repeatable=True,
                audience="app",
            )
        )

    async def get(self, profile_id: int) -> GroupBookingProfile:
        """Get one profile.

        Source: GET /v1/book/group/profiles/{id}
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/book/group/profiles/{id}",
                GroupBookingProfile,
                path_args={"id": profile_id},
                audience="app",
            )
        )

    async def update(self, profile_id: int, profile: GroupBookingProfileUpdate) -> BookingSuccess:
        """Change a profile: what `profile` does not say stays as it is.

        Source: PATCH /v1/book/group/profiles/{id}
        """
        return await self._session.request(
            Call(
                "PATCH",
                "/v1/book/group/profiles/{id}",
                BookingSuccess,
                path_args={"id": profile_id},
                body=profile,
                audience="app",
            )
        )

    async def delete(self, profile_id: int) -> BookingSuccess:
        """Delete a profile.

        Source: DELETE /v1/book/group/profiles/{id}
        """
        return await self._session.request(
            Call("DELETE", "/v1/book/group/profiles/{id}", BookingSuccess, path_args={"id": profile_id}, audience="app")
        )

    def list_accounts(
        self, profile_id: int, *, limit: int | None = None, offset: int | None = None
    ) -> OffsetPaginator[AttachedAccounts]:
        """List the accounts that are attached to a profile.

        Args:
            limit: How many to fetch at once; 50 when not given.
            offset: How many to skip.

        Source: GET /v1/book/group/profiles/{id}/attachAccounts
        """
        return self._offset_pages(
            Call(
                "GET",
                "/v1/book/group/profiles/{id}/attachAccounts",
                OffsetPage[AttachedAccounts],
                path_args={"id": profile_id},
                query={"limit": limit, "offset": offset},
                audience="app",
            )
        )

    async def attach_accounts(self, profile_id: int, accounts: AccountAttachment) -> BookingSuccess:
        """Attach accounts to a profile.

        Source: POST /v1/book/group/profiles/{id}/attachAccounts
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/book/group/profiles/{id}/attachAccounts",
                BookingSuccess,
                path_args={"id": profile_id},
                body=accounts,
                repeatable=True,
                audience="app",
            )
        )

    async def detach_accounts(self, profile_id: int, accounts: AccountDetachment) -> BookingSuccess:
        """Detach accounts from a profile.

        Source: POST /v1/book/group/profiles/{id}/detachAccounts
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/book/group/profiles/{id}/detachAccounts",
                BookingSuccess,
                path_args={"id": profile_id},
                body=accounts,
                repeatable=True,
                audience="app",
            )
        )

    def list_groups(
        self, profile_id: int, *, limit: int | None = None, offset: int | None = None
    ) -> OffsetPaginator[AttachedGroup]:
        """List the groups that are attached to a profile.

        Args:
            limit: How many to fetch at once; 50 when not given.
            offset: How many to skip.

        Source: GET /v1/book/group/profiles/{id}/attachGroups
        """
        return self._offset_pages(
            Call(
                "GET",
                "/v1/book/group/profiles/{id}/attachGroups",
                OffsetPage[AttachedGroup],
                path_args={"id": profile_id},
                query={"limit": limit, "offset": offset},
                audience="app",
            )
        )

    async def attach_groups(self, profile_id: int, groups: GroupAttachment) -> BookingSuccess:
        """Attach groups to a profile.

        Source: POST /v1/book/group/profiles/{id}/attachGroups
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/book/group/profiles/{id}/attachGroups",
                BookingSuccess,
                path_args={"id": profile_id},
                body=groups,
                repeatable=True,
                audience="app",
            )
        )

    async def detach_groups(self, profile_id: int, groups: GroupDetachment) -> BookingSuccess:
        """Detach groups from a profile.

        Source: POST /v1/book/group/profiles/{id}/detachGroups
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/book/group/profiles/{id}/detachGroups",
                BookingSuccess,
                path_args={"id": profile_id},
                body=groups,
                repeatable=True,
                audience="app",
            )
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

        Source: GET /v1/book/group/profiles/{id}/meeting
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/book/group/profiles/{id}/meeting",
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
                audience="app",
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

        Source: POST /v1/book/group/profiles/{id}/meeting
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/book/group/profiles/{id}/meeting",
                CreateMeetingResponse,
                path_args={"id": profile_id},
                query={"required": required, "reserveForMinutes": reserve_for_minutes},
                body=meeting,
                audience="app",
            )
        )


class GroupReservations(Resource):
    """`client.group_booking.reservations`: times that are kept for meetings to be confirmed."""

    async def confirm(self, reservation_id: int) -> ReservationConfirmation:
        """Make the meeting that a time was reserved for.

        Source: POST /v1/book/group/reservations/{id}/confirm
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/book/group/reservations/{id}/confirm",
                ReservationConfirmation,
                path_args={"id": reservation_id},
                audience="app",
            )
        )

    async def delete(self, reservation_id: int) -> ReservationDeletion:
        """Give up a reserved time.

        Source: DELETE /v1/book/group/reservations/{id}
        """
        return await self._session.request(
            Call(
                "DELETE",
                "/v1/book/group/reservations/{id}",
                ReservationDeletion,
                path_args={"id": reservation_id},
                audience="app",
            )
        )


class GroupBooking(Resource):
    """`client.group_booking`: meetings with groups of the application's accounts."""

    @cached_property
    def profiles(self) -> GroupProfiles:
        """What meetings groups of accounts offer."""
        return GroupProfiles(self._session)

    @cached_property
    def reservations(self) -> GroupReservations:
        """Times that are kept for meetings to be confirmed."""
        return GroupReservations(self._session)
