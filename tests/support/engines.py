"""Engines at work on a sandbox, watched."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aurinko_async import (
    AccountAuth,
    AurinkoClient,
    EngineOptions,
    Limits,
    NoAuth,
    RetryPolicy,
    SyncAccount,
    SyncEngine,
    Timeout,
)
from aurinko_async.errors import StoreError
from aurinko_async.sandbox import Sandbox
from aurinko_async.sync.engine import EngineEvent
from support.clock import FastClock
from support.eventually import eventually

NEVER = 1e9
"""Seconds: no poll and no second question within a test."""


@asynccontextmanager
async def mailboxes(clock: FastClock, **options: Any) -> AsyncIterator[tuple[Sandbox, AurinkoClient]]:
    """A sandbox and a client that leaves all repetitions to the engine."""
    small = {"accounts": 3, "messages": 30, "events": 6, "page_size": 10, "seed": 3}
    async with (
        Sandbox(clock=clock.time, **{**small, **options}) as sandbox,
        AurinkoClient(
            NoAuth(),
            base_url=sandbox.url,
            clock=clock,
            retry=RetryPolicy(attempts=1),
            timeout=Timeout(connect=5, read=10, total=20),
            limits=Limits(per_second=1e6),
        ) as client,
    ):
        yield sandbox, client


def named(sandbox: Sandbox) -> list[SyncAccount]:
    return [SyncAccount(str(account.id), AccountAuth(account.token)) for account in sandbox.accounts]


def an_engine(
    client: AurinkoClient,
    sandbox: Sandbox,
    store: Any,
    clock: FastClock,
    *,
    accounts: Any = None,
    resources: Sequence[Any] = ("email",),
    **options: Any,
) -> SyncEngine:
    settings = EngineOptions(**{"poll": NEVER, "accounts_every": NEVER, "marks_every": NEVER, **options})
    listed = named(sandbox) if accounts is None else accounts
    return SyncEngine(client, store, accounts=listed, resources=list(resources), options=settings, clock=clock)


class Watch:
    """What an engine has told."""

    def __init__(self, engine: SyncEngine) -> None:
        self.events: list[EngineEvent] = []
        self.over = False
        self._engine = engine

    async def listen(self) -> None:
        async for event in self._engine.progress():
            self.events.append(event)
        self.over = True

    def of(self, kind: str, account: Any = None) -> list[EngineEvent]:
        return [e for e in self.events if e.kind == kind and (account is None or e.account == str(account.id))]

    def count(self, kind: str) -> Counter[str]:
        return Counter(event.account for event in self.of(kind))


@asynccontextmanager
async def watched(engine: SyncEngine) -> AsyncIterator[Watch]:
    """Listen to an engine, which begins after this, to its end."""
    watch = Watch(engine)
    task = asyncio.create_task(watch.listen())
    await asyncio.sleep(0)
    try:
        yield watch
        async with asyncio.timeout(5):
            await task
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def following(engine: SyncEngine) -> AsyncIterator[Watch]:
    """An engine that follows, and is stopped at the end."""
    async with watched(engine) as watch, engine:
        yield watch


async def synced(watch: Watch, number: int) -> None:
    """Go on when so many syncs have ended."""
    await eventually(lambda: len(watch.of("ended")) >= number)


class Refusing:
    """A database that refuses what it is told to: the names of methods of a store, and how often."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.left: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if not self.left[name]:
            return method

        async def refuse(*_: Any) -> Any:
            self.left[name] -= 1
            self.refused[name] += 1
            raise StoreError("the disk is full")

        return refuse
