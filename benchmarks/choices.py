"""What only an application may choose: the event loop, what the allocator keeps, the garbage collector.

Each process is one sample: CPU of many small requests, and of many pages, against a process as it comes.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec

from aurinko_async import AccountAuth, AurinkoClient, Limits
from benchmarks.fresh import in_fresh_process
from benchmarks.measure import Result, compare, on_one_core, skipped
from benchmarks.server import serving

BODY = 3_000
PAGES = 100
REQUESTS = 2_000


async def small_requests(url: str) -> None:
    async with AurinkoClient(AccountAuth("t"), base_url=url, limits=Limits(per_second=20_000)) as aurinko:
        for _ in range(REQUESTS):
            await aurinko.account.get()


async def pages(url: str) -> None:
    async with AurinkoClient(AccountAuth("t"), base_url=url, limits=Limits(per_second=20_000)) as aurinko:
        async for _ in aurinko.email.messages.list(q=str(PAGES)):
            pass


def cost(work: Callable[[str], object], url: str, choice: str) -> float:
    """CPU seconds of the second time."""
    factory = None
    if choice == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    elif choice == "memory kept":
        from aurinko_async.cli.running import keep_memory

        keep_memory()
    with on_one_core(), asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work(url))
        if choice == "frozen":
            gc.freeze()
        began = time.process_time()
        runner.run(work(url))
        return time.process_time() - began


def run(rounds: int) -> Iterator[Result]:
    with serving(BODY) as url:
        for what, work, choice in (
            ("small requests with uvloop, CPU of asyncio's loop", small_requests, "uvloop"),
            ("pages with uvloop, CPU of asyncio's loop", pages, "uvloop"),
            ("pages with `mallopt` as the command sets it, CPU without", pages, "memory kept"),
            ("pages after `gc.freeze()`, CPU without", pages, "frozen"),
        ):
            if choice == "uvloop" and find_spec("uvloop") is None:
                yield skipped(what, "uvloop is not installed")
                continue
            samples = [
                (in_fresh_process(cost, work, url, choice), in_fresh_process(cost, work, url, ""))
                for _ in range(max(1, rounds // 5))
            ]
            yield compare(what, [chosen for chosen, _ in samples], [plain for _, plain in samples], "")
