"""Pages that come compressed: against the same pages as they are, with aiohttp's own zlib and with `isal`.

The library leaves aiohttp's choice as it is; `aiohttp.set_zlib_backend` is the application's.
"""

import asyncio
import zlib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

import aiohttp

from aurinko_async import AccountAuth, AurinkoClient, Limits
from benchmarks.measure import Result, async_seconds, compare, skipped
from benchmarks.server import Compressed, serving

BODY = 3_000
PAGES = 20


async def measure(plain: str, compressed: str, rounds: int) -> dict[str, list[float]]:
    unhurried = Limits(per_second=20_000)
    async with (
        AurinkoClient(AccountAuth("t"), base_url=plain, limits=unhurried) as by_plain,
        AurinkoClient(AccountAuth("t"), base_url=compressed, limits=unhurried) as by_gzip,
    ):

        async def read(client: AurinkoClient) -> None:
            seen = 0
            async for _ in client.email.messages.list(q=str(PAGES)):
                seen += 1
            assert seen == PAGES * 100

        return await async_seconds({"plain": lambda: read(by_plain), "gzip": lambda: read(by_gzip)}, rounds)


def run(rounds: int) -> Iterator[Result]:
    with serving(BODY) as plain, serving(BODY, kind=Compressed) as compressed:
        for name in ("zlib", "isal.isal_zlib"):
            what = f"pages in gzip by `{name}`, speed of the same uncompressed"
            if find_spec(name.partition(".")[0]) is None:
                yield skipped(what, "isal is not installed")
                continue
            aiohttp.set_zlib_backend(import_module(name))
            try:
                times = asyncio.run(measure(plain, compressed, rounds))
            finally:
                aiohttp.set_zlib_backend(zlib)
            yield compare(what, times["plain"], times["gzip"], "")
