"""The example app as somebody runs it, and somebody who visits it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from html import unescape
from pathlib import Path

import aiohttp
from attrs import define, field

from aurinko_async.sandbox import Sandbox
from support.cli import environment

HOME = Path(__file__).parents[2] / "examples" / "inbox"
PATIENCE = 20.0
"""Seconds for anything to happen."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@define(eq=False)
class App:
    """The app in a process of its own; against a sandbox of ours when there is one, else against the built-in one."""

    data: Path
    sandbox: Sandbox | None = None
    port: int = field(factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        extra = {"PORT": str(self.port), "INBOX_DATA": str(self.data)}
        if self.sandbox is not None:
            extra |= {
                "AURINKO_BASE_URL": self.sandbox.url,
                "AURINKO_CLIENT_ID": self.sandbox.client_id,
                "AURINKO_CLIENT_SECRET": self.sandbox.client_secret,
                "AURINKO_SIGNING_SECRET": self.sandbox.signing_secret,
            }
        with (self.data.parent / "app.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "app.py",
                cwd=HOME,
                env=environment({**extra, "PYTHONDONTWRITEBYTECODE": "1"}),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(PATIENCE):
            while True:
                assert self.process.returncode is None, self.log
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    await writer.wait_closed()
                    return
                await asyncio.sleep(0.02)

    @property
    def log(self) -> str:
        return (self.data.parent / "app.log").read_text(encoding="utf-8")

    async def end(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None and self.process.returncode is None:
            os.kill(self.process.pid, number)
            async with asyncio.timeout(PATIENCE):
                await self.process.wait()

    async def synced(self) -> None:
        """Wait until the first sync of somebody's mail is complete."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with closing(sqlite3.connect(self.data / "mirror.db")) as mirror:
                    if mirror.execute("SELECT 1 FROM checkpoints WHERE finished_at IS NOT NULL").fetchone():
                        return
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(tmp_path: Path, sandbox: Sandbox | None = None) -> AsyncIterator[App]:
    """The app until the end of the test; what it logs has no traceback in it."""
    app = App(tmp_path / "data", sandbox)
    try:
        await app.start()
        yield app
    finally:
        await app.end(signal.SIGKILL)
    assert "Traceback" not in app.log, app.log


@define(eq=False)
class Visitor:
    """Somebody with cookies, but neither eyes nor JavaScript."""

    app: App
    session: aiohttp.ClientSession

    async def get(self, path: str, status: int = 200) -> str:
        async with self.session.get(self.app.url + path) as answer:
            assert answer.status == status, (path, answer.status)
            return await answer.text()

    async def post(self, path: str, origin: str | None = None) -> int:
        headers = {} if origin is None else {"Origin": origin}
        async with self.session.post(self.app.url + path, headers=headers, allow_redirects=False) as answer:
            return answer.status

    async def connect(self, service: str = "Google", **query: str) -> str:
        """Go to the provider and back; gives the address of the inbox. Who wants no page consents at once."""
        where = f"{self.app.url}/connect/{service}"
        async with self.session.get(where, params=query) as answer:
            assert answer.status == 200, await answer.text()
            return answer.url.path

    async def subjects(self, inbox: str) -> list[str]:
        """The list, newest first."""
        found = re.findall(r'data-subject="([^"]*)"', await self.get(f"{inbox}/list?limit=500"))
        return [unescape(one) for one in found]

    async def until(self, inbox: str, text: str, *, without: str = "Fetching") -> str:
        """Look at the list again and again until it has a text in it, and another one no more."""
        async with asyncio.timeout(PATIENCE):
            while text not in (page := await self.get(f"{inbox}/list")) or without in page:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return page

    @asynccontextmanager
    async def listening(self, inbox: str) -> AsyncIterator[aiohttp.StreamReader]:
        """The events of an open page, after the first one, which each page gets."""
        async with self.session.get(f"{self.app.url}{inbox}/events") as answer:
            assert answer.content_type == "text/event-stream"
            await hear(answer.content)
            yield answer.content


async def hear(stream: aiohttp.StreamReader) -> bytes:
    """The next event that is not only a sign of life."""
    async with asyncio.timeout(PATIENCE):
        while (event := await stream.readuntil(b"\n\n")).startswith(b":"):
            pass
        return event


@asynccontextmanager
async def visiting(app: App) -> AsyncIterator[Visitor]:
    """Somebody who was never here."""
    jar = aiohttp.CookieJar(unsafe=True)  # our hosts are IP addresses
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield Visitor(app, session)
