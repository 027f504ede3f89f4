"""Each kind of store, for engines."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aurinko_async import MemoryStore, SQLiteStore


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "mirror.db") as opened:
        yield opened
