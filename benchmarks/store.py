"""Pages of 100 messages into SQLite: against bare `sqlite3` with the same table and settings, a transaction each.

Once from rows: the bare side has its parameters made beforehand, the store makes them, of eight accounts at once and of
one after the other. And once from the bytes of the pages, of eight at once: the bare side is the script that one would
write, with `orjson` and `executemany`.
"""

import asyncio
import random
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from aurinko_async._codec import decode
from aurinko_async.models._row import Row
from aurinko_async.models.pages import DeltaPage
from aurinko_async.models.rows import MessageColumns
from aurinko_async.sync.store import Commit, SyncKey
from aurinko_async.sync.stores import SQLiteStore
from benchmarks.mail import message
from benchmarks.measure import Result, async_seconds, compare

ACCOUNTS = 8
PAGES = 5
"""Of each account."""
PAGE = 100
BODY = 3_000
"""Bytes; with it a message is 4.2 KB of JSON."""
SETTINGS = ("journal_mode", "synchronous", "wal_autocheckpoint", "journal_size_limit", "cache_size", "temp_store")
SETTLE = "PRAGMA wal_checkpoint"
INSERT = f"INSERT INTO messages VALUES ({', '.join('?' * 18)})"

_made = count()


def bodies() -> list[bytes]:
    """The pages as the API sends them."""
    rng = random.Random(BODY)
    records = [message(rng.getrandbits(60), BODY, rng) for _ in range(PAGES * PAGE)]
    return [orjson.dumps({"records": records[first : first + PAGE]}) for first in range(0, len(records), PAGE)]


def pages() -> list[Sequence[Row[MessageColumns]]]:
    """The same as rows."""
    return [decode(DeltaPage[Row[MessageColumns]], body).records for body in bodies()]


def script(account: str, body: bytes) -> list[tuple[Any, ...]]:
    """The parameters that a script would make of a page."""
    return [
        (
            account,
            record["id"],
            record["threadId"],
            record["folderId"],
            record["internetMessageId"],
            record["subject"],
            record["from"]["address"],
            record["from"]["name"],
            record["receivedAt"],
            record["sentAt"],
            record["lastModifiedTime"],
            orjson.dumps(record["sysLabels"]).decode(),
            "unread" in record["sysLabels"],
            record["hasAttachments"],
            None,
            1,
            None,
            orjson.dumps(record).decode(),
        )
        for record in orjson.loads(body)["records"]
    ]


async def commit_pages(store: SQLiteStore, made_of: Sequence[Any]) -> None:
    """Mirror an account that is not there yet, of rows or of the bytes of pages."""
    lease, _ = await store.begin(SyncKey(f"account-{next(_made)}", "email"))
    for page in made_of:
        rows = decode(DeltaPage[Row[MessageColumns]], page).records if isinstance(page, bytes) else page
        await store.commit(lease, Commit(checkpoint="{}", generation=1, at=datetime.now(UTC), rows=rows))


async def on_connection(store: SQLiteStore, statement: str) -> Any:
    """The first value that the store's own connection has for a statement."""
    assert store._connection is not None
    found = await store._connection.perform(lambda database: database.connection.execute(statement).fetchone())
    return found and found[0]


async def emptied(store: SQLiteStore) -> None:
    """Have a round find a file with room, so that none pays the system for making one grow."""
    await on_connection(store, "DELETE FROM messages")
    await settled(store)


async def settled(store: SQLiteStore) -> None:
    """Copy the WAL into the file: each round pays for what it wrote, and not one of several for all of them."""
    await on_connection(store, SETTLE)


@asynccontextmanager
async def like_the_stores(folder: Path) -> AsyncIterator[sqlite3.Connection]:
    """A bare connection to a file that a store has made and written to, with the store's settings."""
    async with SQLiteStore(folder / "bare.db") as store:
        await commit_pages(store, pages())
        chosen = {name: await on_connection(store, f"PRAGMA {name}") for name in SETTINGS}
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as bare:
        for name, value in chosen.items():
            bare.execute(f"PRAGMA {name} = {value}")
        yield bare


def insert(bare: sqlite3.Connection, parameters: Sequence[tuple[Any, ...]]) -> None:
    bare.execute("BEGIN IMMEDIATE")
    bare.executemany(INSERT, parameters)
    bare.execute("COMMIT")


async def measure(rounds: int, folder: Path) -> dict[str, list[float]]:
    """Each round writes all pages once for each of its accounts."""
    accounts = [f"account-{number}" for number in range(ACCOUNTS)]
    page_bodies, page_rows = bodies(), pages()
    async with like_the_stores(folder) as bare, SQLiteStore(folder / "store.db") as store:
        records = {record[1]: record[1:] for record in bare.execute("SELECT * FROM messages")}
        prepared = [[(account, *records[row.id]) for row in page] for account in accounts for page in page_rows]

        async def prepared_inserts() -> None:
            for parameters in prepared:
                insert(bare, parameters)
            bare.execute(SETTLE).fetchall()

        async def scripted() -> None:
            for account in accounts:
                for body in page_bodies:
                    insert(bare, script(account, body))
            bare.execute(SETTLE).fetchall()

        async def ours(made_of: Sequence[Any]) -> None:
            async with asyncio.TaskGroup() as group:
                for _ in accounts:
                    group.create_task(commit_pages(store, made_of))
            await settled(store)

        async def one_by_one() -> None:
            for _ in accounts:
                await commit_pages(store, page_rows)
            await settled(store)

        async def cleared() -> None:
            bare.execute("DELETE FROM messages")
            bare.execute(SETTLE).fetchall()
            await emptied(store)

        contenders = {
            "bare": prepared_inserts,
            "rows": lambda: ours(page_rows),
            "one": one_by_one,
            "script": scripted,
            "bytes": lambda: ours(page_bodies),
        }
        return await async_seconds(contenders, rounds, before=cleared)


def run(rounds: int) -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as folder:
        times = asyncio.run(measure(rounds, Path(folder)))
    yield compare("pages into `SQLiteStore`, speed of bare `sqlite3`", times["bare"], times["rows"], "≥ 0.90")
    yield compare("the same, one account after the other", times["bare"], times["one"], "")
    yield compare("the same from their bytes, speed of a script with `orjson`", times["script"], times["bytes"], "")
