"""The web app of docs/webhooks.md in a process of its own, which dies at the worst of moments."""

from __future__ import annotations

import asyncio
import re
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest

from aurinko_async.sandbox import Account, Fault, Sandbox
from support.cli import environment
from support.clock import FakeClock

PAGE = Path(__file__).parents[3] / "docs" / "webhooks.md"
(PROGRAM,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(time.time())


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=2, messages=20, seed=9, clock=clock.time) as running:
        yield running


@pytest.fixture
def port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        number: int = free.getsockname()[1]
    return number


@asynccontextmanager
async def app(sandbox: Sandbox, port: int, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program, once it answers."""
    settings = {
        "AURINKO_BASE_URL": sandbox.url,
        "AURINKO_CLIENT_ID": sandbox.client_id,
        "AURINKO_CLIENT_SECRET": sandbox.client_secret,
        "AURINKO_SIGNING_SECRET": sandbox.signing_secret,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, cwd=folder, env=environment(settings), stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await until(lambda: answers(process, port))
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def answers(process: asyncio.subprocess.Process, port: int) -> bool:
    assert process.returncode is None, "the app ended"
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while True:
            if await happened():
                return
            await asyncio.sleep(0.01)


async def ask(port: int, method: str, path: str) -> object:
    async with aiohttp.ClientSession() as http, http.request(method, f"http://127.0.0.1:{port}{path}") as answer:
        assert answer.status == 200, await answer.text()
        found: object = await answer.json()
        return found


async def mirrors(port: int, account: Account) -> None:
    """Wait until it has the account's mail."""

    async def equal() -> bool:
        return await ask(port, "GET", f"/accounts/{account.id}/count") == len(account.mail.messages)

    await until(equal)


def wishes(folder: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(folder / "mirror.db")) as database:
        return database.execute("SELECT account, resource FROM marks").fetchall()


async def test_the_app_of_the_docs_follows_by_webhooks(sandbox: Sandbox, port: int, tmp_path: Path) -> None:
    account = sandbox.accounts[0]
    async with app(sandbox, port, tmp_path) as process:
        await mirrors(port, account)
        assert await ask(port, "POST", f"/accounts/{account.id}/subscriptions") == ["created"]
        assert await ask(port, "POST", f"/accounts/{account.id}/subscriptions") == ["adopted"]
        account.mail.add_many(3)
        assert [delivery.status for delivery in await sandbox.deliver_webhooks()] == [200]
        await mirrors(port, account)
        process.terminate()
        assert await process.wait() == 0
    assert wishes(tmp_path) == []


async def test_a_crash_right_after_the_200_loses_nothing(sandbox: Sandbox, port: int, tmp_path: Path) -> None:
    account = sandbox.accounts[0]
    async with app(sandbox, port, tmp_path) as process:
        await mirrors(port, account)
        await ask(port, "POST", f"/accounts/{account.id}/subscriptions")
        stuck = Fault("hang", times=None, path="email.sync.*")
        sandbox.faults.add(stuck)
        account.mail.add_many(3)
        assert [delivery.status for delivery in await sandbox.deliver_webhooks()] == [200]
        process.kill()
        await process.wait()
    sandbox.faults.remove(stuck)
    assert wishes(tmp_path) == [(str(account.id), "email")]
    async with app(sandbox, port, tmp_path):
        await mirrors(port, account)

        async def answered() -> bool:
            return wishes(tmp_path) == []

        await until(answered)


async def test_a_crash_before_the_handler_is_done_leaves_the_retry_to_be_taken(
    sandbox: Sandbox, clock: FakeClock, port: int, tmp_path: Path
) -> None:
    account = sandbox.accounts[0]
    async with app(sandbox, port, tmp_path) as process:
        await mirrors(port, account)
        await ask(port, "POST", f"/accounts/{account.id}/subscriptions")
        with closing(sqlite3.connect(tmp_path / "mirror.db", isolation_level=None)) as other:
            # The wish cannot be kept, so the handler does not come to its end.
            other.execute("BEGIN IMMEDIATE")
            account.mail.add_many(3)
            delivering = asyncio.ensure_future(sandbox.deliver_webhooks())
            await asyncio.sleep(0.05)
            assert not delivering.done()
            process.kill()
            assert [delivery.status for delivery in await delivering] == [None]
        await process.wait()
    assert wishes(tmp_path) == []
    async with app(sandbox, port, tmp_path):
        clock.now += 5
        assert [delivery.status for delivery in await sandbox.deliver_webhooks()] == [200]
        await mirrors(port, account)
