"""Each kind of store. What is promised of one is promised of all: another kind is one more line in `STORES`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from aurinko_async.sync.store import Lease
from aurinko_async.sync.stores import MemoryStore, SQLiteStore
from support.rows import KEY, Store

STORES: Mapping[str, Callable[[Path], AbstractAsyncContextManager[Store]]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SQLiteStore(folder / "mirror.db"),
    "sqlite in memory": lambda _: SQLiteStore(":memory:"),
}


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store, open."""
    async with STORES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
async def lease(store: Store) -> Lease:
    """Of the mail of account 42."""
    return (await store.begin(KEY))[0]
