"""The end user that the credentials name, and that user's accounts."""

from __future__ import annotations

from functools import cached_property

from aurinko_async._types import Call
from aurinko_async.models.accounts import EndUser, EndUserAccount, EndUserSettings
from aurinko_async.models.common import OkResponse
from aurinko_async.models.pages import TokenPage
from aurinko_async.pagination import TokenPaginator
from aurinko_async.resources._resource import Resource


class User(Resource):
    """`client.user`: the end user that the credentials name."""

    @cached_property
    def accounts(self) -> UserAccounts:
        """The user's accounts."""
        return UserAccounts(self._session)

    async def get(self) -> EndUser:
        """Get the user and all accounts.

        Source: GET /v1/user
        """
        return await self._session.request(Call("GET", "/v1/user", EndUser, audience="user"))

    async def update_settings(self, settings: EndUserSettings) -> EndUser:
        """Change the user's settings.

        Source: PATCH /v1/user/settings
        """
        return await self._session.request(
            Call("PATCH", "/v1/user/settings", EndUser, body=settings, audience="user", repeatable=True)
        )

    async def logout(self) -> OkResponse:
        """End the user's session: its cookie is no longer taken.

        Source: POST /v1/user/logout
        """
        return await self._session.request(Call("POST", "/v1/user/logout", OkResponse, audience="user"))


class UserAccounts(Resource):
    """`client.user.accounts`: the accounts of the end user."""

    def list(self, *, page_token: str | None = None) -> TokenPaginator[EndUserAccount]:
        """List the accounts.

        Args:
            page_token: Start at this page.

        Source: GET /v1/user/accounts
        """
        return self._token_pages(
            Call(
                "GET",
                "/v1/user/accounts",
                TokenPage[EndUserAccount],
                query={"pageToken": page_token},
                audience="user",
            )
        )

    async def get(self, account_id: int) -> EndUserAccount:
        """Get one account.

        Source: GET /v1/user/accounts/{id}
        """
        return await self._session.request(
            Call("GET", "/v1/user/accounts/{id}", EndUserAccount, path_args={"id": account_id}, audience="user")
        )

    async def delete(self, account_id: int) -> OkResponse:
        """Remove an account. When it is the primary one, the user is logged out as well.

        Source: DELETE /v1/user/accounts/{id}
        """
        return await self._session.request(
            Call("DELETE", "/v1/user/accounts/{id}", OkResponse, path_args={"id": account_id}, audience="user")
        )

    async def copy_as_managed(self, account_id: int, *, client_org_id: str | None = None) -> EndUserAccount:
        """Make a managed account of an account.

        Args:
            client_org_id: The organization to make it for, by your own id for it.

        Source: POST /v1/user/accounts/{id}/managed
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/user/accounts/{id}/managed",
                EndUserAccount,
                path_args={"id": account_id},
                query={"clientOrgId": client_org_id},
                audience="user",
            )
        )
