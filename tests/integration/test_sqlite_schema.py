"""Files of older versions of this package: `tests/data/` has one of each, written by that version."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aurinko_async import AccountAuth, AurinkoClient
from aurinko_async.errors import StoreError
from aurinko_async.sync.store import SyncKey
from aurinko_async.sync.stores import SQLiteStore
from aurinko_async.sync.stores._sqlite_schema import VERSION
from support.clock import FakeClock
from support.rows import KEY
from support.server import reply, serve

DATA = Path(__file__).parents[1] / "data"
NEW = {"checkpoints": ["holder"]}
"""The columns that newer versions added, which are NULL in what an older one wrote."""


@pytest.fixture(params=range(1, VERSION))
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file of an older version."""
    made = tmp_path / "mirror.db"
    with contextlib.closing(sqlite3.connect(made)) as other:
        other.executescript((DATA / f"schema{request.param}.sql").read_text(encoding="utf-8"))
        assert other.execute("PRAGMA user_version").fetchone() == (request.param,)
    return made


def content(path: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, as another program sees them."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.row_factory = sqlite3.Row
        tables = [name for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        return {
            table: [dict(row) for row in other.execute(f"SELECT * FROM {table} ORDER BY rowid")] for table in tables
        }


def structure(path: Path) -> dict[str, Any]:
    """The columns and indexes of all tables, and the version."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        tables = [name for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {table: other.execute(f"PRAGMA table_xinfo({table})").fetchall() for table in tables}
        indexes = {
            (table, name): other.execute(f"PRAGMA index_xinfo({name})").fetchall()
            for table in tables
            for _, name, *_ in other.execute(f"PRAGMA index_list({table})").fetchall()
        }
        return {**columns, **indexes, "version": other.execute("PRAGMA user_version").fetchone()}


async def test_it_becomes_what_a_new_file_is_and_keeps_every_row(path: Path) -> None:
    before = content(path)
    async with SQLiteStore(path):
        after = content(path)
    for table, rows in before.items():
        assert rows
        assert after[table] == [{**row, **dict.fromkeys(NEW.get(table, []))} for row in rows]
    async with SQLiteStore(path.with_name("new.db")):
        assert structure(path) == structure(path.with_name("new.db"))


async def test_it_answers_all_questions(path: Path) -> None:
    async with SQLiteStore(path) as store:
        assert [message.id for message in await store.messages("42")] == ["m2", "m1"]
        assert [event.id for event in await store.events("42")] == ["e2", "e1"]
        assert [contact.id for contact in await store.contacts("42", email="ann@example.com")] == ["c1"]
        assert [task.id for task in await store.tasks("42", status="notStarted")] == ["k1"]
        assert await store.containers("42", "calendar") == ["work"]
        assert (await store.begin(SyncKey("42", "email", consumer="search")))[1] == '{"of": "search"}'
        assert len(await store.status()) == 5
        assert await store.mark("42", "email") in await store.marks()
        assert await store.standings() == []


async def test_a_sync_that_stopped_in_it_goes_on_where_it_was(path: Path) -> None:
    script = [
        reply({"id": 42}),
        reply({"length": 1, "records": [{"id": "m3"}], "nextDeltaToken": "updated-1"}),
        reply({"length": 0, "records": [], "nextDeltaToken": "deleted-2"}),
        reply({"length": 0, "records": [], "nextDeltaToken": "updated-2"}),
    ]
    async with (
        serve(*script) as server,
        AurinkoClient(AccountAuth("token"), base_url=server.url, clock=FakeClock()) as aurinko,
        SQLiteStore(path) as store,
    ):
        report = await aurinko.email.delta(store=store, prefetch=False).run()
        assert (report.complete, report.generation, report.added, report.deleted) == (True, 1, 1, 0)
        assert [request.query for request in server.requests[1:]] == [
            "pageToken=page-2",
            "deltaToken=deleted-1",
            "deltaToken=updated-1",
        ]
        assert [message.id for message in await store.messages("42")] == ["m2", "m1", "m3"]
        lease, _ = await store.begin(KEY)
        assert lease.fence == 4


async def test_an_upgrade_that_fails_changes_nothing_and_can_be_repeated(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE standings (mine)")
    before = structure(path), content(path)
    with pytest.raises(StoreError, match="standings already exists"):
        async with SQLiteStore(path):
            pass
    assert (structure(path), content(path)) == before
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE standings")
    await test_it_answers_all_questions(path)


def test_processes_that_come_at_once_upgrade_it_once(path: Path) -> None:
    script = (
        "import asyncio, sys; from aurinko_async.sync.stores import SQLiteStore\n"
        "async def main():\n"
        "    async with SQLiteStore(sys.argv[1]) as store: print(await store.count('42'))\n"
        "sys.stdin.readline(); asyncio.run(main())"
    )
    command = [sys.executable, "-c", script, str(path)]
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        assert [process.communicate()[0] for process in processes] == ["2\n"] * 4
    assert structure(path)["version"] == (VERSION,)
