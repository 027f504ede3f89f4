"""A whole sync into a SQLite file against the same sync without a store, in mailboxes of 700 messages.

CPU of the client's process over loopback, one mailbox after another. Without a store the batches are handed over, as
models; and there is a store that keeps nothing, for what it costs to have one at all. And the wall of sixteen mailboxes
at once at 50 ms of latency.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from itertools import count
from pathlib import Path

from aurinko_async import AccountAuth, AurinkoClient, Limits, MemoryStore, SQLiteStore
from aurinko_async.sync.store import Applied, Commit, Lease, SyncStore
from benchmarks.fresh import in_fresh_process, peak_growth
from benchmarks.measure import Result, async_seconds, compare, single
from benchmarks.server import VARIANTS, serving
from benchmarks.store import emptied, settled

BODY = 3_000
PAGES = VARIANTS - 1
"""As many as hold different messages."""
ACCOUNTS = 4
"""In a round."""


class Nowhere(MemoryStore):
    async def commit(self, lease: Lease, commit: Commit) -> Applied:
        return Applied(added=len(commit.rows))


AT_ONCE = 16
LATENCY = 0.05

names = map(str, count())
"""Of accounts: each sync is a first one."""


async def without(aurinko: AurinkoClient) -> None:
    seen = 0
    async for batch in aurinko.email.delta(days_within=PAGES):
        seen += len(batch.updated)
        del batch
    assert seen == PAGES * 100


async def mirrored(aurinko: AurinkoClient, into: SyncStore) -> None:
    report = await aurinko.email.delta(days_within=PAGES, store=into, account=next(names)).run()
    assert report.added == PAGES * 100


def client(url: str) -> AurinkoClient:
    return AurinkoClient(AccountAuth("t"), base_url=url, limits=Limits(per_second=20_000))


async def measure(url: str, rounds: int, path: Path) -> dict[str, list[float]]:
    async with client(url) as aurinko, SQLiteStore(path) as store:
        nowhere = Nowhere()

        async def one_by_one(sync: Callable[[], Awaitable[None]]) -> None:
            for _ in range(ACCOUNTS):
                await sync()

        async def into_file() -> None:
            await one_by_one(lambda: mirrored(aurinko, store))
            await settled(store)

        contenders = {
            "without": lambda: one_by_one(lambda: without(aurinko)),
            "nowhere": lambda: one_by_one(lambda: mirrored(aurinko, nowhere)),
            "mirrored": into_file,
        }
        return await async_seconds(contenders, rounds, before=lambda: emptied(store))


async def walls(url: str, rounds: int, path: Path) -> list[float]:
    """How much longer all of them take without a store than with one, of each round."""
    async with client(url) as aurinko, SQLiteStore(path) as store:

        async def wall(sync: Callable[[AurinkoClient], Coroutine[None, None, None]]) -> float:
            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                for number in range(AT_ONCE):
                    group.create_task(sync(aurinko.with_auth(AccountAuth(str(number)))))
            return time.monotonic() - began

        found: list[float] = []
        for _ in range(rounds):
            await emptied(store)
            found.append(await wall(without) / await wall(lambda account: mirrored(account, store)))
        return found


async def many(url: str, accounts: int) -> None:
    nowhere = Nowhere()
    async with client(url) as aurinko, asyncio.TaskGroup() as group:
        for number in range(accounts):
            group.create_task(mirrored(aurinko.with_auth(AccountAuth(str(number))), nowhere))


def growth(url: str, accounts: int) -> float:
    return peak_growth(lambda: asyncio.run(many(url, accounts)), lambda: asyncio.run(many(url, 1)))


def run(rounds: int) -> Iterator[Result]:
    what = "a whole sync into `SQLiteStore`, speed of the same without a store"
    with tempfile.TemporaryDirectory() as folder:
        with serving(BODY) as url:
            times = asyncio.run(measure(url, rounds, Path(folder) / "mirror.db"))
        yield compare(f"{what}, by CPU", times["without"], times["mirrored"], "")
        yield compare("the same, speed of a store that keeps nothing", times["nowhere"], times["mirrored"], "")
        with serving(BODY, latency=LATENCY) as url:
            ratios = asyncio.run(walls(url, max(1, rounds // 4), Path(folder) / "mirror.db"))
            accounts = 1_000 if rounds > 10 else 50
            grown = in_fresh_process(growth, url, accounts)
        yield single(f"the same of {AT_ONCE} accounts at once at 50 ms, by the wall", ratios, "≥ 0.60")
        yield single(f"{accounts:,} mirrors at once, memory grows by (MiB), without the store's", [grown], "")
