"""Bytes, timeouts, cancellation and closing, over real sockets."""

import asyncio
import gzip
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from attrs import evolve

from aurinko_async import AccountAuth, AmbiguousResult, AurinkoClient, RetryPolicy, Timeout, UserCookieAuth
from aurinko_async.errors import (
    ApiError,
    ConfigError,
    ConnectionFailed,
    ConnectionLost,
    NotFound,
    RequestTimeout,
    TransportError,
)
from support.clock import FakeClock
from support.server import drip, failing, raw, reply, reset, silence
from support.talking import TOKEN, Talk, talk

OK = reply({"ok": True})
ONCE = RetryPolicy(attempts=1)


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that takes no connection and refuses none."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield port
        for filler in fillers:
            filler.close()


class TestBytes:
    async def test_a_request_on_the_wire(self) -> None:
        async with talk() as it:
            await it.client.request(
                "PUT",
                "/v1/things/{id}/parts/{part}",
                path_args={"id": "a/b=+%.. \u65e5", "part": ".."},
                query={"q": "x y&z", "n": [1, 2], "on": True},
                body={"text": "\u00e9"},
                headers={"If-Match": '"e"'},
            )
            [request] = it.server.requests
            assert request.target == (
                "/v1/things/a%2Fb%3D%2B%25..%20%E6%97%A5/parts/%2E%2E?q=x%20y%26z&n=1&n=2&on=true"
            )
            assert request.json == {"text": "\u00e9"}
            assert request.header("Authorization") == f"Bearer {TOKEN}"
            assert request.header("Content-Type") == "application/json"
            assert request.header("Accept") == "application/json"
            assert request.header("If-Match") == '"e"'
            assert request.header("User-Agent") == "aurinko-async"
            assert "gzip" in (request.header("Accept-Encoding") or "")

    async def test_a_post_without_a_body_has_none(self) -> None:
        async with talk() as it:
            await it.client.request("POST", "/v1/things")
            [request] = it.server.requests
            assert request.body == b""
            assert request.header("Content-Length") == "0"
            assert request.header("Content-Type") is None

    async def test_gzip(self) -> None:
        body = json.dumps({"text": "x" * 100_000}).encode()
        async with talk(reply(gzip.compress(body), Content_Encoding="gzip")) as it:
            assert len((await it.get())["text"]) == 100_000

    async def test_a_huge_body_both_ways(self) -> None:
        text = "\u65e5" * 2_000_000
        async with talk(reply({"text": text})) as it:
            assert (await it.client.request("POST", "/v1/things", body={"text": text}))["text"] == text
            assert it.server.requests[0].json == {"text": text}

    async def test_a_body_in_chunks_and_one_that_ends_with_the_connection(self) -> None:
        chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n3\r\n 1}\r\n0\r\n\r\n'
        async with talk(raw(chunked), raw(b'HTTP/1.1 200 OK\r\n\r\n{"b": 2}')) as it:
            assert [await it.get(), await it.get()] == [{"a": 1}, {"b": 2}]

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_a_redirect_is_not_followed(self, status: int) -> None:
        async with talk() as it:
            it.server.script.append(failing(status, Location=f"{it.server.url}/elsewhere"))
            with pytest.raises(ApiError) as told:
                await it.get()
            assert told.value.status == status
            assert [request.path for request in it.server.requests] == ["/v1/things"]

    async def test_the_servers_words_for_a_status_are_kept(self) -> None:
        async with talk(reply(b"", 404, reason="The record could not be found")) as it:
            with pytest.raises(NotFound, match="The record could not be found"):
                await it.get()

    async def test_connections_are_kept_and_shared_by_all_accounts(self) -> None:
        async with talk() as it:
            for number in range(5):
                await it.client.with_auth(AccountAuth(f"t{number}")).request("GET", "/v1/things")
            assert it.server.connections == 1


class TestCookies:
    """One pool serves many accounts: a cookie that one was given must not go out with another."""

    async def visit(self, it: Talk, client: AurinkoClient) -> list[str | None]:
        it.server.script += [reply({}, Set_Cookie="AUR9=s3cret-of-a; Path=/"), OK, OK]
        await client.request("GET", "/v1/things")
        await client.with_auth(UserCookieAuth("AUR1", "b", "client")).request("GET", "/v1/things")
        await client.with_auth(AccountAuth("c")).request("GET", "/v1/things")
        return [request.header("Cookie") for request in it.server.requests]

    async def test_with_our_own_session(self) -> None:
        async with talk() as it:
            client = AurinkoClient(AccountAuth("a"), base_url=it.server.url.replace("127.0.0.1", "localhost"))
            async with client:
                assert await self.visit(it, client) == [None, "AUR1=b", None]

    async def test_with_the_callers_session_that_keeps_cookies(self) -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session, talk(session=session) as it:
            assert await self.visit(it, it.client) == [None, "AUR1=b", None]


class TestTimeouts:
    @pytest.mark.parametrize("timeout", [0.2, Timeout(total=0.2), Timeout(read=0.05)])
    async def test_no_answer(self, timeout: Any) -> None:
        async with talk(silence, timeout=timeout, retry=ONCE) as it:
            with pytest.raises(RequestTimeout, match="no answer in time"):
                await it.get()
            await it.server.until(lambda: it.server.open == 0)

    @pytest.mark.parametrize("timeout", [0.2, Timeout(total=0.2), Timeout(read=0.05)])
    async def test_an_answer_that_stops_in_the_middle(self, timeout: Any) -> None:
        async with talk(drip({"ok": True}, asyncio.Event()), timeout=timeout, retry=ONCE) as it:
            with pytest.raises(RequestTimeout):
                await it.get()
            await it.server.until(lambda: it.server.open == 0)

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("timeout", [0.2, Timeout(connect=0.05), Timeout(total=0.2)])
    async def test_no_connection(self, timeout: Any, method: str, deaf_port: int) -> None:
        async with talk(base_url=f"http://127.0.0.1:{deaf_port}", timeout=timeout, retry=ONCE) as it:
            with pytest.raises(ConnectionFailed, match="no connection in time"):
                await it.client.request(method, "/v1/things")

    @pytest.mark.parametrize("timeout", [0.2, Timeout(connect=0.05)])
    async def test_no_address(self, timeout: Any) -> None:
        options: dict[str, Any] = {"timeout": timeout, "retry": ONCE, "base_url": "http://nowhere.example"}
        async with hanging_session() as session, talk(session=session, **options) as it:
            with pytest.raises(ConnectionFailed):
                await it.post()

    async def test_a_name_that_does_not_exist(self) -> None:
        async with talk(base_url="http://nowhere.invalid", retry=ONCE) as it:
            with pytest.raises(ConnectionFailed, match=r"cannot connect to nowhere\.invalid:80"):
                await it.post()


class HangingResolver(aiohttp.abc.AbstractResolver):
    async def resolve(self, host: str, port: int = 0, family: int = 0) -> Any:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


@asynccontextmanager
async def hanging_session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=HangingResolver())) as session:
        yield session


class Asleep(FakeClock):
    """A clock on which a sleeper sleeps until it is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.sleeping = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.sleeping.set()
        await asyncio.Event().wait()


async def cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class TestCancellation:
    """Cancelled at any stage, a call leaves no task (every test is watched for that), no connection and no slot."""

    async def nothing_left(self, it: Talk) -> None:
        gates = it.client._shared.gates
        assert gates._window.idle
        assert all(gate.idle for gate in gates._accounts.values())
        await it.server.until(lambda: it.server.open == 0)

    async def test_waiting_for_a_slot(self) -> None:
        async with talk(silence) as it:
            first = [asyncio.ensure_future(it.get()) for _ in range(4)]
            await it.server.until(lambda: len(it.server.requests) == 4 or it.server.active["*"] == 1)
            waiting = asyncio.ensure_future(it.get())
            await asyncio.sleep(0)
            await cancel(waiting)
            for task in first:
                task.cancel()
            await asyncio.gather(*first, return_exceptions=True)
            await it.client.close()
            await self.nothing_left(it)

    async def test_connecting(self, deaf_port: int) -> None:
        async with talk(base_url=f"http://127.0.0.1:{deaf_port}") as it:
            task = asyncio.ensure_future(it.get())
            await asyncio.sleep(0.02)
            await cancel(task)
            await self.nothing_left(it)

    async def test_looking_up_the_address(self) -> None:
        async with hanging_session() as session, talk(session=session, base_url="http://nowhere.example") as it:
            task = asyncio.ensure_future(it.get())
            await asyncio.sleep(0.005)
            await cancel(task)
            await self.nothing_left(it)

    async def test_waiting_for_the_answer(self) -> None:
        async with talk(silence) as it:
            task = asyncio.ensure_future(it.get())
            await it.server.arrived.wait()
            await cancel(task)
            await self.nothing_left(it)

    async def test_reading_the_body(self) -> None:
        begun = asyncio.Event()
        async with talk(drip({"ok": True}, begun)) as it:
            task = asyncio.ensure_future(it.get())
            await begun.wait()
            await asyncio.sleep(0.005)
            await cancel(task)
            await self.nothing_left(it)

    async def test_sleeping_before_another_attempt(self) -> None:
        clock = Asleep()
        async with talk(failing(503), clock=clock) as it:
            task = asyncio.ensure_future(it.get())
            await clock.sleeping.wait()
            assert it.client._shared.gates._window.idle
            await cancel(task)
            await it.client.close()
            await self.nothing_left(it)

    async def test_the_next_call_is_not_hurt(self) -> None:
        async with talk(silence) as it:
            task = asyncio.ensure_future(it.get())
            await it.server.arrived.wait()
            await cancel(task)
            it.server.script.append(OK)
            assert await it.get() == {"ok": True}


class TestClosing:
    async def test_with_requests_in_flight_it_is_prompt_and_they_end(self) -> None:
        async with talk(*[silence] * 9) as it:
            reads = [asyncio.ensure_future(it.get()) for _ in range(6)]
            send = asyncio.ensure_future(it.client.with_auth(AccountAuth("b")).request("POST", "/v1/things"))
            await it.server.until(lambda: len(it.server.requests) == 5)
            began = time.monotonic()
            await it.client.close()
            ends = await asyncio.gather(*reads, send, return_exceptions=True)
            assert time.monotonic() - began < 0.5
            assert all(isinstance(end, ConfigError | ConnectionLost) for end in ends[:-1]), ends
            assert isinstance(ends[-1], AmbiguousResult)
            assert it.clock.slept == []
            assert len(it.server.requests) == 5
            await it.server.until(lambda: it.server.open == 0)

    async def test_a_call_that_is_connecting_was_not_sent(self) -> None:
        found = asyncio.Event()

        class Resolver(HangingResolver):
            async def resolve(self, host: str, port: int = 0, family: int = 0) -> Any:
                await found.wait()
                return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

        async with talk() as it:
            it.client._shared.transport._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=Resolver())
            )
            client = it.client
            client._session = evolve(client._session, base_url=f"http://somewhere.example:{it.server.port}")
            send = asyncio.ensure_future(it.post())
            await asyncio.sleep(0.005)
            await client.close()
            found.set()
            with pytest.raises(ConnectionFailed):
                await send
            assert it.server.requests == []

    async def test_a_call_that_sleeps_before_another_attempt_does_not_make_it(self) -> None:
        async with talk(failing(503, Retry_After="9")) as it:
            waking = asyncio.Event()

            async def sleep(seconds: float) -> None:
                await waking.wait()

            it.clock.sleep = sleep  # type: ignore[method-assign]
            task = asyncio.ensure_future(it.get())
            await it.server.arrived.wait()
            await asyncio.sleep(0.01)
            await it.client.close()
            waking.set()
            with pytest.raises(ConfigError, match="closed"):
                await task
            assert len(it.server.requests) == 1

    async def test_a_closed_client_refuses_and_so_do_its_views(self) -> None:
        async with talk() as it:
            view = it.client.with_auth(AccountAuth("b"))
            await it.client.close()
            await it.client.close()
            for client in (it.client, view):
                with pytest.raises(ConfigError, match="the client is closed"):
                    await client.request("GET", "/v1/things")
            assert it.server.connections == 0
            assert it.attempts == []

    async def test_closing_a_view_closes_nothing(self) -> None:
        async with talk() as it:
            async with it.client.with_auth(AccountAuth("b")) as view:
                await view.request("GET", "/v1/things")
            await it.get()
            assert it.server.connections == 1

    async def test_a_client_that_never_sent_has_nothing_to_close(self) -> None:
        async with AurinkoClient(AccountAuth("a")):
            pass


class TestCallersSession:
    async def test_it_is_used_and_not_closed(self) -> None:
        async with aiohttp.ClientSession(headers={"X-Theirs": "1"}) as session:
            async with talk(session=session) as it:
                await it.get()
                assert it.server.requests[0].header("X-Theirs") == "1"
            assert not session.closed
            with pytest.raises(ConfigError, match="closed"):
                await it.get()

    async def test_its_middlewares_still_run(self) -> None:
        seen: list[str] = []

        async def note(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
            seen.append(request.method)
            return await send(request)

        async with aiohttp.ClientSession(middlewares=[note]) as session, talk(reset, OK, session=session) as it:
            await it.get()
            assert seen == it.server.methods == ["GET", "GET"]

    async def test_its_habits_do_not_change_ours(self) -> None:
        timeout = aiohttp.ClientTimeout(total=0.001)
        session = aiohttp.ClientSession(raise_for_status=True, timeout=timeout)
        async with session, talk(failing(404), session=session) as it:
            with pytest.raises(NotFound, match="some words"):
                await it.get()

    async def test_closed_by_its_owner_it_refuses(self) -> None:
        async with aiohttp.ClientSession() as session, talk(session=session) as it:
            await session.close()
            with pytest.raises(ConfigError, match="closed"):
                await it.get()


async def test_a_lost_connection_tells_no_more_than_that(deaf_port: int) -> None:
    no_http = raw(b"220 private-body-of-an-answer\r\n")
    async with talk(no_http, reset, retry=ONCE) as it:
        for _ in range(2):
            with pytest.raises(TransportError) as told:
                await it.client.request(
                    "GET", "/v1/things/{id}", path_args={"id": "private-id"}, query={"q": "private-query"}
                )
            assert "private" not in str(told.value)
            assert str(told.value).startswith("the connection broke: ")
            assert len(str(told.value)) > len("the connection broke: ")
            assert isinstance(told.value.__cause__, aiohttp.ClientError)
