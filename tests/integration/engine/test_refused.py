"""A database that refuses: full, locked, its connections cut. Nothing is ahead of the data, and the engine goes on."""

import asyncio
import random
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aurinko_async import PostgresStore, SQLiteStore, SyncEngine
from aurinko_async.errors import StoreError
from aurinko_async.sandbox import Sandbox
from support.clock import FastClock
from support.everything import Meddler, all_mismatches
from support.postgres import PostgresServer
from support.proof import client_of, engine_of, meddling

pytestmark = pytest.mark.slow


@asynccontextmanager
async def sabotaged(work: Callable[[], Any]) -> AsyncIterator[None]:
    """Something that goes on beside."""
    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


class Counted:
    """A store that counts the commits which were refused, and checks that none of them moved a checkpoint."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, lease: Any, commit: Any) -> Any:
        try:
            return await self._store.commit(lease, commit)
        except StoreError:
            self.refused += 1
            raise


async def until_whole(engine: SyncEngine, tries: int = 20) -> None:
    for _ in range(tries):
        if (await engine.run()).complete:
            return
    raise AssertionError("it never came to its end")


async def test_a_sqlite_file_that_is_locked_and_full_now_and_then(tmp_path: Path) -> None:
    path, clock, dice = tmp_path / "mirror.db", FastClock(), random.Random(2)
    async with (
        Sandbox(accounts=4, messages=60, events=10, page_size=10, clock=clock.time) as sandbox,
        client_of(sandbox, clock) as client,
        SQLiteStore(path, busy_timeout=0.01) as opened,
    ):
        store = Counted(opened)

        async def lock() -> None:
            with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as other:
                while True:
                    other.execute("BEGIN IMMEDIATE")
                    await asyncio.sleep(0.03)
                    other.execute("ROLLBACK")
                    await asyncio.sleep(dice.uniform(0, 0.05))

        async def room(pages: int) -> None:
            await opened._run(lambda database: database.connection.execute(f"PRAGMA max_page_count = {pages}"))

        async def fill() -> None:
            try:
                while True:
                    await room(1)
                    await asyncio.sleep(0.03)
                    await room(1_000_000)
                    await asyncio.sleep(dice.uniform(0, 0.05))
            finally:
                await room(1_000_000)

        meddler = Meddler(2)
        engine = engine_of(client, store, clock)
        for sabotage in (lock, fill):
            async with meddling(sandbox, meddler, 1), sabotaged(sabotage):
                for _ in range(2):
                    await engine.run()
        await until_whole(engine)
        assert await all_mismatches(opened, sandbox) == []
    assert store.refused > 0


async def test_postgresql_connections_that_are_cut_at_any_instant(postgres_server: PostgresServer, schema: str) -> None:
    clock, dice = FastClock(), random.Random(3)
    async with (
        Sandbox(accounts=4, messages=60, events=10, page_size=10, clock=clock.time) as sandbox,
        client_of(sandbox, clock) as client,
        PostgresStore(postgres_server.conninfo, schema=schema) as opened,
        await psycopg.AsyncConnection.connect(postgres_server.conninfo, autocommit=True) as other,
    ):
        store, cut = Counted(opened), 0

        async def cutting() -> None:
            nonlocal cut
            while True:
                found = await other.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                    "AND backend_type = 'client backend' AND random() < 0.5"
                )
                cut += (await found.fetchone() or (0,))[0]
                await asyncio.sleep(dice.uniform(0, 0.1))

        engine = engine_of(client, store, clock)
        async with meddling(sandbox, Meddler(3), 1), sabotaged(cutting):
            for _ in range(2):
                await engine.run()
        await until_whole(engine)
        assert await all_mismatches(opened, sandbox) == []
        assert cut > 0
    sys.stdout.write(f"{cut} connections cut, {store.refused} commits refused\n")


async def test_deadlocks_with_somebody_elses_transactions(postgres_server: PostgresServer, schema: str) -> None:
    """Somebody updates rows of the mirror in an order of their own."""
    clock, dice = FastClock(), random.Random(4)
    async with (
        Sandbox(accounts=2, messages=80, events=5, page_size=20, clock=clock.time) as sandbox,
        client_of(sandbox, clock) as client,
        PostgresStore(postgres_server.conninfo, schema=schema) as store,
        await psycopg.AsyncConnection.connect(postgres_server.conninfo) as other,
    ):
        engine = engine_of(client, store, clock)
        await engine.run()

        async def tangle() -> None:
            ids = [id_ for account in sandbox.accounts for id_ in account.mail.messages]
            while True:
                try:
                    for id_ in dice.sample(ids, 20):
                        await other.execute(
                            f"UPDATE {schema}.messages SET deleted_at = deleted_at WHERE id = %s", [id_]
                        )
                    await other.commit()
                except psycopg.errors.OperationalError:
                    await other.rollback()

        meddler = Meddler(4)
        async with sabotaged(tangle):
            for _ in range(3):
                for account in sandbox.accounts:
                    account.expire_cursors()
                    for _ in range(20):
                        meddler.meddle(account)
                await engine.run()
        await until_whole(engine)
        assert await all_mismatches(store, sandbox) == []
