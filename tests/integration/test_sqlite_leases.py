"""One store has a key: who may take it, and when? With real processes that live, stop and die."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aurinko_async.errors import LeaseHeld, LeaseLost, StoreError
from aurinko_async.sync.store import Applied, SyncKey
from aurinko_async.sync.stores import SQLiteStore
from support.rows import KEY, commit, row
from support.writers import locked, said, writer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and links")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mirror.db"


def locks(path: Path) -> list[str]:
    """The names of the stores whose lock files are there."""
    return sorted(it.name.removeprefix("mirror.db.lock-") for it in path.parent.glob("mirror.db.lock-*"))


def store_name(store: SQLiteStore) -> str:
    assert store._connection is not None
    return store._connection._presence.holder


def holders(path: Path) -> list[str | None]:
    """The column, as another program sees it."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        return [name for (name,) in other.execute("SELECT holder FROM checkpoints")]


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has committed a page, and has the key."""
    with writer(path, pages=1, habit="stays") as process:
        said(process)
        yield process


async def test_a_key_that_another_process_has_is_refused(path: Path, holder: subprocess.Popen[str]) -> None:
    async with SQLiteStore(path) as store:
        for _ in range(2):
            with pytest.raises(LeaseHeld, match=r"account 42 .* another process"):
                await store.begin(KEY)
        await store.begin(SyncKey("7", "email"))


async def test_a_stopped_process_is_alive(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGSTOP)
    async with SQLiteStore(path) as store:
        with pytest.raises(LeaseHeld):
            await store.begin(KEY)
    holder.send_signal(signal.SIGCONT)


async def test_a_killed_process_is_replaced_at_once(path: Path, holder: subprocess.Popen[str]) -> None:
    async with SQLiteStore(path) as store:
        with pytest.raises(LeaseHeld):
            await store.begin(KEY)
        holder.kill()
        holder.wait()
        lease, checkpoint = await store.begin(KEY)
        assert (lease.fence, checkpoint) == (2, "1")
        assert await store.commit(lease, commit(row("next"), checkpoint="2")) == Applied(added=1)
        with pytest.raises(LeaseHeld, match="in this process"):
            await store.begin(KEY)
        assert locks(path) == [store_name(store)]
    assert locks(path) == []


async def test_a_killed_process_is_replaced_though_a_child_of_it_lives(path: Path) -> None:
    with writer(path, habit="forks") as process:
        child = said(process)
        said(process)
        process.kill()
        process.wait()
        try:
            async with SQLiteStore(path) as store:
                assert (await store.begin(KEY))[0].fence == 2
            os.kill(child, 0)
        finally:
            os.kill(child, signal.SIGKILL)


def test_of_many_processes_one_takes_what_a_killed_one_had(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(writer(path, stderr=subprocess.PIPE)) for _ in range(4)]
        first = [other.stdout.readline() for other in others if other.stdout is not None]
        assert sorted(bool(line) for line in first) == [False, False, False, True]
        refused = [other.communicate()[1] for other, line in zip(others, first, strict=True) if not line]
        assert all("LeaseHeld: another sync of account 42" in errors for errors in refused)


async def test_leftovers_of_killed_processes_are_removed(path: Path) -> None:
    for account in ("1", "2", "3"):
        with writer(path, account) as process:
            said(process)
            process.kill()
            process.wait()
    assert len(locks(path)) == 1
    async with SQLiteStore(path) as other, SQLiteStore(path) as store:
        await other.begin(SyncKey("1", "email"))
        await store.begin(KEY)
        assert locks(path) == sorted([store_name(other), store_name(store)])


async def test_others_see_who_has_a_key_and_may_look_for_the_file(path: Path) -> None:
    async with SQLiteStore(path) as store:
        await asyncio.to_thread(path.chmod, 0o606)
        lease, _ = await store.begin(KEY)
        (name,) = holders(path)
        assert path.with_name(f"mirror.db.lock-{name}").stat().st_mode & 0o777 == 0o606
        await store.release(lease)
        assert holders(path) == [None]
        await store.begin(KEY)
        assert holders(path) == [name]
    assert holders(path) == [None]


async def test_a_store_that_only_looks_leaves_no_file(path: Path) -> None:
    async with SQLiteStore(path) as store:
        assert await store.count("42") == 0
        assert locks(path) == []


async def test_two_stores_of_one_process_are_two_holders(path: Path) -> None:
    async with SQLiteStore(path) as one, SQLiteStore(path) as two:
        stale, _ = await one.begin(KEY)
        with pytest.raises(LeaseHeld):
            await two.begin(KEY)
        await one.close()
        lease, _ = await two.begin(KEY)
        assert lease.fence == stale.fence + 1
        async with one:
            with pytest.raises(LeaseLost):
                await one.commit(stale, commit(row("late")))
        assert await two.count("42") == 0


@pytest.mark.parametrize("name", ["link.db", "other/../mirror.db", "linked/mirror.db"])
async def test_a_file_is_the_same_by_any_name(path: Path, name: str) -> None:
    (path.parent / "other").mkdir()
    (path.parent / "linked").symlink_to(path.parent, target_is_directory=True)
    (path.parent / "link.db").symlink_to(path)
    async with SQLiteStore(path) as one, SQLiteStore(path.parent / name) as two:
        await one.begin(KEY)
        with pytest.raises(LeaseHeld):
            await two.begin(KEY)


async def test_a_release_that_cannot_be_written_holds_nothing_here(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "aurinko_async")
    async with SQLiteStore(path, busy_timeout=0.01) as store:
        lease, _ = await store.begin(KEY)
        with locked(path):
            await store.release(lease)
        assert "could not be written as released" in caplog.text
        with pytest.raises(LeaseLost):
            await store.commit(lease, commit(row("late")))
        assert (await store.begin(KEY))[0].fence == lease.fence + 1


async def test_a_release_that_could_not_be_written_is_written_later(path: Path) -> None:
    """Else the key would look held to others for as long as this store is open."""
    async with SQLiteStore(path, busy_timeout=0.01) as one, SQLiteStore(path) as two:
        lease, _ = await one.begin(KEY)
        with locked(path):
            await one.release(lease)
        await one.begin(SyncKey("7", "email"))
        await two.begin(KEY)


async def test_closing_a_file_that_is_locked_still_gives_all_back(path: Path) -> None:
    async with SQLiteStore(path) as two:
        async with SQLiteStore(path, busy_timeout=0.01) as one:
            await one.begin(KEY)
            with locked(path):
                await one.close()
        assert locks(path) == []
        await two.begin(KEY)


async def test_a_folder_that_takes_no_lock_is_told(path: Path) -> None:
    async with SQLiteStore(path) as store:
        await store.begin(SyncKey("7", "email"))
        assert store._connection is not None
        name = store_name(store)
        await store.close()
        # What stands in the way of the next one's file, whichever name that has.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("aurinko_async.sync.stores._sqlite_lock.secrets.token_hex", lambda _: name)
            (path.parent / f"mirror.db.lock-{name}").mkdir()
            async with SQLiteStore(path) as hindered:
                with pytest.raises(StoreError, match="its folder must be writable"):
                    await hindered.begin(KEY)
                assert await hindered.status() == []
