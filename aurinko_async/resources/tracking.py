"""Tracking of sent mail, and of drafts that something else sends."""

from __future__ import annotations

from datetime import datetime

from aurinko_async._types import Call
from aurinko_async.models.common import OkResponse
from aurinko_async.models.pages import OffsetPage
from aurinko_async.models.tracking import (
    ConvertDraft,
    EmailDraftCreateTrackingResponse,
    EmailTrackingEvent,
    RewriteHtml,
    TrackingData,
    UpdateDraftTrackingIn,
)
from aurinko_async.pagination import OffsetPaginator
from aurinko_async.resources._resource import Resource


class Tracking(Resource):
    """`client.email.tracking`: what became of tracked messages."""

    def list(
        self,
        *,
        with_activity_only: bool | None = None,
        context_contains: str | None = None,
        thread_id: str | None = None,
        show_sent_only: bool | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> OffsetPaginator[TrackingData]:
        """List tracked messages.

        Args:
            with_activity_only: Only those that were opened or clicked.
            context_contains: Only those whose context has this text in it.
            thread_id: Only those of this conversation.
            show_sent_only: Only those that were sent, the default, not drafts.
            limit: How many to fetch at once; 50 when not given.
            offset: How many to skip.

        Source: GET /v1/email/tracking
        """
        return self._offset_pages(
            Call(
                "GET",
                "/v1/email/tracking",
                OffsetPage[TrackingData],
                query={
                    "withActivityOnly": with_activity_only,
                    "contextContains": context_contains,
                    "threadId": thread_id,
                    "showSentOnly": show_sent_only,
                    "limit": limit,
                    "offset": offset,
                },
            )
        )

    async def get(self, tracking_id: int | str) -> TrackingData:
        """Get the tracking of one message.

        Source: GET /v1/email/tracking/{id}
        """
        return await self._session.request(
            Call("GET", "/v1/email/tracking/{id}", TrackingData, path_args={"id": tracking_id})
        )

    def list_all_events(
        self,
        *,
        thread_id: str | None = None,
        from_: datetime | None = None,
        to: datetime | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> OffsetPaginator[EmailTrackingEvent]:
        """List the events of all tracked messages.

        Args:
            thread_id: Only those of this conversation.
            from_: Only those after this instant.
            to: Only those up to this instant, itself included.
            limit: How many to fetch at once; 50 when not given.
            offset: How many to skip.

        Source: GET /v1/email/tracking/events
        """
        return self._offset_pages(
            Call(
                "GET",
                "/v1/email/tracking/events",
                OffsetPage[EmailTrackingEvent],
                query={"threadId": thread_id, "from": from_, "to": to, "limit": limit, "offset": offset},
            )
        )

    def list_events(
        self, tracking_id: int | str, *, limit: int | None = None, offset: int | None = None
    ) -> OffsetPaginator[EmailTrackingEvent]:
        """List the events of one tracked message.

        Args:
            limit: How many to fetch at once; 50 when not given.
            offset: How many to skip.

        Source: GET /v1/email/tracking/{id}/events
        """
        return self._offset_pages(
            Call(
                "GET",
                "/v1/email/tracking/{id}/events",
                OffsetPage[EmailTrackingEvent],
                path_args={"id": tracking_id},
                query={"limit": limit, "offset": offset},
            )
        )

    async def get_event(self, tracking_id: int | str, event_id: int | str) -> EmailTrackingEvent:
        """Get one event of a tracked message.

        Source: GET /v1/email/tracking/{trackingId}/events/{id}
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/email/tracking/{trackingId}/events/{id}",
                EmailTrackingEvent,
                path_args={"trackingId": tracking_id, "id": event_id},
            )
        )

    async def purge(self, *, user_agent: str, thread_id: str | None = None) -> OkResponse:
        """Forget the opens that the mailbox's own user caused.

        Args:
            user_agent: The `User-Agent` of the user's browser, by which those opens are told from others.
            thread_id: Only in this conversation.

        Source: POST /v1/email/tracking/purgeMyTracking
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/email/tracking/purgeMyTracking",
                OkResponse,
                query={"threadId": thread_id},
                headers={"User-Agent": user_agent},
                repeatable=True,
            )
        )

    async def ignore_open_clicks(
        self, *, is_ignored: bool, message_id: str | None = None, inet_message_id: str | None = None
    ) -> OkResponse:
        """Stop counting opens and clicks of a message, or count them again.

        Args:
            is_ignored: Whether they do not count from now on.
            message_id: The message, by its id.
            inet_message_id: The message, by its Message-Id.

        Source: POST /v1/email/tracking/ignoreOpenClicks
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/email/tracking/ignoreOpenClicks",
                OkResponse,
                query={"messageId": message_id, "inetMessageId": inet_message_id, "isIgnored": is_ignored},
                repeatable=True,
            )
        )


class DraftTracking(Resource):
    """`client.email.draft_tracking`: tracking of drafts that something else sends, such as the user's mail program."""

    async def create(
        self, html: RewriteHtml, *, draft_id: str, ignore_not_found: bool | None = None
    ) -> EmailDraftCreateTrackingResponse:
        """Make a draft ready for tracking. The answer has the HTML to put into it.

        Args:
            draft_id: The draft.
            ignore_not_found: Do it even though there is no such draft.

        Source: POST /v1/email/draftTracking/create
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/email/draftTracking/create",
                EmailDraftCreateTrackingResponse,
                query={"draftId": draft_id, "ignoreNotFound": ignore_not_found},
                body=html,
            )
        )

    async def convert(self, draft_id: str, message: ConvertDraft) -> OkResponse:
        """Tell which message a tracked draft has become.

        Source: PATCH /v1/email/draftTracking/{draftId}/convert
        """
        return await self._session.request(
            Call(
                "PATCH",
                "/v1/email/draftTracking/{draftId}/convert",
                OkResponse,
                path_args={"draftId": draft_id},
                body=message,
            )
        )

    async def update(self, draft_id: str, tracking: UpdateDraftTrackingIn) -> OkResponse:
        """Change the tracking of a draft.

        Source: PATCH /v1/email/draftTracking/{draftId}
        """
        return await self._session.request(
            Call(
                "PATCH",
                "/v1/email/draftTracking/{draftId}",
                OkResponse,
                path_args={"draftId": draft_id},
                body=tracking,
                repeatable=True,
            )
        )
