"""What an account fails with is its own: it is said, repeated and mended, and the others go on."""

import time
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from aurinko_async import AccountAuth, MemoryStore, SyncAccount
from aurinko_async.errors import Forbidden, RateLimited, StoreError
from aurinko_async.sandbox import Fault
from aurinko_async.sync import SyncKey
from support.clock import FastClock
from support.engines import NEVER, Refusing, Watch, an_engine, following, mailboxes, named, synced, watched
from support.eventually import eventually
from support.everything import ALL, WIDE, all_mismatches, mismatches


def dead(account: Any, times: int | None = None) -> Fault:
    return Fault("status", times=times, status=401, code="token.dead", account=account)


def intervals(watch: Watch, account: Any) -> list[float]:
    """From the end of each sync of an account to the next, in the engine's seconds."""
    both = zip(watch.of("ended", account), watch.of("started", account)[1:], strict=False)
    return [(start.at - end.at).total_seconds() for end, start in both]


# --- accounts


async def test_each_failure_marks_its_own_account(store: Any) -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=5) as (sandbox, client):
        first, second, third, fourth, _ = sandbox.accounts
        sandbox.faults.add(
            dead(first),
            Fault("status", times=None, status=403, account=second, path="email.*"),
            Fault("status", times=None, status=404, account=third, path="contacts.*"),
            Fault("status", times=None, status=503, account=fourth, path="task_lists.*"),
        )
        report = await an_engine(client, sandbox, store, clock, resources=WIDE).run()
        assert not report.complete
        assert {(state.account, state.resource): state.standing for state in report.troubled} == {
            **{(str(first.id), resource): "needs_reauth" for resource in ALL},
            (str(second.id), "email"): "failed",
            (str(third.id), "contacts"): "failed",
            (str(fourth.id), "tasks"): "retrying",
        }
        assert report.standings == {"ok": 13, "retrying": 1, "needs_reauth": 4, "failed": 2}
        kept = {(state.account, state.resource): state for state in await store.standings()}
        assert len(kept) == 20
        assert kept[str(second.id), "email"].reason.startswith("Forbidden: ")
        assert all(state.until is not None for state in report.troubled)
        for account in sandbox.accounts[1:]:
            good = [name for name in ALL if kept[str(account.id), name].standing == "ok"]
            assert await mismatches(store, account, good) == []


async def test_a_dead_token_lives_again_when_there_is_news(store: Any) -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=2) as (sandbox, client):
        account = sandbox.accounts[0]
        sandbox.faults.add(dead(account))
        engine = an_engine(client, sandbox, store, clock)
        async with following(engine) as watch:
            await synced(watch, 2)
            assert [state.standing for state in await store.standings()] == ["needs_reauth", "ok"]
            sandbox.faults.clear()
            await engine.notify(account.id)
            await synced(watch, 3)
        assert [state.standing for state in await store.standings()] == ["ok", "ok"]
        assert await mismatches(store, account, ["email"]) == []


async def test_a_dead_token_lives_again_with_new_credentials() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=2) as (sandbox, client):
        account, other = sandbox.accounts
        tokens = {account.id: "a token of yesterday", other.id: other.token}

        async def provider() -> AsyncIterator[SyncAccount]:
            for name, token in tokens.items():
                yield SyncAccount(str(name), AccountAuth(token))

        engine = an_engine(client, sandbox, store, clock, accounts=provider, accounts_every=5.0)
        async with following(engine) as watch:
            await eventually(lambda: [state.standing for state in engine.report.troubled] == ["needs_reauth"])
            tokens[account.id] = account.token
            await eventually(lambda: engine.report.complete)
            assert watch.count("started")[str(other.id)] == 1
        assert await all_mismatches(store, sandbox, ["email"]) == []


async def test_credentials_that_change_while_a_sync_fails_are_tried_at_once() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=1, latency=0.05) as (sandbox, client):
        (account,) = sandbox.accounts
        sandbox.faults.add(dead(None, times=1))
        auths = [AccountAuth("a token of yesterday"), AccountAuth(account.token)]

        async def provider() -> AsyncIterator[SyncAccount]:
            yield SyncAccount(str(account.id), auths.pop(0) if len(auths) > 1 else auths[0])

        engine = an_engine(client, sandbox, store, clock, accounts=provider, accounts_every=2.0)
        async with following(engine) as watch:
            await synced(watch, 2)
        assert [event.state and event.state.standing for event in watch.of("ended")] == ["needs_reauth", "ok"]
        assert intervals(watch, account)[0] < 60


async def test_intervals_grow_while_the_api_fails() -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=2) as (sandbox, client):
        account, other = sandbox.accounts
        sandbox.faults.add(Fault("status", times=None, status=500, account=account))
        engine = an_engine(client, sandbox, MemoryStore(), clock, poll=10.0)
        async with following(engine) as watch:
            await eventually(lambda: len(watch.of("started", account)) >= 6)
            assert len(watch.of("ended", other)) >= 3
        grown = intervals(watch, account)
        assert all(least * 0.8 <= gap for least, gap in zip([2, 4, 8, 16, 32], grown, strict=False)), grown
        assert grown[4] < 200


async def test_retry_after_is_honoured() -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=1) as (sandbox, client):
        (account,) = sandbox.accounts
        sandbox.faults.add(Fault("status", times=None, status=429, retry_after=100))
        engine = an_engine(client, sandbox, MemoryStore(), clock)
        async with following(engine) as watch:
            await eventually(lambda: len(watch.of("started")) >= 4)
        assert min(intervals(watch, account)) >= 100
        assert all(isinstance(event.error, RateLimited) for event in watch.of("ended"))


async def test_what_another_holds_is_left_alone(store: Any) -> None:
    clock = FastClock(1000.0)
    async with mailboxes(clock, accounts=2) as (sandbox, client):
        account = sandbox.accounts[0]
        lease, _ = await store.begin(SyncKey(str(account.id), "email"))
        report = await an_engine(client, sandbox, store, clock).run()
        assert [(state.account, state.standing) for state in report.troubled] == [(str(account.id), "retrying")]
        assert report.troubled[0].reason.startswith("LeaseHeld")
        await store.release(lease)
        assert (await an_engine(client, sandbox, store, clock).run()).complete


# --- who there is


async def test_accounts_come_and_go() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=3) as (sandbox, client):
        there = named(sandbox)[:2]

        async def provider() -> AsyncIterator[SyncAccount]:
            for account in there:
                yield account

        engine = an_engine(client, sandbox, store, clock, accounts=provider, accounts_every=3.0, poll=5.0)
        first, _, third = sandbox.accounts
        async with following(engine) as watch:
            await synced(watch, 2)
            there[:] = named(sandbox)[1:]
            await eventually(lambda: watch.of("ended", third) and str(first.id) not in engine._agenda)
            sandbox.requests.clear()
            seen = len(watch.of("ended", third))
            await eventually(lambda: len(watch.of("ended", third)) >= seen + 3)
        assert not [request for request in sandbox.requests if request.account == first.id]
        assert engine.report.accounts == 2
        assert await mismatches(store, third, ["email"]) == []
        assert await mismatches(store, first, ["email"]) == [], "what was mirrored stays"


async def test_an_account_that_goes_is_let_go_when_the_engine_is_told() -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=2) as (sandbox, client):
        there = named(sandbox)

        async def provider() -> AsyncIterator[SyncAccount]:
            for account in there:
                yield account

        engine = an_engine(client, sandbox, MemoryStore(), clock, accounts=provider, accounts_every=NEVER)
        async with following(engine) as watch:
            await synced(watch, 2)
            del there[0]
            engine.refresh()
            await eventually(lambda: engine.report.accounts == 1)


@pytest.mark.parametrize("error", [ConnectionError("no database"), StoreError("no database"), KeyError("surprise")])
async def test_accounts_that_cannot_be_listed_for_a_while(error: Exception) -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=2) as (sandbox, client):
        asked: list[float] = []

        async def provider() -> AsyncIterator[SyncAccount]:
            asked.append(clock.monotonic())
            if len(asked) in (1, 2, 4, 5):
                raise error
            for account in named(sandbox):
                yield account

        engine = an_engine(client, sandbox, store, clock, accounts=provider, accounts_every=200.0, poll=5.0)
        began = clock.monotonic()
        async with following(engine) as watch:
            await synced(watch, 2)
            assert clock.monotonic() - began < 200
            await eventually(lambda: len(asked) >= 6)
            ended = len(watch.of("ended"))
            await synced(watch, ended + 2)
            await eventually(lambda: engine.report.complete)


async def test_accounts_that_may_not_be_listed_end_it() -> None:
    clock = FastClock()
    async with mailboxes(clock, accounts=1) as (sandbox, client):

        async def provider() -> AsyncIterator[SyncAccount]:
            raise Forbidden(403, "not you")
            yield

        engine = an_engine(client, sandbox, MemoryStore(), clock, accounts=provider)
        with pytest.raises(Forbidden):
            await engine.follow()
        with pytest.raises(Forbidden):
            await engine.run()


async def test_news_of_strangers_does_not_list_the_accounts_again_and_again() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=1) as (sandbox, client):
        asked: list[float] = []

        async def provider() -> AsyncIterator[SyncAccount]:
            asked.append(clock.monotonic())
            for account in named(sandbox):
                yield account

        engine = an_engine(client, sandbox, store, clock, accounts=provider, accounts_every=300.0)
        async with following(engine) as watch:
            await synced(watch, 1)
            began, real = clock.monotonic(), time.monotonic()
            while clock.monotonic() - began < 120 and time.monotonic() - real < 10:
                await engine.notify("a stranger")
                await clock.sleep(1.0)
        assert 3 <= len(asked) <= 9, len(asked)
        grown = [later - before for before, later in pairwise(asked)]
        assert grown[-1] > 2 * grown[1]


async def test_news_of_a_new_account_is_reason_to_ask_for_it() -> None:
    clock, store = FastClock(), MemoryStore()
    async with mailboxes(clock, accounts=2) as (sandbox, client):
        there = named(sandbox)[:1]

        async def provider() -> AsyncIterator[SyncAccount]:
            for account in there:
                yield account

        engine = an_engine(client, sandbox, store, clock, accounts=provider)
        async with following(engine) as watch:
            await synced(watch, 1)
            there[:] = named(sandbox)
            await engine.notify(sandbox.accounts[1].id)
            await synced(watch, 2)
            await eventually(lambda: not store._marks)
        assert await all_mismatches(store, sandbox, ["email"]) == []


# --- the database


@pytest.mark.parametrize("method", ["begin", "commit", "settle", "marks"])
async def test_a_database_that_refuses_for_a_while(method: str) -> None:
    clock = FastClock()
    refusing = Refusing(MemoryStore())
    async with mailboxes(clock, accounts=3) as (sandbox, client):
        engine = an_engine(client, sandbox, refusing, clock, marks_every=2.0)
        async with following(engine) as watch:
            await synced(watch, 3)
            before = {state.key: state.checkpoint for state in await refusing.status()}
            refusing.left[method] = 6
            for account in sandbox.accounts:
                account.mail.add(subject="news")
                await engine.notify(account.id)
            await eventually(lambda: refusing.refused[method] == 6)
            await eventually(lambda: not refusing._store._marks)
            await eventually(lambda: engine.report.complete)
            after = {state.key: state.checkpoint for state in await refusing.status()}
            assert all(before[key] != after[key] for key in before)
        assert await all_mismatches(refusing, sandbox, ["email"]) == []
        assert [state.standing for state in await refusing.standings()] == ["ok"] * 3


async def test_a_refused_commit_moves_no_checkpoint(store: Any) -> None:
    clock = FastClock(1000.0)
    refusing = Refusing(store)
    async with mailboxes(clock, accounts=2) as (sandbox, client):
        assert (await an_engine(client, sandbox, refusing, clock).run()).complete
        before = {state.key: (state.checkpoint, state.live) for state in await store.status()}
        for account in sandbox.accounts:
            account.mail.add_many(25)
        refusing.left["commit"] = 1000
        report = await an_engine(client, sandbox, refusing, clock).run()
        assert report.standings["retrying"] == 2
        assert {state.key: (state.checkpoint, state.live) for state in await store.status()} == before
        refusing.left.clear()
        assert (await an_engine(client, sandbox, refusing, clock).run()).complete
        assert await all_mismatches(store, sandbox, ["email"]) == []


async def test_a_run_ends_though_wishes_can_never_be_dropped() -> None:
    clock = FastClock(1000.0)
    refusing = Refusing(MemoryStore())
    async with mailboxes(clock, accounts=1) as (sandbox, client):
        await refusing.mark(str(sandbox.accounts[0].id), "email")
        refusing.left["settle"] = 1000
        engine = an_engine(client, sandbox, refusing, clock, attempts=3)
        async with watched(engine) as watch:
            report = await engine.run()
        assert report.standings["retrying"] == 1
        assert len(watch.of("started")) == 3
        assert len(await refusing.marks()) == 1


async def test_a_wish_that_cannot_be_kept_is_refused() -> None:
    clock = FastClock()
    refusing = Refusing(MemoryStore())
    async with mailboxes(clock, accounts=1) as (sandbox, client):
        refusing.left["mark"] = 1
        engine = an_engine(client, sandbox, refusing, clock)
        with pytest.raises(StoreError):
            await engine.notify(sandbox.accounts[0].id)


async def test_how_an_account_stands_is_kept_in_the_end() -> None:
    """A note that was refused is made up for, though nothing has changed since."""
    clock = FastClock()
    refusing = Refusing(MemoryStore())
    async with mailboxes(clock, accounts=1) as (sandbox, client):
        sandbox.faults.add(Fault("status", status=500))
        engine = an_engine(client, sandbox, refusing, clock, poll=5.0)
        async with following(engine) as watch:
            await synced(watch, 1)
            assert [state.standing for state in await refusing.standings()] == ["retrying"]
            refusing.left["note"] = 1
            await synced(watch, 3)
        assert [state.standing for state in await refusing.standings()] == ["ok"]
