"""How an engine begins and ends: stopped, cancelled, killed by its deadline, inside somebody else's loop."""

import asyncio
import logging
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from aurinko_async import MemoryStore, SyncAccount
from aurinko_async.errors import ConfigError, Forbidden
from aurinko_async.sandbox import Fault
from aurinko_async.sync import SyncKey
from support.clock import FastClock
from support.engines import an_engine, following, mailboxes, named, synced, watched
from support.eventually import eventually
from support.everything import all_mismatches, mismatches


async def assert_free(store: Any, *accounts: Any) -> None:
    """Nothing is held."""
    for account in accounts:
        lease, _ = await store.begin(SyncKey(str(account.id), "email"))
        await store.release(lease)


@pytest.mark.parametrize("after", [1, 4])
async def test_stop_ends_at_a_page_boundary_and_the_next_goes_on_there(store: Any, after: int) -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=2, messages=120, latency=0.002) as (sandbox, client):
        engine = an_engine(client, sandbox, store, clock)
        async with watched(engine) as watch:
            work = asyncio.create_task(engine.follow())
            await eventually(lambda: len(watch.of("page")) >= after)
            engine.stop()
            report = await work
        assert not report.complete
        some = [await store.count(str(account.id)) for account in sandbox.accounts]
        assert all(count % 10 == 0 for count in some)
        assert sum(some) == report.total.added < 240
        await assert_free(store, *sandbox.accounts)
        assert (await an_engine(client, sandbox, store, clock).run()).complete
        assert await all_mismatches(store, sandbox, ["email"]) == []
        asked = Counter((r.account, r.query["pageToken"]) for r in sandbox.requests if "pageToken" in r.query)
        twice = Counter(account for (account, _), times in asked.items() if times > 1)
        assert max(asked.values()) <= 2
        assert max(twice.values(), default=0) <= 1, "only a page that was fetched ahead"


async def test_stop_cancels_what_does_not_come_to_a_boundary(store: Any) -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=2, messages=60) as (sandbox, client):
        stuck, other = sandbox.accounts
        sandbox.faults.add(Fault("hang", times=None, account=stuck, path="email.sync.updated", after=2))
        engine = an_engine(client, sandbox, store, clock, stop_within=4.0)
        async with watched(engine) as watch:
            work = asyncio.create_task(engine.follow())
            await eventually(lambda: watch.of("ended", other) and len(watch.of("page", stuck)) == 2)
            began = clock.monotonic()
            engine.stop()
            report = await work
            assert 4.0 <= clock.monotonic() - began < 60
        assert not report.complete
        assert await store.count(str(stuck.id)) == 20
        await assert_free(store, stuck, other)
        sandbox.faults.clear()
        assert (await an_engine(client, sandbox, store, clock).run()).complete
        assert await mismatches(store, stuck, ["email"]) == []


async def test_stop_before_the_accounts_are_known() -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=1) as (sandbox, client):
        asking = asyncio.Event()

        async def provider() -> AsyncIterator[SyncAccount]:
            asking.set()
            await asyncio.Event().wait()
            yield named(sandbox)[0]

        engine = an_engine(client, sandbox, MemoryStore(), clock, accounts=provider)
        work = asyncio.create_task(engine.follow())
        await asking.wait()
        engine.stop()
        async with asyncio.timeout(5):
            assert (await work).accounts == 0


async def test_stop_right_after_the_start_is_not_lost() -> None:
    """Between the decision to begin a sync and its first step."""
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=3, messages=200) as (sandbox, client):
        for turns in range(12):
            engine = an_engine(client, sandbox, store, clock)
            work = asyncio.create_task(engine.follow())
            for _ in range(turns):
                await asyncio.sleep(0)
            engine.stop()
            if turns == 0:
                work.cancel()
            with suppress(asyncio.CancelledError):
                async with asyncio.timeout(5):
                    await work
            assert max([await store.count(str(account.id)) for account in sandbox.accounts]) <= 10 * (turns + 1)
        await assert_free(store, *sandbox.accounts)


@pytest.mark.parametrize("turns", [1, 30, 200])
async def test_cancelling_it_leaves_nothing_behind(store: Any, turns: int) -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=3, messages=60) as (sandbox, client):
        resources = ["email", "tasks"]
        work = asyncio.create_task(an_engine(client, sandbox, store, clock, resources=resources).follow())
        for _ in range(turns):
            await asyncio.sleep(0)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await assert_free(store, *sandbox.accounts)
        assert (await an_engine(client, sandbox, store, clock, resources=resources).run()).complete
        assert await all_mismatches(store, sandbox, resources) == []


async def test_it_runs_inside_a_running_loop_as_long_as_its_context() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=2) as (sandbox, client):
        engine = an_engine(client, sandbox, store, clock)
        async with following(engine) as watch:
            await synced(watch, 2)
        assert watch.over
        assert await all_mismatches(store, sandbox, ["email"]) == []
        with pytest.raises(KeyError, match="of the web app"):
            async with engine:
                raise KeyError("of the web app")
        async with engine:
            pass
        await assert_free(store, *sandbox.accounts)


async def test_an_engine_that_died_says_so(caplog: pytest.LogCaptureFixture) -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=1) as (sandbox, client):

        async def provider() -> AsyncIterator[SyncAccount]:
            raise Forbidden(403, "not you")
            yield

        engine = an_engine(client, sandbox, MemoryStore(), clock, accounts=provider)
        with caplog.at_level(logging.ERROR), pytest.raises(Forbidden):
            async with engine:
                await eventually(lambda: "the sync engine ended with an error" in caplog.text)


async def test_it_runs_again_but_not_twice_at_once() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=2) as (sandbox, client):
        engine = an_engine(client, sandbox, store, clock)
        first = asyncio.create_task(engine.run())
        await asyncio.sleep(0)
        with pytest.raises(ConfigError):
            await engine.run()
        with pytest.raises(ConfigError):
            await engine.follow()
        assert (await first).complete
        assert (await engine.run()).complete
        engine.stop()
        assert (await engine.run()).complete, "a stop of an engine that does not run is for nobody"


async def test_signals_stop_it_only_when_asked() -> None:
    clock, store = FastClock(), MemoryStore()
    got: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: got.append(number))
    try:
        mine, interrupt = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        async with mailboxes(clock, accounts=1) as (sandbox, client):
            engine = an_engine(client, sandbox, store, clock)
            async with following(engine) as watch:
                await synced(watch, 1)
                os.kill(os.getpid(), signal.SIGTERM)
                await asyncio.sleep(0.01)
                assert got == [signal.SIGTERM]
                assert not watch.over
            for number in (signal.SIGTERM, signal.SIGINT):
                work = asyncio.create_task(engine.follow(signals=True))
                await eventually(lambda: engine._working)
                os.kill(os.getpid(), number)
                async with asyncio.timeout(5):
                    await work
                assert signal.getsignal(signal.SIGTERM) is mine
                assert signal.getsignal(signal.SIGINT) is interrupt
        assert got == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_the_hosts_own_signal_handlers_are_there_again() -> None:
    clock, store, loop = FastClock(), MemoryStore(), asyncio.get_running_loop()
    got: list[str] = []
    loop.add_signal_handler(signal.SIGTERM, got.append, "the host's")
    try:
        async with mailboxes(clock, accounts=1) as (sandbox, client):
            engine = an_engine(client, sandbox, store, clock)
            work = asyncio.create_task(engine.follow(signals=True))
            await eventually(lambda: engine._working)
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(5):
                await work
        got.clear()
        os.kill(os.getpid(), signal.SIGTERM)
        await eventually(lambda: got)
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def test_signals_are_refused_where_none_arrive() -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=1) as (sandbox, client):

        def elsewhere() -> None:
            asyncio.run(an_engine(client, sandbox, MemoryStore(), clock).follow(signals=True))

        with pytest.raises(ConfigError, match="main thread"):
            await asyncio.to_thread(elsewhere)


async def test_nobody_to_sync_is_no_error() -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=1) as (sandbox, client):
        engine = an_engine(client, sandbox, MemoryStore(), clock, accounts=[])
        report = await engine.run()
        assert (report.accounts, report.complete, report.total.pages) == (0, True, 0)
        async with following(engine):
            await asyncio.sleep(0.01)
        assert sandbox.requests == []


async def test_progress_tells_each_sync_in_order() -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=3, messages=60) as (sandbox, client):
        sandbox.faults.add(Fault("status", status=500, account=sandbox.accounts[0], path="email.sync.updated", after=2))
        engine = an_engine(client, sandbox, MemoryStore(), clock, concurrency=2, slice_pages=3)
        async with watched(engine) as watch:
            report = await engine.run()
        assert watch.over
        for account in sandbox.accounts:
            mine = [event for event in watch.events if event.account == str(account.id)]
            ends = [number for number, event in enumerate(mine) if event.kind in ("paused", "ended")]
            assert ends[-1] == len(mine) - 1
            for first, last in zip([0, *[end + 1 for end in ends[:-1]]], ends, strict=True):
                kinds = [event.kind for event in mine[first : last + 1]]
                assert kinds[0] == "started"
                assert set(kinds[1:-1]) <= {"page"}
                pages = [event.report.pages for event in mine[first:last]]
                assert pages == sorted(pages)
            assert mine[-1].state is not None
            assert mine[-1].state.standing == "ok"
        failed = [event for event in watch.of("ended") if event.error is not None]
        assert [event.account for event in failed] == [str(sandbox.accounts[0].id)]
        assert failed[0].state is not None
        assert failed[0].state.standing == "retrying"
        assert report.complete
        assert report.total.added == 180
