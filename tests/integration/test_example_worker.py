"""examples/worker, as a user runs it: two workers on one database."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aurinko_async.sandbox import Sandbox
from support.cli import environment, opens
from support.engine_worker import open_store
from support.everything import all_mismatches
from support.postgres import PostgresServer

pytestmark = pytest.mark.slow

pytest.importorskip("procrastinate", reason="the extra `worker` is not installed")
WORKER = Path(__file__).parents[2] / "examples" / "worker" / "worker.py"


async def start(where: dict[str, str], *mode: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(WORKER), *mode, env=environment(where), stderr=asyncio.subprocess.DEVNULL
    )


async def defer(conninfo: str) -> None:
    """As the clock does every five minutes."""
    from procrastinate import App, PsycopgConnector

    async with App(connector=PsycopgConnector(conninfo=conninfo)).open_async() as app:
        await app.configure_task("__main__.sync_accounts").defer_async()


async def until_done(conninfo: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(60), await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as database:
        while True:
            found: Any = await database.execute(
                "SELECT count(*) FILTER (WHERE status = 'succeeded'), count(*) FROM procrastinate_jobs"
            )
            done, jobs = await found.fetchone()
            if done == jobs > 1:
                return
            assert process.returncode is None
            await asyncio.sleep(0.05)


async def test_workers_mirror_all_accounts(postgres_server: PostgresServer, schema: str) -> None:
    with psycopg.connect(postgres_server.conninfo, autocommit=True) as database:
        database.execute(f"CREATE DATABASE {schema}")
    conninfo = postgres_server.conninfo.replace("dbname=postgres", f"dbname={schema}")
    async with Sandbox(accounts=3, messages=120, page_size=20) as sandbox:
        where = {**opens(sandbox), "DATABASE_URL": conninfo}
        assert await (await start(where, "schema")).wait() == 0
        await defer(conninfo)
        workers = [await start(where), await start(where)]
        try:
            await until_done(conninfo, workers[0])
        finally:
            for process in workers:
                process.terminate()
                await process.wait()
        async with open_store(f"{conninfo}|aurinko") as store:
            assert await all_mismatches(store, sandbox, ["email", "contacts"]) == []
    assert [process.returncode for process in workers] == [0, 0]
