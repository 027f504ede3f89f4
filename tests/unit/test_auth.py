"""Credentials: the headers each sends, what each may call, and that none shows its secret."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

import aurinko_async.sandbox.contract
from aurinko_async import auth
from aurinko_async._types import Audience
from aurinko_async.auth import (
    AccountAuth,
    AppAuth,
    Credentials,
    ExchangeIdTokenAuth,
    NoAuth,
    UserCookieAuth,
    UserSessionAuth,
    authorise,
    credentials_from_env,
)
from aurinko_async.errors import ConfigError

SECRET = "s3cret-Value.9"
SCHEMES: dict[str, dict[str, str]] = json.loads(
    Path(aurinko_async.sandbox.contract.__path__[0], "security.json").read_text("utf-8")
)
AUDIENCES: list[Audience] = ["account", "app", "user", "prepare", "public", "any"]

ACCOUNT = AccountAuth(SECRET)
APP = AppAuth("client", SECRET)
APP_ACCOUNT = AppAuth("client", SECRET, 7)
SESSION = UserSessionAuth(SECRET)
SESSION_ACCOUNT = UserSessionAuth(SECRET, 7)
COOKIE = UserCookieAuth("AUR123", SECRET, "client")
COOKIE_ACCOUNT = UserCookieAuth("AUR123", SECRET, "client", 7)
EXCHANGE = ExchangeIdTokenAuth(SECRET, "client")
EXCHANGE_ACCOUNT = ExchangeIdTokenAuth(SECRET, "client", 7)
ALL: list[Credentials] = [
    ACCOUNT,
    APP,
    APP_ACCOUNT,
    SESSION,
    SESSION_ACCOUNT,
    COOKIE,
    COOKIE_ACCOUNT,
    EXCHANGE,
    EXCHANGE_ACCOUNT,
    NoAuth(),
]

BASIC = "Basic Y2xpZW50OnMzY3JldC1WYWx1ZS45"
CLIENT = {"X-Aurinko-Client-Id": "client", "X-Aurinko-ClientId": "client"}
ACCOUNT_ID = {"X-Aurinko-Account-Id": "7"}
KIND = {"X-Aurinko-Auth-Type": "exchangeIdToken", "X-Aurinko-AuthType": "exchangeIdToken"}


@pytest.mark.parametrize(
    ("credentials", "audience", "headers"),
    [
        (ACCOUNT, "account", {"Authorization": f"Bearer {SECRET}"}),
        (ACCOUNT, "any", {"Authorization": f"Bearer {SECRET}"}),
        (APP, "app", {"Authorization": BASIC}),
        (APP, "any", {"Authorization": BASIC}),
        (APP_ACCOUNT, "app", {"Authorization": BASIC}),
        (APP_ACCOUNT, "account", {"Authorization": BASIC, **ACCOUNT_ID}),
        (APP_ACCOUNT, "any", {"Authorization": BASIC, **ACCOUNT_ID}),
        (SESSION, "user", {"X-Aurinko-Session": SECRET}),
        (SESSION_ACCOUNT, "user", {"X-Aurinko-Session": SECRET}),
        (SESSION_ACCOUNT, "account", {"X-Aurinko-Session": SECRET, **ACCOUNT_ID}),
        (COOKIE, "user", {"Cookie": f"AUR123={SECRET}", **CLIENT}),
        (COOKIE_ACCOUNT, "user", {"Cookie": f"AUR123={SECRET}", **CLIENT}),
        (COOKIE_ACCOUNT, "account", {"Cookie": f"AUR123={SECRET}", **CLIENT, **ACCOUNT_ID}),
        (EXCHANGE, "prepare", {"Authorization": f"Bearer {SECRET}", **KIND, **CLIENT}),
        (EXCHANGE_ACCOUNT, "account", {"Authorization": f"Bearer {SECRET}", **KIND, **CLIENT, **ACCOUNT_ID}),
        (NoAuth(), "any", {}),
    ],
)
def test_the_headers_are_exactly_these(credentials: Credentials, audience: Audience, headers: dict[str, str]) -> None:
    assert authorise(credentials, audience, "GET /v1") == headers


@pytest.mark.parametrize("credentials", ALL, ids=repr)
def test_a_public_operation_is_sent_no_credentials(credentials: Credentials) -> None:
    assert authorise(credentials, "public", "GET /v1") == {}


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        ("AppAuth", APP.headers("app")),
        ("AccountToken", ACCOUNT.headers("account")),
        ("UserSessionCookie", COOKIE.headers("user")),
        ("UserSessionHeader", SESSION.headers("user")),
        ("ClientIdHeader", COOKIE.headers("user")),
        ("AccountIdHeader", APP_ACCOUNT.headers("account")),
        ("AuthTypeHeader", EXCHANGE.headers("prepare")),
        ("ExchangeIdToken", EXCHANGE.headers("prepare")),
    ],
)
def test_every_scheme_of_the_contract_is_spoken(scheme: str, headers: dict[str, str]) -> None:
    said = SCHEMES[scheme]
    if said["type"] == "http":
        kind, _, value = headers["Authorization"].partition(" ")
        assert kind.lower() == said["scheme"]
        assert value == SECRET if kind == "Bearer" else b64decode(value) == f"client:{SECRET}".encode()
    elif said["in"] == "cookie":
        assert headers["Cookie"] == said["name"].replace("{APPID}", "123") + "=" + SECRET
    else:
        assert headers[said["name"]]


def test_no_scheme_of_the_contract_is_left_out() -> None:
    [mark] = [m for m in test_every_scheme_of_the_contract_is_spoken.pytestmark if m.name == "parametrize"]  # type: ignore[attr-defined]
    assert {scheme for scheme, _ in mark.args[1]} == set(SCHEMES)


MAY_CALL = {
    ACCOUNT: {"account", "prepare"},
    APP: {"app"},
    APP_ACCOUNT: {"app", "account", "prepare"},
    SESSION: {"user"},
    SESSION_ACCOUNT: {"user", "account", "prepare"},
    COOKIE: {"user"},
    COOKIE_ACCOUNT: {"user", "account", "prepare"},
    EXCHANGE: {"prepare"},
    EXCHANGE_ACCOUNT: {"account", "prepare"},
    NoAuth(): set(),
}


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("credentials", ALL, ids=repr)
def test_what_they_may_call(credentials: Credentials, audience: Audience) -> None:
    if audience in MAY_CALL[credentials] | {"public", "any"}:
        authorise(credentials, audience, "GET /v1")
        return
    with pytest.raises(ConfigError, match=rf"^GET /v1 needs .*; this client has {type(credentials).__name__}$") as told:
        authorise(credentials, audience, "GET /v1")
    assert SECRET not in str(told.value)


@pytest.mark.parametrize("credentials", ALL, ids=repr)
def test_nothing_that_shows_credentials_shows_their_secret(credentials: Credentials) -> None:
    for shown in (repr(credentials), str(credentials), f"{credentials}", credentials.account_key):
        assert SECRET not in shown
        assert "Y2xpZW50" not in shown


BAD = ["", " ", "\t", "two\nlines", "two\r\nX-Evil: 1", "nul\0", "bell\a", "n\u00efve", "del\x7f", None, 5]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    "make",
    [
        lambda bad: AccountAuth(bad),
        lambda bad: AppAuth(bad, "secret"),
        lambda bad: AppAuth("client", bad),
        lambda bad: UserSessionAuth(bad),
        lambda bad: UserCookieAuth(bad, "value", "client"),
        lambda bad: UserCookieAuth("AUR1", bad, "client"),
        lambda bad: UserCookieAuth("AUR1", "value", bad),
        lambda bad: ExchangeIdTokenAuth(bad, "client"),
        lambda bad: ExchangeIdTokenAuth("token", bad),
    ],
)
def test_what_no_header_can_carry_is_refused(make: Any, bad: Any) -> None:
    with pytest.raises(ConfigError) as told:
        make(bad)
    if bad and str(bad).strip():
        assert str(bad) not in str(told.value)


@pytest.mark.parametrize("value", ["a;b", "a,b", 'a"b', "a b", "a\\b"])
def test_what_no_cookie_can_carry_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="cookie cannot carry"):
        UserCookieAuth("AUR1", value, "client")
    with pytest.raises(ConfigError, match="cookie cannot carry"):
        UserCookieAuth(value, "value", "client")


def test_a_client_id_with_a_colon_would_be_read_as_another_one() -> None:
    with pytest.raises(ConfigError, match="colon"):
        AppAuth("client:x", "secret")
    assert b64decode(AppAuth("client", "se:cret").headers("app")["Authorization"][6:]) == b"client:se:cret"


@pytest.mark.parametrize("account_id", [0, -1, True, "7", 7.0])
@pytest.mark.parametrize(
    "make",
    [
        lambda account_id: AppAuth("client", "secret", account_id),
        lambda account_id: UserSessionAuth("session", account_id),
        lambda account_id: UserCookieAuth("AUR1", "value", "client", account_id),
        lambda account_id: ExchangeIdTokenAuth("token", "client", account_id),
    ],
)
def test_an_account_id_is_a_positive_int(make: Any, account_id: Any) -> None:
    with pytest.raises(ConfigError, match="account_id must be a positive int"):
        make(account_id)


def test_keys_tell_accounts_apart_and_nothing_else_does() -> None:
    keys = [credentials.account_key for credentials in ALL]
    assert len(set(keys)) == len(keys)
    assert AccountAuth(SECRET).account_key == ACCOUNT.account_key
    assert AppAuth("client", SECRET, 8).account_key != APP_ACCOUNT.account_key
    assert AccountAuth("another").account_key != ACCOUNT.account_key


def test_credentials_cannot_be_changed_and_compare_by_what_they_hold() -> None:
    assert AccountAuth(SECRET) == ACCOUNT
    assert AccountAuth("another") != ACCOUNT
    with pytest.raises(AttributeError):
        ACCOUNT.token = "other"  # type: ignore[misc]


class TestFromEnv:
    def test_an_account_token_comes_first(self) -> None:
        environ = {"AURINKO_ACCESS_TOKEN": "t", "AURINKO_CLIENT_ID": "c", "AURINKO_CLIENT_SECRET": "s"}
        assert credentials_from_env(environ) == AccountAuth("t")

    def test_an_application(self) -> None:
        environ = {"AURINKO_CLIENT_ID": "c", "AURINKO_CLIENT_SECRET": "s"}
        assert credentials_from_env(environ) == AppAuth("c", "s")
        assert credentials_from_env({**environ, "AURINKO_ACCOUNT_ID": "12"}) == AppAuth("c", "s", 12)
        assert credentials_from_env({**environ, "AURINKO_ACCOUNT_ID": ""}) == AppAuth("c", "s")

    @pytest.mark.parametrize(
        "environ",
        [
            {},
            {"AURINKO_ACCESS_TOKEN": ""},
            {"AURINKO_ACCESS_TOKEN": "a token\n"},
            {"AURINKO_CLIENT_ID": "c"},
            {"AURINKO_CLIENT_SECRET": "s"},
            {"AURINKO_CLIENT_ID": "c", "AURINKO_CLIENT_SECRET": "s", "AURINKO_ACCOUNT_ID": "mine"},
            {"AURINKO_CLIENT_ID": "c", "AURINKO_CLIENT_SECRET": "s", "AURINKO_ACCOUNT_ID": "-1"},
            {"AURINKO_CLIENT_ID": "c", "AURINKO_CLIENT_SECRET": "s", "AURINKO_ACCOUNT_ID": "0"},
        ],
    )
    def test_half_of_one_is_none(self, environ: dict[str, str]) -> None:
        with pytest.raises(ConfigError) as told:
            credentials_from_env(environ)
        assert "a token" not in str(told.value)

    @pytest.mark.parametrize(("there", "missing"), [("ID", "SECRET"), ("SECRET", "ID")])
    def test_half_of_an_application_says_which_half(self, there: str, missing: str) -> None:
        with pytest.raises(ConfigError, match=f"CLIENT_{there} is set, AURINKO_CLIENT_{missing} is not"):
            credentials_from_env({f"AURINKO_CLIENT_{there}": "x"})


def test_the_doors_of_the_module_are_all_tested_here() -> None:
    classes = {name for name, cls in vars(auth).items() if isinstance(cls, type) and hasattr(cls, "authorises")}
    assert classes == {type(credentials).__name__ for credentials in ALL} | {"Credentials"}
