"""Follow-ups: rules, and the conversations that follow them."""

from __future__ import annotations

from functools import cached_property

from aurinko_async._types import Call
from aurinko_async.models import (
    ConversationDripStatus,
    DripRequest,
    FollowupConfig,
    FollowupRule,
    FollowupRuleInput,
    OffsetPage,
    OkResponse,
)
from aurinko_async.models.pages import PageOrRecord
from aurinko_async.pagination import OffsetPaginator
from aurinko_async.resources._resource import Resource


class Rules(Resource):
    """`client.followup.rules`: sequences of follow-ups and their templates."""

    def list(self) -> OffsetPaginator[FollowupRule]:
        """List the rules.

        Source: GET /v1/followup/rules
        """
        return OffsetPaginator(self._page)

    async def _page(self, offset: int, limit: int) -> OffsetPage[FollowupRule]:
        # The vendor documents neither parameter here, but its own client counts pages: ask only for later ones so.
        query = {"limit": limit, "offset": offset} if offset else {}
        page = await self._session.request(Call("GET", "/v1/followup/rules", PageOrRecord[FollowupRule], query=query))
        return OffsetPage(
            records=page.records,
            errors=page.errors,
            offset=page.offset,
            total_size=page.total_size,
            # Unless the pages are counted, this is all there is.
            done=True if page.total_size is None and page.done is None else page.done,
        )

    async def create(self, rule: FollowupRuleInput) -> FollowupRule:
        """Create a rule.

        Source: POST /v1/followup/rules
        """
        return await self._session.request(Call("POST", "/v1/followup/rules", FollowupRule, body=rule))

    async def update(self, rule_id: int, rule: FollowupRuleInput) -> FollowupRule:
        """Put another rule in the place of one.

        Source: PUT /v1/followup/rules/{id}
        """
        return await self._session.request(
            Call("PUT", "/v1/followup/rules/{id}", FollowupRule, path_args={"id": rule_id}, body=rule)
        )

    async def delete(self, rule_id: int) -> OkResponse:
        """Delete a rule.

        Source: DELETE /v1/followup/rules/{id}
        """
        return await self._session.request(
            Call("DELETE", "/v1/followup/rules/{id}", OkResponse, path_args={"id": rule_id})
        )


class Conversations(Resource):
    """`client.followup.conversations`: how the follow-ups of mail threads stand."""

    def list(
        self, *, active: bool | None = None, limit: int | None = None, offset: int | None = None
    ) -> OffsetPaginator[ConversationDripStatus]:
        """List the conversations that have follow-ups.

        Args:
            active: Only those whose follow-ups go on, or only the others; all when not given.
            limit: How many to fetch at once; 50 when not given.
            offset: How many to skip.

        Source: GET /v1/followup/conversations
        """
        return self._offset_pages(
            Call(
                "GET",
                "/v1/followup/conversations",
                OffsetPage[ConversationDripStatus],
                query={"active": active, "limit": limit, "offset": offset},
            )
        )

    async def get(self, conversation_id: str) -> ConversationDripStatus:
        """Get how the follow-ups of a mail thread stand.

        Args:
            conversation_id: The id of the thread.

        Source: GET /v1/followup/conversations/{convoId}
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/followup/conversations/{convoId}",
                ConversationDripStatus,
                path_args={"convoId": conversation_id},
            )
        )

    async def update(self, conversation_id: str, request: DripRequest) -> ConversationDripStatus:
        """Start or stop the follow-ups of a mail thread.

        Args:
            conversation_id: The id of the thread.

        Source: PUT /v1/followup/conversations/{convoId}
        """
        return await self._session.request(
            Call(
                "PUT",
                "/v1/followup/conversations/{convoId}",
                ConversationDripStatus,
                path_args={"convoId": conversation_id},
                body=request,
            )
        )


class Followup(Resource):
    """`client.followup`: mails that are sent by themselves when a conversation falls silent."""

    @cached_property
    def rules(self) -> Rules:
        """Sequences of follow-ups and their templates."""
        return Rules(self._session)

    @cached_property
    def conversations(self) -> Conversations:
        """How the follow-ups of mail threads stand."""
        return Conversations(self._session)

    async def get_config(self) -> FollowupConfig:
        """Get the settings of the account's follow-ups.

        Source: GET /v1/followup/config
        """
        return await self._session.request(Call("GET", "/v1/followup/config", FollowupConfig))

    async def update_config(self, config: FollowupConfig) -> FollowupConfig:
        """Put other settings in the place of the account's.

        Source: PUT /v1/followup/config
        """
        return await self._session.request(Call("PUT", "/v1/followup/config", FollowupConfig, body=config))
