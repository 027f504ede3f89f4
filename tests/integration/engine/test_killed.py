"""Engines that are killed at any instant, alone and two on one database."""

import random
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from aurinko_async.sandbox import Sandbox
from support.engine_processes import Engines
from support.engine_worker import open_store
from support.everything import Meddler, all_mismatches, records
from support.proof import FULL

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")]

KILLS, ACCOUNTS, MESSAGES = (50, 20, 400) if FULL else (3, 3, 100)


def kind(where: str) -> str:
    return "PostgreSQL" if "host=" in where else "SQLite"


def intact(where: str) -> bool:
    if kind(where) == "PostgreSQL":
        return True
    with closing(sqlite3.connect(where)) as database:
        return database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def wrong_in(where: str, sandbox: Sandbox) -> list[str]:
    async with open_store(where) as store:
        return await all_mismatches(store, sandbox)


async def test_an_engine_that_is_killed_again_and_again_loses_nothing(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice, meddler, began = random.Random(5), Meddler(5), time.monotonic()
    async with Sandbox(accounts=ACCOUNTS, messages=MESSAGES, events=15, page_size=10, latency=0.005) as sandbox:
        engines = Engines(where, sandbox, tmp_path / "leases.log")
        for _ in range(KILLS):
            served = len(sandbox.requests) + dice.randint(1, 120)
            process = await engines.start()
            await engines.until(lambda served=served: len(sandbox.requests) >= served, process)
            await engines.kill(process)
            for account in sandbox.accounts:
                meddler.meddle(account)
        await engines.finish(await engines.start())
        wrong = await wrong_in(where, sandbox)
        assert wrong == []
        assert intact(where)
        held, overlaps = engines.overlaps()
        assert overlaps == []
        with capsys.disabled():
            sys.stdout.write(
                f"\n{kind(where)}: {KILLS} kills of an engine of {ACCOUNTS} accounts "
                f"x 4 resources, {records(sandbox):,} records, {len(sandbox.requests):,} requests, {held:,} leases, "
                f"mismatches {len(wrong)}; {time.monotonic() - began:.0f} s\n"
            )


async def test_two_engines_on_one_database_never_hold_the_same_and_one_may_die(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    meddler, began = Meddler(6), time.monotonic()
    async with Sandbox(accounts=ACCOUNTS, messages=MESSAGES, events=15, page_size=10, latency=0.002) as sandbox:
        engines = Engines(where, sandbox, tmp_path / "leases.log")
        first, second = await engines.start("follow"), await engines.start("follow")
        for _ in range(4 if FULL else 2):
            served = len(sandbox.requests) + (600 if FULL else 150)
            await engines.until(lambda served=served: len(sandbox.requests) >= served, second)
            await engines.kill(first)
            first = await engines.start("follow")
            for account in sandbox.accounts:
                meddler.meddle(account)
        for process in (first, second):
            await engines.until(lambda process=process: engines.holds(process), process)
            process.terminate()
            await engines.finish(process)
        await engines.finish(await engines.start())
        wrong = await wrong_in(where, sandbox)
        assert wrong == []
        held, overlaps = engines.overlaps()
        assert overlaps == []
        assert held > ACCOUNTS * 4
        with capsys.disabled():
            sys.stdout.write(
                f"\n{kind(where)}: two engines, one killed "
                f"{len(engines.killed)} times: {held:,} leases, held by two {len(overlaps)}, mismatches {len(wrong)}; "
                f"{time.monotonic() - began:.0f} s\n"
            )
