"""A whole sync into a SQLite file against the same sync without a store: CPU of the client's process.

Mailboxes of 700 messages of 4.5 KB over loopback, one after another. Without a store the batches are handed over.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from aurinko_async import AccountAuth, AurinkoClient, Limits, SQLiteStore
from benchmarks.measure import Result, async_seconds, compare
from benchmarks.server import VARIANTS, serving
from benchmarks.store import emptied

BODY = 3_000
PAGES = VARIANTS - 1
"""As many as hold different messages."""
ACCOUNTS = 4
"""In a round."""


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

        async def mirrored() -> None:
            for _ in range(ACCOUNTS):
                report = await aurinko.email.delta(days_within=PAGES, store=store, account=next(names)).run()
                assert report.added == PAGES * 100

        contenders = {"without": without, "mirrored": mirrored}
        return await async_seconds(contenders, rounds, before=lambda: emptied(store))


def run(rounds: int) -> Iterator[Result]:
    with serving(BODY) as url, tempfile.TemporaryDirectory() as folder:
        times = asyncio.run(measure(url, rounds, Path(folder) / "mirror.db"))
    what = "a whole sync into `SQLiteStore`, speed of the same without a store"
    yield compare(what, times["without"], times["mirrored"], "≥ 0.60")
