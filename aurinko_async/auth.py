"""Credentials: what they may call, and the headers they add. Pure; a repr never shows a secret."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Protocol, TypeAlias

from attrs import Attribute, field, frozen

from aurinko_async._types import Audience
from aurinko_async.errors import ConfigError

Headers: TypeAlias = dict[str, str]


class Credentials(Protocol):
    """What a client needs of its credentials."""

    def authorises(self, audience: Audience) -> bool:
        """Whether an operation for this audience can be called."""
        ...

    def headers(self, audience: Audience) -> Headers:
        """The headers that authorise it."""
        ...

    @property
    def account_key(self) -> str:
        """Tells accounts apart (for limits) without telling a secret."""
        ...


def _secret(instance: object, attribute: Attribute[str], value: object) -> None:
    what = f"{type(instance).__name__}: {attribute.name}"
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{what} is empty")
    if not value.isascii() or not value.isprintable():
        raise ConfigError(f"{what} has a character that a header cannot carry (a line break?)")


def _account_id(instance: object, attribute: Attribute[int | None], value: object) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value <= 0):
        raise ConfigError(f"{type(instance).__name__}: {attribute.name} must be a positive int, not {value!r}")


def _fingerprint(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]


def _client_id(client_id: str) -> Headers:
    # The vendor's specification and its own samples spell these headers differently; both are sent.
    return {"X-Aurinko-Client-Id": client_id, "X-Aurinko-ClientId": client_id}


def _account(account_id: int | None) -> Headers:
    return {} if account_id is None else {"X-Aurinko-Account-Id": str(account_id)}


@frozen
class AccountAuth:
    """An account's access token: calls everything that belongs to that account."""

    token: str = field(repr=False, validator=_secret)
    account_key: str = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "account_key", _fingerprint("token", self.token))

    def authorises(self, audience: Audience) -> bool:
        return audience in ("account", "prepare", "any")

    def headers(self, audience: Audience) -> Headers:
        return {"Authorization": f"Bearer {self.token}"}


@frozen
class AppAuth:
    """An application's client id and secret: calls its administration and, with `account_id`, that account."""

    client_id: str = field(validator=_secret)
    client_secret: str = field(repr=False, validator=_secret)
    account_id: int | None = field(default=None, validator=_account_id)
    account_key: str = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if ":" in self.client_id:
            raise ConfigError("AppAuth: client_id has a colon, where basic authentication ends it")
        object.__setattr__(self, "account_key", f"app:{self.client_id}:{self.account_id}")

    def authorises(self, audience: Audience) -> bool:
        return audience in ("app", "any") or (audience in ("account", "prepare") and self.account_id is not None)

    def headers(self, audience: Audience) -> Headers:
        basic = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        return headers if audience == "app" else {**headers, **_account(self.account_id)}


@frozen
class UserSessionAuth:
    """An end user's session: calls that user and, with `account_id`, one of its accounts."""

    session: str = field(repr=False, validator=_secret)
    account_id: int | None = field(default=None, validator=_account_id)
    account_key: str = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "account_key", _fingerprint("session", self.session, self.account_id))

    def authorises(self, audience: Audience) -> bool:
        return audience in ("user", "any") or (audience in ("account", "prepare") and self.account_id is not None)

    def headers(self, audience: Audience) -> Headers:
        headers = {"X-Aurinko-Session": self.session}
        return headers if audience == "user" else {**headers, **_account(self.account_id)}


@frozen
class UserCookieAuth:
    """An end user's cookie (`name` is `AUR` and the application's id) with the application's client id."""

    name: str = field(validator=_secret)
    value: str = field(repr=False, validator=_secret)
    client_id: str = field(validator=_secret)
    account_id: int | None = field(default=None, validator=_account_id)
    account_key: str = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if not self.name.isalnum() or any(character in self.value for character in ' ",;\\'):
            raise ConfigError("UserCookieAuth: name or value has a character that a cookie cannot carry")
        object.__setattr__(self, "account_key", _fingerprint("cookie", self.name, self.value, self.account_id))

    def authorises(self, audience: Audience) -> bool:
        return audience in ("user", "any") or (audience in ("account", "prepare") and self.account_id is not None)

    def headers(self, audience: Audience) -> Headers:
        headers = {"Cookie": f"{self.name}={self.value}", **_client_id(self.client_id)}
        return headers if audience == "user" else {**headers, **_account(self.account_id)}


@frozen
class ExchangeIdTokenAuth:
    """An Exchange identity token (of an Outlook add-in) with the application's client id."""

    token: str = field(repr=False, validator=_secret)
    client_id: str = field(validator=_secret)
    account_id: int | None = field(default=None, validator=_account_id)
    account_key: str = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "account_key", _fingerprint("exchange", self.token, self.account_id))

    def authorises(self, audience: Audience) -> bool:
        return audience in ("prepare", "any") or (audience == "account" and self.account_id is not None)

    def headers(self, audience: Audience) -> Headers:
        kind = "exchangeIdToken"
        return {
            "Authorization": f"Bearer {self.token}",
            "X-Aurinko-Auth-Type": kind,
            "X-Aurinko-AuthType": kind,
            **_client_id(self.client_id),
            **_account(self.account_id),
        }


@frozen
class NoAuth:
    """No credentials: calls only what is public."""

    account_key: str = field(init=False, default="public", repr=False)

    def authorises(self, audience: Audience) -> bool:
        return audience in ("public", "any")

    def headers(self, audience: Audience) -> Headers:
        return {}


_NEEDS: Mapping[Audience, str] = {
    "account": "an account's credentials: AccountAuth(token), or AppAuth(client_id, client_secret, account_id=...)",
    "prepare": "an Exchange identity token: ExchangeIdTokenAuth(token, client_id)",
    "app": "the application's credentials: AppAuth(client_id, client_secret)",
    "user": "an end user's credentials: UserSessionAuth(session) or UserCookieAuth(name, value, client_id)",
}


def authorise(credentials: Credentials, audience: Audience, operation: str) -> Headers:
    """The headers that authorise an operation; a public one is sent none.

    Raises:
        ConfigError: these credentials cannot authorise it.
    """
    if audience == "public":
        return {}
    if not credentials.authorises(audience):
        raise ConfigError(f"{operation} needs {_NEEDS[audience]}; this client has {type(credentials).__name__}")
    return credentials.headers(audience)


def credentials_from_env(environ: Mapping[str, str]) -> Credentials:
    """Read `AURINKO_ACCESS_TOKEN`, or `AURINKO_CLIENT_ID` and `AURINKO_CLIENT_SECRET` (with `AURINKO_ACCOUNT_ID`).

    Raises:
        ConfigError: neither is there, or half of one.
    """
    if token := environ.get("AURINKO_ACCESS_TOKEN"):
        return AccountAuth(token)
    client_id, secret = environ.get("AURINKO_CLIENT_ID"), environ.get("AURINKO_CLIENT_SECRET")
    if bool(client_id) != bool(secret):
        there, missing = ("ID", "SECRET") if client_id else ("SECRET", "ID")
        raise ConfigError(f"half of the credentials: AURINKO_CLIENT_{there} is set, AURINKO_CLIENT_{missing} is not")
    if not client_id or not secret:
        raise ConfigError("no credentials: set AURINKO_ACCESS_TOKEN, or AURINKO_CLIENT_ID and AURINKO_CLIENT_SECRET")
    account = environ.get("AURINKO_ACCOUNT_ID")
    if account and not account.isdecimal():
        raise ConfigError("AURINKO_ACCOUNT_ID must be a number")
    return AppAuth(client_id, secret, int(account) if account else None)
