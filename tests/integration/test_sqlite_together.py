"""Commits of many syncs that wait for the file together share a transaction, and each is still its own."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from aurinko_async.errors import LeaseLost, StoreError
from aurinko_async.sync.store import Applied, Lease, SyncKey
from aurinko_async.sync.stores import SQLiteStore
from aurinko_async.sync.stores._sqlite_file import TOGETHER
from support.rows import checkpoint_of, commit, ids, row

Outcomes = list[Applied | BaseException]


class Together:
    """A store, and how its commits fare that are made while its thread is busy."""

    def __init__(self, store: SQLiteStore, leases: list[Lease], statements: list[str]) -> None:
        self.store = store
        self.leases = leases
        self.statements = statements
        """That begin or end a transaction."""

    async def outcomes(self, *commits: Coroutine[Any, Any, Applied]) -> Outcomes:
        assert self.store._connection is not None
        free = threading.Event()
        busy = asyncio.ensure_future(self.store._connection.perform(lambda _: free.wait()))
        waiting = [asyncio.ensure_future(one) for one in commits]
        for _ in range(5):
            await asyncio.sleep(0)
        self.statements.clear()
        free.set()
        await busy
        return await asyncio.gather(*waiting, return_exceptions=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mirror.db"


@pytest.fixture
def opened(path: Path) -> Callable[[int], contextlib.AbstractAsyncContextManager[Together]]:
    @contextlib.asynccontextmanager
    async def opened(accounts: int) -> AsyncIterator[Together]:
        async with SQLiteStore(path, busy_timeout=0.01) as store:
            statements: list[str] = []

            def traced(statement: str) -> None:
                if statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
                    statements.append(statement.split()[0])

            assert store._connection is not None
            await store._connection.set_trace_callback(traced)
            leases = [(await store.begin(SyncKey(f"a{number}", "email")))[0] for number in range(accounts)]
            yield Together(store, leases, statements)

    return opened


Opened = Callable[[int], contextlib.AbstractAsyncContextManager[Together]]


async def test_those_that_wait_share_a_transaction_up_to_a_bound(opened: Opened) -> None:
    async with opened(TOGETHER + 3) as all_of:
        store = all_of.store
        made = await all_of.outcomes(*(store.commit(lease, commit(row("m"), row("n"))) for lease in all_of.leases))
        assert made == [Applied(added=2)] * (TOGETHER + 3)
        assert all_of.statements == ["BEGIN", "COMMIT"] * 2
        again = await all_of.outcomes(*(store.commit(lease, commit(row("m"), row("o"))) for lease in all_of.leases))
        assert again == [Applied(added=1, updated=1)] * (TOGETHER + 3)
        for lease in all_of.leases:
            assert await ids(store, lease.key.account) == ["m", "n", "o"]


async def test_two_of_one_sync_are_applied_in_their_order(opened: Opened) -> None:
    async with opened(1) as all_of:
        store, (lease,) = all_of.store, all_of.leases
        first = commit(row("m", subject="1"), checkpoint="1")
        made = await all_of.outcomes(
            store.commit(lease, first), store.commit(lease, commit(row("m", subject="2"), checkpoint="2"))
        )
        assert made == [Applied(added=1), Applied(updated=1)]
        assert await store.raw("a0", "m") == b'{"id": "m", "subject": "2"}'
        assert await checkpoint_of(store, lease) == "2"


async def test_one_that_lost_its_lease_is_refused_alone(opened: Opened) -> None:
    async with opened(3) as all_of:
        store, (first, lost, last) = all_of.store, all_of.leases
        await store.release(lost)
        made = await all_of.outcomes(*(store.commit(lease, commit(row("m"))) for lease in all_of.leases))
        assert made[0] == made[2] == Applied(added=1)
        assert isinstance(made[1], LeaseLost)
        assert [await ids(store, lease.key.account) for lease in (first, lost, last)] == [["m"], [], ["m"]]
        # The first try was taken back.
        assert all_of.statements[:2] == ["BEGIN", "ROLLBACK"]


@pytest.mark.parametrize("action", ["ABORT", "FAIL", "ROLLBACK"])
async def test_one_that_sqlite_refuses_is_refused_alone(opened: Opened, path: Path, action: str) -> None:
    async with opened(3) as all_of:
        store = all_of.store
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.id = 'bad' "
                f"BEGIN SELECT RAISE({action}, 'not this one'); END"
            )
        commits = [commit(row("m"), row("bad" if number == 1 else "n")) for number in range(3)]
        pairs = zip(all_of.leases, commits, strict=True)
        made = await all_of.outcomes(*(store.commit(lease, one) for lease, one in pairs))
        assert made[0] == made[2] == Applied(added=2)
        assert isinstance(made[1], StoreError)
        assert "not this one" in str(made[1])
        assert [await ids(store, f"a{number}") for number in range(3)] == [["m", "n"], [], ["m", "n"]]
        assert [await checkpoint_of(store, lease) for lease in all_of.leases] == ["{}", None, "{}"]


async def test_an_error_does_not_tell_of_another_account(opened: Opened, path: Path) -> None:
    async with opened(2) as all_of:
        store, (lost, refused) = all_of.store, all_of.leases
        await store.release(lost)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            )
        commits = (store.commit(lost, commit(row("m"))), store.commit(refused, commit(row("m"))))
        first, second = await all_of.outcomes(*commits)
        assert isinstance(first, LeaseLost)
        assert isinstance(second, StoreError)
        assert "account a0" not in "".join(traceback.format_exception(second))


async def test_a_file_that_is_kept_is_waited_for_once_for_all(opened: Opened, path: Path) -> None:
    async with opened(3) as all_of:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            made = await all_of.outcomes(*(all_of.store.commit(lease, commit(row("m"))) for lease in all_of.leases))
            other.execute("ROLLBACK")
        assert [type(one) for one in made] == [StoreError] * 3
        assert all("another process keeps it locked" in str(one) for one in made)
        assert all_of.statements == ["BEGIN"]
        assert await all_of.outcomes(all_of.store.commit(all_of.leases[0], commit(row("m")))) == [Applied(added=1)]


async def test_one_that_is_cancelled_ends_with_the_others(opened: Opened) -> None:
    async with opened(3) as all_of:
        store = all_of.store
        commits = [asyncio.ensure_future(store.commit(lease, commit(row("m")))) for lease in all_of.leases]

        async def cancelled() -> Applied:
            await asyncio.sleep(0)
            commits[1].cancel()
            return Applied()

        async def result(one: Awaitable[Applied]) -> Applied:
            return await one

        made = await all_of.outcomes(*(result(one) for one in commits), cancelled())
        assert made[0] == made[2] == Applied(added=1)
        assert isinstance(made[1], asyncio.CancelledError)
        assert [await ids(store, f"a{number}") for number in range(3)] == [["m"]] * 3


async def test_what_waits_when_the_store_closes_is_committed(opened: Opened, path: Path) -> None:
    async with opened(3) as all_of:
        store = all_of.store

        async def closing() -> Applied:
            await store.close()
            return Applied()

        made = await all_of.outcomes(*(store.commit(lease, commit(row("m"))) for lease in all_of.leases), closing())
        assert made[:3] == [Applied(added=1)] * 3
    async with SQLiteStore(path) as again:
        assert [await again.count(f"a{number}") for number in range(3)] == [1] * 3
