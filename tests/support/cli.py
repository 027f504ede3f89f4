"""The `aurinko` command as a user runs it: in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from aurinko_async.sandbox import Account, Sandbox

COMMAND = (sys.executable, "-m", "aurinko_async.cli")
TOO_LONG = 60.0
"""Seconds that no command of these tests takes."""


@frozen
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def account(self) -> Any:
        """The one account of a sync's document."""
        (account,) = self.json["accounts"]
        return account


def environment(extra: dict[str, str]) -> dict[str, str]:
    """The environment of a command: this one without what would set it up by accident."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("AURINKO_") and name != "FORCE_COLOR"
    }
    return {**kept, "COLUMNS": "200", "PYTHONWARNINGS": "error", **extra}


def opens(sandbox: Sandbox, account: Account | None = None, **extra: str) -> dict[str, str]:
    """The environment that names a sandbox and an account of it; without one, the application."""
    if account is not None:
        return {"AURINKO_BASE_URL": sandbox.url, "AURINKO_ACCESS_TOKEN": account.token, **extra}
    return {
        "AURINKO_BASE_URL": sandbox.url,
        "AURINKO_CLIENT_ID": sandbox.client_id,
        "AURINKO_CLIENT_SECRET": sandbox.client_secret,
        **extra,
    }


@asynccontextmanager
async def started(
    *args: object, command: tuple[str, ...] = COMMAND, cwd: Path | None = None, terminal: int | None = None, **env: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command that is running, its output kept or on a terminal; killed in the end if it still is."""
    process = await asyncio.create_subprocess_exec(
        *command,
        *map(str, args),
        env=environment(env),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE if terminal is None else terminal,
        stderr=asyncio.subprocess.PIPE if terminal is None else terminal,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process: asyncio.subprocess.Process) -> Ran:
    """Wait for its end, within reason."""
    async with asyncio.timeout(TOO_LONG):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


async def aurinko(*args: object, cwd: Path | None = None, command: tuple[str, ...] = COMMAND, **env: str) -> Ran:
    """Run a command to its end; it never shows a traceback."""
    async with started(*args, cwd=cwd, command=command, **env) as process:
        ran = await ended(process)
    assert "Traceback" not in ran.err, ran.err
    return ran


async def on_terminal(*args: object, columns: int = 200, lines: int = 50, **env: str) -> str:
    """Run a command on a pseudo-terminal of that size; gives all that it showed."""
    import fcntl
    import pty
    import struct
    import termios

    controller, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    async with started(*args, terminal=side, COLUMNS="", **env) as process:
        os.close(side)
        seen = await asyncio.to_thread(_drained, controller)
        await process.wait()
    os.close(controller)
    return seen


def _drained(controller: int) -> str:
    seen = b""
    while True:
        try:
            piece = os.read(controller, 65536)
        except OSError:  # the other side is closed
            return seen.decode()
        if not piece:
            return seen.decode()
        seen += piece
