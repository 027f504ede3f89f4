"""Many accounts: all of them once, again and again, and at once when there is news."""

import asyncio
import random
from typing import Any

from aurinko_async import MemoryStore
from support.clock import FastClock
from support.engine_worker import open_store
from support.engines import an_engine, following, mailboxes, synced, watched
from support.eventually import eventually
from support.everything import ALL, WIDE, all_mismatches, mismatches


async def test_a_run_mirrors_everything_of_everybody(store: Any) -> None:
    clock = FastClock()
    async with mailboxes(clock) as (sandbox, client):
        engine = an_engine(client, sandbox, store, clock, resources=WIDE)
        report = await engine.run()
        assert report.complete
        assert (report.accounts, report.standings["ok"], report.troubled) == (3, 12, ())
        assert report.total.added > 3 * 30
        assert await all_mismatches(store, sandbox) == []
        assert {(state.account, state.resource, state.standing) for state in await store.standings()} == {
            (str(account.id), resource, "ok") for account in sandbox.accounts for resource in ALL
        }
        sandbox.accounts[0].mail.add(subject="new")
        again = await engine.run()
        assert (again.complete, again.total.added, again.total.scan) == (True, 1, False)
        assert await all_mismatches(store, sandbox) == []


async def test_following_polls_each_account_by_its_own_rhythm() -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=6) as (sandbox, client):
        engine = an_engine(client, sandbox, MemoryStore(), clock, poll=60.0)
        async with following(engine) as watch:
            await eventually(lambda: min(watch.count("started").values(), default=0) >= 4)
        gaps: list[float] = []
        for account in sandbox.accounts:
            ends, starts = watch.of("ended", account), watch.of("started", account)[1:]
            gaps += [(start.at - end.at).total_seconds() for end, start in zip(ends, starts, strict=False)]
        assert min(gaps) >= 47
        assert sorted(gaps)[len(gaps) // 2] < 90
        assert max(gaps) - min(gaps) > 2


async def test_news_during_a_run_makes_one_more_that_begins_after_it(store: Any) -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=1, messages=100, latency=0.002) as (sandbox, client):
        (account,) = sandbox.accounts
        engine = an_engine(client, sandbox, store, clock)
        async with following(engine) as watch:
            await eventually(lambda: len(watch.of("page")) >= 3)
            for number in range(10):
                account.mail.add(subject=f"news {number}")
                await engine.notify(account.id, "email")
            told = clock.time()
            assert watch.of("ended") == []
            assert len(await store.marks()) == 1
            await synced(watch, 2)
            assert await store.marks() == []
            assert await mismatches(store, account, ["email"]) == []
            await asyncio.sleep(0.05)
        first, second = watch.of("started")
        assert first.at.timestamp() < told <= second.at.timestamp()


async def test_a_burst_makes_few_syncs_and_misses_nothing() -> None:
    clock, store, dice = FastClock(), MemoryStore(), random.Random(5)
    async with mailboxes(clock, accounts=100, messages=3) as (sandbox, client):
        engine = an_engine(client, sandbox, store, clock, concurrency=10)
        async with following(engine) as watch:
            await synced(watch, 100)
            watch.events.clear()
            news = [account for account in sandbox.accounts for _ in range(10)]
            dice.shuffle(news)
            for account in news:
                account.mail.add(subject="news")
                await engine.notify(account.id)
            await eventually(lambda: not store._marks)
        assert max(watch.count("started").values()) <= 3
        assert await all_mismatches(store, sandbox, ["email"]) == []


async def test_a_wish_of_another_process_is_found(where: str) -> None:
    clock = FastClock()
    async with (
        mailboxes(clock, accounts=2) as (sandbox, client),
        open_store(where) as store,
        open_store(where) as other,
    ):
        account = sandbox.accounts[1]
        async with following(an_engine(client, sandbox, store, clock, marks_every=2.0)) as watch:
            await synced(watch, 2)
            account.mail.add(subject="news")
            # An engine that does not run: what a web process has beside the worker.
            await an_engine(client, sandbox, other, clock).notify(account.id, "email")
            await synced(watch, 3)
        assert await other.marks() == []
        assert watch.count("started") == {str(sandbox.accounts[0].id): 1, str(account.id): 2}
        assert await mismatches(store, account, ["email"]) == []


async def test_a_wish_survives_a_crash_and_is_answered_by_a_run_after_it(where: str) -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=1, messages=100, latency=0.002) as (sandbox, client):
        (account,) = sandbox.accounts
        async with open_store(where) as store:
            engine = an_engine(client, sandbox, store, clock)
            async with watched(engine) as watch:
                work = asyncio.create_task(engine.follow())
                await eventually(lambda: len(watch.of("page")) >= 2)
                await engine.notify(account.id, "email")
                work.cancel()
                await asyncio.wait([work])
            assert len(await store.marks()) == 1
        account.mail.add(subject="news")
        async with open_store(where) as store:
            report = await an_engine(client, sandbox, store, clock).run()
            assert report.complete
            assert await store.marks() == []
            assert await mismatches(store, account, ["email"]) == []


async def test_a_run_that_began_before_a_wish_does_not_answer_it() -> None:
    """The wish comes between the last page and the end of the run."""
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=1) as (sandbox, client):
        (account,) = sandbox.accounts
        engine = an_engine(client, sandbox, store, clock)
        settle, settled = store.settle, list[int]()

        async def settle_late(mark: Any) -> None:
            settled.append(mark.serial)
            if len(settled) == 1:
                account.mail.add(subject="news")
                await engine.notify(account.id, "email")
            await settle(mark)

        store.settle = settle_late  # type: ignore[method-assign]
        await store.mark(str(account.id), "email")
        async with watched(engine) as watch:
            assert (await engine.run()).complete
        assert settled == [1, 2]
        assert len(watch.of("started")) == 2
        assert await mismatches(store, account, ["email"]) == []


async def test_news_of_what_is_not_synced_is_ignored() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=1) as (sandbox, client):
        engine = an_engine(client, sandbox, store, clock)
        await engine.notify(sandbox.accounts[0].id, "tasks")
        assert await store.marks() == []
        await engine.notify(sandbox.accounts[0].id)
        assert [mark.resource for mark in await store.marks()] == ["email"]
        assert (await engine.run()).complete
        assert await store.marks() == []
