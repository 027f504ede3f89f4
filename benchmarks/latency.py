"""50 ms of latency: many accounts at once against the bare loop at its best concurrency, and one account: wall time.

An account has five pages of 100 messages with 2 KB bodies. The documented 250 requests a second are lifted: both sides
would wait for them alike. Without them the requests in flight are what holds the client back, so there are lines with
96, too. The growth of memory is that of a fresh process that reads them all.
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
CONCURRENCIES = (96, 192)
"""Of the bare loop, which fewer slow down; the better is the floor."""
IN_FLIGHT = (Limits().in_flight, 96)
"""Of the client: its default, and one for a machine that is to read as fast as it can."""
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


async def our_accounts(url: str, accounts: int, in_flight: int) -> float:
    limits = Limits(per_second=20_000, in_flight=in_flight)
    async with AurinkoClient(AccountAuth("t"), base_url=url, limits=limits) as aurinko:

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


def growth(url: str, accounts: int, in_flight: int) -> float:
    return peak_growth(
        lambda: asyncio.run(our_accounts(url, accounts, in_flight)),
        lambda: asyncio.run(our_accounts(url, 1, in_flight)),
    )


def run(rounds: int) -> Iterator[Result]:
    accounts = 1_000 if rounds > 10 else 50
    with serving(BODY, latency=LATENCY) as url:
        floors: list[float] = []
        ours: dict[int, list[float]] = {number: [] for number in IN_FLIGHT}
        for _ in range(min(3, rounds)):
            floors.append(min(asyncio.run(bare_accounts(url, accounts, number)) for number in CONCURRENCIES))
            for number, times in ours.items():
                times.append(asyncio.run(our_accounts(url, accounts, number)))
        for number, times in ours.items():
            what = f"{accounts:,} accounts of {PAGES} pages with 2 KB bodies at 50 ms, {number} in flight"
            yield compare(f"{what}, wall of the bare loop", times, floors, "≤ 1.15")
            grown = [in_fresh_process(growth, url, accounts, number) for _ in range(2)]
            yield single(f"{what}, memory grows by (MiB)", grown, "≤ 32")
        walls = [(asyncio.run(one_account(url)), *asyncio.run(one_bare_account(url))) for _ in range(min(5, rounds))]
        yield single(
            "one account at 50 ms, wall of the latency alone", [ours / bound for ours, _, bound in walls], "≤ 1.05"
        )
        yield single("the bare loop there, wall of the latency alone", [floor / bound for _, floor, bound in walls], "")
