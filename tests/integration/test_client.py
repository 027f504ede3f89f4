"""The client as its callers see it: limits, hooks, logs, credentials, the raw door."""

import asyncio
import logging
import random
from bisect import bisect_left
from collections.abc import Callable
from typing import Any

import pytest

from aurinko_async import (
    AccountAuth,
    AppAuth,
    Attempt,
    AurinkoClient,
    ExchangeIdTokenAuth,
    Limits,
    NoAuth,
    RetryPolicy,
    UserSessionAuth,
)
from aurinko_async.errors import ApiError, ConfigError, InvalidInput, NotFound, RateLimited
from aurinko_async.models import EmailAddress, OutgoingEmail
from support.server import Answer, Arrived, failing, reply, reset
from support.talking import TOKEN, talk

SECRETS = [TOKEN, "private-id", "private-query", "private-body", "private-answer"]
ECHO = reply({"code": "c", "message": "private-answer private-id", "originalError": {"message": "private-answer"}}, 503)


def paused(seconds: float) -> Answer:
    async def answer(request: Arrived, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds * random.uniform(0.5, 1.5))
        await reply()(request, writer)

    return answer


class TestLimits:
    async def test_500_calls_on_50_accounts_stay_inside_the_limits(self) -> None:
        limits = Limits(in_flight=30, per_account=3, per_second=300.0)
        async with talk(limits=limits, clock=None) as it:
            it.server.default = paused(0.01)
            views = [it.client.with_auth(AccountAuth(f"t{number}")) for number in range(50)]
            calls = [view.request("GET", "/v1/things") for view in views for _ in range(10)]
            assert await asyncio.gather(*calls) == [{}] * 500
            peaks = dict(it.server.peaks)
            everybody = peaks.pop("*")
            assert everybody <= 30
            assert everybody > 10, "the test saw no load"
            assert max(peaks.values()) <= 3
            assert set(peaks) == {f"Bearer t{number}" for number in range(50)}
            assert it.server.connections <= 30
            times = [request.at for request in it.server.requests]
            in_a_second = max(number - bisect_left(times, time - 1.0) + 1 for number, time in enumerate(times))
            # What started before this second and was on its way counts too, and that is what was in flight at most.
            assert in_a_second <= 300 + 30
            assert all(gate.idle for gate in it.client._shared.gates._accounts.values())

    async def test_an_account_that_is_slowed_down_does_not_slow_another(self) -> None:
        async with talk(failing(429, Retry_After="60"), retry=RetryPolicy(attempts=1)) as it:
            with pytest.raises(RateLimited):
                await it.get()
            await it.client.with_auth(AccountAuth("other")).request("GET", "/v1/things")
            assert it.clock.slept == []
            await it.get()
            assert it.clock.slept == [60.0]

    async def test_after_429s_there_is_less_at_once(self) -> None:
        async with talk(failing(429), failing(429), retry=RetryPolicy(attempts=1)) as it:
            for _ in range(2):
                with pytest.raises(RateLimited):
                    await it.get()
            it.server.peaks.clear()
            it.server.default = paused(0.001)
            await asyncio.gather(*(it.get() for _ in range(3)))
            assert it.server.peaks["*"] <= 2
            await asyncio.gather(*(it.get() for _ in range(12)))
            it.server.peaks.clear()
            await asyncio.gather(*(it.get() for _ in range(12)))
            assert it.server.peaks["*"] == 4


class TestHook:
    async def test_it_is_called_once_per_attempt(self) -> None:
        async with talk(failing(503, Retry_After="2"), reset, reply({"ok": 1})) as it:
            await it.client.request(
                "GET", "/v1/things/{id}", path_args={"id": "private-id"}, query={"q": "private-query"}
            )
            assert [attempt.attempt for attempt in it.attempts] == [1, 2, 3]
            assert [attempt.status for attempt in it.attempts] == [503, None, 200]
            assert [type(attempt.error).__name__ for attempt in it.attempts] == [
                "ServerError",
                "ConnectionLost",
                "NoneType",
            ]
            assert {attempt.path for attempt in it.attempts} == {"/v1/things/{id}"}
            assert {attempt.method for attempt in it.attempts} == {"GET"}
            assert [attempt.waited for attempt in it.attempts] == [0.0, *it.clock.slept]
            assert it.clock.slept[0] == 2.0
            assert not any(secret in repr(it.attempts) for secret in SECRETS)

    async def test_a_failure_of_the_answer_is_told_too(self) -> None:
        async with talk(reply([])) as it:
            with pytest.raises(Exception, match="object"):
                await it.client.account.get()
            [attempt] = it.attempts
            assert attempt.status == 200
            assert attempt.error is not None

    async def test_views_share_it(self) -> None:
        async with talk() as it:
            await it.client.with_auth(AccountAuth("b")).request("GET", "/v1/things")
            assert len(it.attempts) == 1


class TestLogs:
    async def test_they_say_what_happened_and_to_nobody_whose(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        letter = OutgoingEmail(to=[EmailAddress(address="bob@example.com")], subject="private-body")
        async with talk(ECHO, failing(429, Retry_After="1"), reset, reply({"id": "private-answer"})) as it:
            await it.client.email.messages.get("private-id", native_properties=["private-query"])
            it.server.script += [failing(429), ECHO]
            with pytest.raises(ApiError):
                await it.client.email.messages.reply("private-id", letter)
        ours = [record for record in caplog.records if record.name.startswith("aurinko_async")]
        assert len([record for record in ours if record.levelno == logging.DEBUG]) == 6
        assert len([record for record in ours if record.levelno == logging.INFO]) == 4
        assert "GET /v1/email/messages/{messageId}" in caplog.text
        assert "503" in caplog.text
        for record in caplog.records:
            shown = f"{record.getMessage()} {record.args!r} {record.exc_text}"
            assert not any(secret in shown for secret in SECRETS), shown
        assert all(record.levelno < logging.WARNING for record in ours)


ACCOUNT, APP, USER, EXCHANGE = AccountAuth("t"), AppAuth("c", "s"), UserSessionAuth("u"), ExchangeIdTokenAuth("x", "c")
Operation = Callable[[AurinkoClient], Any]
OPERATIONS: list[tuple[Operation, list[Any], list[Any]]] = [
    (lambda client: client.account.get(), [ACCOUNT, AppAuth("c", "s", 1)], [APP, USER, EXCHANGE, NoAuth()]),
    (
        lambda client: client.email.messages.get("1"),
        [ACCOUNT, UserSessionAuth("u", 1)],
        [APP, USER, EXCHANGE, NoAuth()],
    ),
    (lambda client: client.calendars.get("1"), [ExchangeIdTokenAuth("x", "c", 1)], [APP, USER, EXCHANGE, NoAuth()]),
    (lambda client: client.accounts.get(1), [APP, AppAuth("c", "s", 1)], [ACCOUNT, USER, EXCHANGE, NoAuth()]),
    (lambda client: client.accounts.list(), [APP], [ACCOUNT, USER, EXCHANGE, NoAuth()]),
    (lambda client: client.user.get(), [USER], [ACCOUNT, APP, EXCHANGE, NoAuth()]),
    (lambda client: client.auth.prepare(), [EXCHANGE], [APP, USER, NoAuth()]),
    (lambda client: client.public_booking.meeting_times("c", "n"), [NoAuth(), ACCOUNT, APP], []),
]


class TestCredentials:
    @pytest.mark.parametrize(("operation", "good", "bad"), OPERATIONS)
    async def test_wrong_ones_are_refused_before_anything_is_sent(
        self, operation: Operation, good: list[Any], bad: list[Any]
    ) -> None:
        async with talk() as it:
            it.server.default = failing(404)
            for auth in bad:
                with pytest.raises(ConfigError, match="this client has"):
                    await operation(it.client.with_auth(auth))
            assert it.server.connections == 0
            assert it.attempts == []
            for auth in good:
                with pytest.raises(NotFound):
                    await operation(it.client.with_auth(auth))
            assert len(it.server.requests) == len(good)

    async def test_a_public_operation_is_sent_no_credentials(self) -> None:
        async with talk(reply({"items": []})) as it:
            await it.client.public_booking.meeting_times("c", "n")
            assert it.server.requests[0].header("Authorization") is None


class TestRawDoor:
    async def test_it_is_the_same_door(self) -> None:
        async with talk(failing(503), reply({"value": [1]})) as it:
            answer = await it.client.request(
                "get", "/v1/direct/me/{what}", path_args={"what": "a/b"}, query={"top": 5}, headers={"X-Extra": "1"}
            )
            assert answer == {"value": [1]}
            assert [request.target for request in it.server.requests] == ["/v1/direct/me/a%2Fb?top=5"] * 2
            assert it.server.requests[0].method == "GET"
            assert it.server.requests[0].header("X-Extra") == "1"
            assert it.server.requests[0].header("Authorization") == f"Bearer {TOKEN}"

    async def test_it_goes_as_whatever_the_credentials_are(self) -> None:
        async with talk() as it:
            for auth in (ACCOUNT, APP, USER, EXCHANGE, NoAuth()):
                await it.client.with_auth(auth).request("GET", "/v1/things")
            assert it.server.requests[2].header("X-Aurinko-Session") == "u"
            assert it.server.requests[4].header("Authorization") is None

    async def test_an_empty_answer_is_none(self) -> None:
        async with talk(reply(b"", 204)) as it:
            assert await it.client.request("DELETE", "/v1/things") is None

    @pytest.mark.parametrize(
        "path",
        ["", "v1/things", "https://elsewhere/v1", "/v1?a=1", "/v1#f", "/v1/a b", "/v1\r\nX: y", "/v1/\u00e9", "/v1/\0"],
    )
    async def test_a_path_that_is_no_path_is_refused(self, path: str) -> None:
        async with talk() as it:
            with pytest.raises(InvalidInput, match="path"):
                await it.client.request("GET", path)
            assert it.server.connections == 0

    @pytest.mark.parametrize("method", ["", "GE T", "GET\r\nX: y", "G\u00cbT", "GET /v1/other"])
    async def test_a_method_that_is_no_method_is_refused(self, method: str) -> None:
        async with talk() as it:
            with pytest.raises(InvalidInput, match="method"):
                await it.client.request(method, "/v1/things")
            assert it.server.connections == 0

    @pytest.mark.parametrize(
        "options",
        [
            {"query": {"pageToken": ""}},
            {"headers": {"If-Match": "a\r\nb"}},
            {"path_args": {"id": "1"}},
            {"body": object()},
        ],
    )
    async def test_it_is_as_strict_as_any(self, options: dict[str, Any]) -> None:
        async with talk() as it:
            with pytest.raises(InvalidInput):
                await it.client.request("POST", "/v1/things", **options)
            assert it.server.connections == 0


def test_an_attempt_holds_nothing_but_what_it_says() -> None:
    assert set(Attempt.__slots__) - {"__weakref__"} == {
        "method",
        "path",
        "attempt",
        "status",
        "error",
        "waited",
        "elapsed",
    }
