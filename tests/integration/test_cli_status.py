"""`aurinko status`: one account in detail, many as a table that stays readable."""

import re
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aurinko_async import AccountAuth, AurinkoClient, SQLiteStore
from aurinko_async.sandbox import Sandbox
from aurinko_async.sync.store import AccountState, Standing
from support.cli import aurinko, on_terminal, opens

pytestmark = pytest.mark.slow


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=3, messages=250, page_size=50, ready_after=0) as running:
        yield running


async def test_status_tells_how_each_mirror_stands(sandbox: Sandbox, tmp_path: Path) -> None:
    db = tmp_path / "a.db"
    await aurinko("sync", "--db", db, "--all-accounts", **opens(sandbox))
    ran = await aurinko("status", "--db", db, "--json")
    assert ran.code == 0
    assert [state["account"] for state in ran.json["accounts"]] == [str(account.id) for account in sandbox.accounts]
    state = ran.json["accounts"][0]
    assert state.pop("saved_at") == state.pop("finished_at")
    assert state == {
        "account": str(sandbox.accounts[0].id),
        "resource": "email",
        "container": "",
        "consumer": "",
        "live": 250,
        "deleted": 0,
        "generation": 1,
        "scan_complete": True,
        "mid_chain": False,
    }
    words = (await aurinko("status", "--db", db, "--account-id", sandbox.accounts[0].id)).out
    assert "250 records, 0 deleted" in words
    assert "full scan 1 is complete: the next run fetches what changed" in words
    assert re.search(r"last complete (just now|\d seconds? ago) \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\)", words)


async def test_status_of_an_empty_store(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    ran = await aurinko("status", "--db", tmp_path / "a.db")
    assert (ran.code, ran.out) == (0, f"{tmp_path / 'a.db'}: nothing was synced yet\n")


NOW = datetime(2026, 1, 31, tzinfo=UTC)


async def noted(store: SQLiteStore, account: str, standing: Standing, reason: str = "", hours: float = 0.0) -> None:
    until = datetime.now(UTC) + timedelta(hours=hours) if hours else None
    await store.note(
        AccountState(account=account, resource="email", standing=standing, since=NOW, reason=reason, until=until)
    )


async def test_status_of_a_thousand_accounts_tells_the_worst_first(tmp_path: Path) -> None:
    db = tmp_path / "a.db"
    async with SQLiteStore(db) as store:
        for number in range(1000):
            await noted(store, f"{number:04}", "ok")
        await noted(store, "0900", "retrying", "ServerError: 503", 0.52)
        await noted(store, "0950", "needs_reauth", "TokenDead: 401\x1b[2J\nrevoked", 5)
        await noted(store, "0800", "failed", "Forbidden: 403", -1)
    ran = await aurinko("status", "--db", db)
    lines = ran.out.splitlines()
    assert len(lines) < 60
    assert lines[1] == "1,000 accounts: 997 unfinished, 1 retrying, 1 failed, 1 needs_reauth"
    assert [line.split()[0] for line in lines[5:9]] == ["0950", "0800", "0900", "0000"]
    assert "needs_reauth, next try in 5 h: TokenDead: 401[2J revoked" in lines[5]
    assert "failed, the next run tries it: Forbidden: 403" in lines[6]
    assert "retrying, next try in 31 min: ServerError: 503" in lines[7]
    assert lines[-1].startswith("and 950 more (--all shows them;")
    every = await aurinko("status", "--db", db, "--all")
    assert len(every.out.splitlines()) == 1005
    failed = await aurinko("status", "--db", db, "--failed", "--json")
    assert [row["account"] for row in failed.json["resources"]] == ["0950", "0800", "0900"]
    assert failed.json["totals"]["standings"]["needs_reauth"] == 1
    one = await aurinko("status", "--db", db, "--account-id", "0950")
    assert "account 0950, email: needs_reauth: TokenDead: 401[2J revoked" in one.out
    none = await aurinko("status", "--db", db, "--account-id", "nobody")
    assert none.out == f"{db}: nothing was synced yet of account nobody\n"


async def test_containers_are_summed_and_as_old_as_the_oldest(sandbox: Sandbox, tmp_path: Path) -> None:
    account, db = sandbox.accounts[0], tmp_path / "a.db"
    async with SQLiteStore(db) as store:
        async with AurinkoClient(AccountAuth(account.token), base_url=sandbox.url) as client:
            await client.task_lists.delta_all(store=store).run()
        states = await store.status()
    assert len(states) > 2
    ran = await aurinko("status", "--db", db, "--json")
    (row,) = ran.json["resources"]
    assert row["live"] == sum(state.live for state in states)
    finished = [state.finished_at for state in states if state.finished_at is not None]
    assert datetime.fromisoformat(row["last_complete_at"]) == min(finished)
    assert ran.json["totals"]["lag_seconds"] == row["lag_seconds"] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal")
@pytest.mark.parametrize("columns", [80, 200])
async def test_the_table_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    db = tmp_path / "a.db"
    async with SQLiteStore(db) as store:
        await noted(store, "1010001", "needs_reauth", "TokenDead: " + "very long " * 30, 5)
        await noted(store, "1010002", "ok")
    seen = await on_terminal("status", "--db", db, columns=columns, TERM="xterm", NO_COLOR="1")
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in seen.splitlines()]
    assert lines[4].split() == ["account", "resource", "records", "deleted", "last", "complete", "standing"]
    assert lines[5].startswith("1010001  email")
    assert "needs_reauth, next try" in lines[5]
    assert lines[5].endswith("…")
    assert len(lines[5]) <= columns
