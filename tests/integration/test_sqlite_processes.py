"""The SQLite store under cancellation, beside other processes, and when its process is killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from aurinko_async.errors import LeaseLost, StoreError
from aurinko_async.sync.store import Applied, SyncKey
from aurinko_async.sync.stores import SQLiteStore
from aurinko_async.sync.stores._sqlite_file import _use_wal
from support.rows import KEY, commit, row
from support.writers import locked, said, writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mirror.db"


def whole(path: Path, account: str = "42") -> int:
    """The pages of an account in the file, which must be sound and agree with its checkpoint."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        pages, records = other.execute(
            "SELECT c.checkpoint, (SELECT count(*) FROM messages AS m WHERE m.account = c.account) "
            "FROM checkpoints AS c WHERE c.account = ?",
            (account,),
        ).fetchone()
    assert records == 20 * int(pages or 0)
    return int(pages or 0)


async def opened(path: Path) -> None:
    async with SQLiteStore(path) as store:
        await store.begin(KEY)


async def waiting(task: asyncio.Task[Applied]) -> None:
    """Give a commit the time to reach the lock it cannot have."""
    await asyncio.sleep(0.02)
    assert not task.done()


class TestKilled:
    def test_a_kill_in_the_middle_of_commits_leaves_checkpoint_and_records_together(self, path: Path) -> None:
        dice = random.Random(7)
        for _ in range(4):
            with writer(path) as process:
                for _ in range(dice.randint(1, 30)):
                    acknowledged = said(process)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(dice.uniform(0, 0.004))
                process.kill()
            assert whole(path) >= acknowledged

    def test_a_kill_while_the_file_is_made_leaves_nothing_in_the_way(self, tmp_path: Path) -> None:
        dice = random.Random(7)
        for number in range(3):
            path = tmp_path / f"{number}.db"
            with writer(path) as process:
                while not path.exists() and process.poll() is None:
                    pass
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(dice.uniform(0, 0.008))
            asyncio.run(opened(path))
            whole(path)


class TestSideBySide:
    def test_processes_make_one_file_and_share_it(self, path: Path) -> None:
        with contextlib.ExitStack() as stack:
            processes = [stack.enter_context(writer(path, f"a{number}", pages=15)) for number in range(3)]
            assert [process.wait() for process in processes] == [0, 0, 0]
        assert [whole(path, f"a{number}") for number in range(3)] == [15, 15, 15]

    def test_a_file_that_another_is_just_making_is_waited_for(self, path: Path) -> None:
        class Contended(sqlite3.Connection):
            refusals = 3

            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                if sql == "PRAGMA journal_mode = WAL" and self.refusals:
                    self.refusals -= 1
                    error = sqlite3.OperationalError("database is locked")
                    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
                    raise error
                return super().execute(sql, *parameters)

        with contextlib.closing(sqlite3.connect(path, isolation_level=None, factory=Contended)) as connection:
            assert _use_wal(connection)

    async def test_the_process_that_gave_its_key_back_is_refused(self, path: Path) -> None:
        async with SQLiteStore(path) as store:
            lease, _ = await store.begin(KEY)
            await store.commit(lease, commit(*(row(f"mine-{n}") for n in range(20)), checkpoint="1"))
            await store.release(lease)
            with writer(path, pages=2) as process:
                assert await asyncio.to_thread(process.wait) == 0
            with pytest.raises(LeaseLost):
                await store.commit(lease, commit(row("late"), checkpoint="9"))
            assert await store.raw("42", "late") is None
        assert whole(path) == 3

    async def test_two_stores_in_one_process_take_turns(self, path: Path) -> None:
        async def sync(store: SQLiteStore, account: str) -> None:
            lease, _ = await store.begin(SyncKey(account, "email"))
            for page in range(10):
                rows = (row(f"{page}-{n}") for n in range(20))
                await store.commit(lease, commit(*rows, checkpoint=str(page + 1)))

        async with SQLiteStore(path) as one, SQLiteStore(path) as two, asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(sync(two if number % 2 else one, f"a{number}"))
        assert [whole(path, f"a{number}") for number in range(20)] == [10] * 20


class TestCancelled:
    async def test_a_cancelled_commit_ends_before_it_says_so(self, path: Path) -> None:
        async with SQLiteStore(path) as store:
            lease, _ = await store.begin(KEY)
            with locked(path):
                task = asyncio.create_task(store.commit(lease, commit(row("a"), checkpoint="1")))
                await waiting(task)
                for _ in range(3):
                    task.cancel()
                    await waiting(task)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert [state.checkpoint for state in await store.status()] == ["1"]
            assert await store.count("42") == 1
            assert await store.commit(lease, commit(row("b"))) == Applied(added=1)

    async def test_a_cancelled_commit_that_is_refused_changes_nothing(self, path: Path) -> None:
        async with SQLiteStore(path, busy_timeout=0.05) as store:
            lease, _ = await store.begin(KEY)
            with locked(path):
                task = asyncio.create_task(store.commit(lease, commit(row("a"), checkpoint="1")))
                await waiting(task)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert await store.status() == []
            assert await store.commit(lease, commit(row("b"))) == Applied(added=1)

    async def test_a_time_limit_ends_a_commit_as_cancelling_does(self, path: Path) -> None:
        async with SQLiteStore(path, busy_timeout=0.05) as store:
            lease, _ = await store.begin(KEY)
            with locked(path), pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await store.commit(lease, commit(row("a"), checkpoint="1"))
            assert await store.status() == []

    async def test_commits_that_are_cancelled_at_any_moment_are_whole_or_not_there(self, path: Path) -> None:
        dice = random.Random(7)

        async def sync(store: SQLiteStore, account: str) -> None:
            lease, checkpoint = await store.begin(SyncKey(account, "email"))
            try:
                for page in range(int(checkpoint or 0), 1000):
                    rows = [row(f"{page}-{n}") for n in range(20)]
                    await store.commit(lease, commit(*rows, checkpoint=str(page + 1)))
            finally:
                await store.release(lease)

        async with SQLiteStore(path) as store:
            for _ in range(15):
                tasks = [asyncio.create_task(sync(store, f"a{number}")) for number in range(4)]
                for task in tasks:
                    await asyncio.sleep(dice.uniform(0, 0.008))
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
                assert {type(it) for it in ended} == {asyncio.CancelledError}
                for state in await store.status():
                    assert state.live == 20 * int(state.checkpoint)
        assert sum(whole(path, f"a{number}") for number in range(4)) > 15

    async def test_closing_waits_for_what_is_under_way(self, path: Path) -> None:
        store = SQLiteStore(path)
        async with store:
            lease, _ = await store.begin(KEY)
            tasks = [asyncio.create_task(store.commit(lease, commit(row(f"m{n}")))) for n in range(10)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert await asyncio.gather(*tasks) == [Applied(added=1)] * 10
        with pytest.raises(StoreError, match="not open"):
            await store.commit(lease, commit(row("late")))

    async def test_a_cancelled_opening_leaves_nothing_open(self, path: Path) -> None:
        async with SQLiteStore(path):
            pass
        store = SQLiteStore(path)
        with locked(path):
            task = asyncio.create_task(store.__aenter__())
            await asyncio.sleep(0.02)
            task.cancel()
            await asyncio.sleep(0.01)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert store._connection is None
        async with store:
            assert await store.count("42") == 0

    async def test_an_iteration_that_is_left_holds_nothing(self, path: Path) -> None:
        async with SQLiteStore(path) as store:
            lease, _ = await store.begin(KEY)
            await store.commit(lease, commit(*(row(f"m{n:03}") for n in range(300))))
            async with contextlib.aclosing(store.iterate_raw("42")) as records:
                async for record_id, raw in records:
                    assert json.loads(raw)["id"] == record_id
                    break
            assert await store.commit(lease, commit(row("m000"))) == Applied(updated=1)
