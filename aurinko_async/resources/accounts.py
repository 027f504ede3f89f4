"""Administration of an application's accounts, of its service accounts, and of the accounts that rely on those."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType

from aurinko_async._types import Call
from aurinko_async.models.accounts import Account, AccountInput, AccountSaveResult
from aurinko_async.models.common import OkResponse
from aurinko_async.models.pages import OffsetPage
from aurinko_async.pagination import OffsetPaginator
from aurinko_async.resources._resource import Resource


class Accounts(Resource):
    """`client.accounts`: all accounts of the application."""

    def list(
        self,
        *,
        auth_org_id: str | None = None,
        service_type: str | None = None,
        subscription_id: int | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> OffsetPaginator[Account]:
        """List the accounts.

        Args:
            auth_org_id: Only those of this organization at the provider.
            service_type: Only those of this `ServiceType`.
            subscription_id: Only the one that has this subscription.
            limit: How many to fetch at once; 50 when not given.
            offset: How many to skip.

        Source: GET /v1/am/accounts
        """
        return self._offset_pages(
            Call(
                "GET",
                "/v1/am/accounts",
                OffsetPage[Account],
                query={
                    "authOrgId": auth_org_id,
                    "serviceType": service_type,
                    "subscriptionId": subscription_id,
                    "limit": limit,
                    "offset": offset,
                },
                audience="app",
            )
        )

    async def get(self, account_id: int) -> Account:
        """Get one account.

        Source: GET /v1/am/accounts/{id}
        """
        return await self._session.request(
            Call("GET", "/v1/am/accounts/{id}", Account, path_args={"id": account_id}, audience="app")
        )

    async def upsert(
        self,
        account: AccountInput,
        *,
        user_account: str | None = None,
        user_id: str | None = None,
        recycle_keys: Sequence[str] | None = None,
        ensure_access: bool | None = None,
    ) -> AccountSaveResult:
        """Connect an account, or update the one that the keys find.

        Args:
            user_account: `primary` or `secondary`, one of `UserAccountType`; must be given with `user_id`.
            user_id: The end user to give the account to.
            recycle_keys: By which of `ServiceKey` to find an account that is there already; without any there is
                always a new one.
            ensure_access: Check that the mailbox can be used (Google, Office 365, IMAP).

        Source: POST /v1/am/accounts
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/am/accounts",
                AccountSaveResult,
                query={
                    "userAccount": user_account,
                    "userId": user_id,
                    "recycleKeys": recycle_keys,
                    "ensureAccess": ensure_access,
                },
                body=account,
                audience="app",
            )
        )

    async def check_connection(self, account: AccountInput) -> OkResponse:
        """Check that an account can be connected (Office 365, Google, IMAP), without connecting it.

        Source: POST /v1/am/accounts/connect
        """
        return await self._session.request(
            Call("POST", "/v1/am/accounts/connect", OkResponse, body=account, audience="app", repeatable=True)
        )

    async def delete(self, account_id: int) -> None:
        """Delete an account.

        Source: DELETE /v1/am/accounts/{id}
        """
        return await self._session.request(
            Call("DELETE", "/v1/am/accounts/{id}", NoneType, path_args={"id": account_id}, audience="app")
        )


class ServiceAccounts(Resource):
    """`client.service_accounts`: accounts of whole organizations, which managed accounts rely on."""

    def list(
        self,
        *,
        client_org_id: str | None = None,
        auth_org_id: str | None = None,
        service_type: str | None = None,
        subscription_id: int | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> OffsetPaginator[Account]:
        """List the service accounts.

        Args:
            client_org_id: Only those of this organization, by your own id for it.
            auth_org_id: Only those of this organization at the provider.
            service_type: Only those of this `ServiceType`.
            subscription_id: Only the one that has this subscription.
            limit: How many to fetch at once; 50 when not given.
            offset: How many to skip.

        Source: GET /v1/am/svc_accounts
        """
        return self._offset_pages(
            Call(
                "GET",
                "/v1/am/svc_accounts",
                OffsetPage[Account],
                query={
                    "clientOrgId": client_org_id,
                    "authOrgId": auth_org_id,
                    "serviceType": service_type,
                    "subscriptionId": subscription_id,
                    "limit": limit,
                    "offset": offset,
                },
                audience="app",
            )
        )

    async def upsert(self, account: AccountInput, *, recycle_keys: Sequence[str] | None = None) -> AccountSaveResult:
        """Connect a service account, or update the one that the keys find.

        Args:
            recycle_keys: By which of `ServiceKey` to find one that is there already.

        Source: POST /v1/am/svc_accounts
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/am/svc_accounts",
                AccountSaveResult,
                query={"recycleKeys": recycle_keys},
                body=account,
                audience="app",
            )
        )


class ManagedAccounts(Resource):
    """`client.managed_accounts`: accounts that rely on a service account for their authorisation."""

    async def upsert(
        self,
        service_account_id: int,
        account: AccountInput,
        *,
        user_account: str | None = None,
        user_id: str | None = None,
        recycle_keys: Sequence[str] | None = None,
        ensure_access: bool | None = None,
    ) -> AccountSaveResult:
        """Connect an account under a service account, or update the one that the keys find.

        Args:
            user_account: `primary` or `secondary`, one of `UserAccountType`; must be given with `user_id`.
            user_id: The end user to give the account to.
            recycle_keys: By which of `ServiceKey` to find an account that is there already.
            ensure_access: Check that the mailbox can be used (Google, Office 365, IMAP).

        Source: POST /v1/am/svc_accounts/{accId}/accounts
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/am/svc_accounts/{accId}/accounts",
                AccountSaveResult,
                path_args={"accId": service_account_id},
                query={
                    "userAccount": user_account,
                    "userId": user_id,
                    "recycleKeys": recycle_keys,
                    "ensureAccess": ensure_access,
                },
                body=account,
                audience="app",
            )
        )
