"""A whole sync into a SQLite file against the same sync without a store: CPU of the client's process.

Mailboxes of 700 messages over loopback, one after another. Without a store the batches are handed over, as models; and
there is a store that keeps nothing, for what it costs to have one at all.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from aurinko_async import AccountAuth, AurinkoClient, Limits, MemoryStore, SQLiteStore
from aurinko_async.sync.store import Applied, Commit, Lease, SyncStore
from benchmarks.measure import Result, async_seconds, compare
from benchmarks.server import VARIANTS, serving
from benchmarks.store import emptied

BODY = 3_000
PAGES = VARIANTS - 1
"""As many as hold different messages."""
ACCOUNTS = 4
"""In a round."""


class Nowhere(MemoryStore):
    async def commit(self, lease: Lease, commit: Commit) -> Applied:
        return Applied(added=len(commit.rows))


async def measure(url: str, rounds: int, path: Path) -> dict[str, list[float]]:
    unhurried = Limits(per_second=20_000)
    async with (
        AurinkoClient(AccountAuth("t"), base_url=url, limits=unhurried) as aurinko,
        SQLiteStore(path) as store,
    ):
        names = map(str, count())

        async def without() -> None:
            for _ in range(ACCOUNTS):
                seen = 0
                async for batch in aurinko.email.delta(days_within=PAGES):
                    seen += len(batch.updated)
                assert seen == PAGES * 100

        async def mirrored(into: SyncStore) -> None:
            for _ in range(ACCOUNTS):
                report = await aurinko.email.delta(days_within=PAGES, store=into, account=next(names)).run()
                assert report.added == PAGES * 100

        nowhere = Nowhere()
        contenders = {
            "without": without,
            "nowhere": lambda: mirrored(nowhere),
            "mirrored": lambda: mirrored(store),
        }
        return await async_seconds(contenders, rounds, before=lambda: emptied(store))


def run(rounds: int) -> Iterator[Result]:
    with serving(BODY) as url, tempfile.TemporaryDirectory() as folder:
        times = asyncio.run(measure(url, rounds, Path(folder) / "mirror.db"))
    what = "a whole sync into `SQLiteStore`, speed of the same without a store"
    yield compare(what, times["without"], times["mirrored"], "≥ 0.60")
    yield compare("the same, speed of a store that keeps nothing", times["nowhere"], times["mirrored"], "")
