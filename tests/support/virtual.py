"""A clock whose sleepers sleep side by side, and whose time moves on when all that runs has come to wait."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count

QUIET_TURNS = 8
"""Loop turns without a new sleeper after which everybody is taken to wait: longer than any chain of wake-ups here."""


class VirtualClock:
    """For tests without IO: what waits for a socket does not hold the time back."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()
        self._quiet = 0
        self._ticking = False

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        heappush(self._sleepers, (self.now + seconds, next(self._order), turn))
        self._quiet = 0
        if not self._ticking:
            self._ticking = True
            loop.call_soon(self._tick)
        await turn

    def _tick(self) -> None:
        self._quiet += 1
        if self._quiet > QUIET_TURNS:
            self._quiet = 0
            self._wake_next()
        self._ticking = bool(self._sleepers)
        if self._ticking:
            asyncio.get_running_loop().call_soon(self._tick)

    def _wake_next(self) -> None:
        while self._sleepers:
            due, _, turn = heappop(self._sleepers)
            if not turn.done():
                self.now = max(self.now, due)
                turn.set_result(None)
                return
