"""A small GET through the whole client against a bare aiohttp GET with `orjson.loads`: CPU of the client's process.

Its microseconds drown in the noise of a busy machine, so instructions are counted too, where there is valgrind: the
process's own, without the system's, which are the same for both and about half of the time.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import orjson

from aurinko_async import AccountAuth, AurinkoClient, Limits
from benchmarks import instructions
from benchmarks.measure import Result, async_seconds, compare, skipped
from benchmarks.server import serving

PER_ROUND = 200
COUNTED = (2, 12)
"""Rounds of the two runs whose difference is counted: it is without what is done once."""


@asynccontextmanager
async def contenders(url: str) -> AsyncIterator[Mapping[str, Callable[[], Awaitable[None]]]]:
    # The documented 250 a second would be waited for, which is no work.
    unhurried = Limits(per_second=20_000)
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer t"}) as bare,
        AurinkoClient(AccountAuth("t"), base_url=url, limits=unhurried) as aurinko,
    ):

        async def floor() -> None:
            for _ in range(PER_ROUND):
                async with bare.get(f"{url}/v1/account") as answer:
                    orjson.loads(await answer.read())

        async def ours() -> None:
            for _ in range(PER_ROUND):
                await aurinko.account.get()

        yield {"floor": floor, "ours": ours}


async def measure(url: str, rounds: int) -> dict[str, list[float]]:
    async with contenders(url) as them:
        return await async_seconds(them, rounds)


async def some_rounds(url: str, name: str, rounds: int) -> None:
    async with contenders(url) as them:
        for _ in range(rounds):
            await them[name]()


def run(rounds: int) -> Iterator[Result]:
    what = "a small GET, instructions of a bare aiohttp GET"
    with serving() as url:
        times = asyncio.run(measure(url, 2 * rounds))
        yield compare("a small GET, CPU of a bare aiohttp GET", times["ours"], times["floor"], "≤ 1.15")
        if not instructions.countable():
            yield skipped(what, "valgrind is not installed")
            return
        floor, ours = (instructions.between(__name__, (url, name), COUNTED) for name in ("floor", "ours"))
        yield compare(what, [ours], [floor], "")


if __name__ == "__main__":
    asyncio.run(some_rounds(sys.argv[1], sys.argv[2], int(sys.argv[3])))
