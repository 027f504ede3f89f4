"""A clock that tests drive: sleeping takes no time."""

import asyncio
import time


class FakeClock:
    """Time moves only when somebody sleeps, or when told to."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class FastClock:
    """Real time, many times as fast: for engines, whose waits go on side by side with real sockets."""

    def __init__(self, factor: float = 200.0, now: float = 1_790_000_000.0) -> None:
        self.factor = factor
        self._born, self._now = time.monotonic(), now

    def monotonic(self) -> float:
        return (time.monotonic() - self._born) * self.factor

    def time(self) -> float:
        return self._now + self.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.factor)
