"""A mailbox of messages with 3 KB bodies (4.2 KB of JSON each) over loopback, at default settings: client CPU.

Only the documented 250 requests a second are lifted: the client would wait, and find its caches cold. Typed records
through the paginator, and batches through `DeltaSync` to a consumer that does nothing, each against a bare aiohttp +
`orjson.loads` loop over the same pages. A page holds 100 messages.
"""

import asyncio
from collections.abc import Iterator

from aurinko_async import AccountAuth, AurinkoClient, Limits
from benchmarks import bare
from benchmarks.fresh import in_fresh_process
from benchmarks.measure import Result, async_seconds, compare
from benchmarks.server import serving

BODY = 3_000
PAGES = 20
"""Of a round."""
ROUNDS = 10
"""In a process; a process is one sample. Some of its rounds pay the system for memory that the one before gave back."""


async def measure(url: str, rounds: int) -> dict[str, list[float]]:
    unhurried = Limits(per_second=20_000)
    async with bare.session() as session, AurinkoClient(AccountAuth("t"), base_url=url, limits=unhurried) as aurinko:

        async def models() -> int:
            seen = 0
            async for message in aurinko.email.messages.list(q=str(PAGES)):
                seen += bool(message)
            return seen

        async def pages() -> int:
            seen = 0
            async for page in aurinko.email.messages.list(q=str(PAGES)).pages():
                seen += len(page.records)
            return seen

        async def batches() -> int:
            seen = 0
            async for batch in aurinko.email.delta(days_within=PAGES):
                seen += len(batch.updated)
            return seen

        contenders = {
            "bare": lambda: bare.read(session, url, PAGES),
            "models": models,
            "pages": pages,
            "bare sync": lambda: bare.sync(session, url, PAGES),
            "batches": batches,
        }
        for name, contender in contenders.items():
            assert await contender() == PAGES * 100, name
        return await async_seconds(contenders, rounds)


def in_this_process(url: str, rounds: int) -> dict[str, list[float]]:
    return asyncio.run(measure(url, rounds))


def run(rounds: int) -> Iterator[Result]:
    times: dict[str, list[float]] = {}
    with serving(BODY) as url:
        for _ in range(max(1, rounds // 4)):
            for name, some in in_fresh_process(in_this_process, url, min(rounds, ROUNDS)).items():
                times.setdefault(name, []).append(sum(some))
    yield compare(
        "end to end, record by record, speed of bare aiohttp + orjson", times["bare"], times["models"], "≥ 0.90"
    )
    yield compare("end to end, page by page, speed of bare aiohttp + orjson", times["bare"], times["pages"], "")
    yield compare("the same through `DeltaSync`", times["bare sync"], times["batches"], "≥ 0.85")
