"""Where a sync keeps its place and, as a mirror, the records."""

from aurinko_async.sync.stores.memory import MemoryStore
from aurinko_async.sync.stores.postgres import PostgresStore
from aurinko_async.sync.stores.sqlite import SQLiteStore

__all__ = ["MemoryStore", "PostgresStore", "SQLiteStore"]
