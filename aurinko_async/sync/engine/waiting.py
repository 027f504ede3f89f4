"""Waiting by a clock of one's choice, and logging what is tried again."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import Final

from attrs import frozen

from aurinko_async._types import Clock

SPREAD: Final = 0.2
"""The part of an interval by which it is longer or shorter, so that accounts do not move in step."""


def spread(seconds: float) -> float:
    return seconds * random.uniform(1 - SPREAD, 1 + SPREAD)


@frozen
class Time:
    """A clock with what an engine asks of it."""

    clock: Clock

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    @property
    def date(self) -> datetime:
        return datetime.fromtimestamp(self.clock.time(), UTC)

    async def until(self, event: asyncio.Event, seconds: float | None = None) -> bool:
        """Wait for an event, but not longer than so many seconds; gives whether it happened, and clears it."""
        if seconds is None:
            await event.wait()
        elif not event.is_set():
            waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self.sleep(seconds))]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
                await asyncio.wait(waits)
        happened = event.is_set()
        event.clear()
        return happened

    async def sleep(self, seconds: float) -> None:
        await self.clock.sleep(max(0.0, seconds))
