"""Pages of 100 messages into SQLite, a transaction each: against bare `sqlite3` with the same table and settings.

The bare side has its parameters made beforehand; the store makes them of rows, of four accounts at once.
"""

import asyncio
import json
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from aurinko_async._codec import decode
from aurinko_async.models._row import Row
from aurinko_async.models.rows import MessageColumns
from aurinko_async.sync.store import Commit, SyncKey
from aurinko_async.sync.stores import SQLiteStore
from benchmarks.mail import message
from benchmarks.measure import Result, async_seconds, compare

ACCOUNTS = 4
PAGES = 10
"""Of each account."""
PAGE = 100
BODY = 3_000
"""Bytes; with it a message is 4.5 KB of JSON."""
SETTINGS = ("journal_mode", "synchronous", "wal_autocheckpoint", "journal_size_limit", "cache_size")


def pages() -> list[list[Row[MessageColumns]]]:
    rng = random.Random(BODY)
    records = [json.dumps(message(rng.getrandbits(60), BODY, rng), ensure_ascii=False) for _ in range(PAGES * PAGE)]
    rows = [decode(Row[MessageColumns], record.encode()) for record in records]
    return [rows[first : first + PAGE] for first in range(0, len(rows), PAGE)]


async def settings(store: SQLiteStore) -> list[str]:
    """What the store's own connection is set to."""
    assert store._connection is not None
    return await store._connection.perform(
        lambda database: [
            f"PRAGMA {name} = {database.connection.execute(f'PRAGMA {name}').fetchone()[0]}" for name in SETTINGS
        ]
    )


async def emptied(store: SQLiteStore) -> None:
    """Have a round find a file with room, so that none pays the system for making one grow."""
    assert store._connection is not None
    await store._connection.perform(lambda database: database.connection.execute("DELETE FROM messages"))


async def against_sqlite3(rounds: int, folder: Path) -> Result:
    """Each round writes all pages once for each of its accounts."""
    page_rows = pages()
    async with SQLiteStore(folder / "store.db") as store, SQLiteStore(folder / "bare.db") as other:
        chosen = await settings(other)
        lease, _ = await other.begin(SyncKey("template", "email"))
        for page in page_rows:
            await other.commit(lease, Commit(checkpoint="{}", generation=1, at=datetime.now(UTC), rows=page))
    names = [[f"{round_}-{number}" for number in range(ACCOUNTS)] for round_ in range(rounds + 1)]
    turns = {name: iter(names) for name in ("bare", "store")}
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as bare:
        for setting in chosen:
            bare.execute(setting)
        records = {record[1]: record[1:] for record in bare.execute("SELECT * FROM messages")}
        parameters = [[records[row.columns.id] for row in page] for page in page_rows]
        prepared = {
            name: [[(name, *record) for record in page] for page in parameters] for names_ in names for name in names_
        }
        marks = ", ".join("?" * (len(parameters[0][0]) + 1))

        async def plainly() -> None:
            for name in next(turns["bare"]):
                for page in prepared[name]:
                    bare.execute("BEGIN IMMEDIATE")
                    bare.executemany(f"INSERT INTO messages VALUES ({marks})", page)
                    bare.execute("COMMIT")

        async with SQLiteStore(folder / "store.db") as store:

            async def mirrored(account: str) -> None:
                lease, _ = await store.begin(SyncKey(account, "email"))
                for page in page_rows:
                    await store.commit(lease, Commit(checkpoint="{}", generation=1, at=datetime.now(UTC), rows=page))

            async def ours() -> None:
                async with asyncio.TaskGroup() as group:
                    for name in next(turns["store"]):
                        group.create_task(mirrored(name))

            async def cleared() -> None:
                bare.execute("DELETE FROM messages")
                await emptied(store)

            times = await async_seconds({"bare": plainly, "store": ours}, rounds, before=cleared)
    return compare("pages into `SQLiteStore`, speed of bare `sqlite3`", times["bare"], times["store"], "≥ 0.90")


def run(rounds: int) -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as folder:
        yield asyncio.run(against_sqlite3(rounds, Path(folder)))
