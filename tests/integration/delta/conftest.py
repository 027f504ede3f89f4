"""A sandbox on a clock of its own, a client of it, and each kind of store."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aurinko_async import AccountAuth, AurinkoClient, MemoryStore, PostgresStore, RetryPolicy, SQLiteStore
from aurinko_async.sandbox import Account, Sandbox
from support.clock import FakeClock
from support.delta import MESSAGES, PAGE


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(
        accounts=3, messages=MESSAGES, seed=7, page_size=PAGE, ready_after=1, clock=clock.time
    ) as running:
        yield running


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def aurinko(sandbox: Sandbox, account: Account, clock: FakeClock) -> AsyncIterator[AurinkoClient]:
    retry = RetryPolicy(attempts=2)
    async with AurinkoClient(AccountAuth(account.token), base_url=sandbox.url, retry=retry, clock=clock) as client:
        yield client


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == "sqlite":
        async with SQLiteStore(tmp_path / "mirror.db") as opened:
            yield opened
    else:
        server, schema = (request.getfixturevalue(name) for name in ("postgres_server", "schema"))
        async with PostgresStore(server.conninfo, schema=schema) as opened:
            yield opened
