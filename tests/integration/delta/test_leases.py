"""One sync at a time: a second one waits for its turn, and nobody who leaves keeps it."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from aurinko_async import AurinkoClient
from aurinko_async.errors import LeaseHeld
from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.sync import SyncKey, SyncReport
from support.clock import FakeClock
from support.eventually import eventually
from support.mirror import differences


async def held(store: Any, account: Account) -> Any:
    lease, _ = await store.begin(SyncKey(str(account.id), "email"))
    return lease


async def test_a_second_sync_waits_and_then_says_who_is_in_the_way(
    aurinko: AurinkoClient, account: Account, store: Any, clock: FakeClock
) -> None:
    lease, began = await held(store, account), clock.now
    with pytest.raises(LeaseHeld):
        await aurinko.email.delta(store=store, lease_wait=7.0).run()
    assert clock.now - began == pytest.approx(7.0)
    assert max(clock.slept) <= 1.0
    clock.slept.clear()
    with pytest.raises(LeaseHeld):
        await aurinko.email.delta(store=store, lease_wait=0.0).run()
    assert clock.slept == []
    await store.release(lease)


async def test_a_second_sync_begins_when_the_first_is_done(
    aurinko: AurinkoClient, account: Account, store: Any, clock: FakeClock
) -> None:
    lease = await held(store, account)
    waiting = asyncio.ensure_future(aurinko.email.delta(store=store, lease_wait=1e9).run())
    await eventually(lambda: len(clock.slept) >= 5)
    await store.release(lease)
    assert (await waiting).complete
    assert await differences(store, account) == []


async def test_syncs_side_by_side_take_turns(aurinko: AurinkoClient, account: Account, store: Any) -> None:
    """Nobody is overtaken, and what the second does is an increment."""
    syncs = [aurinko.email.delta(store=store, lease_wait=1e9).run() for _ in range(3)]
    reports = await asyncio.gather(*syncs)
    assert sorted(report.scan for report in reports) == [False, False, True]
    assert await differences(store, account) == []


async def test_a_sync_that_is_cancelled_while_it_waits_holds_nothing(
    aurinko: AurinkoClient, account: Account, store: Any, clock: FakeClock
) -> None:
    lease = await held(store, account)
    waiting = asyncio.ensure_future(aurinko.email.delta(store=store, lease_wait=1e9).run())
    await eventually(lambda: clock.slept)
    waiting.cancel()
    await asyncio.wait([waiting])
    await store.release(lease)
    await store.release(await held(store, account))


class Slow:
    """A store that takes a moment to give a key."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.began, self.go_on = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def begin(self, key: SyncKey) -> Any:
        taken = await self._store.begin(key)
        self.began.set()
        await self.go_on.wait()
        return taken


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_sync_that_is_cancelled_while_it_begins_holds_nothing(
    aurinko: AurinkoClient, account: Account, store: Any, times: int
) -> None:
    slow = Slow(store)
    beginning = asyncio.ensure_future(aurinko.email.delta(store=slow).run())  # type: ignore[arg-type]
    await slow.began.wait()
    for _ in range(times):
        beginning.cancel()
        await asyncio.sleep(0)
    slow.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await beginning
    await store.release(await held(store, account))


@pytest.mark.parametrize("prefetch", [True, False])
@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_sync_that_is_cancelled_at_work_holds_nothing(
    aurinko: AurinkoClient, account: Account, store: Any, times: int, prefetch: bool
) -> None:
    some = asyncio.Event()

    def told(report: SyncReport) -> None:
        if report.added:
            some.set()

    work = asyncio.ensure_future(aurinko.email.delta(store=store, prefetch=prefetch, progress=told).run())
    await some.wait()
    for _ in range(times):
        work.cancel()
        await asyncio.sleep(0)
    with suppress(asyncio.CancelledError):
        await work
    await store.release(await held(store, account))
    await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []


async def test_whoever_breaks_off_can_begin_again_at_once(
    aurinko: AurinkoClient, account: Account, store: Any, sandbox: Sandbox
) -> None:
    ids: set[str] = set()
    for turn in range(3):
        # The loop is left in real time; by this clock waiting for that takes none.
        async for batch in aurinko.email.delta(store=store, lease_wait=1e9):
            ids |= {message.id for message in batch.updated if message.id}
            if len(ids) > 20 * turn:
                break
    async for batch in aurinko.email.delta(store=store, lease_wait=1e9):
        ids |= {message.id for message in batch.updated if message.id}
    assert ids == set(account.mail.messages)
    starts = [served for served in sandbox.requests if served.operation == "email.sync.start"]
    assert len(starts) == 2, "one generation, whose first start was not ready"
