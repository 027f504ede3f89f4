"""`OAuthFlow`: sends a user's browser to an authorisation and makes a token of what it brings back."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from attrs import field, frozen

from aurinko_async.client import AurinkoClient
from aurinko_async.errors import ConfigError, DecodeError
from aurinko_async.models.callback import read_answer, read_query
from aurinko_async.oauth.state import NONCE_BYTES, Seal, Secrets

LIFETIME = 600.0
"""Seconds. Signing in at a provider, with a second factor and a password forgotten, takes minutes, not hours."""
LONGEST_LIFETIME = 86400.0
"""Seconds. A state outlives neither the session it is bound to nor the secret that it is signed with."""


@frozen(kw_only=True)
class Grant:
    """An account that somebody has authorised.

    Attributes:
        account_id: The account: with the application's credentials, `AppAuth(client_id, client_secret, account_id)`.
        access_token: The account's own credential, for `AccountAuth`.
        user_id: The user it belongs to, where there are users.
        user_session: For `UserSessionAuth`, where a user was signed in.
        payload: What `OAuthFlow.authorize_url` was given to remember.
    """

    account_id: int
    access_token: str = field(repr=False)
    user_id: str | None = None
    user_session: str | None = field(default=None, repr=False)
    payload: str = field(default="", repr=False)


class OAuthFlow:
    """The way of a web application's users to an authorised account. Any process can take a callback: nothing is kept.

        flow = OAuthFlow(aurinko, return_url="https://app.example/callback", state_secret=secret)

        redirect(flow.authorize_url("Google", bound_to=session_id, scopes=["Mail.Read"]))   # where they begin
        grant = await flow.callback(request_url, bound_to=session_id)                       # where they come back

    What goes out as `state` is signed, expires, and is good for one session only: somebody who makes a user follow
    the link of another authorisation connects nothing. It can come back more than once within its lifetime; what works
    once is the code beside it, and the vendor sees to that.

    Args:
        client: A client with the application's credentials, `AppAuth`.
        return_url: Where browsers come back to; it must be registered in the portal.
        state_secret: What states are signed with: 16 bytes or more, made at random, the same in all processes. To
            change it, give several for as long as states live: the first signs, each is good for reading.
        state_lifetime: Seconds that a user may take; a day at the most.
        clock: Seconds since the epoch; another notion of time, for tests.

    Raises:
        ConfigError: the secret is empty or too short, the URL is not absolute, or the lifetime is not one.
    """

    def __init__(
        self,
        client: AurinkoClient,
        *,
        return_url: str,
        state_secret: Secrets,
        state_lifetime: float = LIFETIME,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not _is_absolute(return_url):
            raise ConfigError("return_url must be absolute: https://...")
        if not 0 < state_lifetime <= LONGEST_LIFETIME:
            raise ConfigError(f"state_lifetime must be more than 0 and at most {LONGEST_LIFETIME:,.0f} seconds")
        self._client = client
        self._return_url = return_url
        self._seal = Seal.of(state_secret)
        self._lifetime = state_lifetime
        self._clock = clock

    def authorize_url(
        self,
        service_type: str,
        *,
        bound_to: str,
        payload: str = "",
        scopes: Sequence[str] | None = None,
        native_scopes: Sequence[str] | None = None,
        account_id: int | None = None,
        login_hint: str | None = None,
        client_org_id: str | None = None,
        server_url: str | None = None,
        ensure_scopes: bool | None = None,
        ensure_access: bool | None = None,
        recycle: bool | None = None,
        auth_email: str | None = None,
    ) -> str:
        """Make the URL to send a browser to; `client.auth.authorize_url` explains what is not explained here.

        Args:
            service_type: What to connect to, one of `ServiceType`.
            bound_to: What only this user's browser has: the id of its session. It does not appear in the URL.
            payload: Something to know again at the callback, such as where to go next; at most 1,000 bytes. Nobody can
                change it, but the user and the vendor can read it.
            account_id: Authorise this account again. Make sure that it is this user's: the callback grants it.

        Raises:
            ConfigError: the client's credentials are of no application.
            InvalidInput: `bound_to` is empty, or the payload is too long.
        """
        state = self._seal.issue(
            bound_to=bound_to,
            expires=self._clock() + self._lifetime,
            nonce=secrets.token_bytes(NONCE_BYTES),
            payload=payload,
        )
        return self._client.auth.authorize_url(
            service_type=service_type,
            return_url=self._return_url,
            state=state,
            scopes=scopes,
            native_scopes=native_scopes,
            account_id=account_id,
            login_hint=login_hint,
            client_org_id=client_org_id,
            server_url=server_url,
            ensure_scopes=ensure_scopes,
            ensure_access=ensure_access,
            recycle=recycle,
            auth_email=auth_email,
        )

    async def callback(self, url: str, *, bound_to: str | None) -> Grant:
        """Take the visit of a browser that comes back, and make its code a token.

        Nothing that the URL says is believed, and nothing is sent, before its state is found good.

        Args:
            url: The URL that was visited, or its query alone.
            bound_to: The id of the session that the visiting browser has; None or empty when it has none.

        Raises:
            StateRejected: the state is missing, altered, or of another session: ignore the visit.
            StateExpired: the user took too long: send the browser away again.
            AuthorizationFailed: the user, or the provider, refused; `reason` has the vendor's words.
            BadRequest: the vendor does not take the code: it works once.
            AmbiguousResult: the answer to the code was lost: send the browser away again.
        """
        query = read_query(url)
        payload = self._seal.open(query.get("state", ""), bound_to=bound_to or "", now=self._clock())
        code = read_answer(query, "code").code or ""
        result = await self._client.auth.exchange_code(code)
        if result.account_id is None or not result.access_token:
            missing = "accountId" if result.account_id is None else "accessToken"
            raise DecodeError("the answer to the code does not have it", path=missing)
        return Grant(
            account_id=result.account_id,
            access_token=result.access_token,
            user_id=result.user_id,
            user_session=result.user_session,
            payload=payload,
        )


def _is_absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
