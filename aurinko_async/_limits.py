"""How much at once: windows of requests in flight, per client and per account, and a pace per second."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

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

    in_flight: int = field(default=64, validator=at_least(1))
    per_account: int = field(default=4, validator=at_least(1))
    per_second: float = field(default=250.0, validator=at_least(0, excluded=True))


class Window:
    """A first-come, first-served semaphore whose size can change."""

    __slots__ = ("_waiting", "size", "used")

    def __init__(self, size: int) -> None:
        self.size = float(size)
        self.used = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def idle(self) -> bool:
        return self.used == 0 and not self._waiting

    def take(self) -> bool:
        """Take a place if one is free at once."""
        if self._waiting or self.used >= int(self.size):
            return False
        self.used += 1
        return True

    async def acquire(self) -> None:
        if self.take():
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
        if self._waiting:
            self.wake()

    def wake(self) -> None:
        while self._waiting and self.used < int(self.size):
            turn = self._waiting.popleft()
            if not turn.done():
                self.used += 1
                turn.set_result(None)


class AccountGate(Window):
    """An account's window: 429 halves it and closes it for a while, successes open it again bit by bit."""

    __slots__ = ("full", "not_before")

    def __init__(self, size: int) -> None:
        Window.__init__(self, size)
        self.full = float(size)
        self.not_before = 0.0

    def as_new(self, now: float) -> bool:
        """Whether a new one would be no different."""
        return self.idle and self.size == self.full and self.not_before <= now

    def slow_down(self, until: float) -> None:
        self.size = max(1.0, self.size / 2)
        self.not_before = max(self.not_before, until)

    def speed_up(self) -> None:
        if self.size < self.full:
            self.size = min(self.full, self.size + 1 / self.size)
            self.wake()


class Place:
    """What a request takes: a place of its account's, one among those in flight, and perhaps one for its page.

    Attributes:
        gate: Its account's.
        window: Where it is among those in flight, until its answer is there.
    """

    __slots__ = ("_pages", "gate", "window")

    def __init__(self, gate: AccountGate, pages: Window | None) -> None:
        self.gate = gate
        self.window: Window | None = None
        self._pages = pages

    def arrived(self) -> None:
        """The answer is there, whole: let the next request go before this answer is read, not after."""
        window, self.window = self.window, None
        if window is not None:
            window.release()

    def keep_page(self) -> None:
        """The page is given to whoever asked for it: its place is theirs to release."""
        self._pages = None

    def leave(self) -> None:
        """The request is over, however it ended."""
        self.arrived()
        self.gate.release()
        if self._pages is not None:
            self._pages.release()


class _Pace:
    """Spreads starts over time: at most `rate` in any second, in bursts of at most a tenth of a second's worth."""

    BURST = 0.1

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate
        self._next = 0.0
        self._span = max(1.0, self._interval)
        self._starts: deque[float] = deque(maxlen=max(1, int(rate)))

    def take(self, now: float) -> float:
        """Take the next start: the seconds to wait for it."""
        due = self._next if self._next > now else now
        self._next = due + self._interval
        starts = self._starts
        start = due - self.BURST
        if len(starts) == starts.maxlen and starts[0] + self._span > start:
            start = starts[0] + self._span
        if start < now:
            start = now
        starts.append(start)
        return start - now


class Gates:
    """The limits of one client, shared by all its views.

    Attributes:
        pages: Places for the pages of mirrors, from before one is asked for until it is saved; as many as for requests.
            Pages wait for their store: without an end to that, many mirrors at once have many pages in memory.
    """

    ROOM = 256
    """Accounts whose gates are kept at least, in use or not."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._window = Window(limits.in_flight)
        self.pages = Window(limits.in_flight)
        self._pace = _Pace(limits.per_second)
        self._accounts: dict[str, AccountGate] = {}
        self._room = self.ROOM

    @property
    def roomy(self) -> bool:
        """At least half of the places are free: what is not needed yet may be asked for.

        Else it would take a place from others, and its answer would have to be kept: with many lists at once that is
        many pages.
        """
        return self._window.used * 2 <= self._window.size

    async def enter(self, account_key: str, pages: Window | None = None) -> Place:
        """Wait for the account's and the client's turn; `leave` of what it gives must follow.

        Two calls rather than a context manager: each step counts here.

        Args:
            pages: Where what is asked for takes a place too.
        """
        if pages is not None:
            gate = await self._with_page(account_key, pages)
        else:
            gate = self._accounts.get(account_key) or self._new(account_key)
            if not gate.take():
                await gate.acquire()
        place = Place(gate, pages)
        try:
            now = self._clock.monotonic()
            while gate.not_before > now:
                await self._clock.sleep(gate.not_before - now)
                now = self._clock.monotonic()
            if not self._window.take():
                await self._window.acquire()
                now = self._clock.monotonic()
            place.window = self._window
            wait = self._pace.take(now)
            if wait > 0:
                await self._clock.sleep(wait)
        except BaseException:
            place.leave()
            raise
        return place

    async def _with_page(self, account_key: str, pages: Window) -> AccountGate:
        """Take a page's place and the account's. One that is slowed down waits with neither: others need the page's."""
        while True:
            await pages.acquire()
            # Not looked up before: a gate that nobody has taken or waits for may have been forgotten meanwhile.
            gate = self._accounts.get(account_key) or self._new(account_key)
            try:
                if not gate.take():
                    await gate.acquire()
            except BaseException:
                pages.release()
                raise
            wait = gate.not_before - self._clock.monotonic()
            if wait <= 0:
                return gate
            gate.release()
            pages.release()
            await self._clock.sleep(wait)

    def _new(self, account_key: str) -> AccountGate:
        if len(self._accounts) >= self._room:
            now = self._clock.monotonic()
            self._accounts = {key: gate for key, gate in self._accounts.items() if not gate.as_new(now)}
            self._room = max(self.ROOM, 2 * len(self._accounts))
        gate = self._accounts[account_key] = AccountGate(self._limits.per_account)
        return gate
