"""50 ms of latency: many accounts at once against the bare loop at its best concurrency, and one account: wall time.

An account has five pages of 100 messages with 2 KB bodies. The documented 250 requests a second are lifted: both sides
would wait for them alike. The growth of memory is that of a fresh process that reads them all.
"""

import asyncio
import time
from collections.abc import Iterator

from aurinko_async import AccountAuth, AurinkoClient, Limits
from benchmarks import bare
from benchmarks.fresh import in_fresh_process, peak_growth
from benchmarks.measure import Result, compare, single
from benchmarks.server import serving

BODY = 2_000
PAGES = 5
LATENCY = 0.05
CONCURRENCIES = (48, 96)
"""Of the bare loop; the best is the floor."""
ONE = 40
"""Pages of the one account."""


async def bare_accounts(url: str, accounts: int, concurrency: int) -> float:
    turns = asyncio.Semaphore(concurrency)
    async with bare.session() as session:

        async def one() -> None:
            async with turns:
                assert await bare.read(session, url, PAGES) == PAGES * 100

        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for _ in range(accounts):
                group.create_task(one())
        return time.monotonic() - began


async def our_accounts(url: str, accounts: int) -> float:
    async with AurinkoClient(AccountAuth("t"), base_url=url, limits=Limits(per_second=20_000)) as aurinko:

        async def one(number: int) -> None:
            seen = 0
            view = aurinko.with_auth(AccountAuth(f"t{number}"))
            async for page in view.email.messages.list(q=str(PAGES)).pages():
                seen += len(page)
                # What is kept here is kept while the next page is waited for.
                del page
            assert seen == PAGES * 100

        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(accounts):
                group.create_task(one(number))
        return time.monotonic() - began


async def one_account(url: str) -> float:
    async with AurinkoClient(AccountAuth("t"), base_url=url) as aurinko:
        await aurinko.account.get()
        began = time.monotonic()
        async for _ in aurinko.email.messages.list(q=str(ONE)):
            pass
        return time.monotonic() - began


async def one_bare_account(url: str) -> tuple[float, float]:
    """The bare loop, and the latency alone: as many answers of a hundred bytes."""
    async with bare.session() as session:
        await bare.get(session, f"{url}/v1/account")
        began = time.monotonic()
        await bare.read(session, url, ONE)
        read = time.monotonic()
        for _ in range(ONE):
            await bare.get(session, f"{url}/v1/account")
        return read - began, time.monotonic() - read


def growth(url: str, accounts: int) -> float:
    return peak_growth(lambda: asyncio.run(our_accounts(url, accounts)), lambda: asyncio.run(our_accounts(url, 1)))


def run(rounds: int) -> Iterator[Result]:
    accounts = 1_000 if rounds > 10 else 50
    with serving(BODY, latency=LATENCY) as url:
        ours, floors = [], []
        for _ in range(min(3, rounds)):
            ours.append(asyncio.run(our_accounts(url, accounts)))
            floors.append(min(asyncio.run(bare_accounts(url, accounts, number)) for number in CONCURRENCIES))
        yield compare(f"{accounts:,} accounts of {PAGES} pages at 50 ms, wall of the bare loop", ours, floors, "≤ 1.15")
        grown = [in_fresh_process(growth, url, accounts) for _ in range(2)]
        yield single(f"{accounts:,} accounts of {PAGES} pages at 50 ms, memory grows by (MiB)", grown, "≤ 32")
        walls = [(asyncio.run(one_account(url)), *asyncio.run(one_bare_account(url))) for _ in range(min(5, rounds))]
        yield single(
            "one account at 50 ms, wall of the latency alone", [ours / bound for ours, _, bound in walls], "≤ 1.05"
        )
        yield single("the bare loop there, wall of the latency alone", [floor / bound for _, floor, bound in walls], "")
