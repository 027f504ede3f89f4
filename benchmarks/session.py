"""A small GET through the whole client against a bare aiohttp GET with `orjson.loads`: CPU, on one loopback server."""

import asyncio
from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection

import aiohttp
import orjson
from aiohttp import web

from aurinko_async import AccountAuth, AurinkoClient, Limits
from benchmarks.measure import Result, async_seconds, compare

ACCOUNT = orjson.dumps({"id": 7, "email": "ann@example.com", "serviceType": "Google", "active": True, "name": "Ann"})
PER_ROUND = 200


def serve(port: Connection) -> None:
    """In a process of its own, so that its CPU is not ours."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=ACCOUNT, content_type="application/json")

    async def main() -> None:
        app = web.Application()
        app.router.add_get("/v1/account", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


async def measure(port: int, rounds: int) -> dict[str, list[float]]:
    url = f"http://127.0.0.1:{port}"
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer t"}) as bare,
        AurinkoClient(AccountAuth("t"), base_url=url, limits=Limits(per_second=1e9)) as aurinko,
    ):

        async def floor() -> None:
            for _ in range(PER_ROUND):
                async with bare.get(f"{url}/v1/account") as response:
                    orjson.loads(await response.read())

        async def ours() -> None:
            for _ in range(PER_ROUND):
                await aurinko.account.get()

        return await async_seconds({"floor": floor, "ours": ours}, rounds)


def run(rounds: int) -> Iterator[Result]:
    mine, theirs = get_context("spawn").Pipe()
    server = get_context("spawn").Process(target=partial(serve, theirs), daemon=True)
    server.start()
    try:
        times = asyncio.run(measure(mine.recv(), rounds))
    finally:
        server.terminate()
        server.join()
    yield compare("a small GET, CPU of a bare aiohttp GET", times["ours"], times["floor"], "≤ 1.15")
