"""The URLs that a browser is sent to: whose they are, what they carry, that nothing is sent."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from aurinko_async import AccountAuth, AppAuth, NoAuth, UserCookieAuth
from aurinko_async.errors import ConfigError
from aurinko_async.models import Scope, ServiceType, UserAccountType
from aurinko_async.resources.auth import Auth


class Bystander:
    """A session that must not be used."""

    base_url = "https://api.example.test"

    def __init__(self, auth: Any) -> None:
        self.auth = auth

    async def request(self, call: object) -> None:
        raise AssertionError("something was sent")


def auth(credentials: Any) -> Auth:
    return Auth(Bystander(credentials))  # type: ignore[arg-type]


def query_of(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query, strict_parsing=True)


@pytest.mark.parametrize(
    "credentials", [AppAuth("own", "secret"), UserCookieAuth(name="AUR1", value="v", client_id="own")]
)
def test_the_client_id_is_the_one_of_the_credentials(credentials: Any) -> None:
    url = auth(credentials).authorize_url(service_type=ServiceType.GOOGLE, return_url="https://a.test/back?x=1&y=2")
    assert query_of(url) == {
        "clientId": ["own"],
        "serviceType": ["Google"],
        "returnUrl": ["https://a.test/back?x=1&y=2"],
    }


def test_a_client_id_that_is_given_goes_before() -> None:
    url = auth(AppAuth("own", "secret")).authorize_daemon_url(
        client_id="other", service_type="Google", return_url="https://a.test"
    )
    assert query_of(url)["clientId"] == ["other"]


@pytest.mark.parametrize("credentials", [NoAuth(), AccountAuth("token")])
def test_without_a_client_id_there_is_no_url(credentials: Any) -> None:
    with pytest.raises(ConfigError, match="client_id"):
        auth(credentials).authorize_url(service_type="Google", return_url="https://a.test")
    given = auth(credentials).authorize_url(client_id="own", service_type="Google", return_url="https://a.test")
    assert query_of(given)["clientId"] == ["own"]


@pytest.mark.parametrize("scopes", [[Scope.MAIL_READ, "Mail.Send"], ("Mail.Read", "Mail.Send"), "Mail.Read Mail.Send"])
def test_scopes_are_one_value_with_spaces(scopes: Sequence[str]) -> None:
    url = auth(NoAuth()).authorize_url(
        client_id="own", service_type="Google", return_url="https://a.test", scopes=scopes, native_scopes=["a", "b"]
    )
    assert query_of(url)["scopes"] == ["Mail.Read Mail.Send"]
    assert query_of(url)["nativeScopes"] == ["a b"]
    assert "+" not in url


def user_url(credentials: Any, **more: Any) -> dict[str, list[str]]:
    url = auth(credentials).authorize_user_url(
        client_id="own",
        service_type="Google",
        return_url="https://a.test",
        account_role=UserAccountType.SECONDARY,
        **more,
    )
    return query_of(url)


def test_the_user_is_signed_for_with_the_client_secret() -> None:
    query = user_url(AppAuth("own", "secret"), user_id="u1", timestamp=1700000000)
    assert query["userSignature"] == [hmac.new(b"secret", b"u11700000000", hashlib.sha256).hexdigest()]
    assert query["timestamp"] == ["1700000000"]
    assert "secret" not in str(query)


def test_a_signature_is_made_only_of_what_is_there() -> None:
    assert "userSignature" not in user_url(NoAuth(), user_id="u1", timestamp=1)
    assert "userSignature" not in user_url(AppAuth("own", "secret"), user_id="u1")
    given = user_url(AppAuth("own", "secret"), user_id="u1", timestamp=1, user_signature="mine")
    assert given["userSignature"] == ["mine"]
