"""The client's options: what cannot work is refused at once; views share what they should."""

import math
from typing import Any

import pytest

from aurinko_async import AccountAuth, AppAuth, AurinkoClient, Limits, NoAuth, RetryPolicy, Timeout
from aurinko_async.errors import ConfigError

AUTH = AccountAuth("s3cret-Token")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.aurinko.io",
        "ftp://api.aurinko.io",
        "https://",
        "https:///v1",
        "https://h/?a=1",
        "https://h/#f",
        "http://[::1",
        "http://h:port",
        "http://h:99999",
        "http://user:password@h",
        "http://token@h",
        "https://h/a b",
        "https://h/\r\nX: y",
        "https://b\u00fccher.example/\u00e4",
    ],
)
def test_a_base_url_that_cannot_work_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url") as told:
        AurinkoClient(AUTH, base_url=url)
    assert "password" not in str(told.value)


@pytest.mark.parametrize("url", [5, None, b"https://api.aurinko.io"])
def test_a_base_url_is_a_text(url: Any) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        AurinkoClient(AUTH, base_url=url)


@pytest.mark.parametrize("auth", ["s3cret-Token", None, AccountAuth])
def test_what_is_no_credentials_is_refused_without_being_told(auth: Any) -> None:
    for make in (AurinkoClient, AurinkoClient(AUTH).with_auth):
        with pytest.raises(ConfigError, match=r"such as AccountAuth\(token\), not ") as told:
            make(auth)
        assert "s3cret" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://api.aurinko.io", "https://api.aurinko.io"),
        ("https://api.aurinko.io/", "https://api.aurinko.io"),
        ("https://api.aurinko.io/v1", "https://api.aurinko.io"),
        ("https://api.aurinko.io/v1/", "https://api.aurinko.io"),
        ("http://127.0.0.1:8080/gateway/aurinko", "http://127.0.0.1:8080/gateway/aurinko"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_base_url_is_taken_with_and_without_its_version(url: str, kept: str) -> None:
    assert repr(AurinkoClient(AUTH, base_url=url)) == f"AurinkoClient(AccountAuth(), base_url='{kept}')"


@pytest.mark.parametrize("seconds", [0, -1, math.nan])
def test_a_timeout_is_more_than_nothing(seconds: float) -> None:
    with pytest.raises(ConfigError):
        AurinkoClient(AUTH, timeout=seconds)
    with pytest.raises(ConfigError):
        AurinkoClient(AUTH).with_options(timeout=seconds)
    for part in ("connect", "read", "total"):
        with pytest.raises(ConfigError, match=part):
            Timeout(**{part: seconds})
    assert Timeout(connect=None, read=None, total=None).total is None


@pytest.mark.parametrize(
    "options",
    [
        {"in_flight": 0},
        {"in_flight": 0.5},
        {"per_account": 0},
        {"per_second": 0},
        {"per_second": -1},
        {"per_second": math.nan},
    ],
)
def test_limits_that_let_nothing_through_are_refused(options: dict[str, Any]) -> None:
    [name] = options
    with pytest.raises(ConfigError, match=name):
        Limits(**options)


def test_views_share_all_but_what_they_change() -> None:
    client = AurinkoClient(AUTH, timeout=9.0)
    other = client.with_auth(AppAuth("c", "s", 3))
    assert other._shared is client._shared
    assert other._session.auth == AppAuth("c", "s", 3)
    assert client._session.auth is AUTH
    patient = other.with_options(retry=RetryPolicy(attempts=9))
    assert patient._session.retry.attempts == 9
    assert patient._session.auth == AppAuth("c", "s", 3)
    assert patient._session.timeout == Timeout(connect=9.0, read=9.0, total=9.0)
    assert other._session.retry == RetryPolicy()
    assert client.email is client.email
    assert other.email is not client.email


def test_nothing_that_shows_a_client_shows_a_secret() -> None:
    for client in (AurinkoClient(AUTH), AurinkoClient(NoAuth()).with_auth(AUTH)):
        assert "s3cret" not in repr(client)
        assert "s3cret" not in repr(client._session)
        assert "s3cret" not in repr(client.email)


class TestFromEnv:
    @pytest.fixture(autouse=True)
    def _no_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("ACCESS_TOKEN", "CLIENT_ID", "CLIENT_SECRET", "ACCOUNT_ID", "BASE_URL"):
            monkeypatch.delenv(f"AURINKO_{name}", raising=False)

    def test_the_environment_gives_credentials_and_the_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AURINKO_ACCESS_TOKEN", "t")
        assert AurinkoClient.from_env()._session.auth == AccountAuth("t")
        monkeypatch.setenv("AURINKO_BASE_URL", "http://127.0.0.1:1")
        assert AurinkoClient.from_env()._session.base_url == "http://127.0.0.1:1"
        assert AurinkoClient.from_env(base_url="http://h")._session.base_url == "http://h"

    def test_no_credentials_no_client(self) -> None:
        with pytest.raises(ConfigError, match="AURINKO_ACCESS_TOKEN"):
            AurinkoClient.from_env()


def test_a_view_of_one_account_of_an_application() -> None:
    client = AurinkoClient(AppAuth("id", "secret"))
    assert client.for_account("7").credentials == client.for_account(7).credentials == AppAuth("id", "secret", 7)
    for wrong in ("seven", "", "-1", 0):
        with pytest.raises(ConfigError):
            client.for_account(wrong)
    with pytest.raises(ConfigError, match="AccountAuth"):
        AurinkoClient(AccountAuth("t0ken")).for_account(7)
