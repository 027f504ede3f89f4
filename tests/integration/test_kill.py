"""A sync that is killed at any instant loses nothing and fetches next to nothing twice."""

import asyncio
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from aurinko_async.sandbox import Account, Sandbox
from support.cli import aurinko, opens, started

MESSAGES = 20_000
PAGE = 200
KILLS = 20
IN_FLIGHT = 2
"""Pages that a kill may cost: one that is being saved, and the next one, which was fetched meanwhile."""
SYNC = ("email.sync.updated", "email.sync.deleted")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


def served(sandbox: Sandbox) -> list[tuple[str, str]]:
    """The pages that were answered, each by its operation and the token that asked for it."""
    return [
        (request.operation, request.query.get("pageToken") or request.query["deltaToken"])
        for request in sandbox.requests
        if request.operation in SYNC and request.status == 200
    ]


def twice(pages: list[tuple[str, str]]) -> int:
    """How many of these pages were fetched before."""
    return sum(count - 1 for count in Counter(pages).values())


async def until(happened: Callable[[], bool], process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(60):
        while not happened():
            assert process.returncode is None, "the sync ended before it was killed"
            await asyncio.sleep(0.001)


async def killed(sandbox: Sandbox, account: Account, db: Path, at: int, dice: random.Random) -> None:
    """Sync, and die within a page's time of the moment at which `at` pages were served in all.

    One in four dies earlier: as it finds out whose mailbox it is, as it starts, as it drains the deletions.
    """
    before, early = len(sandbox.requests), dice.random() < 0.25
    first = before + dice.randint(1, 4)
    async with started("sync", "--db", db, **opens(sandbox, account)) as process:
        await until(lambda: len(sandbox.requests) >= first if early else len(served(sandbox)) >= at, process)
        await asyncio.sleep(dice.uniform(0, 0.06))
        process.kill()
        await process.wait()


def meddle(account: Account, dice: random.Random) -> None:
    """What goes on in a mailbox between two runs."""
    ids = list(account.mail.messages)
    account.mail.add_many(3)
    account.mail.remove(dice.choice(ids))
    account.mail.update(dice.choice(ids), subject=f"changed {dice.random()}")


def differences(db: Path, account: Account) -> list[str]:
    """What the file has wrong, compared record by record, value by value."""
    truth = account.mail.messages
    with closing(sqlite3.connect(db)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = dict(database.execute("SELECT id, CAST(json AS BLOB) FROM messages WHERE deleted_at IS NULL"))
    missing = [f"missing {record_id}" for record_id in truth if record_id not in rows]
    ghosts = [f"ghost {record_id}" for record_id in rows if record_id not in truth]
    both = [record_id for record_id in rows if record_id in truth]
    return missing + ghosts + [id_ for id_ in both if msgspec.json.decode(rows[id_]) != truth[id_]]


async def test_twenty_kills_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dice, db, began = random.Random(20), tmp_path / "mirror.db", time.monotonic()
    lost: list[int] = []
    async with Sandbox(accounts=1, messages=MESSAGES, page_size=PAGE) as sandbox:
        account = sandbox.accounts[0]
        pages = MESSAGES // PAGE
        instants = sorted(dice.uniform(0, pages * 0.95) for _ in range(KILLS))
        for instant in instants:
            # At least one page further than the last run, whatever that one had to fetch again.
            at = max(round(instant), len(set(served(sandbox))) + 1) + sum(lost)
            await killed(sandbox, account, db, at, dice)
            lost.append(twice(served(sandbox)) - sum(lost))
            assert lost[-1] <= IN_FLIGHT, f"kill {len(lost)} cost {lost[-1]} pages"
            meddle(account, dice)
        ran = await aurinko("sync", "--db", db, "--json", **opens(sandbox, account))
        lost.append(twice(served(sandbox)) - sum(lost))
        assert (ran.code, ran.account["status"]) == (0, "complete")
        await aurinko("sync", "--db", db, **opens(sandbox, account))
        assert differences(db, account) == []
        assert ran.account["generation"] == 1
    with capsys.disabled():
        total, different = len(served(sandbox)), len(set(served(sandbox)))
        sys.stdout.write(
            f"\n{KILLS} kills of a sync of {MESSAGES:,} messages: {total} pages served, {different} different, "
            f"{sum(lost)} fetched again, at most {max(lost)} for one kill; {time.monotonic() - began:.0f} s\n"
        )
