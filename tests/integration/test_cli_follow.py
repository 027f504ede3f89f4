"""`aurinko sync --follow`: the mirror keeps up with the mailbox until a signal ends it."""

import asyncio
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from aurinko_async.sandbox import Fault, Sandbox
from support.cli import aurinko, ended, opens, started
from support.delta import pages_served

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals")]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=3, messages=120, page_size=50, ready_after=0) as running:
        yield running


def live(db: Path) -> int:
    """The messages in the mirror; none before there is one."""
    try:
        with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as database:
            count: int = database.execute("SELECT count(*) FROM messages WHERE deleted_at IS NULL").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    return count


async def until(happened: Callable[[], bool], process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(30):
        while not happened():
            assert process.returncode is None, "it ended by itself"
            await asyncio.sleep(0.01)


FOLLOW = ("sync", "--follow", "--poll", 0.1)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
async def test_the_mirror_follows_the_mailbox_until_a_signal(
    sandbox: Sandbox, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    account, db = sandbox.accounts[0], tmp_path / "a.db"
    async with started(*FOLLOW, "--db", db, **opens(sandbox, account)) as process:
        await until(lambda: live(db) == 120, process)
        account.mail.add_many(3)
        await until(lambda: live(db) == 123, process)
        for record_id in list(account.mail.messages)[:2]:
            account.mail.remove(record_id)
        await until(lambda: live(db) == 121, process)
        # Another round has begun: this one is told of.
        rounds = pages_served(sandbox, "deleted")
        await until(lambda: pages_served(sandbox, "deleted") > rounds, process)
        process.send_signal(number)
        ran = await ended(process)
    assert ran.code == code
    assert f"{account.email}: 3 added, 0 changed, 0 deleted" in ran.err
    assert f"{account.email}: 0 added, 0 changed, 2 deleted" in ran.err
    assert "123 added, 0 changed, 2 deleted" in ran.out
    assert "121 messages now" in ran.out


async def test_json_is_one_document_at_the_stop(sandbox: Sandbox, tmp_path: Path) -> None:
    account, db = sandbox.accounts[0], tmp_path / "a.db"
    async with started(*FOLLOW, "--db", db, "--json", **opens(sandbox, account)) as process:
        await until(lambda: live(db) == 120, process)
        account.mail.add_many(1)
        await until(lambda: live(db) == 121, process)
        process.terminate()
        ran = await ended(process)
    assert (ran.code, ran.err) == (143, "")
    assert (ran.account["added"], ran.account["live"]) == (121, 121)
    assert ran.account["syncs"] >= 2
    assert ran.json["exit_code"] == 143


async def test_one_dead_account_is_told_and_the_others_are_followed(sandbox: Sandbox, tmp_path: Path) -> None:
    dead, db = sandbox.accounts[1], tmp_path / "a.db"
    dead.token_status = "dead"
    async with started(*FOLLOW, "--all-accounts", "--db", db, **opens(sandbox)) as process:
        await until(lambda: live(db) == 240, process)
        sandbox.accounts[2].mail.add_many(1)
        await until(lambda: live(db) == 241, process)
        process.terminate()
        ran = await ended(process)
    assert ran.code == 143
    told = [line for line in ran.err.splitlines() if line.startswith(f"{dead.email}: ")]
    assert len(told) == 1
    assert "needs_reauth: 401" in told[0]
    assert "next try in" in told[0]
    status = await aurinko("status", "--db", db, "--failed")
    assert f"{dead.id}  email" in status.out
    assert "needs_reauth, next try in" in status.out


async def test_an_outage_passes(sandbox: Sandbox, tmp_path: Path) -> None:
    account, db = sandbox.accounts[0], tmp_path / "a.db"
    sandbox.faults.add(Fault("both_tokens"))
    async with started(*FOLLOW, "--db", db, **opens(sandbox, account)) as process:
        await until(lambda: live(db) == 120, process)
        process.terminate()
        ran = await ended(process)
    assert ran.code == 143
    assert "next try in" in ran.err
    assert "120 messages now" in ran.out


async def test_a_second_signal_ends_it_where_it_is(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.faults.add(Fault("hang", times=None, path="email.sync.updated"))
    async with started(*FOLLOW, "--db", tmp_path / "a.db", **opens(sandbox, sandbox.accounts[0])) as process:
        await until(lambda: bool(sandbox.requests), process)
        await asyncio.sleep(0.3)
        for _ in range(2):
            process.terminate()
            await asyncio.sleep(0.4)
        ran = await ended(process)
    assert ran.code == 143
    assert "what was saved stays, and the next run resumes there" in ran.err
