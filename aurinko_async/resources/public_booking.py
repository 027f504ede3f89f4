"""Booking as a visitor of a booking page does it, without credentials."""

from __future__ import annotations

from datetime import date

from aurinko_async._types import Call
from aurinko_async.models import BookingTimes, CreateMeetingResponse, MeetingRequest
from aurinko_async.resources._resource import Resource


class PublicBooking(Resource):
    """`client.public_booking`: profiles by name; whoever knows an application's client id may book."""

    async def meeting_times(
        self,
        client_id: str,
        name: str,
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
            client_id: The application's.
            name: The profile's.
            required: `one` or `all`, as in `BookingRequiredMode`: whose time has to be free.
            from_date: The day to start at, to go through a large range in pieces.
            interval_length: How long a piece is: an ISO 8601 period such as `P1W`, which `format_period` writes.
            page_token: The `next_page_token` of the piece before, where there are many accounts.

        Source: GET /v1/book/{aurinkoClientId}/{name}/meeting
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/book/{aurinkoClientId}/{name}/meeting",
                BookingTimes,
                path_args={"aurinkoClientId": client_id, "name": name},
                query={
                    "required": required,
                    "fromDate": from_date,
                    "intervalLength": interval_length,
                    "pageToken": page_token,
                    "limit": limit,
                    "offset": offset,
                },
                audience="public",
            )
        )

    async def create_meeting(
        self,
        client_id: str,
        name: str,
        meeting: MeetingRequest,
        *,
        required: str | None = None,
        reserve_for_minutes: int | None = None,
    ) -> CreateMeetingResponse:
        """Make a meeting at one of the times that a profile has free, or only reserve the time.

        Args:
            client_id: The application's.
            name: The profile's.
            required: `one` or `all`, as in `BookingRequiredMode`: whose time has to be free.
            reserve_for_minutes: Make no meeting yet: keep the time for so long. Its owner confirms it.

        Source: POST /v1/book/{aurinkoClientId}/{name}/meeting
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/book/{aurinkoClientId}/{name}/meeting",
                CreateMeetingResponse,
                path_args={"aurinkoClientId": client_id, "name": name},
                query={"required": required, "reserveForMinutes": reserve_for_minutes},
                body=meeting,
                audience="public",
            )
        )
