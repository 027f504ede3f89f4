"""Pages of 100 messages into PostgreSQL: against the bare `INSERT ... SELECT FROM unnest(...)` of the same rows.

Both sides write eight accounts at once over as many connections to one server, which flushes each transaction to disk.
The bare side is one statement a page, its parameters made beforehand; the store makes them of rows, looks up what is
known, and saves a checkpoint in the same transaction. Time is the wall's: most of it is the server's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from aurinko_async.sync.store import Commit, SyncKey
from aurinko_async.sync.stores import PostgresStore
from aurinko_async.sync.stores import _postgres_sql as sql
from aurinko_async.sync.stores._tables import MESSAGES
from benchmarks.measure import Result, compare, skipped
from benchmarks.store import ACCOUNTS, pages

SETTINGS = ("listen_addresses=", "autovacuum=off")
"""As it comes, but for maintenance that would fall on either side."""
WHAT = "pages into `PostgresStore`, speed of a bare `unnest`"
ENOUGH = 15
"""Rounds; the tables grow with each."""


def parameters(account: str, pages_: list[Any]) -> list[list[Any]]:
    """What psycopg is given for each page: documents as texts."""
    made: list[list[Any]] = []
    for page in pages_:
        rows = {row.id: row for row in page}
        texts = [row.raw.decode() for row in page]
        values = sql.parameters(MESSAGES, (account,), 1, rows, sql.DOCUMENTS[0])
        made.append([texts if isinstance(value, sql.Texts) else value for value in values])
    return made


async def wall_seconds(
    contenders: Mapping[str, Callable[[list[str]], Awaitable[float]]], rounds: int
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(rounds + 1):
        for name, run in contenders.items():
            accounts = [f"{round_}-{number}" for number in range(ACCOUNTS)]
            times[name].append(await run(accounts))
    return {name: measured[1:] for name, measured in times.items()}


async def against_unnest(rounds: int, conninfo: str) -> Result:
    import psycopg
    from psycopg_pool import AsyncConnectionPool

    page_rows = pages()
    upsert = sql.statements("bare", MESSAGES).upsert.encode()
    async with PostgresStore(conninfo, schema="bare"):
        pass
    pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] = AsyncConnectionPool(
        conninfo, kwargs={"autocommit": True}, min_size=ACCOUNTS, max_size=ACCOUNTS, open=False
    )
    async with pool, PostgresStore(conninfo, min_size=ACCOUNTS, max_size=ACCOUNTS) as store:
        await pool.wait()

        async def page_by_page(account: str, prepared: list[list[Any]]) -> None:
            for page in prepared:
                async with pool.connection() as connection:
                    await connection.execute(upsert, page)

        async def plainly(accounts: list[str]) -> float:
            prepared = {account: parameters(account, page_rows) for account in accounts}
            started = time.perf_counter()
            async with asyncio.TaskGroup() as group:
                for account in accounts:
                    group.create_task(page_by_page(account, prepared[account]))
            return time.perf_counter() - started

        async def mirrored(account: str) -> None:
            lease, _ = await store.begin(SyncKey(account, "email"))
            for page in page_rows:
                await store.commit(lease, Commit(checkpoint="{}", generation=1, at=datetime.now(UTC), rows=page))
            await store.release(lease)

        async def ours(accounts: list[str]) -> float:
            started = time.perf_counter()
            async with asyncio.TaskGroup() as group:
                for account in accounts:
                    group.create_task(mirrored(account))
            return time.perf_counter() - started

        times = await wall_seconds({"bare": plainly, "store": ours}, min(rounds, ENOUGH))
    return compare(WHAT, times["bare"], times["store"], "≥ 0.8")


def run(rounds: int) -> Iterator[Result]:
    try:
        import_module("psycopg_pool")
        from tests.support.postgres import binaries, running
    except ImportError as missing:
        yield skipped(WHAT, f"{missing.name} is not there")
        return
    programs = binaries()
    if programs is None:
        yield skipped(WHAT, "no PostgreSQL server is installed")
        return
    with running(programs, SETTINGS) as server:
        yield asyncio.run(against_unnest(rounds, server.conninfo))
