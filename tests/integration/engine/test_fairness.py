"""Nobody waits for a huge mailbox, or for an API that is never ready."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from aurinko_async import AurinkoClient, EmailPlan, MemoryStore
from aurinko_async.sandbox import Fault, Sandbox
from support.clock import FastClock
from support.engines import an_engine, following, mailboxes, named, synced, watched
from support.eventually import eventually
from support.everything import all_mismatches


def pages(sandbox: Sandbox, account: Any) -> list[str]:
    """The page tokens that were asked for."""
    return [r.query["pageToken"] for r in sandbox.requests if r.account == account.id and "pageToken" in r.query]


async def test_a_huge_mailbox_does_not_starve_small_ones() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=5, messages=10) as (sandbox, client):
        huge, *small = sandbox.accounts
        huge.mail.add_many(590)
        engine = an_engine(client, sandbox, store, clock, concurrency=1, slice_pages=5)
        async with watched(engine) as watch:
            report = await engine.run()
        assert report.complete
        assert [event.account for event in watch.of("ended")] == [str(account.id) for account in [*small, huge]]
        before = [event.kind for event in watch.events[: watch.events.index(watch.of("started", small[0])[0])]]
        assert before == ["started", *["page"] * 5, "paused"]
        assert await all_mismatches(store, sandbox, ["email"]) == []
        asked = pages(sandbox, huge)
        assert len(asked) == len(set(asked)), "it went on where it was"
        assert 55 <= len(asked) <= 60


async def test_huge_mailboxes_take_turns_and_come_to_their_ends() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=4, messages=150) as (sandbox, client):
        engine = an_engine(client, sandbox, store, clock, concurrency=2, slice_pages=2)
        async with watched(engine) as watch:
            assert (await engine.run()).complete
        pauses = watch.count("paused")
        assert min(pauses[str(account.id)] for account in sandbox.accounts) >= 4
        assert await all_mismatches(store, sandbox, ["email"]) == []


async def test_passes_over_many_task_lists_in_parts_come_to_their_ends() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=2, messages=1) as (sandbox, client):
        for account in sandbox.accounts:
            for name in "abcdef":
                account.task_lists.add_many(25, list_id=account.task_lists.create_list(name))
        engine = an_engine(client, sandbox, store, clock, resources=["tasks"], concurrency=1, slice_pages=1)
        async with watched(engine) as watch:
            assert (await engine.run()).complete
        assert sum(watch.count("paused").values()) > 20
        assert await all_mismatches(store, sandbox, ["tasks"]) == []
        starts = [r for r in sandbox.requests if r.operation == "task_lists.sync.start" and r.status == 200]
        assert len(starts) <= 2 * 2 * 10, "no list is begun twice"


async def test_an_api_that_is_never_ready_does_not_hold_a_place() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=4) as (sandbox, client):
        first, *others = sandbox.accounts
        sandbox.faults.add(Fault("never_ready", times=None, account=first))
        engine = an_engine(client, sandbox, store, clock, concurrency=1)
        async with following(engine) as watch:
            await synced(watch, 3)
            assert {event.account for event in watch.of("ended")} == {str(account.id) for account in others}
            sandbox.faults.clear()
            await synced(watch, 4)
            await eventually(lambda: engine.report.complete)
        assert await all_mismatches(store, sandbox, ["email"]) == []


async def test_a_task_list_that_is_never_ready_keeps_neither_the_others_nor_its_place() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=3, messages=1) as (sandbox, client):
        stuck = sandbox.accounts[0]
        first = next(iter(stuck.task_lists.records))
        sandbox.faults.add(Fault("never_ready", times=None, account=stuck, path=f"*/tasklists/{first}/sync*"))
        engine = an_engine(client, sandbox, store, clock, resources=["tasks"], concurrency=1, poll=5.0)
        async with following(engine) as watch:
            # The others' polls keep the only place wanted, for ever.
            await eventually(lambda: len(watch.of("paused", stuck)) >= 2)
            mirrored = {state.key.container for state in await store.status() if state.key.account == str(stuck.id)}
            assert mirrored == set(stuck.task_lists.records) - {first}
            sandbox.faults.clear()
            await eventually(lambda: watch.of("ended", stuck))
        assert await all_mismatches(store, sandbox, ["tasks"]) == []


async def test_a_task_list_that_is_never_ready_does_not_slow_a_huge_one_down() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=3, messages=1) as (sandbox, client):
        stuck = sandbox.accounts[0]
        first, huge, *_ = stuck.task_lists.records
        stuck.task_lists.add_many(200, list_id=huge)
        sandbox.faults.add(Fault("never_ready", times=None, account=stuck, path=f"*/tasklists/{first}/sync*"))
        options: dict[str, Any] = {"concurrency": 1, "poll": 5.0, "slice_pages": 2}
        engine = an_engine(client, sandbox, store, clock, resources=["tasks"], **options)
        began = clock.monotonic()
        async with following(engine) as watch:
            await eventually(lambda: sum(event.report.pages for event in watch.of("paused", stuck)) >= 20)
            took = clock.monotonic() - began
            assert len(watch.of("ended")) >= 3, "others poll"
        assert took < 500, "ten parts, each of which met the one that is not ready"


async def test_an_expired_cursor_and_an_api_that_is_not_ready_are_not_hammered() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=3, messages=5) as (sandbox, client):
        stuck = sandbox.accounts[0]
        engine = an_engine(client, sandbox, store, clock, concurrency=1, poll=3.0)
        async with following(engine) as watch:
            await synced(watch, 3)
            stuck.expire_cursors()
            sandbox.faults.add(Fault("never_ready", times=None, account=stuck))
            await eventually(lambda: len(watch.of("paused", stuck)) >= 5)
        paused = [event.at for event in watch.of("paused", stuck)]
        gaps = [(later - before).total_seconds() for before, later in pairwise(paused)]
        assert all(gap >= least for gap, least in zip(gaps, [4, 8, 16, 32], strict=False)), gaps


class Spying(EmailPlan):
    """Notes whether a page ahead may be fetched, at each page."""

    may: list[bool]

    def sync(self, client: AurinkoClient, account: str, now: datetime, *, skip: Any, **shared: Any) -> Any:
        asked, noted = shared["prefetch"], self.may

        def prefetch() -> bool:
            noted.append(asked())
            return noted[-1]

        return super().sync(client, account, now, skip=skip, **{**shared, "prefetch": prefetch})


async def test_pages_are_fetched_ahead_only_while_few_are_active() -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=8, messages=60) as (sandbox, client):
        for count in (2, 8):
            plan = Spying()
            object.__setattr__(plan, "may", [])
            accounts = named(sandbox)[:count]
            engine = an_engine(client, sandbox, MemoryStore(), clock, accounts=accounts, resources=[plan])
            assert (await engine.run()).complete
            assert set(plan.may[:10]) == {count == 2}
