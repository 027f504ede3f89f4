"""The store in a SQLite file: what its file is, whose file it takes, and what happens when it cannot be written."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aurinko_async.errors import ConfigError, NewerSchema, NotAStore, StoreError
from aurinko_async.sync.store import Applied, Lease, SyncKey
from aurinko_async.sync.stores import SQLiteStore
from aurinko_async.sync.stores import _sqlite_sql as sql
from aurinko_async.sync.stores._mirror import Query
from aurinko_async.sync.stores._tables import CONTACTS, EVENTS, MESSAGES, TABLES, TASKS, Table
from support.rows import KEY, NOW, commit, gone, of_json, row

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mirror.db"


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    before = {*threading.enumerate()}
    yield
    for thread in {*threading.enumerate()} - before:
        thread.join(5)
        assert not thread.is_alive()


def plain(path: Path, statement: str, *parameters: Any) -> list[Any]:
    """What another program sees or does with its own connection."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        return other.execute(statement, parameters).fetchall()


async def within(store: SQLiteStore, statement: str) -> Any:
    """Run a statement on the store's own connection."""
    assert store._connection is not None
    return await store._connection.perform(lambda database: database.connection.execute(statement).fetchone())


def explained(path: Path, statement: str, parameters: list[Any]) -> list[str]:
    """How SQLite finds the answer."""
    return [plan for *_, plan in plain(path, f"EXPLAIN QUERY PLAN {statement}", *parameters)]


async def filled(path: Path) -> None:
    """Make a store with one message."""
    async with SQLiteStore(path) as store:
        lease, _ = await store.begin(KEY)
        await store.commit(lease, commit(row("a"), checkpoint="1"))


async def assert_unharmed(store: SQLiteStore, lease: Lease) -> None:
    """After a refused commit of `b`: nothing of it is there, no transaction is open, and the store can be written."""
    assert store._connection is not None
    assert not store._connection.in_transaction
    assert [state.checkpoint for state in await store.status()] == ["1"]
    assert [message.id for message in await store.messages("42")] == ["a"]
    assert await store.commit(lease, commit(row("c"), deleted=[gone("a")])) == Applied(added=1, deleted=1)


class TestFile:
    async def test_it_is_plain_sql_to_others_while_it_is_open(self, path: Path) -> None:
        raw = (
            b'{"id":"m1","threadId":"t","folderId":"f","internetMessageId":"<1@x>","subject":"h\\u00e9 \\ud83d\\u0000",'
            b'"from":{"name":"Ann","address":"ann@x"},"receivedAt":"2026-01-31T10:05:00.123456+01:00",'
            b'"lastModifiedTime":"2026-02-01T00:00:00Z","sysLabels":["inbox","unread"],"hasAttachments":false,'
            b'"omitted":["body"]}'
        )
        async with SQLiteStore(path) as store:
            lease, _ = await store.begin(KEY)
            await store.commit(lease, commit(of_json(raw), generation=3, finished=True))
            assert plain(path, "SELECT * FROM messages") == [
                ("42", "m1", "t", "f", "<1@x>", "h\u00e9 \ufffd\ufffd", "ann@x", "Ann", "2026-01-31T09:05:00.123Z",
                 None, "2026-02-01T00:00:00.000Z", '["inbox","unread"]', 1, 0, '["body"]', 3, None, raw.decode())
            ]  # fmt: skip
            assert plain(path, "SELECT json_extract(json, '$.from.address'), typeof(json) FROM messages") == [
                ("ann@x", "text")
            ]
            await store.commit(lease, commit(deleted=[gone("m1", NOW)]))
            await store.release(lease)
            assert plain(path, "SELECT deleted_at FROM messages") == [("2026-03-01T12:00:00.000Z",)]
            assert plain(path, "SELECT * FROM checkpoints") == [
                ("42", "email", "", "", 1, 1, "{}", "2026-03-01T12:00:00.000Z", "2026-03-01T12:00:00.000Z", None)
            ]

    async def test_its_documentation_names_every_column(self, path: Path) -> None:
        await filled(path)
        documented = sys.modules[SQLiteStore.__module__].__doc__ or ""
        for table in ("messages", "events", "contacts", "tasks", "checkpoints", "marks", "standings"):
            for (column,) in plain(path, "SELECT name FROM pragma_table_info(?)", table):
                assert column in documented, f"{table}.{column}"

    async def test_questions_need_no_scan_of_the_records(self, path: Path) -> None:
        await filled(path)
        for statement, index in {
            "SELECT id FROM messages WHERE account = '1' ORDER BY received_at DESC": "USING INDEX messages_by_time",
            "SELECT id FROM messages WHERE account = '1' AND thread_id = 't'": "messages_by_thread_id",
            "SELECT count(*) FROM messages WHERE account = '1' AND deleted_at IS NULL": "COVERING INDEX",
            "SELECT account, sum(deleted_at IS NULL) FROM messages GROUP BY account": "COVERING INDEX",
        }.items():
            ((*_, plan),) = plain(path, f"EXPLAIN QUERY PLAN {statement}")
            assert index in plan

    @pytest.mark.parametrize(
        ("query", "plan"),
        [
            ({"table": MESSAGES, "order": "received_at", "descending": True}, "messages_by_time (account=?)"),
            ({"table": EVENTS, "order": "start_at", "container": "c"}, "start_at (account=? AND calendar_id=?)"),
            ({"table": CONTACTS, "order": "display_name"}, "contacts_by_display_name (account=?)"),
            ({"table": TASKS, "order": "due_at", "container": "c"}, "tasks_by_due_at (account=? AND list_id=?)"),
        ],
    )
    async def test_an_index_has_the_records_in_their_order(self, path: Path, query: dict[str, Any], plan: str) -> None:
        await filled(path)
        search, *rest = explained(path, *sql.find(Query(account="42", limit=10, **query)))
        assert plan in search
        assert rest in (["USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"], ["USE TEMP B-TREE FOR LAST TERM OF ORDER BY"])

    @pytest.mark.parametrize(
        ("query", "plan"),
        [
            ({"table": MESSAGES, "order": "received_at", "equals": (("thread_id", "t"),)}, "messages_by_thread_id"),
            (
                {"table": MESSAGES, "order": "received_at", "time": "received_at", "since": NOW},
                "messages_by_time (account=? AND received_at>? AND received_at<?)",
            ),
            (
                {"table": EVENTS, "order": "start_at", "time": "start_at", "since": NOW},
                "start_at (account=? AND calendar_id=? AND start_at>? AND start_at<?)",
            ),
            (
                {"table": TASKS, "order": "due_at", "time": "due_at", "until": NOW},
                "due_at (account=? AND list_id=? AND due_at>? AND due_at<?)",
            ),
        ],
    )
    async def test_an_index_finds_the_few_of_many(self, path: Path, query: dict[str, Any], plan: str) -> None:
        await filled(path)
        assert plan in explained(path, *sql.find(Query(account="42", limit=10, **query)))[0]

    @pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
    async def test_single_records_counts_and_iterations_use_indexes(self, path: Path, table: Table) -> None:
        await filled(path)
        containers = [None] if table.container is None else [None, "c"]
        place = f" AND ({table.container},id)>(?,?)" if table.container else " AND id>?"
        for container in containers:
            assert " AND id=?)" in explained(path, *sql.record(table, "42", container, "x"))[0]
            assert f"COVERING INDEX {table.name}_by_time" in explained(path, *sql.count(table, "42", container))[0]
        for deleted in (False, True):
            (iteration,) = explained(path, *sql.after(table, "42", ("", ""), 200, deleted))
            assert f"_autoindex_{table.name}_1 (account=?{place})" in iteration

    async def test_it_is_made_for_mail_and_says_whose_it_is(self, path: Path) -> None:
        await filled(path)
        settings = {name: plain(path, f"PRAGMA {name}")[0][0] for name in ("page_size", "journal_mode", "user_version")}
        assert settings == {"page_size": 16384, "journal_mode": "wal", "user_version": 2}
        assert plain(path, "PRAGMA application_id") == [(int.from_bytes(b"auri", "big"),)]

    async def test_it_is_there_again_after_closing(self, path: Path) -> None:
        await filled(path)
        assert not list(path.parent.glob("*-wal"))
        async with SQLiteStore(str(path)) as store:
            assert await store.raw("42", "a") == b'{"id": "a"}'
            assert (await store.begin(KEY))[1] == "1"

    async def test_what_others_add_does_no_harm(self, path: Path) -> None:
        await filled(path)
        plain(path, "CREATE INDEX mine ON messages (account, from_address)")
        plain(path, "CREATE TABLE notes (id TEXT)")
        async with SQLiteStore(path) as store:
            assert await store.count("42") == 1


class TestUse:
    async def test_without_aiosqlite_it_says_what_to_install(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "aiosqlite", None)
        with pytest.raises(ConfigError, match=r"pip install 'aurinko-async\[sqlite\]'"):
            SQLiteStore(path)

    async def test_whose_mail_it_is_stays_out_of_the_logs(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level("DEBUG"):
            async with SQLiteStore(path) as store:
                lease, _ = await store.begin(SyncKey("someone@example.com", "email"))
                await store.commit(lease, commit(row("a")))
                await store.messages("someone@example.com")
        assert "aiosqlite" in {record.name for record in caplog.records}
        assert "someone" not in caplog.text

    def test_other_stores_do_not_need_it(self) -> None:
        script = "import sys, aurinko_async.sync.stores; print({'aiosqlite', 'sqlite3'} & {*sys.modules})"
        assert subprocess.check_output([sys.executable, "-c", script], text=True) == "set()\n"

    async def test_it_must_be_open(self, path: Path) -> None:
        store = SQLiteStore(path)
        with pytest.raises(StoreError, match="async with"):
            await store.begin(KEY)
        async with store:
            with pytest.raises(StoreError, match="open already"):
                await store.__aenter__()
            await store.begin(KEY)
        with pytest.raises(StoreError, match="async with"):
            await store.count("42")
        await store.close()

    def test_it_tells_its_path(self) -> None:
        assert repr(SQLiteStore("mirror.db")) == "SQLiteStore('mirror.db')"

    def test_a_path_is_needed(self) -> None:
        with pytest.raises(ConfigError):
            SQLiteStore("")


def directory(path: Path) -> None:
    path.mkdir()


def text(path: Path) -> None:
    path.write_text("Dear diary, " * 100)


def short(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def other_program(path: Path) -> None:
    plain(path, "CREATE TABLE customers (id)")


def other_program_that_says_so(path: Path) -> None:
    plain(path, "PRAGMA application_id = 252006674")


def other_program_that_crashed(path: Path) -> None:
    """Its one table is in the WAL only."""
    plain(path, "PRAGMA journal_mode = WAL")
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE customers (id)")
    for ending in ("", "-wal", "-shm"):
        shutil.copy(f"{path}{ending}", f"{path}{ending}.kept")
    other.close()
    for ending in ("", "-wal", "-shm"):
        os.replace(f"{path}{ending}.kept", f"{path}{ending}")


def damage(path: Path) -> None:
    """Overwrite all but the first page."""
    with path.open("r+b") as file:
        file.seek(16384)
        file.write(b"\xff" * (path.stat().st_size - 16384))


class TestOtherFiles:
    @pytest.mark.parametrize(
        "make",
        [directory, text, short, pipe, other_program, other_program_that_says_so, other_program_that_crashed],
    )
    async def test_what_is_not_ours_is_refused_and_left_as_it_is(
        self, path: Path, make: Callable[[Path], None]
    ) -> None:
        make(path)

        def folder() -> dict[str, Any]:
            found = {it.name: it.stat() for it in path.parent.iterdir()}
            return {
                name: (
                    it.st_mtime_ns,
                    it.st_size,
                    (path.parent / name).read_bytes() if stat.S_ISREG(it.st_mode) else b"",
                )
                for name, it in found.items()
            }

        before = folder()
        with pytest.raises(NotAStore, match=r"mirror\.db"):
            async with SQLiteStore(path):
                pass
        assert folder() == before

    async def test_what_is_not_ours_is_refused_through_a_link_too(self, path: Path) -> None:
        """All that is in it can be in its WAL still, which lies beside the file, not beside the link."""
        link = path.parent / "links" / "link.db"
        link.parent.mkdir()
        link.symlink_to(path)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("PRAGMA journal_mode = WAL")
            other.execute("CREATE TABLE theirs (x)")
            with pytest.raises(NotAStore):
                async with SQLiteStore(link):
                    pass
            assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]

    async def test_a_newer_schema_is_left_to_newer_packages(self, path: Path) -> None:
        await filled(path)
        plain(path, "PRAGMA user_version = 3")
        with pytest.raises(NewerSchema, match="upgrade aurinko-async"):
            async with SQLiteStore(path):
                pass
        assert plain(path, "PRAGMA user_version") == [(3,)]
        assert plain(path, "SELECT count(*) FROM messages") == [(1,)]

    @pytest.mark.parametrize("statement", ["", "VACUUM", "PRAGMA user_version = 0"])
    async def test_an_empty_file_is_taken(self, path: Path, statement: str) -> None:
        plain(path, statement)
        await filled(path)
        assert plain(path, "SELECT count(*) FROM messages") == [(1,)]

    async def test_a_folder_must_exist(self, path: Path) -> None:
        with pytest.raises(StoreError, match="folder does not exist"):
            async with SQLiteStore(path / "deeper" / "mirror.db"):
                pass


class TestRefusals:
    async def test_a_full_disk(self, path: Path) -> None:
        await filled(path)
        async with SQLiteStore(path) as store:
            lease, _ = await store.begin(KEY)
            (pages,) = await within(store, "PRAGMA page_count")
            await within(store, f"PRAGMA max_page_count = {pages + 5}")
            page = [row(f"b{number}", body="x" * 4000) for number in range(100)]
            with pytest.raises(StoreError, match="disk is full: free some space"):
                await store.commit(lease, commit(*page, checkpoint="2"))
            await assert_unharmed(store, lease)

    async def test_a_disk_that_fails(self, path: Path) -> None:
        await filled(path)
        async with SQLiteStore(path) as store:
            lease, _ = await store.begin(KEY)
            soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
            try:
                with pytest.raises(StoreError, match="disk failed"):
                    await store.commit(lease, commit(row("b", body="x" * 1_000_000), checkpoint="2"))
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            await assert_unharmed(store, lease)

    async def test_a_trigger_that_refuses_the_last_record(self, path: Path) -> None:
        await filled(path)
        plain(
            path, "CREATE TRIGGER no AFTER INSERT ON messages WHEN new.id = 'z' BEGIN SELECT RAISE(ABORT, 'no z'); END"
        )
        async with SQLiteStore(path) as store:
            lease, _ = await store.begin(KEY)
            with pytest.raises(StoreError, match="no z"):
                await store.commit(lease, commit(row("b"), row("z"), checkpoint="2", deleted=[gone("a")]))
            await assert_unharmed(store, lease)

    async def test_another_program_that_writes_for_too_long(self, path: Path) -> None:
        await filled(path)
        async with SQLiteStore(path, busy_timeout=0.01) as store:
            lease, _ = await store.begin(KEY)
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(StoreError, match="another process keeps it locked") as caught:
                    await store.commit(lease, commit(row("b"), checkpoint="2"))
                assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
                assert await store.count("42") == 1
                with pytest.raises(StoreError, match="locked"):
                    async with SQLiteStore(path, busy_timeout=0.01):
                        pass
            await assert_unharmed(store, lease)

    async def test_a_damaged_file(self, path: Path) -> None:
        await filled(path)
        damage(path)
        with pytest.raises(StoreError, match="damaged: move it away and sync again"):
            async with SQLiteStore(path) as store:
                await store.begin(KEY)

    @pytest.fixture
    def forbidden(self) -> Iterator[Path]:
        """A store in a folder of its own, and a process that may do what a user may, not what root may."""
        folder = Path(tempfile.mkdtemp())
        asyncio.run(filled(folder / "mirror.db"))
        root = os.geteuid() == 0
        if root:
            for it in (folder, folder / "mirror.db"):
                os.chown(it, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        yield folder
        folder.chmod(0o755)
        if root:
            os.seteuid(0)
        shutil.rmtree(folder)

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
    @pytest.mark.parametrize(("name", "mode"), [("mirror.db", 0o444), ("mirror.db", 0), (".", 0o555)])
    async def test_what_may_not_be_written(self, forbidden: Path, name: str, mode: int) -> None:
        before = (forbidden / "mirror.db").read_bytes()
        (forbidden / name).chmod(mode)
        with pytest.raises(StoreError, match=r"writable for this user|cannot be read"):
            async with SQLiteStore(forbidden / "mirror.db"):
                pass
        (forbidden / name).chmod(0o755)
        assert (forbidden / "mirror.db").read_bytes() == before
