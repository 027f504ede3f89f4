"""How much at once: windows of requests in flight, per client and per account, and a pace per second."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from attrs import field, frozen

from aurinko_async._types import Clock, at_least


@frozen(kw_only=True)
class Limits:
    """What a client and all its views may have under way.

    Args:
        in_flight: Requests at once.
        per_account: Requests at once for one account.
        per_second: Requests started per second; 250 is the documented limit of an application.
    """

    in_flight: int = field(default=48, validator=at_least(1))
    per_account: int = field(default=4, validator=at_least(1))
    per_second: float = field(default=250.0, validator=at_least(0, excluded=True))


class Window:
    """A first-come, first-served semaphore whose size can change."""

    def __init__(self, size: int) -> None:
        self.size = float(size)
        self.used = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def idle(self) -> bool:
        return self.used == 0 and not self._waiting

    async def acquire(self) -> None:
        if self.used < int(self.size) and not self._waiting:
            self.used += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()
            else:
                with suppress(ValueError):
                    self._waiting.remove(turn)
            raise

    def release(self) -> None:
        self.used -= 1
        self.wake()

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *exc: object) -> None:
        self.release()

    def wake(self) -> None:
        while self._waiting and self.used < int(self.size):
            turn = self._waiting.popleft()
            if not turn.done():
                self.used += 1
                turn.set_result(None)


class _AccountGate:
    """An account's window: 429 halves it and closes it for a while, successes open it again bit by bit."""

    def __init__(self, size: int) -> None:
        self.window = Window(size)
        self.full = float(size)
        self.not_before = 0.0

    def slow_down(self, until: float) -> None:
        self.window.size = max(1.0, self.window.size / 2)
        self.not_before = max(self.not_before, until)

    def speed_up(self) -> None:
        if self.window.size < self.full:
            self.window.size = min(self.full, self.window.size + 1 / self.window.size)
            self.window.wake()

    def is_forgettable(self, now: float) -> bool:
        return self.window.idle and self.window.size == self.full and self.not_before <= now


class _Pace:
    """Spreads starts over time: at most `rate` in any second, in bursts of at most a tenth of a second's worth."""

    BURST = 0.1

    def __init__(self, rate: float, clock: Clock) -> None:
        self._interval = 1 / rate
        self._clock = clock
        self._next = 0.0
        self._span = max(1.0, self._interval)
        self._starts: deque[float] = deque(maxlen=max(1, int(rate)))

    async def take(self) -> None:
        now = self._clock.monotonic()
        due = max(self._next, now)
        self._next = due + self._interval
        start = max(now, due - self.BURST)
        if len(self._starts) == self._starts.maxlen:
            start = max(start, self._starts[0] + self._span)
        self._starts.append(start)
        if start > now:
            await self._clock.sleep(start - now)


class Gates:
    """The limits of one client, shared by all its views."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._window = Window(limits.in_flight)
        self._pace = _Pace(limits.per_second, clock)
        self._accounts: dict[str, _AccountGate] = {}

    @asynccontextmanager
    async def turn(self, account_key: str) -> AsyncGenerator[_AccountGate, None]:
        """Wait for the account's and the client's turn, and hold it."""
        gate = self._accounts.get(account_key)
        if gate is None:
            gate = self._accounts[account_key] = _AccountGate(self._limits.per_account)
        try:
            async with gate.window:
                while (wait := gate.not_before - self._clock.monotonic()) > 0:
                    await self._clock.sleep(wait)
                async with self._window:
                    await self._pace.take()
                    yield gate
        finally:
            if gate.is_forgettable(self._clock.monotonic()):
                self._accounts.pop(account_key, None)
