"""What a browser brings back from an authorisation is taken only as an answer to one's own request."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest

from aurinko_async import AppAuth, AurinkoClient
from aurinko_async.errors import AurinkoError, AuthorizationFailed, InvalidInput
from aurinko_async.models import AuthCallback, parse_callback

CODE, TOKEN, STATE = "c0de.+/=", "t0ken-5ecret", "5tate-of-mine"


def url(**query: str) -> str:
    return f"https://app.example/callback?{urlencode({'status': 'success', 'state': STATE, **query})}"


@contextmanager
def refused(words: str) -> Iterator[None]:
    """It is refused in these words, and none of the secrets is in them."""
    with pytest.raises(AuthorizationFailed, match=words) as told:
        yield
    assert isinstance(told.value, AurinkoError)
    shown = f"{told.value} {told.value!r} {told.value.args} {vars(told.value)}"
    for secret in (CODE, TOKEN, STATE):
        assert secret not in shown
    assert told.value.__cause__ is None


def test_a_code_is_taken_with_the_state_that_was_sent() -> None:
    found = parse_callback(url(code=CODE, accountId="7"), state=STATE)
    assert found == AuthCallback(code=CODE, account_id=7)
    assert repr(found) == "AuthCallback(account_id=7)"
    assert parse_callback(url(code=CODE).partition("example")[2], state=STATE).code == CODE, "a path will do"


@pytest.mark.parametrize("name", ["token", "accessToken"])
def test_a_token_is_taken_when_it_was_asked_for(name: str) -> None:
    found = parse_callback(url(**{name: TOKEN}), state=STATE, response_type="token")
    assert (found.token, found.code) == (TOKEN, None)
    assert TOKEN not in repr(found)


@pytest.mark.parametrize("response_type", ["cookie", "none"])
def test_a_callback_may_bring_nothing_when_nothing_was_asked_for(response_type: str) -> None:
    assert parse_callback(url(), state=STATE, response_type=response_type) == AuthCallback()


@pytest.mark.parametrize("state", ["", "another", STATE + "x", STATE.upper(), STATE[:-1], "é", "\ud800"])
def test_another_state_is_refused_whatever_the_url_says_else(state: str) -> None:
    for status in ("success", "error"):
        with refused("state is not the one"):
            parse_callback(
                f"/callback?{urlencode({'status': status, 'code': CODE, 'state': state}, errors='surrogatepass')}",
                state=STATE,
            )
    with refused("state is not the one"):
        parse_callback(f"/callback?status=success&code={CODE}", state=STATE)


def test_the_states_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[object, object]] = []
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: compared.append((one, other)) or one == other)
    parse_callback(url(code=CODE), state=STATE)
    assert compared == [(STATE.encode(), STATE.encode())]


@pytest.mark.parametrize("name", ["error", "errorDescription", "error_description", "message"])
def test_what_went_wrong_is_told_on_one_short_line(name: str) -> None:
    words = "Access\r\ndenied \u202e" + "x" * 999
    with refused(r"\(status error\): Access  denied  x{184}$"):
        parse_callback(url(status="error", code=CODE, **{name: words}), state=STATE)


def test_a_reason_is_kept() -> None:
    with pytest.raises(AuthorizationFailed) as told:
        parse_callback(url(status="error", error="access_denied"), state=STATE)
    assert (told.value.status, told.value.reason) == ("error", "access_denied")
    assert str(told.value) == "the authorisation did not succeed (status error): access_denied"


def test_without_a_status_or_a_code_it_is_no_success() -> None:
    with refused("did not succeed"):
        parse_callback(f"/callback?state={STATE}&code={CODE}", state=STATE)
    for query in ({}, {"code": ""}, {"token": TOKEN}):
        with refused("has no code"):
            parse_callback(url(**query), state=STATE)
    with refused("has no token"):
        parse_callback(url(code=CODE), state=STATE, response_type="token")


@pytest.mark.parametrize(
    "strange", ["http://[::1", f"{url(code=CODE)}&state=x", f"{url(code=CODE)}&code=x", "/?" + "a&" * 999]
)
def test_a_url_that_is_none_of_the_vendors_is_refused(strange: str) -> None:
    with refused("the URL"):
        parse_callback(strange, state=STATE)


def test_a_state_that_was_forgotten_is_no_state() -> None:
    with pytest.raises(InvalidInput, match="state is empty"):
        parse_callback("/callback?status=success&code=x&state=", state="")
    with pytest.raises(InvalidInput, match="response_type"):
        parse_callback(url(code=CODE), state=STATE, response_type="magic")


async def test_the_client_makes_states_and_reads_callbacks() -> None:
    async with AurinkoClient(AppAuth("client-1", "s3cret")) as aurinko:
        states = {aurinko.auth.new_state() for _ in range(100)}
        assert len(states) == 100
        assert min(map(len, states)) >= 43, "256 bits"
        state = states.pop()
        away = aurinko.auth.authorize_url(service_type="Google", return_url="https://app.example/callback", state=state)
        assert f"state={state}" in away
        assert aurinko.auth.parse_callback(f"/callback?status=success&code=x&state={state}", state=state).code == "x"
