"""Whether it stays flat: CPU per record with more accounts and with a longer mailbox, and memory with the latter.

Each point is a fresh process. 4.2 KB of JSON per message, pages of 100, five pages an account. What is too short to be
measured is repeated.
"""

import asyncio
import time
from collections.abc import Iterator

from aurinko_async import AccountAuth, AurinkoClient, Limits
from benchmarks.fresh import in_fresh_process, peak_growth
from benchmarks.measure import Result, on_one_core, single
from benchmarks.server import serving

BODY = 3_000
PAGES = 5
ACCOUNTS = (1, 10, 100, 1_000)
RECORDS = (1_000, 10_000, 100_000, 1_000_000)
ENOUGH = 20_000
"""Records that are read at least."""


async def read(url: str, accounts: int, pages: int, times: int = 1) -> int:
    """Read all accounts at once; tells how many records that were."""
    async with AurinkoClient(AccountAuth("t"), base_url=url, limits=Limits(per_second=20_000)) as aurinko:

        async def one(number: int) -> int:
            seen = 0
            async for _ in aurinko.with_auth(AccountAuth(f"t{number}")).email.messages.list(q=str(pages)):
                seen += 1
            return seen

        seen = 0
        for _ in range(times):
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(number)) for number in range(accounts)]
            seen += sum(task.result() for task in tasks)
        return seen


def cost_and_growth(url: str, accounts: int, pages: int) -> tuple[float, float]:
    """CPU seconds per record, and how far memory grew, in MiB."""
    times = max(1, ENOUGH // (accounts * pages * 100))
    spent, seen = 0.0, 0

    def work() -> None:
        nonlocal spent, seen
        began = time.process_time()
        seen = asyncio.run(read(url, accounts, pages, times))
        spent = time.process_time() - began

    with on_one_core():
        grown = peak_growth(work, lambda: asyncio.run(read(url, 1, PAGES)))
    return spent / seen, grown


def measured(url: str, accounts: int, pages: int) -> tuple[float, float]:
    """The same in a process of its own."""
    return in_fresh_process(cost_and_growth, url, accounts, pages)


def run(rounds: int) -> Iterator[Result]:
    few, most_accounts, most_records = (3, ACCOUNTS[-1], RECORDS[-1]) if rounds > 10 else (1, 20, 5_000)
    with serving(BODY) as url:
        by_accounts = [(measured(url, most_accounts, PAGES), measured(url, 1, PAGES)) for _ in range(2 * few)]
        by_records = [(measured(url, 1, most_records // 100), measured(url, 1, RECORDS[0] // 100)) for _ in range(few)]
    ratios = [many / one for (many, _), (one, _) in by_accounts]
    yield single(f"CPU per record, {most_accounts:,} accounts, of one account", ratios, "≤ 1.1")
    ratios = [long / short for (long, _), (short, _) in by_records]
    yield single(f"CPU per record, {most_records:,} records, of {RECORDS[0]:,}", ratios, "≤ 1.1")
    growths = [grown for (_, grown), _ in by_records]
    yield single(f"a mailbox of {most_records:,} records, memory grows by (MiB)", growths, "flat")
