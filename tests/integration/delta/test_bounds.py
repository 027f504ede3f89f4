"""Rules 6 to 8, callers with a database of their own, bad input, and all faults at once."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from aurinko_async import AccountAuth, AurinkoClient, MemoryStore, RetryPolicy
from aurinko_async.errors import (
    AurinkoError,
    ConfigError,
    CursorConflict,
    CursorMissing,
    InvalidInput,
    LeaseHeld,
    LeaseLost,
    MalformedBody,
    RepeatedPageToken,
    SyncNotReady,
    TooManyEmptyPages,
    TooManyRestarts,
    Unauthorized,
)
from aurinko_async.sandbox import Account, Fault, Sandbox
from aurinko_async.sync import Bounds, SyncKey, SyncReport
from aurinko_async.sync.store import Lease
from support.clock import FakeClock
from support.mirror import differences

# --- rule 6: bounded


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("never_ready", times=None), SyncNotReady),
        (Fault("repeat_page_token", times=None, path="email.sync.updated"), RepeatedPageToken),
        (Fault("empty_pages", times=None, path="email.sync.updated"), TooManyEmptyPages),
        (Fault("both_tokens", times=None, path="email.sync.updated"), CursorConflict),
        (Fault("neither_token", times=None, path="email.sync.deleted"), CursorMissing),
        (Fault("delta_expired", times=None, path="email.sync.updated"), TooManyRestarts),
        (Fault("html", times=None, path="email.sync.updated"), MalformedBody),
        (Fault("truncated", times=None, path="email.sync.updated"), MalformedBody),
        (Fault("status", status=401, times=None, path="email.sync.updated"), Unauthorized),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else value.__name__,
)
async def test_rule_6_bounded(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any, fault: Fault, error: type[Exception]
) -> None:
    sandbox.faults.add(fault)
    bounds = Bounds(waits=5, empty_pages=10)
    with pytest.raises(error):
        await aurinko.email.delta(store=store, bounds=bounds).run()
    assert len(sandbox.requests) < 40
    sandbox.faults.clear()
    await aurinko.email.delta(store=store, bounds=bounds).run()
    assert await differences(store, account) == []


async def test_rule_6_an_empty_page_with_a_next_token_is_not_the_end(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any
) -> None:
    sandbox.faults.add(Fault("empty_pages", times=3, after=2, path="email.sync.updated"))
    await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []


# --- rule 7: partial records


@pytest.fixture
async def imap(sandbox: Sandbox, clock: FakeClock) -> AsyncIterator[tuple[AurinkoClient, Account]]:
    (account,) = [account for account in sandbox.accounts if account.service_type == "IMAP"]
    async with AurinkoClient(AccountAuth(account.token), base_url=sandbox.url, clock=clock) as client:
        yield client, account


async def test_rule_7_hydration_fetches_what_is_omitted(imap: tuple[AurinkoClient, Account], store: Any) -> None:
    aurinko, account = imap
    await aurinko.email.delta(store=store).run()
    partial = await store.messages(str(account.id), limit=1)
    assert partial[0].omitted
    assert partial[0].body is None

    await aurinko.email.delta(store=store, body_type="html", hydrate=True).run()
    assert await differences(store, account) == []


async def test_rule_7_a_partial_record_never_erases_a_fuller_one(
    imap: tuple[AurinkoClient, Account], store: Any
) -> None:
    aurinko, account = imap
    await aurinko.email.delta(store=store, hydrate=True).run()
    assert await differences(store, account) == []
    some = list(account.mail.messages)[4]
    account.mail.update(some, subject="changed")
    await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []


# --- rule 8: one writer (the older is refused)


async def test_rule_8_a_second_sync_of_the_same_waits_and_is_refused(
    aurinko: AurinkoClient, account: Account, store: Any, sandbox: Sandbox
) -> None:
    lease, _ = await store.begin(SyncKey(str(account.id), "email"))
    with pytest.raises(LeaseHeld):
        await aurinko.email.delta(store=store, lease_wait=5.0).run()
    assert [served.operation for served in sandbox.requests if served.operation != "account.get"] == []
    waiting = asyncio.ensure_future(aurinko.email.delta(store=store, lease_wait=1e9).run())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await store.release(lease)
    assert (await waiting).complete
    assert await differences(store, account) == []


async def test_rule_8_a_sync_that_was_taken_over_saves_nothing_more(
    aurinko: AurinkoClient, account: Account, store: Any
) -> None:
    begun: list[Lease] = []

    class Watched:
        async def begin(self, key: SyncKey) -> tuple[Lease, str | None]:
            lease, checkpoint = await store.begin(key)
            begun.append(lease)
            return lease, checkpoint

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

    overtaken = asyncio.Event()

    def overtake(report: SyncReport) -> None:
        if report.added:
            overtaken.set()

    older = asyncio.ensure_future(aurinko.email.delta(store=Watched(), progress=overtake).run())
    await overtaken.wait()
    # As it is when its process was taken for dead.
    await store.release(begun[0])
    await aurinko.email.delta(store=store).run()
    with pytest.raises(LeaseLost):
        await older
    assert await differences(store, account) == []


# --- own database, bad input


async def test_a_caller_with_a_database_of_its_own_is_exact_under_crashes(
    aurinko: AurinkoClient, account: Account
) -> None:
    rows: dict[str, int] = {}
    checkpoint: str | None = None

    async def sync_until(crash: int | None) -> None:
        nonlocal checkpoint
        steps = 0
        async for batch in aurinko.email.delta(checkpoint=checkpoint):
            steps += 1
            if steps == crash:
                return
            for message in batch.updated:
                rows[message.id or ""] = batch.generation
            for tombstone in batch.deleted:
                rows.pop(tombstone.id or "", None)
            if batch.sweep:
                for record_id in [i for i, generation in rows.items() if generation < batch.sweep.generation]:
                    del rows[record_id]
            checkpoint = batch.checkpoint

    for crash in (1, 2, 3, 5, None):
        await sync_until(crash)
    assert set(rows) == set(account.mail.messages)
    for record_id in list(account.mail.messages)[::4]:
        account.mail.remove(record_id)
    account.expire_cursors()
    for crash in (1, 2, 4, 9, None):
        await sync_until(crash)
    assert set(rows) == set(account.mail.messages)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda email: email.delta(days_within=0), InvalidInput),
        (lambda email: email.delta(days_within=10**10), InvalidInput),
        (lambda email: email.delta(body_type="htlm"), InvalidInput),
        (lambda email: email.delta(store=MemoryStore(), checkpoint="{}"), ConfigError),
        (lambda email: email.delta().run(), ConfigError),
        (lambda email: email.delta(checkpoint="{}").__aiter__().__anext__(), InvalidInput),
    ],
)
async def test_bad_input_is_refused_before_any_request(
    aurinko: AurinkoClient, sandbox: Sandbox, make: Callable[[Any], Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await make(aurinko.email)
    assert sandbox.requests == []


async def test_a_day_of_changes_under_random_faults(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any, clock: FakeClock
) -> None:
    rng = random.Random(11)
    kinds: list[dict[str, Any]] = [
        {"kind": "status", "status": 429, "retry_after": 1},
        {"kind": "status", "status": 502},
        {"kind": "reset"},
        {"kind": "reset_in_body"},
        {"kind": "truncated"},
        {"kind": "delta_expired"},
        {"kind": "page_invalid"},
        {"kind": "delta_invalid"},
    ]
    for kind in kinds:
        sandbox.faults.add(Fault(**kind, times=None, probability=0.04, path="email.sync.*"))
    client = aurinko.with_options(retry=RetryPolicy(attempts=4))
    for _ in range(25):
        for _ in range(rng.randrange(6)):
            live = list(account.mail.messages)
            chosen = rng.choice(live)
            what = rng.randrange(4)
            if what == 0:
                account.mail.add(subject=f"new {clock.now}")
            elif what == 1:
                account.mail.update(chosen, subject=f"changed {clock.now}")
            else:
                account.mail.remove(chosen)
                if what == 3:
                    account.mail.restore(chosen)
        clock.now += timedelta(hours=1).total_seconds()
        with suppress(AurinkoError):
            await client.email.delta(store=store, bounds=Bounds(restarts=5)).run()
    sandbox.faults.clear()
    await client.email.delta(store=store).run()
    assert await differences(store, account) == []
    assert sum(sandbox.faults.injected.values()) > 10
