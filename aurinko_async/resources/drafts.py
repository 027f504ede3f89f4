"""Drafts: messages that are not sent yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aurinko_async._types import UNSET, Call
from aurinko_async.models.common import OkResponse
from aurinko_async.models.mail import EmailDraft, EmailDraftResponse
from aurinko_async.models.outgoing import DraftSendDetails, EmailDraftSendResponse, OutgoingEmail
from aurinko_async.resources._resource import Resource


class Drafts(Resource):
    """`client.email.drafts`. The API has no list of them; they are messages with the label `draft`."""

    async def create(self, message: OutgoingEmail, *, body_type: str | None = None) -> EmailDraftResponse:
        """Save a new draft.

        Args:
            body_type: What `message.body` is, `html` or `text`.

        Source: POST /v1/email/drafts
        """
        return await self._session.request(
            Call("POST", "/v1/email/drafts", EmailDraftResponse, query={"bodyType": body_type}, body=message)
        )

    async def get(
        self,
        draft_id: str,
        *,
        body_type: str | None = None,
        native_properties: Sequence[str] | None = None,
        load_inlines: bool | None = None,
    ) -> EmailDraft:
        """Get a draft, and when it is to be sent, if it is scheduled.

        Args:
            body_type: `html` or `text`.
            native_properties: Names of the provider's own properties to have too.
            load_inlines: Have the content of inline attachments too.

        Source: GET /v1/email/drafts/{draftId}
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/email/drafts/{draftId}",
                EmailDraft,
                path_args={"draftId": draft_id},
                query={"bodyType": body_type, "nativeProperties": native_properties, "loadInlines": load_inlines},
            )
        )

    async def update(
        self, draft_id: str, message: OutgoingEmail, *, body_type: str | None = None
    ) -> EmailDraftResponse:
        """Put another message in the place of a draft. Only Google and Office 365 can.

        Args:
            body_type: What `message.body` is, `html` or `text`.

        Source: PUT /v1/email/drafts/{draftId}
        """
        return await self._session.request(
            Call(
                "PUT",
                "/v1/email/drafts/{draftId}",
                EmailDraftResponse,
                path_args={"draftId": draft_id},
                query={"bodyType": body_type},
                body=message,
            )
        )

    async def send(
        self, draft_id: str, details: DraftSendDetails | None = None, *, send_time: datetime | None = None
    ) -> EmailDraftSendResponse:
        """Send a draft, now or later.

        It is never sent twice: when its answer is lost, `AmbiguousResult` says that nobody knows.

        Args:
            details: What to track of it.
            send_time: When to send it; at once when not given.

        Source: POST /v1/email/drafts/{draftId}/send
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/email/drafts/{draftId}/send",
                EmailDraftSendResponse,
                path_args={"draftId": draft_id},
                query={"sendTime": send_time},
                body=UNSET if details is None else details,
            )
        )

    async def delete(self, draft_id: str) -> OkResponse:
        """Delete a draft.

        Source: DELETE /v1/email/drafts/{draftId}
        """
        return await self._session.request(
            Call("DELETE", "/v1/email/drafts/{draftId}", OkResponse, path_args={"draftId": draft_id})
        )
