"""Each kind of store. What is promised of one is promised of all: another kind is one more line in `STORES`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager

import pytest

from aurinko_async.sync.store import Lease
from aurinko_async.sync.stores import MemoryStore, PostgresStore, SQLiteStore
from support.rows import KEY, Store

STORES: Mapping[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Store]]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda test: SQLiteStore(test.getfixturevalue("tmp_path") / "mirror.db"),
    "sqlite in memory": lambda _: SQLiteStore(":memory:"),
    "postgres": lambda test: PostgresStore(
        test.getfixturevalue("postgres_server").conninfo, schema=test.getfixturevalue("schema")
    ),
}


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """An empty store, open."""
    async with STORES[request.param](request) as opened:
        yield opened


@pytest.fixture
async def lease(store: Store) -> Lease:
    """Of the mail of account 42."""
    return (await store.begin(KEY))[0]
