"""Authorisation: URLs to send a browser to, and the codes that come back made into tokens."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from types import NoneType

from aurinko_async._types import Call
from aurinko_async._wire import build_request
from aurinko_async.auth import AppAuth
from aurinko_async.errors import ConfigError
from aurinko_async.models.accounts import AccountSaveResult, PreparedAuthToken
from aurinko_async.models.callback import AuthCallback, parse_callback
from aurinko_async.resources._resource import Resource


class Auth(Resource):
    """`client.auth`: authorisation.

    The `authorize_*` methods make a URL for a browser, `parse_callback` reads the one it comes back to: they send
    nothing.
    """

    def authorize_url(
        self,
        *,
        service_type: str,
        return_url: str,
        client_id: str | None = None,
        scopes: Sequence[str] | None = None,
        native_scopes: Sequence[str] | None = None,
        response_type: str | None = None,
        account_id: int | None = None,
        login_hint: str | None = None,
        state: str | None = None,
        client_org_id: str | None = None,
        server_url: str | None = None,
        ensure_scopes: bool | None = None,
        ensure_access: bool | None = None,
        recycle: bool | None = None,
        auth_email: str | None = None,
    ) -> str:
        """Make the URL where somebody authorises an account.

        The browser comes back to `return_url` with `status=success` and a `code` for `exchange_code`;
        `parse_callback` reads it.

        Args:
            service_type: What to connect to, one of `ServiceType`.
            return_url: Where to come back to; it must be registered in the portal.
            client_id: The application; that of the credentials when not given.
            scopes: Some of `Scope`.
            native_scopes: More scopes, in the provider's own words.
            response_type: `code`, or `token` to have the token in the URL, which is not recommended.
            account_id: Authorise this account again.
            login_hint: The address to propose.
            state: Comes back as it is; `new_state` makes one, `parse_callback` checks it.
            client_org_id: The organization of the account, by your own id for it.
            server_url: The server, where the service has many.
            ensure_scopes: Fail when not all scopes are granted.
            ensure_access: Fail when the mailbox cannot be used.
            recycle: Use an account that is there already rather than make another.
            auth_email: Fail when another address signs in.

        Raises:
            ConfigError: there is no client id.

        Source: GET /v1/auth/authorize
        """
        return self._url(
            "/v1/auth/authorize",
            {
                "clientId": self._client_id(client_id),
                "serviceType": service_type,
                "scopes": _joined(scopes),
                "nativeScopes": _joined(native_scopes),
                "responseType": response_type,
                "accountId": account_id,
                "loginHint": login_hint,
                "returnUrl": return_url,
                "state": state,
                "clientOrgId": client_org_id,
                "serverUrl": server_url,
                "ensureScopes": ensure_scopes,
                "ensureAccess": ensure_access,
                "recycle": recycle,
                "authEmail": auth_email,
            },
        )

    def authorize_daemon_url(
        self,
        *,
        service_type: str,
        return_url: str,
        client_id: str | None = None,
        scopes: Sequence[str] | None = None,
        native_scopes: Sequence[str] | None = None,
        response_type: str | None = None,
        account_id: int | None = None,
        state: str | None = None,
        client_org_id: str | None = None,
        ensure_scopes: bool | None = None,
    ) -> str:
        """Make the URL where an administrator authorises a service account.

        Args:
            service_type: Google, GoogleBot, Office365, EWS, MsTeamsBot, Slack, SlackBot, ZoomBot, MCTrade or Zoho of
                `ServiceType`.
            return_url: Where to come back to; it must be registered in the portal.
            client_id: The application; that of the credentials when not given.
            scopes: Some of `Scope`.
            native_scopes: More scopes, in the provider's own words.
            response_type: `code`, or `token` to have the token in the URL, which is not recommended.
            account_id: Authorise this account again.
            state: Comes back as it is.
            client_org_id: The organization of the account, by your own id for it.
            ensure_scopes: Fail when not all scopes are granted.

        Raises:
            ConfigError: there is no client id.

        Source: GET /v1/auth/authorizeDaemon
        """
        return self._url(
            "/v1/auth/authorizeDaemon",
            {
                "clientId": self._client_id(client_id),
                "serviceType": service_type,
                "scopes": _joined(scopes),
                "nativeScopes": _joined(native_scopes),
                "responseType": response_type,
                "accountId": account_id,
                "returnUrl": return_url,
                "state": state,
                "clientOrgId": client_org_id,
                "ensureScopes": ensure_scopes,
            },
        )

    def authorize_user_url(
        self,
        *,
        service_type: str,
        return_url: str,
        account_role: str,
        client_id: str | None = None,
        mailbox_info: str | None = None,
        scopes: Sequence[str] | None = None,
        native_scopes: Sequence[str] | None = None,
        response_type: str | None = None,
        account_id: int | None = None,
        login_hint: str | None = None,
        state: str | None = None,
        user_id: str | None = None,
        timestamp: int | None = None,
        user_signature: str | None = None,
        server_url: str | None = None,
        ensure_scopes: bool | None = None,
        ensure_access: bool | None = None,
        token: str | None = None,
    ) -> str:
        """Make the URL where an end user signs in, or adds an account.

        Args:
            service_type: What to connect to, one of `ServiceType`.
            return_url: Where to come back to; it must be registered in the portal.
            account_role: `primary` to sign in, `secondary` to add an account.
            client_id: The application; that of the credentials when not given.
            mailbox_info: Which application it is for, when several share one client id.
            scopes: Some of `Scope`.
            native_scopes: More scopes, in the provider's own words.
            response_type: `cookie`, `code`, or, for a secondary account, `none`.
            account_id: Authorise this account again.
            login_hint: The address to propose.
            state: Comes back as it is.
            user_id: The user to add a secondary account to when the browser has no cookie of that user; goes with
                `timestamp` and `user_signature`.
            timestamp: The time now, in seconds since the epoch.
            user_signature: The HMAC-SHA256 of user id and timestamp under the client secret; made for you when the
                credentials are `AppAuth`.
            server_url: The server, where the service has many.
            ensure_scopes: Fail when not all scopes are granted.
            ensure_access: Fail when the mailbox cannot be used.
            token: What `prepare` gave.

        Raises:
            ConfigError: there is no client id.

        Source: GET /v1/auth/authorizeUser
        """
        return self._url(
            "/v1/auth/authorizeUser",
            {
                "clientId": self._client_id(client_id),
                "mailboxInfo": mailbox_info,
                "serviceType": service_type,
                "scopes": _joined(scopes),
                "nativeScopes": _joined(native_scopes),
                "responseType": response_type,
                "accountId": account_id,
                "loginHint": login_hint,
                "returnUrl": return_url,
                "state": state,
                "accountRole": account_role,
                "userId": user_id,
                "timestamp": timestamp,
                "userSignature": user_signature or self._signature(user_id, timestamp),
                "serverUrl": server_url,
                "ensureScopes": ensure_scopes,
                "ensureAccess": ensure_access,
                "token": token,
            },
        )

    def new_state(self) -> str:
        """Make a `state` that nobody can guess: keep it in the user's session, and give it to `parse_callback`.

        `OAuthFlow` makes states that need not be kept.
        """
        return secrets.token_urlsafe(32)

    def parse_callback(self, url: str, *, state: str, response_type: str = "code") -> AuthCallback:
        """Read the URL that a browser came back to, once it is certain that it is an answer to your own request.

        Args:
            url: The URL with its query; its path with the query, or the query alone, is enough.
            state: The state that the browser was sent away with, from the session of the user who comes back.
            response_type: What the URL was asked to bring: `code`, `token`, or nothing with `cookie` and `none`.

        Raises:
            StateRejected: it has another state, or cannot be read.
            AuthorizationFailed: it does not tell of success, or does not bring what was asked for.
            InvalidInput: `state` is empty, or there is no such `response_type`.
        """
        return parse_callback(url, state=state, response_type=response_type)

    async def prepare(self) -> PreparedAuthToken:
        """Get a token for `authorize_user_url` with an Exchange identity token (`ExchangeIdTokenAuth`).

        Source: POST /v1/auth/prepare
        """
        return await self._session.request(
            Call("POST", "/v1/auth/prepare", PreparedAuthToken, audience="prepare", repeatable=True)
        )

    async def exchange_code(self, code: str) -> AccountSaveResult:
        """Make an access token of the code that the browser came back with. A code works once.

        Source: POST /v1/auth/token/{code}
        """
        return await self._session.request(
            Call("POST", "/v1/auth/token/{code}", AccountSaveResult, path_args={"code": code}, audience="app")
        )

    async def get_token(self, code: str) -> AccountSaveResult:
        """Make an access token of a code, the way that the vendor has deprecated: use `exchange_code`.

        Source: GET /v1/auth/token/{code}
        """
        return await self._session.request(
            Call("GET", "/v1/auth/token/{code}", AccountSaveResult, path_args={"code": code}, audience="app")
        )

    def _url(self, path: str, query: Mapping[str, object]) -> str:
        call = Call("GET", path, NoneType, query=query, audience="public")
        return build_request(call, self._session.base_url, self._session.auth).url

    def _client_id(self, client_id: str | None) -> str:
        known = client_id or getattr(self._session.auth, "client_id", None)
        if not isinstance(known, str):
            raise ConfigError(f"client_id is needed: {type(self._session.auth).__name__} has none")
        return known

    def _signature(self, user_id: str | None, timestamp: int | None) -> str | None:
        auth = self._session.auth
        if not isinstance(auth, AppAuth) or user_id is None or timestamp is None:
            return None
        return hmac.new(auth.client_secret.encode(), f"{user_id}{timestamp}".encode(), hashlib.sha256).hexdigest()


def _joined(scopes: Sequence[str] | None) -> str | None:
    return scopes if scopes is None or isinstance(scopes, str) else " ".join(scopes)
