"""Interleaved rounds: the machine's drift hits all contenders alike, the median forgets its hiccups."""

import asyncio
import math
import os
import statistics
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

from attrs import frozen


@frozen
class Result:
    """One line of the table: `floor / ours` for speeds (higher is better), `ours / floor` for costs."""

    what: str
    ratio: float
    spread: tuple[float, float]
    target: str

    def row(self) -> str:
        if math.isnan(self.ratio):
            return f"| {self.what} | | | {self.target} |"
        low, high = self.spread
        return f"| {self.what} | {self.ratio:.2f} | {low:.2f} to {high:.2f} | {self.target} |"


@contextmanager
def on_one_core() -> Iterator[None]:
    """Keep this process with all its threads on one core: moving between them costs what no contender chose.

    Only where the system can. What other processes do is left to the other cores.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    every = os.sched_getaffinity(0)
    try:
        _keep_on({max(every)})
        yield
    finally:
        _keep_on(every)


def _keep_on(cores: set[int]) -> None:
    for thread in threading.enumerate():
        if thread.native_id is not None:
            os.sched_setaffinity(thread.native_id, cores)


def seconds(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each contender in each round, after one round of warming up, on one core."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    with on_one_core():
        for counted in [False] + [True] * rounds:
            for name, run in contenders.items():
                started = time.process_time()
                run()
                if counted:
                    times[name].append(time.process_time() - started)
    return times


async def async_seconds(
    contenders: Mapping[str, Callable[[], Awaitable[object]]],
    rounds: int,
    before: Callable[[], Awaitable[object]] | None = None,
) -> dict[str, list[float]]:
    """The same for coroutines, on one running loop; what is done before each is not counted."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    with on_one_core():
        for counted in [False] + [True] * rounds:
            for name, run in contenders.items():
                await (before() if before else asyncio.sleep(0))
                started = time.process_time()
                await run()
                if counted:
                    times[name].append(time.process_time() - started)
    return times


def compare(what: str, dividend: list[float], divisor: list[float], target: str) -> Result:
    """The median of the ratios round by round, with the middle half as the spread."""
    return single(what, [a / b for a, b in zip(dividend, divisor, strict=True)], target)


def single(what: str, values: list[float], target: str) -> Result:
    """The median of what is no ratio, or one already."""
    ordered = sorted(values)
    quarter = len(ordered) // 4
    return Result(what, statistics.median(ordered), (ordered[quarter], ordered[-1 - quarter]), target)


def skipped(what: str, why: str) -> Result:
    """A line that says what was not measured, and why."""
    return Result(what, math.nan, (math.nan, math.nan), f"not measured: {why}")
