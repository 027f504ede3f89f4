"""A day of an engine that follows its accounts by webhooks, on a clock that the test drives."""

import asyncio
import random
import sys
import time
from collections import Counter
from typing import Any

import pytest

from aurinko_async import AppAuth, AurinkoClient, SyncEngine
from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.webhooks import (
    CONTACTS,
    MESSAGES,
    WebhookReceiver,
    ensure_subscriptions,
    events_of,
    notify_engine,
    tasks_of,
)
from support.driven import DrivenClock
from support.everything import Meddler, all_mismatches
from support.hooked import on_aiohttp
from support.proof import FULL, client_of, engine_of

ACCOUNTS, HOURS = (20, 24) if FULL else (3, 24)
STORES = ["memory", "sqlite", "postgres"] if FULL else ["sqlite"]
STEP = 600.0 if FULL else 3600.0
POLL = 6 * 3600.0


async def quiet(engine: SyncEngine, clock: DrivenClock) -> None:
    """Until the engine has nothing under way and nothing due; retries and other short waits are let pass."""
    while True:
        for _ in range(20):
            await asyncio.sleep(0)
        if not engine._runs and not engine._is_crowded():
            return
        await asyncio.sleep(0.002)
        await clock.go_on(clock.now + 0.01)


async def go(engine: SyncEngine, clock: DrivenClock, seconds: float) -> None:
    until = clock.now + seconds
    await quiet(engine, clock)
    while await clock.go_on(until):
        await quiet(engine, clock)


async def subscribed(client: AurinkoClient, sandbox: Sandbox, account: Account, url: str) -> None:
    view = client.with_auth(AppAuth(sandbox.client_id, sandbox.client_secret, account.id))
    calendars = [agenda.id for agenda in account.calendars if not agenda.group]
    wanted = [MESSAGES, CONTACTS, *map(events_of, calendars), *map(tasks_of, account.task_lists.records)]
    await ensure_subscriptions(view, wanted, url)


@pytest.mark.parametrize("store", STORES, indirect=True)
async def test_a_day_of_following(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    began, clock, dice, meddler = time.monotonic(), DrivenClock(), random.Random(8), Meddler(8)
    async with (
        Sandbox(accounts=ACCOUNTS, messages=40, events=10, page_size=20, seed=8, clock=clock.time) as sandbox,
        client_of(sandbox, clock) as client,
    ):
        engine = engine_of(client, store, clock, poll=POLL, accounts_every=4 * 3600.0, marks_every=1800.0)
        receiver = WebhookReceiver(sandbox.signing_secret, notify_engine(engine), clock=clock.time)
        async with on_aiohttp(receiver) as url, engine:
            for account in sandbox.accounts:
                await subscribed(client, sandbox, account, url)
            await go(engine, clock, 60)
            steady, bursts, late = len(sandbox.requests), 0, 0
            for _ in range(int(HOURS * 3600 / STEP)):
                busy = dice.sample(sandbox.accounts, k=max(1, ACCOUNTS // 5))
                for account in busy:
                    for _ in range(dice.randint(1, 15)):
                        meddler.meddle(account)
                if dice.random() < 0.2:
                    dice.choice(sandbox.accounts).expire_cursors()
                bursts += len(busy)
                await sandbox.deliver_webhooks()
                await go(engine, clock, 60)
                # News by webhook is there within the minute, not at the next poll.
                late += len(await all_mismatches(store, sandbox)) > 0
                await go(engine, clock, STEP - 60)
            assert late == 0
            wrong = await all_mismatches(store, sandbox)
        assert wrong == []
        requests = len(sandbox.requests) - steady
        polls = ACCOUNTS * 4 * (HOURS * 3600 / POLL + 1)
        by_kind = Counter((served.operation or "").split(".")[0] for served in sandbox.requests)
        # A run asks for a list, and for two pages or three of each of a handful of containers; a burst tells of four.
        assert requests < (polls + bursts * 4) * 20
        with capsys.disabled():
            sys.stdout.write(
                f"\n{type(store).__name__}: {HOURS} hours, {ACCOUNTS} accounts, {bursts} bursts of {meddler.changes:,} "
                f"changes, {requests:,} requests ({dict(by_kind)}), mismatches {len(wrong)}; "
                f"{time.monotonic() - began:.0f} s\n"
            )
