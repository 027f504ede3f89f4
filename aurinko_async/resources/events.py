"""Events of a calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from types import NoneType

from aurinko_async._types import Call
from aurinko_async.models import (
    EmailAttachmentContent,
    Event,
    EventInput,
    EventOrId,
    MeetingResponse,
    OkResponse,
    SeriesInfo,
    TokenPage,
)
from aurinko_async.pagination import TokenPaginator
from aurinko_async.resources._resource import Resource


class Events(Resource):
    """`client.calendars.events`: the events of one calendar; the calendar id `primary` works everywhere."""

    def list(
        self, calendar_id: str, *, time_min: datetime, time_max: datetime, page_token: str | None = None
    ) -> TokenPaginator[Event]:
        """List the events of a stretch of time; a series comes as its occurrences.

        Args:
            time_min: Events that end after it.
            time_max: Events that start before it; it must be later than `time_min`.
            page_token: Start at this page.

        Source: GET /v1/calendars/{calendarId}/events/range
        """
        return self._token_pages(
            Call(
                "GET",
                "/v1/calendars/{calendarId}/events/range",
                TokenPage[Event],
                path_args={"calendarId": calendar_id},
                query={"timeMin": time_min, "timeMax": time_max, "pageToken": page_token},
            )
        )

    def find(
        self, calendar_id: str, *, ical_uid: str | Sequence[str], page_token: str | None = None
    ) -> TokenPaginator[Event]:
        """List the events with one of these iCalendar UIDs.

        Args:
            ical_uid: One UID, or several.
            page_token: Start at this page.

        Source: GET /v1/calendars/{calendarId}/events/find
        """
        return self._token_pages(
            Call(
                "GET",
                "/v1/calendars/{calendarId}/events/find",
                TokenPage[Event],
                path_args={"calendarId": calendar_id},
                query={"iCalUId": ical_uid, "pageToken": page_token},
            )
        )

    async def get(self, calendar_id: str, event_id: str, *, native_properties: Sequence[str] | None = None) -> Event:
        """Get one event.

        Args:
            native_properties: Names of the provider's own properties to have too.

        Source: GET /v1/calendars/{calendarId}/events/{eventId}
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/calendars/{calendarId}/events/{eventId}",
                Event,
                path_args={"calendarId": calendar_id, "eventId": event_id},
                query={"nativeProperties": native_properties},
            )
        )

    async def create(
        self,
        calendar_id: str,
        event: EventInput | Event,
        *,
        notify_attendees: bool | None = None,
        body_type: str | None = None,
        return_record: bool | None = None,
    ) -> EventOrId:
        """Create an event, and a meeting if it has attendees.

        Args:
            notify_attendees: Send the invitations; the default.
            body_type: What the description is: `html` or `text`.
            return_record: Give the whole event in `record`, the default; without it a request to the provider may be
                saved.

        Source: POST /v1/calendars/{calendarId}/events
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/calendars/{calendarId}/events",
                EventOrId,
                path_args={"calendarId": calendar_id},
                query={"notifyAttendees": notify_attendees, "bodyType": body_type, "returnRecord": return_record},
                body=event,
            )
        )

    async def update(
        self,
        calendar_id: str,
        event_id: str,
        event: EventInput | Event,
        *,
        if_match: str,
        notify_attendees: bool | None = None,
        return_record: bool | None = None,
    ) -> EventOrId:
        """Change an event: what `event` does not say stays as it is.

        Args:
            if_match: The `etag` of the event that the change was made from.
            notify_attendees: Tell the attendees; the default.
            return_record: Give the whole event in `record`, the default; without it a request to the provider may be
                saved.

        Raises:
            PreconditionFailed: the event has changed since; get it and repeat the change.

        Source: PATCH /v1/calendars/{calendarId}/events/{eventId}
        """
        return await self._session.request(
            Call(
                "PATCH",
                "/v1/calendars/{calendarId}/events/{eventId}",
                EventOrId,
                path_args={"calendarId": calendar_id, "eventId": event_id},
                query={"notifyAttendees": notify_attendees, "returnRecord": return_record},
                headers={"If-Match": if_match},
                body=event,
            )
        )

    async def delete(self, calendar_id: str, event_id: str, *, notify_attendees: bool | None = None) -> None:
        """Delete an event.

        Args:
            notify_attendees: Call the meeting off; the default.

        Source: DELETE /v1/calendars/{calendarId}/events/{eventId}
        """
        await self._session.request(
            Call(
                "DELETE",
                "/v1/calendars/{calendarId}/events/{eventId}",
                NoneType,
                path_args={"calendarId": calendar_id, "eventId": event_id},
                query={"notifyAttendees": notify_attendees},
            )
        )

    async def respond(
        self, calendar_id: str, event_id: str, response: MeetingResponse, *, notify_attendees: bool | None = None
    ) -> OkResponse:
        """Answer an invitation.

        Args:
            notify_attendees: Send the answer; the default.

        Source: PUT /v1/calendars/{calendarId}/events/{eventId}/response
        """
        return await self._session.request(
            Call(
                "PUT",
                "/v1/calendars/{calendarId}/events/{eventId}/response",
                OkResponse,
                path_args={"calendarId": calendar_id, "eventId": event_id},
                query={"notifyAttendees": notify_attendees},
                body=response,
            )
        )

    async def get_series(self, calendar_id: str, master_id: str) -> SeriesInfo:
        """Get how a series repeats and which of its occurrences differ.

        Source: GET /v1/calendars/{calendarId}/events/{masterId}/series
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/calendars/{calendarId}/events/{masterId}/series",
                SeriesInfo,
                path_args={"calendarId": calendar_id, "masterId": master_id},
            )
        )

    async def get_occurrence(self, calendar_id: str, master_id: str, original_start: str | date | datetime) -> Event:
        """Get one occurrence of a series.

        Args:
            original_start: When the series has it start: a day, or an aware datetime.

        Source: GET /v1/calendars/{calendarId}/events/{masterId}/occurrences/{ost}
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/calendars/{calendarId}/events/{masterId}/occurrences/{ost}",
                Event,
                path_args={"calendarId": calendar_id, "masterId": master_id, "ost": original_start},
            )
        )

    async def get_attachment(self, calendar_id: str, event_id: str, attachment_id: str) -> EmailAttachmentContent:
        """Get the bytes of an attachment.

        Source: GET /v1/calendars/{calendarId}/events/{eventId}/attachments/{attachmentId}
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/calendars/{calendarId}/events/{eventId}/attachments/{attachmentId}",
                EmailAttachmentContent,
                path_args={"calendarId": calendar_id, "eventId": event_id, "attachmentId": attachment_id},
            )
        )
