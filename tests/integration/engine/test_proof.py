"""Every kind of fault at once, while the mailboxes change: the mirror ends equal to the truth."""

import sys
import time
from contextlib import suppress
from typing import Any

import pytest

from aurinko_async import EngineReport, SyncEngine
from aurinko_async.errors import ApiError, DecodeError, PagingError, TransportError
from aurinko_async.sandbox import Sandbox
from support.clock import FastClock
from support.everything import Meddler, all_mismatches, records
from support.proof import FULL, client_of, engine_of, every_fault, meddling, told

ACCOUNTS, MESSAGES, ROUNDS = (200, 60, 4) if FULL else (3, 30, 2)
STORES = ["memory", "sqlite", "postgres"] if FULL else ["sqlite", "postgres"]


async def until_listed(engine: SyncEngine) -> EngineReport:
    """A run; the list of the accounts may meet with faults too, and there is nothing to sync then."""
    while True:
        with suppress(ApiError, TransportError, DecodeError, PagingError):
            return await engine.run()


@pytest.mark.parametrize("store", STORES, indirect=True)
async def test_every_fault_at_once_ends_in_the_truth(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    began, clock, meddler = time.monotonic(), FastClock(), Meddler(1)
    async with (
        Sandbox(accounts=ACCOUNTS, messages=MESSAGES, events=12, page_size=12, seed=3, clock=clock.time) as sandbox,
        client_of(sandbox, clock) as client,
    ):
        engine = engine_of(client, store, clock)
        for seed in range(ROUNDS):
            sandbox.faults.add(*every_fault(0.01 if FULL else 0.02))
            async with meddling(sandbox, meddler, seed):
                report = await until_listed(engine)
            assert sum(report.standings.values()) == ACCOUNTS * 4
        sandbox.faults.clear()
        report = await engine.run()
        assert report.complete, report.troubled[:3]
        wrong = await all_mismatches(store, sandbox)
        assert wrong == []
        kinds = set(sandbox.faults.injected)
    assert len(kinds) >= (15 if FULL else 8)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{type(store).__name__}: {ACCOUNTS} accounts x 4 resources, {records(sandbox):,} records, "
            f"{len(sandbox.requests):,} requests, {meddler.changes:,} changes meanwhile; {told(sandbox)}; "
            f"mismatches {len(wrong)}; {time.monotonic() - began:.0f} s\n"
        )
