"""Who is asking: the five ways to open an account, the app's own credentials, and a user's session."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping

from attrs import frozen

from aurinko_async.sandbox.account import Account
from aurinko_async.sandbox.contract import Operation
from aurinko_async.sandbox.errors import ApiError, unauthorized
from aurinko_async.sandbox.world import World

# What still works on an account whose provider turned it away: getting rid of it.
_FAREWELLS = ("account.delete", "account.delete_token")


@frozen
class Identity:
    """What the credentials opened, or why they did not."""

    account: Account | None = None
    error: ApiError | None = None


def identify(
    world: World, operation: Operation | None, headers: Mapping[str, str], cookies: Mapping[str, str]
) -> Identity:
    """Hold the credentials of a request against what its operation asks for."""
    if operation is None or operation.credential == "public":
        return Identity()
    asked = _Asked(world, headers, cookies)
    try:
        match operation.credential:
            case "app":
                asked.app()
                return Identity()
            case "user":
                return Identity(asked.user())
            case _:
                if operation.name == "auth.prepare" and asked.exchange_token:
                    return Identity()
                account = asked.account()
                return Identity(account, _token_error(account, operation))
    except ApiError as error:
        return Identity(error=error)


def client_id_of(headers: Mapping[str, str]) -> str | None:
    """Give the client id, whichever way the header is spelled."""
    return headers.get("X-Aurinko-Client-Id") or headers.get("X-Aurinko-ClientId")


def exchange_token_of(headers: Mapping[str, str]) -> str | None:
    """Give the Exchange identity token, if the request says it carries one."""
    auth_type = headers.get("X-Aurinko-Auth-Type") or headers.get("X-Aurinko-AuthType")
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if auth_type == "exchangeIdToken" and scheme.lower() == "bearer" else None


def _token_error(account: Account, operation: Operation) -> ApiError | None:
    if account.token_status == "active" or operation.name in _FAREWELLS:
        return None
    if account.token_status == "dead":
        return unauthorized("token.dead", "Not authorized")
    return unauthorized("token.refresh.failed", "Invalid data: refreshToken missing")


class _Asked:
    def __init__(self, world: World, headers: Mapping[str, str], cookies: Mapping[str, str]) -> None:
        self._world = world
        self._headers = headers
        self._cookies = cookies
        self.exchange_token = exchange_token_of(headers)

    def app(self) -> None:
        scheme, _, value = self._headers.get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(value, validate=True) if scheme.lower() == "basic" else b""
        except (binascii.Error, ValueError) as error:
            raise unauthorized() from error
        if not hmac.compare_digest(given, f"{self._world.client_id}:{self._world.client_secret}".encode()):
            raise unauthorized()

    def user(self) -> Account:
        if session := self._headers.get("X-Aurinko-Session"):
            return self._session(session)
        cookie = self._cookies.get(f"AUR{self._world.app_id}")
        if cookie and client_id_of(self._headers) == self._world.client_id:
            return self._session(cookie)
        raise unauthorized()

    def account(self) -> Account:
        scheme, _, value = self._headers.get("Authorization", "").partition(" ")
        if self.exchange_token is not None:
            return self._exchange(self.exchange_token)
        if scheme.lower() == "bearer":
            return self._world.by_token(value.strip())
        if scheme.lower() == "basic":
            self.app()
            return self._named(None)
        return self._named(self.user().user_id)

    def _exchange(self, token: str) -> Account:
        if client_id_of(self._headers) != self._world.client_id:
            raise unauthorized()
        for account in self._world.accounts:
            if account.exchange_id_token == token and not account.deleted:
                return self._named(account.user_id)
        raise unauthorized()

    def _named(self, user_id: str | None) -> Account:
        header = self._headers.get("X-Aurinko-Account-Id", "")
        if not header.isdecimal():
            raise unauthorized(message="X-Aurinko-Account-Id is missing")
        try:
            account = self._world.account(int(header))
        except ApiError as error:
            raise unauthorized() from error
        if user_id is not None and account.user_id != user_id:
            raise unauthorized()
        return account

    def _session(self, session: str) -> Account:
        for account in self._world.accounts:
            if account.user_session == session and not account.deleted:
                return account
        raise unauthorized()
