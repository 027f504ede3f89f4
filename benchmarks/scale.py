"""Whether it stays flat: CPU per record with more accounts and with a longer mailbox, and memory with the latter.

Each point is a fresh process. 4.5 KB of JSON per message, pages of 100, five pages an account.
"""

import asyncio
import time
from collections.abc import Iterator

from aurinko_async import AccountAuth, AurinkoClient, Limits
from benchmarks.fresh import in_fresh_process, peak_growth
from benchmarks.measure import Result, compare, single
from benchmarks.server import serving

BODY = 3_000
PAGES = 5
ACCOUNTS = (1, 10, 100, 1_000)
RECORDS = (1_000, 10_000, 50_000, 200_000)


async def read(url: str, accounts: int, pages: int) -> int:
    async with AurinkoClient(AccountAuth("t"), base_url=url, limits=Limits(per_second=20_000)) as aurinko:

        async def one(number: int) -> int:
            seen = 0
            async for _ in aurinko.with_auth(AccountAuth(f"t{number}")).email.messages.list(q=str(pages)):
                seen += 1
            return seen

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(number)) for number in range(accounts)]
        return sum(task.result() for task in tasks)


def cost(url: str, accounts: int, pages: int) -> float:
    """CPU seconds per record; what is too short to be measured is repeated."""
    asyncio.run(read(url, 1, PAGES))
    seen, began = 0, time.process_time()
    while seen < 5_000:
        seen += asyncio.run(read(url, accounts, pages))
    return (time.process_time() - began) / seen


def growth(url: str, pages: int) -> float:
    return peak_growth(lambda: asyncio.run(read(url, 1, pages)), lambda: asyncio.run(read(url, 1, PAGES)))


def memory(url: str, records: int, rounds: int) -> list[float]:
    return [in_fresh_process(growth, url, records // 100) for _ in range(rounds)]


def costs(url: str, accounts: int, pages: int, rounds: int) -> list[float]:
    return [in_fresh_process(cost, url, accounts, pages) for _ in range(rounds)]


def run(rounds: int) -> Iterator[Result]:
    few, most_accounts, most_records = (3, 1_000, 200_000) if rounds > 10 else (1, 20, 5_000)
    with serving(BODY) as url:
        base = costs(url, 1, PAGES, few)
        many = costs(url, most_accounts, PAGES, few)
        yield compare(f"CPU per record, {most_accounts:,} accounts, of one account", many, base, "≤ 1.1")
        short, long = costs(url, 1, 10, few), costs(url, 1, most_records // 100, few)
        yield compare(f"CPU per record, {most_records:,} records, of 1,000", long, short, "≤ 1.1")
        grown = memory(url, most_records, few)
        yield single(f"a mailbox of {most_records:,} records, memory grows by (MiB)", grown, "flat")
