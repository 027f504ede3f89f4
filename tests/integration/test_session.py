"""What is sent again, what is not, and after how long, over real sockets."""

import asyncio
from typing import Any

import pytest

from aurinko_async import AccountAuth, AmbiguousResult, ApiError, Attempt, AurinkoClient, RetryPolicy, Timeout
from aurinko_async.errors import (
    ConnectionFailed,
    ConnectionLost,
    MalformedBody,
    NotFound,
    RateLimited,
    RequestTimeout,
    ServerError,
    TransportError,
)
from aurinko_async.models import EmailAddress, OutgoingEmail
from support.clock import FakeClock
from support.server import (
    Answer,
    cut,
    failing,
    hang_up,
    raw,
    reply,
    reset,
    serve,
    silence,
    then_close,
)
from support.talking import TOKEN, talk

OK = reply({"ok": True})
HTML = reply("<html><title>Hold on</title>", Content_Type="text/html")
LETTER = OutgoingEmail(to=[EmailAddress(address="bob@example.com")], subject="Hi")
LOST: dict[str, Answer] = {
    "reset": reset,
    "closed": hang_up,
    "cut in the head": raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "cut in the body": cut({"ok": True}, at=5),
    "reset in the body": cut({"ok": True}, at=5, rudely=True),
    "cut in a chunk": raw(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"ok"\r\n'),
    "no HTTP": raw(b"220 mail.example ESMTP\r\n"),
    "bad gzip": reply(b"no gzip at all", Content_Encoding="gzip"),
}


class TestStatuses:
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    async def test_a_failure_that_may_pass_is_retried(self, status: int, method: str) -> None:
        async with talk(failing(status), failing(status), OK) as it:
            assert await it.client.request(method, "/v1/things") == {"ok": True}
            assert it.server.methods == [method] * 3
            assert len(it.clock.slept) == 2
            assert it.clock.slept[0] <= 0.5
            assert it.clock.slept[1] <= 1.0

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 412, 422, 501])
    async def test_a_refusal_is_final(self, status: int, method: str) -> None:
        async with talk(failing(status, Retry_After="1")) as it:
            with pytest.raises(ApiError) as told:
                await it.client.request(method, "/v1/things", repeatable=True)
            assert (told.value.status, told.value.attempts) == (status, 1)
            assert it.server.methods == [method]
            assert it.clock.slept == []

    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    @pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
    async def test_what_may_have_been_done_is_not_done_again(self, status: int, method: str) -> None:
        async with talk(failing(status)) as it:
            with pytest.raises(ApiError) as told:
                await it.client.request(method, "/v1/things", body={})
            assert told.value.status == status
            assert told.value.maybe_processed
            assert it.server.methods == [method]

    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    async def test_what_was_turned_away_is_sent_again(self, method: str) -> None:
        async with talk(failing(429), failing(429), OK) as it:
            assert await it.client.request(method, "/v1/things", body={"n": 1}) == {"ok": True}
            assert [request.json for request in it.server.requests] == [{"n": 1}] * 3

    async def test_after_the_last_attempt_the_last_failure_is_raised(self) -> None:
        async with talk(failing(500), failing(502), failing(503), retry=RetryPolicy(attempts=3)) as it:
            with pytest.raises(ServerError) as told:
                await it.get()
            assert (told.value.status, told.value.attempts) == (503, 3)
            assert len(it.server.requests) == 3

    async def test_no_retries(self) -> None:
        async with talk(failing(503), retry=RetryPolicy(attempts=1)) as it:
            with pytest.raises(ServerError):
                await it.get()
            assert len(it.server.requests) == 1


class TestLostAnswers:
    @pytest.mark.parametrize("how", LOST)
    async def test_a_read_is_sent_again(self, how: str) -> None:
        async with talk(LOST[how], OK) as it:
            assert await it.get() == {"ok": True}
            assert it.server.methods == ["GET", "GET"]
            assert [attempt.status for attempt in it.attempts] == [None, 200]
            assert isinstance(it.attempts[0].error, ConnectionLost)

    @pytest.mark.parametrize("how", LOST)
    async def test_a_send_is_not(self, how: str) -> None:
        async with talk(LOST[how]) as it:
            with pytest.raises(AmbiguousResult, match="may have been processed") as told:
                await it.client.email.messages.send(LETTER)
            assert isinstance(told.value.__cause__, ConnectionLost)
            assert (told.value.method, told.value.path) == ("POST", "/v1/email/messages")
            await asyncio.sleep(0.01)
            assert it.server.methods == ["POST"]
            assert it.clock.slept == []

    async def test_a_send_without_an_answer_in_time(self) -> None:
        async with talk(silence, timeout=Timeout(read=0.05)) as it:
            with pytest.raises(AmbiguousResult) as told:
                await it.client.email.messages.send(LETTER)
            assert isinstance(told.value.__cause__, RequestTimeout)
            assert it.server.methods == ["POST"]

    async def test_a_read_without_an_answer_in_time_is_sent_again(self) -> None:
        async with talk(silence, OK, timeout=Timeout(read=0.2)) as it:
            assert await it.get() == {"ok": True}
            assert it.server.methods == ["GET", "GET"]

    async def test_a_kept_connection_that_closes_under_a_send(self) -> None:
        async with talk(then_close(OK)) as it:
            await it.get()
            with pytest.raises(AmbiguousResult):
                await it.client.email.messages.send(LETTER)
            await asyncio.sleep(0.01)
            assert it.server.methods == ["GET"]
            assert (it.server.cut_off, it.server.connections) == (1, 1)

    async def test_a_kept_connection_that_closes_under_a_read(self) -> None:
        async with talk(then_close(OK)) as it:
            await it.get()
            await it.get()
            assert it.server.methods == ["GET", "GET"]
            assert (it.server.cut_off, it.server.connections) == (1, 2)

    @pytest.mark.parametrize("how", ["reset", "closed"])
    @pytest.mark.parametrize("attempts", [1, 3])
    async def test_attempts_are_counted_even_where_the_http_library_would_try_again(
        self, how: str, attempts: int
    ) -> None:
        async with talk(*[LOST[how]] * 9, retry=RetryPolicy(attempts=attempts)) as it:
            with pytest.raises(ConnectionLost) as told:
                await it.get()
            assert told.value.attempts == attempts
            assert len(it.server.requests) == len(it.attempts) == attempts

    async def test_lost_after_it_was_turned_away(self) -> None:
        async with talk(failing(429), reset) as it:
            with pytest.raises(AmbiguousResult):
                await it.post()
            assert it.server.methods == ["POST", "POST"]

    @pytest.mark.parametrize("body", [b"<html>Hold on", b'{"id": "1", "to": [{"na', b'{"id": "\xff"}', b""])
    async def test_an_answer_that_is_not_json_is_asked_for_again(self, body: bytes) -> None:
        async with talk(reply(body), reply({"id": "1"})) as it:
            assert (await it.client.email.messages.get("1")).id == "1"
        async with talk(*[reply(body)] * 5) as it:
            with pytest.raises(MalformedBody):
                await it.client.email.messages.get("1")
            assert len(it.server.requests) == 5

    async def test_a_hook_that_raises_does_not_lose_the_result(self, caplog: pytest.LogCaptureFixture) -> None:
        def hook(_: Attempt) -> None:
            raise RuntimeError("a hook's own mistake")

        async with talk(reply({"id": "1"}, 201), on_attempt=hook) as it:
            assert (await it.client.email.messages.send(LETTER)).id == "1"
        assert "on_attempt" in caplog.text

    async def test_a_delete_that_was_turned_away_and_then_finds_nothing_did_not_delete(self) -> None:
        async with talk(failing(429), failing(404)) as it:
            with pytest.raises(NotFound):
                await it.client.email.messages.delete("1")

    async def test_but_not_by_sending_again(self) -> None:
        async with talk(HTML) as it:
            with pytest.raises(AmbiguousResult, match="HTML") as told:
                await it.client.email.messages.send(LETTER)
            assert isinstance(told.value.__cause__, MalformedBody)
            assert it.server.methods == ["POST"]

    async def test_json_of_another_shape_is_no_reason_to_ask_again(self) -> None:
        async with talk(reply([1, 2])) as it:
            with pytest.raises(Exception, match="object") as told:
                await it.client.email.messages.get("1")
            assert not isinstance(told.value, MalformedBody)
            assert len(it.server.requests) == 1

    async def test_a_mail_that_was_sent_incompletely_was_sent(self) -> None:
        async with talk(reply({"processingStatus": "Incomplete", "processingError": {}}, 201)) as it:
            assert (await it.client.email.messages.send(LETTER)).processing_status == "Incomplete"
            assert it.server.methods == ["POST"]


class LateServer(FakeClock):
    """Somebody who starts the server while the client waits."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await self.server.start(self.server.port)

    server: Any


class TestNeverConnected:
    async def closed_port(self) -> int:
        async with serve() as server:
            return server.port

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_what_was_never_sent_is_sent(self, method: str) -> None:
        clock = LateServer()
        async with serve() as server:
            await server.stop()
            clock.server = server
            async with AurinkoClient(AccountAuth(TOKEN), base_url=server.url, clock=clock) as client:
                assert await client.request(method, "/v1/things") == {}
            assert server.methods == [method]
            assert len(clock.slept) == 1

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_nobody_there(self, method: str) -> None:
        async with talk(base_url=f"http://127.0.0.1:{await self.closed_port()}") as it:
            with pytest.raises(ConnectionFailed, match=r"cannot connect to 127\.0\.0\.1") as told:
                await it.client.request(method, "/v1/things")
            assert told.value.attempts == len(it.attempts) == 5


class TestWidened:
    async def test_a_caller_may_have_a_send_repeated(self) -> None:
        async with talk(failing(503), reset, HTML, OK) as it:
            bold = it.client.with_options(retry=RetryPolicy(repeat_unsafe=True))
            assert await bold.request("POST", "/v1/things") == {"ok": True}
            assert it.server.methods == ["POST"] * 4
            it.server.script.append(reset)
            with pytest.raises(AmbiguousResult):
                await it.client.request("POST", "/v1/things")

    @pytest.mark.parametrize("broken", [failing(503), reset, HTML])
    async def test_an_operation_marked_repeatable_is_repeated(self, broken: Answer) -> None:
        async with talk(broken, reply({"ready": True})) as it:
            assert (await it.client.email.sync.start(days_within=3)).ready
            assert it.server.methods == ["POST", "POST"]
            it.server.script += [broken, OK]
            assert await it.client.request("POST", "/v1/things", repeatable=True) == {"ok": True}


class TestDelete:
    async def test_a_repeated_delete_that_finds_nothing_has_deleted(self) -> None:
        async with talk(failing(503), failing(404)) as it:
            assert (await it.client.email.messages.delete("1")).status == "Ok"
            it.server.script += [reset, failing(404)]
            assert await it.client.account.delete() is None
            assert it.server.methods == ["DELETE"] * 4

    async def test_a_first_delete_that_finds_nothing_has_not(self) -> None:
        async with talk(failing(404)) as it:
            with pytest.raises(NotFound):
                await it.client.email.messages.delete("1")

    async def test_nor_has_one_whose_first_attempt_never_arrived(self) -> None:
        clock = LateServer()
        async with serve(failing(404)) as server:
            await server.stop()
            clock.server = server
            async with AurinkoClient(AccountAuth(TOKEN), base_url=server.url, clock=clock) as client:
                with pytest.raises(NotFound):
                    await client.account.delete()

    async def test_other_methods_do_not_profit(self) -> None:
        async with talk(failing(503), failing(404)) as it:
            with pytest.raises(NotFound):
                await it.get()


class TestHowLong:
    async def test_the_server_says_how_long_in_seconds(self) -> None:
        async with talk(failing(503, Retry_After="7"), OK) as it:
            await it.get()
            assert it.clock.slept == [7.0]

    async def test_the_server_says_how_long_as_a_date(self) -> None:
        async with talk(failing(429, Retry_After="Mon, 21 Sep 2026 13:33:35 GMT"), OK) as it:
            it.clock.now = 1_789_997_600.0
            await it.get()
            assert it.clock.slept == [15.0]

    async def test_nonsense_is_no_wait(self) -> None:
        async with talk(failing(503, Retry_After="a while"), OK) as it:
            await it.get()
            assert it.clock.slept[0] <= 0.5

    @pytest.mark.parametrize("asked", ["86400", "9" * 400])
    async def test_more_than_we_are_willing_to_wait(self, asked: str) -> None:
        async with talk(failing(429, Retry_After=asked), OK) as it:
            await it.get()
            assert it.clock.slept == [120.0]

    async def test_the_account_is_closed_for_no_longer_either(self) -> None:
        async with talk(failing(429, Retry_After="86400"), retry=RetryPolicy(attempts=1, max_retry_after=5.0)) as it:
            with pytest.raises(RateLimited) as told:
                await it.get()
            assert told.value.retry_after == 86400.0
            began = it.clock.now
            await it.get()
            assert it.clock.now - began == 5.0

    async def test_the_deadline_ends_it(self) -> None:
        async with talk(*[failing(503, Retry_After="9")] * 9, retry=RetryPolicy(attempts=9, deadline=20.0)) as it:
            with pytest.raises(ServerError):
                await it.get()
            assert it.clock.slept == [9.0, 9.0]

    async def test_waiting_for_its_first_turn_does_not_count(self) -> None:
        async with talk(failing(429, Retry_After="60"), retry=RetryPolicy(attempts=1)) as it:
            with pytest.raises(RateLimited):
                await it.get()
            it.server.script += [failing(503), OK]
            patient = it.client.with_options(retry=RetryPolicy(deadline=5.0))
            assert await patient.request("GET", "/v1/things") == {"ok": True}
            assert it.clock.slept[0] == 60.0

    async def test_the_budget_is_one_for_all_calls(self) -> None:
        async with talk(retry=RetryPolicy(budget=7)) as it:
            it.server.default = failing(503)
            for _ in range(10):
                with pytest.raises(ServerError):
                    await it.client.with_auth(AccountAuth("another")).request("GET", "/v1/things")
            assert len(it.server.requests) == 10 + 7
            it.server.default = OK
            for _ in range(20):
                await it.get()
            it.server.requests.clear()
            it.server.default = failing(503)
            for _ in range(3):
                with pytest.raises(ServerError):
                    await it.get()
            assert len(it.server.requests) == 3 + 2

    async def test_a_slow_connection_is_given_up_for_a_new_attempt(self) -> None:
        async with talk(silence, silence, timeout=Timeout(read=0.03), retry=RetryPolicy(attempts=2)) as it:
            with pytest.raises(RequestTimeout) as told:
                await it.get()
            assert told.value.attempts == 2
            assert isinstance(told.value, TransportError)
