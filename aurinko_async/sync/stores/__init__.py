"""Where a sync keeps its place and, as a mirror, the records."""

from typing import TYPE_CHECKING

from aurinko_async._lazy import lazy

if TYPE_CHECKING:
    from aurinko_async.sync.stores.memory import MemoryStore
    from aurinko_async.sync.stores.postgres import PostgresStore
    from aurinko_async.sync.stores.sqlite import SQLiteStore

__all__ = ["MemoryStore", "PostgresStore", "SQLiteStore"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "memory": "MemoryStore",
            "postgres": "PostgresStore",
            "sqlite": "SQLiteStore",
        },
    )
