"""Webhook subscriptions."""

from __future__ import annotations

from types import NoneType

from aurinko_async._types import Call
from aurinko_async.models.pages import OffsetPage
from aurinko_async.models.subscriptions import Subscription, SubscriptionRequest
from aurinko_async.pagination import OffsetPaginator
from aurinko_async.resources._resource import Resource


class Subscriptions(Resource):
    """`client.subscriptions`: what the account's changes are notified to.

    A subscription cannot be changed: delete it and make another.
    """

    def list(
        self, *, include_inactive: bool | None = None, limit: int | None = None, offset: int | None = None
    ) -> OffsetPaginator[Subscription]:
        """List the subscriptions.

        Args:
            include_inactive: Those that were given up, too; without it they are not shown.
            limit: How many to fetch at once; 50 when not given.
            offset: How many to skip.

        Source: GET /v1/subscriptions
        """
        return self._offset_pages(
            Call(
                "GET",
                "/v1/subscriptions",
                OffsetPage[Subscription],
                query={"includeInactive": include_inactive, "limit": limit, "offset": offset},
            )
        )

    async def create(self, subscription: SubscriptionRequest) -> Subscription:
        """Subscribe to changes.

        The URL is challenged before this returns, so its receiver must be running.

        Raises:
            BadRequest: the challenge failed, or the resource cannot be subscribed to.

        Source: POST /v1/subscriptions
        """
        return await self._session.request(Call("POST", "/v1/subscriptions", Subscription, body=subscription))

    async def get(self, subscription_id: int) -> Subscription:
        """Get one subscription.

        Source: GET /v1/subscriptions/{id}
        """
        return await self._session.request(
            Call("GET", "/v1/subscriptions/{id}", Subscription, path_args={"id": subscription_id})
        )

    async def delete(self, subscription_id: int) -> None:
        """Unsubscribe.

        Source: DELETE /v1/subscriptions/{id}
        """
        return await self._session.request(
            Call("DELETE", "/v1/subscriptions/{id}", NoneType, path_args={"id": subscription_id})
        )
