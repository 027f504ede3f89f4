"""The account that the credentials name."""

from __future__ import annotations

from types import NoneType

from aurinko_async._types import Call
from aurinko_async.models.accounts import Account
from aurinko_async.resources._resource import Resource


class AccountResource(Resource):
    """`client.account`: the account that the credentials name."""

    async def get(self, *, ping_provider: bool | None = None, include_provider_auth: bool | None = None) -> Account:
        """Get the account.

        Args:
            ping_provider: Ask the provider whether it still takes the authorisation (Google, Office 365, IMAP,
                Salesforce, NetSuite); `token_status` says so.
            include_provider_auth: Have the provider's own token too.

        Source: GET /v1/account
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/account",
                Account,
                query={"pingProvider": ping_provider, "includeProviderAuth": include_provider_auth},
            )
        )

    async def delete(self) -> None:
        """Delete the account.

        Source: DELETE /v1/account
        """
        return await self._session.request(Call("DELETE", "/v1/account", NoneType))

    async def delete_token(self) -> None:
        """Delete the access token and revoke the provider's authorisation; the account stays.

        Source: DELETE /v1/account/token
        """
        return await self._session.request(Call("DELETE", "/v1/account/token", NoneType))
