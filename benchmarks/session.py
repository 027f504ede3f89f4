"""A small GET through the whole client against a bare aiohttp GET with `orjson.loads`: CPU of the client's process."""

import asyncio
from collections.abc import Iterator

import aiohttp
import orjson

from aurinko_async import AccountAuth, AurinkoClient, Limits
from benchmarks.measure import Result, async_seconds, compare
from benchmarks.server import serving

PER_ROUND = 200


async def measure(url: str, rounds: int) -> dict[str, list[float]]:
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

        return await async_seconds({"floor": floor, "ours": ours}, rounds)


def run(rounds: int) -> Iterator[Result]:
    with serving() as url:
        times = asyncio.run(measure(url, 2 * rounds))
    yield compare("a small GET, CPU of a bare aiohttp GET", times["ours"], times["floor"], "≤ 1.15")
