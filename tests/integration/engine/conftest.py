"""Each kind of store, for engines."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aurinko_async import MemoryStore
from support.engine_worker import open_store


def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store of the asked kind is, as `open_store` takes it."""
    if request.param == "sqlite":
        return str(tmp_path / "mirror.db")
    server, schema = request.getfixturevalue("postgres_server"), request.getfixturevalue("schema")
    return f"{server.conninfo}|{schema}"


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with MemoryStore() if request.param == "memory" else open_store(place(request, tmp_path)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that processes share."""
    return place(request, tmp_path)
