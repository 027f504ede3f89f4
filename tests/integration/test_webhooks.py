"""The sandbox's webhooks against the receiver, over sockets, behind aiohttp's server and behind uvicorn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from aurinko_async import AccountAuth, AurinkoClient
from aurinko_async.errors import BadRequest
from aurinko_async.models import SubscriptionRequest
from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.webhooks import MESSAGES, Notification, WebhookReceiver, events_of, notify_engine
from support.clock import FakeClock
from support.hooked import SERVERS
from support.signing import signed, told


class Taken:
    """A handler that does what it is told, and then has seen the notification."""

    def __init__(self) -> None:
        self.seen: list[Notification] = []
        self.runs = 0
        self.failures: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.ran = asyncio.Event()

    async def __call__(self, notification: Notification) -> None:
        self.runs += 1
        self.ran.set()
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.seen.append(notification)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=1, messages=3, events=3, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[AurinkoClient]:
    async with AurinkoClient(AccountAuth(account.token), base_url=sandbox.url) as client:
        yield client


@pytest.fixture
def handler() -> Taken:
    return Taken()


@pytest.fixture(params=sorted(SERVERS))
def server(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def listening(sandbox: Sandbox, server: str, clock: FakeClock, handler: Taken) -> Any:
    @asynccontextmanager
    async def listen(secrets: Any = None, handle: Any = None, **options: Any) -> AsyncIterator[str]:
        receiver = WebhookReceiver(
            secrets or sandbox.signing_secret, handle or handler, **{"clock": clock.time, **options}
        )
        async with SERVERS[server](receiver) as url:
            yield url

    return listen


async def subscribe(client: AurinkoClient, url: str, resource: str = MESSAGES) -> Any:
    return await client.subscriptions.create(SubscriptionRequest(resource=resource, notification_url=url))


async def test_the_challenge_is_answered_and_notifications_arrive(
    sandbox: Sandbox, client: AurinkoClient, account: Account, listening: Any, handler: Taken
) -> None:
    async with listening() as url:
        made = await subscribe(client, f"{url}?tenant=a%2Fb")
        id_ = account.mail.add(subject="new")
        (delivery,) = await sandbox.deliver_webhooks()
    assert delivery.status == 200
    (seen,) = handler.seen
    assert (seen.subscription, seen.resource, seen.account_id) == (made.id, MESSAGES, account.id)
    assert [(change.id, change.change_type) for change in seen.changes] == [(id_, "created")]
    assert seen.sync_key == ("email", "")


async def test_with_another_secret_nobody_can_subscribe(client: AurinkoClient, listening: Any) -> None:
    async with listening("not the secret") as url:
        with pytest.raises(BadRequest, match="answered 401"):
            await subscribe(client, url)


async def test_a_secret_is_rotated_without_a_loss(
    sandbox: Sandbox, client: AurinkoClient, account: Account, listening: Any, handler: Taken
) -> None:
    async with listening(["the next secret", sandbox.signing_secret]) as url:
        await subscribe(client, url)
        account.mail.add()
        await sandbox.deliver_webhooks()
        sandbox.webhooks._secret = "the next secret"
        account.mail.add()
        await sandbox.deliver_webhooks()
    assert [delivery.status for delivery in sandbox.webhooks.deliveries] == [200, 200]
    assert len(handler.seen) == 2


async def test_503_is_retried_and_the_retry_is_taken_once(
    sandbox: Sandbox, client: AurinkoClient, account: Account, listening: Any, handler: Taken, clock: FakeClock
) -> None:
    handler.failures = [ValueError(), OSError(), TimeoutError()]
    async with listening() as url:
        await subscribe(client, url)
        account.mail.add()
        while (due := sandbox.webhooks.next_due) is not None:
            clock.now = due
            await sandbox.deliver_webhooks()
    assert [delivery.status for delivery in sandbox.webhooks.deliveries] == [503, 503, 503, 200]
    assert (handler.runs, len(handler.seen)) == (4, 1)
    (subscription,) = sandbox.webhooks.subscriptions.values()
    assert (subscription.active, subscription.fail_since) == (True, None)


async def test_a_retry_a_day_later_is_still_taken(
    sandbox: Sandbox, client: AurinkoClient, account: Account, listening: Any, handler: Taken, clock: FakeClock
) -> None:
    async with listening() as url:
        await subscribe(client, url)
        handler.failures = [ValueError()] * 1000
        account.mail.add()
        began = clock.now
        while (due := sandbox.webhooks.next_due) is not None:
            clock.now = due
            if due - began > 85_000:
                handler.failures.clear()
            await sandbox.deliver_webhooks()
    assert clock.now - began > 85_000
    assert {delivery.status for delivery in sandbox.webhooks.deliveries} == {503, 200}
    assert len(handler.seen) == 1


async def test_an_answer_that_was_lost_does_not_run_the_handler_again(
    sandbox: Sandbox, client: AurinkoClient, account: Account, listening: Any, handler: Taken, clock: FakeClock
) -> None:
    async with listening() as url:
        await subscribe(client, url)
        handler.gate.clear()
        sandbox.webhooks.answer_seconds = 0.05
        account.mail.add()
        (lost,) = await sandbox.deliver_webhooks()
        clock.now += 1
        sandbox.webhooks.answer_seconds = 5
        retrying = asyncio.ensure_future(sandbox.deliver_webhooks())
        await asyncio.sleep(0.01)
        handler.gate.set()
        (taken,) = await retrying
    assert (lost.status, taken.status) == (None, 200)
    assert (handler.runs, len(handler.seen)) == (1, 1)


async def test_a_slow_handler_is_503(
    sandbox: Sandbox, client: AurinkoClient, account: Account, listening: Any, handler: Taken, clock: FakeClock
) -> None:
    async with listening(handler_timeout=0.01) as url:
        await subscribe(client, url)
        handler.gate.clear()
        account.mail.add()
        (slow,) = await sandbox.deliver_webhooks()
        handler.gate.set()
        clock.now += 1
        (taken,) = await sandbox.deliver_webhooks()
    assert (slow.status, taken.status) == (503, 200)


async def test_a_full_receiver_is_503(
    sandbox: Sandbox, client: AurinkoClient, account: Account, listening: Any, handler: Taken, clock: FakeClock
) -> None:
    async with listening(capacity=1) as url:
        await subscribe(client, url)
        await subscribe(client, url, events_of())
        handler.gate.clear()
        account.mail.add()
        first = asyncio.ensure_future(sandbox.deliver_webhooks())
        await handler.ran.wait()
        account.calendars.add(subject="x")
        (full,) = await sandbox.deliver_webhooks()
        handler.gate.set()
        assert [delivery.status for delivery in await first] == [200]
        clock.now += 1
        (taken,) = await sandbox.deliver_webhooks()
    assert (full.status, taken.status) == (503, 200)
    assert [seen.resource for seen in handler.seen] == [MESSAGES, events_of()]


async def test_an_engine_hears_of_changes_as_they_happen(client: AurinkoClient, listening: Any, server: str) -> None:
    told_: asyncio.Queue[tuple[str, str | None]] = asyncio.Queue()

    class Engine:
        async def notify(self, account: str, resource: str | None = None) -> None:
            await told_.put((account, resource))

    async with Sandbox(accounts=1, messages=3, events=3, webhooks="auto") as sandbox:
        account = sandbox.accounts[0]
        receiver = WebhookReceiver(sandbox.signing_secret, notify_engine(Engine()))
        async with (
            SERVERS[server](receiver) as url,
            AurinkoClient(AccountAuth(account.token), base_url=sandbox.url) as client,
            asyncio.timeout(5),
        ):
            for resource in (MESSAGES, events_of()):
                await subscribe(client, url, resource)
            account.mail.add(subject="new")
            assert await told_.get() == (str(account.id), "email")
            account.calendars.add(subject="new")
            assert await told_.get() == (str(account.id), "calendar")
            account.token_status = "dead"
            assert [await told_.get() for _ in range(2)] == [(str(account.id), None)] * 2


# --- raw bytes on the socket


async def spoken(url: str, request: bytes) -> bytes:
    """What a server answers to bytes until it closes; nothing, where it resets the connection instead."""
    host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    answer = bytearray()
    try:
        with suppress(ConnectionError):
            writer.write(request)
            async with asyncio.timeout(5):
                while piece := await reader.read(65_536):
                    answer += piece
    finally:
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()
    return bytes(answer)


def raw(method: str, headers: list[tuple[str, str]], body: bytes, target: str = "/hook") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


BODY = told(payloads=[])


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (("POST", "signed", BODY), 200),
        (("POST", "signed", BODY[:-1] + b"\xff"), 400),
        (("POST", "signed", b""), 400),
        (("POST", "none", BODY), 401),
        (("POST", "doubled", BODY), 401),
        (("POST", "tampered", BODY), 401),
        (("POST", "signed", b" " * 2_000_000), 413),
        (("GET", "signed", b""), 405),
        (("HEAD", "signed", b""), 405),
        (("PUT", "signed", BODY), 405),
        (("DELETE", "signed", BODY), 405),
    ],
)
async def test_what_arrives_on_the_socket(
    sandbox: Sandbox, listening: Any, clock: FakeClock, handler: Taken, request_: tuple[str, str, bytes], status: int
) -> None:
    method, kind, body = request_
    proof = signed(body, secret=sandbox.signing_secret, at=clock.now)
    headers = {"signed": proof, "none": [], "doubled": proof * 2, "tampered": proof}[kind]
    sent = body.replace(b"7", b"8") if kind == "tampered" else body
    async with listening() as url:
        head = await spoken(url, raw(method, headers, sent))
    assert head.split(b" ")[1] == str(status).encode()
    assert len(handler.seen) == (status == 200)


async def test_ten_megabytes_are_refused_and_the_server_lives_on(
    client: AurinkoClient, listening: Any, handler: Taken
) -> None:
    async with listening() as url:
        head = await spoken(url, raw("POST", [], b"x" * 10_000_000))
        # A server may close a connection on which more comes than it reads, before its answer is seen.
        assert head.split(b" ")[1:2] in ([b"413"], [])
        await subscribe(client, url)
    assert handler.runs == 0


@pytest.mark.parametrize("method", ["BREW", "post", "P\x80ST", "X" * 9000, "POST /hook HTTP/1.1\r\nGET"])
async def test_methods_that_are_none(client: AurinkoClient, listening: Any, handler: Taken, method: str) -> None:
    async with listening() as url:
        head = await spoken(url, raw(method, [], BODY))
        assert head.split(b" ")[1] in (b"400", b"401", b"405"), "the server's word or ours"
        await subscribe(client, url)
    assert handler.runs == 0


@pytest.mark.parametrize(
    ("headers", "sent", "statuses"),
    [
        ([("Transfer-Encoding", "chunked")], b"5\r\nhello\r\nZZ\r\n", {b"400"}),
        ([("Transfer-Encoding", "chunked")], b"1000\r\n" + b"x" * 4096 + b"\r\n0\r\n\r\n", {b"413"}),
        ([("Transfer-Encoding", "chunked"), ("Content-Length", "3")], b"0\r\n\r\n", {b"400", b"401"}),
        ([("Content-Encoding", "gzip"), ("Content-Length", "9")], b"no gzip..", {b"400", b"401"}),
        ([("Content-Length", "x")], b"", {b"400"}),
    ],
)
async def test_a_body_that_is_not_what_its_head_says(
    client: AurinkoClient, listening: Any, handler: Taken, headers: Any, sent: bytes, statuses: set[bytes]
) -> None:
    lines = ["POST /hook HTTP/1.1", "Host: x", "Connection: close", *(f"{name}: {value}" for name, value in headers)]
    async with listening(max_body=100) as url:
        head = await spoken(url, ("\r\n".join(lines) + "\r\n\r\n").encode() + sent)
        assert head.split(b" ")[1] in statuses
        await subscribe(client, url)
    assert handler.runs == 0


async def test_a_body_in_chunks(sandbox: Sandbox, listening: Any, clock: FakeClock, handler: Taken) -> None:
    proof = [*signed(BODY, secret=sandbox.signing_secret, at=clock.now), ("Transfer-Encoding", "chunked")]
    head = raw("POST", proof, b"").replace(b"Content-Length: 0\r\n", b"")
    chunks = b"".join(b"1\r\n" + BODY[n : n + 1] + b"\r\n" for n in range(len(BODY)))
    async with listening() as url:
        assert (await spoken(url, head + chunks + b"0\r\n\r\n")).split(b" ")[1] == b"200"
    assert handler.runs == 1


async def test_who_hangs_up_in_the_middle_does_no_harm(
    client: AurinkoClient, listening: Any, handler: Taken, sandbox: Sandbox, clock: FakeClock
) -> None:
    proof = signed(BODY, secret=sandbox.signing_secret, at=clock.now)
    async with listening() as url:
        host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(raw("POST", proof, BODY)[:-5])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await subscribe(client, url)
    assert handler.runs == 0


async def test_who_sends_a_body_in_drops_is_not_waited_for(
    client: AurinkoClient, listening: Any, handler: Taken, sandbox: Sandbox, clock: FakeClock
) -> None:
    proof = signed(BODY, secret=sandbox.signing_secret, at=clock.now)
    head = raw("POST", proof, BODY)[:-5].replace(b"Connection: close\r\n", b"")
    async with listening(body_timeout=0.02) as url:
        answer = await spoken(url, head)
        assert answer.split(b" ")[1] == b"408"
        await subscribe(client, url)
    assert handler.runs == 0
