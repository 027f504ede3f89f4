"""The PostgreSQL store under cancellation, beside other processes, and when a process, connection or server goes."""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aurinko_async.errors import LeaseHeld, LeaseLost, StoreError
from aurinko_async.sync.store import Applied, Lease, SyncKey
from aurinko_async.sync.stores import PostgresStore
from support.postgres import PostgresServer
from support.rows import KEY, commit, row

WRITER = """
import asyncio, sys
from aurinko_async.sync.stores import PostgresStore
from support.rows import KEY, commit, row

async def main(conninfo, schema):
    async with PostgresStore(conninfo, schema=schema) as store:
        lease, checkpoint = await store.begin(KEY)
        for page in range(int(checkpoint or 0), 100_000):
            rows = [row(f"{page}-{n}", body="x" * 2000) for n in range(20)]
            await store.commit(lease, commit(*rows, checkpoint=str(page + 1)))
            print(page + 1, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""
"""Commits pages of 20 records, its checkpoint counts them, and says so after each."""

RAMPAGE = """
CREATE FUNCTION rampage(times int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE ended int := 0; victim int;
BEGIN
    PERFORM setseed(0.5);
    WHILE ended < times LOOP
        PERFORM pg_sleep(random() * 0.006);
        PERFORM pg_stat_clear_snapshot();
        SELECT pid INTO victim FROM pg_stat_activity
            WHERE application_name = 'aurinko-async' AND state <> 'idle' AND pid <> pg_backend_pid() LIMIT 1;
        IF victim IS NOT NULL AND pg_terminate_backend(victim) THEN
            ended := ended + 1;
        END IF;
    END LOOP;
    RETURN ended;
END $$
"""
"""Ends connections of the store that are in a transaction, from the server's side: our loop is too slow to see one."""

Other = psycopg.AsyncConnection[Any]


@pytest.fixture
async def other(postgres_server: PostgresServer, schema: str) -> AsyncIterator[Other]:
    """Somebody else's connection, which looks into the schema of the store."""
    async with await Other.connect(postgres_server.conninfo, autocommit=True) as connection:
        await connection.execute(f"SET search_path = {schema}")
        yield connection


@pytest.fixture
async def store(postgres_server: PostgresServer, schema: str) -> AsyncIterator[PostgresStore]:
    async with PostgresStore(postgres_server.conninfo, schema=schema, max_size=2, timeout=5) as opened:
        yield opened


@pytest.fixture
async def lease(store: PostgresStore) -> Lease:
    """One page of one record is there."""
    lease, _ = await store.begin(KEY)
    await store.commit(lease, commit(row("a"), checkpoint="1"))
    return lease


@contextlib.contextmanager
def writer(conninfo: str, schema: str) -> Iterator[subprocess.Popen[str]]:
    """A process that commits page after page."""
    support = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {support!r})\n{WRITER}", conninfo, schema]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> int:
    """Wait for its next line."""
    assert process.stdout is not None
    return int(process.stdout.readline())


async def asked(connection: Other, statement: str) -> list[tuple[Any, ...]]:
    return await (await connection.execute(statement)).fetchall()


async def whole(connection: Other, account: str = "42", page: int = 20) -> int:
    """The pages of an account, whose records must agree with its checkpoint."""
    ((pages, records),) = await asked(
        connection,
        "SELECT coalesce(checkpoint, '0')::int, (SELECT count(*) FROM messages AS m WHERE m.account = c.account) "
        f"FROM checkpoints AS c WHERE c.account = '{account}'",
    )
    assert records == page * pages
    return int(pages)


async def waiting(connection: Other) -> int:
    """Wait until a connection of the store waits for somebody's lock; gives its process."""
    statement = (
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'aurinko-async' AND wait_event_type = 'Lock' "
        "AND cardinality(pg_blocking_pids(pid)) > 0"
    )
    for _ in range(2000):
        if found := await asked(connection, statement):
            return int(found[0][0])
        await asyncio.sleep(0.002)
    raise AssertionError("nobody waits")


async def living(connection: Other, store: PostgresStore) -> int:
    """The server's process for the connection that holds the store's lock."""
    assert store._server is not None
    assert store._server._living is not None
    return store._server._living.info.backend_pid


async def end(connection: Other, process: int) -> None:
    """End a process of the server, and wait until it is gone."""
    await connection.execute(f"SELECT pg_terminate_backend({process}, 5000)")


async def taken_over(store: PostgresStore, key: SyncKey = KEY) -> tuple[Lease, str | None]:
    """Begin as soon as the server has noticed that the holder is gone."""
    for _ in range(500):
        with contextlib.suppress(LeaseHeld):
            return await store.begin(key)
        await asyncio.sleep(0.004)
    raise AssertionError("nobody noticed in two seconds")


class TestProcesses:
    async def test_a_killed_process_leaves_whole_pages_and_its_key_at_once(
        self, postgres_server: PostgresServer, schema: str, store: PostgresStore, other: Other
    ) -> None:
        pages = 0
        for life in range(2):
            with writer(postgres_server.conninfo, schema) as process:
                last = 0
                for _ in range(5 + life):
                    last = await asyncio.to_thread(said, process)
                with pytest.raises(LeaseHeld, match="42"):
                    await store.begin(KEY)
                process.kill()
                await asyncio.to_thread(process.wait)
            lease, checkpoint = await taken_over(store)
            assert pages < last <= (pages := await whole(other)) == int(checkpoint or 0)
            await store.release(lease)

    async def test_two_stores_exclude_each_other_until_one_closes(
        self, postgres_server: PostgresServer, schema: str, store: PostgresStore, lease: Lease
    ) -> None:
        async with PostgresStore(postgres_server.conninfo, schema=schema) as second:
            with pytest.raises(LeaseHeld):
                await second.begin(KEY)
            other_lease, _ = await second.begin(SyncKey("7", "email"))
            with pytest.raises(LeaseHeld):
                await store.begin(other_lease.key)
            assert await store.commit(lease, commit(row("b"))) == Applied(added=1)
        await store.begin(other_lease.key)

    async def test_of_many_stores_that_begin_at_once_one_has_the_key(
        self, postgres_server: PostgresServer, schema: str
    ) -> None:
        async with contextlib.AsyncExitStack() as stack:
            stores = [
                await stack.enter_async_context(PostgresStore(postgres_server.conninfo, schema=schema))
                for _ in range(4)
            ]
            for number in range(5):
                key = SyncKey(str(number), "email")
                begun = await asyncio.gather(*(store.begin(key) for store in stores), return_exceptions=True)
                assert sorted(type(it).__name__ for it in begun) == ["LeaseHeld"] * 3 + ["tuple"]


class TestConnections:
    async def test_one_that_ends_before_the_commit_is_replaced(
        self, store: PostgresStore, lease: Lease, other: Other
    ) -> None:
        async with other.transaction():
            await other.execute("SELECT FROM checkpoints FOR UPDATE")
            task = asyncio.create_task(store.commit(lease, commit(row("b"), checkpoint="2")))
            await end(other, await waiting(other))
        assert await task == Applied(added=1)
        assert await whole(other, page=1) == 2

    async def test_all_that_end_at_once_are_replaced(
        self, postgres_server: PostgresServer, schema: str, other: Other
    ) -> None:
        async with PostgresStore(postgres_server.conninfo, schema=schema, min_size=8) as store:
            lease, _ = await store.begin(KEY)
            assert store._server is not None
            await store._server.pool.wait()
            await other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'aurinko-async'"
            )
            assert await store.commit(lease, commit(row("a"))) == Applied(added=1)
            await store.release(lease)
            await store.begin(KEY)

    async def test_one_that_ends_in_the_commit_is_told_and_nothing_half_done(
        self, store: PostgresStore, lease: Lease, other: Other
    ) -> None:
        async with other.transaction():
            await other.execute("SELECT FROM messages FOR UPDATE")
            task = asyncio.create_task(store.commit(lease, commit(row("a"), row("b"), checkpoint="2")))
            await end(other, await waiting(other))
            with pytest.raises(StoreError, match="lost during a commit"):
                await task
        assert await whole(other, page=1) == 1
        # The lease is still held, and the store goes on.
        assert await store.commit(lease, commit(row("b"), checkpoint="2")) == Applied(added=1)

    async def test_those_that_end_at_any_moment_leave_whole_pages(
        self, postgres_server: PostgresServer, store: PostgresStore, other: Other
    ) -> None:
        lease, _ = await store.begin(KEY)
        await other.execute(RAMPAGE)
        async with await Other.connect(postgres_server.conninfo, autocommit=True) as looking:
            await looking.execute(f"SET search_path = {store._schema}")
            task, page, lost = asyncio.create_task(asked(other, "SELECT rampage(40)")), 0, 0
            while not task.done():
                try:
                    await store.commit(
                        lease, commit(*(row(f"{page}-{n}") for n in range(20)), checkpoint=str(page + 1))
                    )
                except StoreError:
                    lost += 1
                page = await whole(looking)
        assert page
        ((ended,),) = await task
        # Those that ended before their commit was sent were done again.
        assert ended > lost

    async def test_without_its_lock_a_store_can_be_taken_over_and_is_refused(
        self, postgres_server: PostgresServer, schema: str, store: PostgresStore, lease: Lease, other: Other
    ) -> None:
        await end(other, await living(other, store))
        async with PostgresStore(postgres_server.conninfo, schema=schema) as second:
            taken, checkpoint = await taken_over(second)
            assert (taken.fence > lease.fence, checkpoint) == (True, "1")
            with pytest.raises(LeaseLost, match="42"):
                await store.commit(lease, commit(row("late"), checkpoint="9"))
            assert await store.raw("42", "late") is None
            with pytest.raises(LeaseHeld):
                await store.begin(KEY)
            await second.release(taken)
            await store.begin(KEY)

    async def test_a_lock_that_is_had_again_keeps_what_nobody_took(
        self, postgres_server: PostgresServer, schema: str, store: PostgresStore, lease: Lease, other: Other
    ) -> None:
        await end(other, await living(other, store))
        await store.begin(SyncKey("7", "email"))
        async with PostgresStore(postgres_server.conninfo, schema=schema) as second:
            with pytest.raises(LeaseHeld):
                await second.begin(KEY)
        assert await store.commit(lease, commit(row("b"))) == Applied(added=1)

    async def test_a_key_that_was_given_back_without_the_lock_is_free_when_it_is_had_again(
        self, postgres_server: PostgresServer, schema: str, store: PostgresStore, lease: Lease, other: Other
    ) -> None:
        """Else it would look held to all others for as long as this store is open."""
        await end(other, await living(other, store))
        await store.release(lease)
        await store.begin(SyncKey("7", "email"))
        async with PostgresStore(postgres_server.conninfo, schema=schema) as second:
            await second.begin(KEY)

    async def test_a_lock_that_the_server_still_thinks_is_held_is_not_waited_for(
        self, store: PostgresStore, lease: Lease, other: Other
    ) -> None:
        assert store._server is not None
        holder = store._server.holder
        await end(other, await living(other, store))
        await other.execute(f"SELECT pg_advisory_lock(hashtextextended('{holder}', {int.from_bytes(b'auri', 'big')}))")
        assert (await store.begin(SyncKey("7", "email")))[0].fence == 1
        assert store._server.holder != holder

    async def test_a_server_that_restarts_is_found_again(
        self, postgres_server: PostgresServer, schema: str, store: PostgresStore, lease: Lease
    ) -> None:
        await asyncio.to_thread(postgres_server.stop)
        await store.release(lease)
        with pytest.raises(StoreError, match="check host and port"):
            await store.begin(SyncKey("7", "email"))
        await asyncio.to_thread(postgres_server.start)
        assert await store.count("42") == 1
        lease, checkpoint = await store.begin(KEY)
        assert checkpoint == "1"
        assert await store.commit(lease, commit(row("b"), checkpoint="2")) == Applied(added=1)


class TestLocks:
    async def test_a_deadlock_is_got_over(self, store: PostgresStore, lease: Lease, other: Other) -> None:
        # The longer patience is the other's, so that ours is the one that is rolled back.
        await other.execute("SET deadlock_timeout = '10s'")
        async with other.transaction():
            await other.execute("SELECT FROM messages FOR UPDATE")
            task = asyncio.create_task(store.commit(lease, commit(row("a"), row("b"), checkpoint="2")))
            await waiting(other)
            await other.execute("UPDATE checkpoints SET generation = 7")
            assert await whole(other, page=1) == 1
        assert await task == Applied(added=1, updated=1)
        assert await whole(other, page=1) == 2

    async def test_others_locks_are_not_waited_for_for_ever(
        self, postgres_server: PostgresServer, schema: str, other: Other
    ) -> None:
        async with PostgresStore(postgres_server.conninfo, schema=schema, timeout=0.03) as store:
            lease, _ = await store.begin(KEY)
            async with other.transaction():
                await other.execute("SELECT FROM checkpoints FOR UPDATE")
                with pytest.raises(StoreError, match="keeps rows locked"):
                    await store.commit(lease, commit(row("a")))
            assert await store.commit(lease, commit(row("a"))) == Applied(added=1)


class TestCancelled:
    async def test_a_cancelled_commit_ends_before_it_says_so(
        self, store: PostgresStore, lease: Lease, other: Other
    ) -> None:
        async with other.transaction():
            await other.execute("SELECT FROM messages FOR UPDATE")
            task = asyncio.create_task(store.commit(lease, commit(row("a"), row("b"), checkpoint="2")))
            await waiting(other)
            for _ in range(3):
                task.cancel()
                await asyncio.sleep(0.001)
            assert not task.done()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await whole(other, page=1) == 2

    async def test_a_cancelled_begin_leaves_the_key_to_others(
        self, postgres_server: PostgresServer, schema: str, store: PostgresStore, lease: Lease, other: Other
    ) -> None:
        await store.release(lease)
        async with PostgresStore(postgres_server.conninfo, schema=schema) as second:
            async with other.transaction():
                await other.execute("SELECT FROM checkpoints FOR UPDATE")
                task = asyncio.create_task(store.begin(KEY))
                await waiting(other)
                task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await second.begin(KEY))[1] == "1"

    async def test_commits_that_are_cancelled_at_any_moment_are_whole_or_not_there(
        self, store: PostgresStore, other: Other
    ) -> None:
        dice = random.Random(7)

        async def sync(account: str) -> None:
            lease, checkpoint = await store.begin(SyncKey(account, "email"))
            try:
                for page in range(int(checkpoint or 0), 1000):
                    rows = [row(f"{page}-{n}") for n in range(20)]
                    await store.commit(lease, commit(*rows, checkpoint=str(page + 1)))
            finally:
                await store.release(lease)

        for _ in range(10):
            tasks = [asyncio.create_task(sync(f"a{number}")) for number in range(4)]
            for task in tasks:
                await asyncio.sleep(dice.uniform(0, 0.01))
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(it) for it in ended} == {asyncio.CancelledError}
            for state in await store.status():
                assert state.live == 20 * int(state.checkpoint)
        assert await asked(other, "SELECT count(*) FROM checkpoints WHERE holder IS NOT NULL") == [(0,)]
        assert sum([await whole(other, f"a{number}") for number in range(4)]) > 10

    async def test_closing_waits_for_what_is_under_way(self, postgres_server: PostgresServer, schema: str) -> None:
        async with PostgresStore(postgres_server.conninfo, schema=schema) as store:
            lease, _ = await store.begin(KEY)
            tasks = [asyncio.create_task(store.commit(lease, commit(row(f"m{n}")))) for n in range(10)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert await asyncio.gather(*tasks) == [Applied(added=1)] * 10
        with pytest.raises(StoreError, match="not open"):
            await store.commit(lease, commit(row("late")))

    async def test_a_begin_that_closing_overtakes_holds_nothing(
        self, postgres_server: PostgresServer, schema: str
    ) -> None:
        store = PostgresStore(postgres_server.conninfo, schema=schema)
        await store.__aenter__()
        beginning = asyncio.ensure_future(store.begin(KEY))
        await asyncio.sleep(0)
        await store.close()
        await asyncio.gather(beginning, return_exceptions=True)
        async with store:
            await store.begin(KEY)
