"""A clock that only a test moves, sleepers and all."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count


class DrivenClock:
    """Who sleeps is woken when the test has let enough time go by; sockets take the time they take."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._sleepers, (self.now + seconds, next(self._numbers), woken))
        await woken

    async def go_on(self, until: float) -> bool:
        """Move to the next instant at which somebody wakes, but not beyond `until`; gives whether somebody did."""
        while self._sleepers and self._sleepers[0][0] <= until:
            due, _, woken = heappop(self._sleepers)
            if not woken.done():
                self.now = max(self.now, due)
                woken.set_result(None)
                await asyncio.sleep(0)
                return True
        self.now = max(self.now, until)
        return False
