"""Other processes, and other programs, that have a SQLite store's file."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

WRITER = """
import asyncio, os, sys, time
from aurinko_async.sync.store import SyncKey
from aurinko_async.sync.stores import SQLiteStore
from support.rows import commit, row

def fork():
    child = os.fork()
    if not child:
        time.sleep(60)
        os._exit(0)
    print(child, flush=True)

async def main(path, account, pages, habit):
    async with SQLiteStore(path) as store:
        lease, checkpoint = await store.begin(SyncKey(account, "email"))
        if habit == "forks":
            fork()
        first = int(checkpoint or 0)
        for page in range(first, first + int(pages)):
            rows = [row(f"{page}-{n}", body="x" * 2000) for n in range(20)]
            await store.commit(lease, commit(*rows, checkpoint=str(page + 1)))
            print(page + 1, flush=True)
        if habit == "stays":
            time.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""
"""Commits pages of 20 records, its checkpoint counts them, and says so after each.

One that `forks` does so when it has the key, and first says the number of its child, which only sleeps. One that
`stays` does not give the key back after its last page.
"""


@contextlib.contextmanager
def writer(
    path: Path, account: str = "42", pages: int = 100_000, *, habit: str = "", stderr: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A process that commits page after page."""
    support = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {support!r})\n{WRITER}"]
    command += [str(path), account, str(pages), habit]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> int:
    """Wait for its next line."""
    assert process.stdout is not None
    return int(process.stdout.readline())


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program has the file, until the block ends."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
