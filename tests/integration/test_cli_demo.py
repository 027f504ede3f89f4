"""Sandboxes that were born alike are one mailbox in many processes; the command meets the one that filled a mirror."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from aurinko_async import AccountAuth, AurinkoClient, MemoryStore, SQLiteStore, SyncReport
from aurinko_async.cli import demo
from aurinko_async.cli.demo import Demo
from aurinko_async.cli.mirror import Database
from aurinko_async.sandbox import Sandbox
from aurinko_async.sync import SyncStore

pytestmark = pytest.mark.slow

BORN = 1_700_000_000


@asynccontextmanager
async def twin(born: float | None = BORN, messages: int = 60, **settings: int) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=1, messages=messages, page_size=20, ready_after=0, born=born, **settings) as running:
        yield running


async def synced(sandbox: Sandbox, store: SyncStore) -> SyncReport:
    async with AurinkoClient(AccountAuth(sandbox.accounts[0].token), base_url=sandbox.url) as client:
        return await client.email.delta(store=store).run()


async def test_twins_have_the_same_mail_and_take_each_others_tokens() -> None:
    store = MemoryStore()
    async with twin() as sandbox:
        await synced(sandbox, store)
        truth = dict(sandbox.accounts[0].mail.messages)
    async with twin() as sandbox:
        report = await synced(sandbox, store)
        assert dict(sandbox.accounts[0].mail.messages) == truth
    assert (report.scan, report.records, report.generation) == (False, 0, 1)


async def test_a_twin_goes_on_in_the_middle_of_a_scan() -> None:
    store = MemoryStore()
    async with twin() as sandbox, AurinkoClient(AccountAuth(sandbox.accounts[0].token), base_url=sandbox.url) as client:
        sync = client.email.delta(store=store, progress=lambda report: sync.stop() if report.records else None)
        assert not (await sync.run()).complete
    async with twin() as sandbox:
        report = await synced(sandbox, store)
    assert (report.generation, report.added, report.complete) == (1, 40, True)


@pytest.mark.parametrize(
    "other",
    [{"born": BORN + 1}, {"born": None}, {"messages": 61}, {"seed": 1001}],
    ids=["born", "now", "messages", "seed"],
)
async def test_others_do_not(other: dict[str, int]) -> None:
    store = MemoryStore()
    async with twin() as sandbox:
        await synced(sandbox, store)
    async with twin(**other) as sandbox:
        report = await synced(sandbox, store)
        assert report.scan
        assert len(await store.messages(str(sandbox.accounts[0].id))) == len(sandbox.accounts[0].mail.messages)


async def test_a_token_from_after_a_change_is_its_own_sandboxs() -> None:
    store = MemoryStore()
    async with twin() as sandbox:
        await synced(sandbox, store)
        sandbox.accounts[0].mail.add_many(2)
        await synced(sandbox, store)
        assert not (await synced(sandbox, store)).scan
    async with twin() as sandbox:
        report = await synced(sandbox, store)
    assert (report.scan, report.generation, report.deleted) == (True, 2, 2)


async def test_the_demo_of_another_day_is_met_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = tmp_path / "a.db"

    async def run(settings: Demo) -> SyncReport:
        async with demo.running(settings, Database(db)) as sandbox, SQLiteStore(db) as store:
            return await synced(sandbox, store)

    assert (await run(Demo(messages=50))).added == 50
    later = demo.time.time() + 3 * demo.DAY
    monkeypatch.setattr(demo.time, "time", lambda: later)
    assert not (await run(Demo(messages=50))).scan
    assert (await run(Demo(messages=40))).scan
    assert not (await run(Demo(messages=40))).scan


async def test_a_mirror_of_something_else_is_no_hint(tmp_path: Path) -> None:
    async with twin(born=None) as other, SQLiteStore(tmp_path / "a.db") as store:
        await synced(other, store)
    db = tmp_path / "a.db"
    async with demo.running(Demo(messages=50), Database(db)) as sandbox, SQLiteStore(db) as store:
        assert (await synced(sandbox, store)).scan
