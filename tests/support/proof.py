"""Everything that can go wrong at once, and what the engine makes of it."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aurinko_async import (
    AppAuth,
    AurinkoClient,
    EngineOptions,
    Limits,
    RetryPolicy,
    SyncEngine,
    Timeout,
    application_accounts,
)
from aurinko_async.sandbox import Fault, Sandbox
from support.clock import FastClock
from support.everything import WIDE, Meddler

FULL = os.environ.get("AURINKO_PROOF") == "full"
"""The proof at its full size takes minutes: the tests run a part of it."""

PAGES = "*sync.[ud]*"
"""Where the pages of a sync are asked for."""


def every_fault(probability: float) -> list[Fault]:
    """Each kind of fault, for the same share of the requests. Each can hit again and again."""
    status = [{"status": number} for number in (500, 502, 503, 504, 408, 401)]
    limited: list[dict[str, Any]] = [
        {"status": 429, "retry_after": 2},
        {"status": 429, "retry_after": "date", "seconds": 3},
        {"status": 429},
    ]
    kinds = ["reset", "reset_in_body", "processed_then_reset", "truncated", "html"]
    tokens = ["delta_expired", "delta_invalid", "page_invalid", "both_tokens", "neither_token", "repeat_page_token"]
    return [
        *(Fault("status", times=None, probability=probability, **detail) for detail in [*status, *limited]),
        *(Fault(kind, times=None, probability=probability) for kind in kinds),
        *(Fault(kind, times=None, path=PAGES, probability=probability) for kind in [*tokens, "empty_pages"]),
        Fault("never_ready", times=None, probability=probability * 5),
        Fault("slow", times=None, probability=probability, seconds=0.05),
        Fault("hang", times=None, probability=probability / 4),
    ]


@asynccontextmanager
async def meddling(sandbox: Sandbox, meddler: Meddler, seed: int, pause: float = 0.002) -> AsyncIterator[None]:
    """Mailboxes that change all the time."""
    dice = random.Random(seed)

    async def work() -> None:
        while True:
            meddler.meddle(dice.choice(sandbox.accounts))
            await asyncio.sleep(pause)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def client_of(sandbox: Sandbox, clock: FastClock) -> AsyncIterator[AurinkoClient]:
    auth = AppAuth(sandbox.client_id, sandbox.client_secret)
    async with AurinkoClient(
        auth,
        base_url=sandbox.url,
        clock=clock,
        retry=RetryPolicy(attempts=3),
        timeout=Timeout(connect=5, read=1, total=5),
        limits=Limits(per_second=1e6),
    ) as client:
        yield client


def engine_of(client: AurinkoClient, store: Any, clock: FastClock, **options: Any) -> SyncEngine:
    return SyncEngine(
        client,
        store,
        accounts=lambda: application_accounts(client),
        resources=WIDE,
        options=EngineOptions(**options),
        clock=clock,
    )


def told(sandbox: Sandbox) -> str:
    """The faults that hit, by kind and, for answers, by status."""
    hits = Counter(sandbox.faults.injected)
    answers = Counter(served.status for served in sandbox.requests)
    by_kind = ", ".join(f"{kind} {hits[kind]}" for kind in sorted(hits))
    by_status = ", ".join(f"{status} {answers[status]}" for status in sorted(answers))
    return f"faults: {by_kind}; answers by status: {by_status}"
