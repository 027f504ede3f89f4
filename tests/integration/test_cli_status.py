"""`aurinko status`: one account in detail, many as a table that stays readable."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aurinko_async.sandbox import Sandbox
from support.cli import aurinko, opens


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
