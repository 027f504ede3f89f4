"""Delta sync that never loses a record."""

from typing import TYPE_CHECKING

from aurinko_async._lazy import lazy

if TYPE_CHECKING:
    from aurinko_async.sync.containers import ContainerSync
    from aurinko_async.sync.driver import DeltaSync
    from aurinko_async.sync.machine import Bounds
    from aurinko_async.sync.store import SyncKey, SyncState, SyncStore
    from aurinko_async.sync.stores import MemoryStore, PostgresStore, SQLiteStore
    from aurinko_async.sync.values import Batch, SweepOrder, SyncReport

__all__ = [
    "Batch",
    "Bounds",
    "ContainerSync",
    "DeltaSync",
    "MemoryStore",
    "PostgresStore",
    "SQLiteStore",
    "SweepOrder",
    "SyncKey",
    "SyncReport",
    "SyncState",
    "SyncStore",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "containers": "ContainerSync",
            "driver": "DeltaSync",
            "engine": "",
            "machine": "Bounds",
            "store": "SyncKey SyncState SyncStore",
            "stores": "MemoryStore PostgresStore SQLiteStore",
            "values": "Batch SweepOrder SyncReport",
        },
    )
