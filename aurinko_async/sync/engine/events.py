"""Progress for any number of listeners, none of which can hold an engine up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final

from attrs import define, field

from aurinko_async.sync.engine.values import EngineEvent

KEPT: Final = 1000
"""Events kept for a listener that is slow; the oldest go first."""


@define(eq=False)
class _Listener:
    over: bool
    kept: deque[EngineEvent] = field(factory=lambda: deque(maxlen=KEPT))
    news: asyncio.Event = field(factory=asyncio.Event)


class Events:
    """Hands each event to each listener."""

    def __init__(self) -> None:
        self._listeners: list[_Listener] = []
        self._over = False

    @property
    def wanted(self) -> bool:
        """Somebody listens."""
        return bool(self._listeners)

    def open(self) -> None:
        self._over = False

    def close(self) -> None:
        """Let all listeners come to their end."""
        self._over = True
        for listener in self._listeners:
            listener.over = True
            listener.news.set()

    def tell(self, event: EngineEvent) -> None:
        for listener in self._listeners:
            if not listener.over:
                listener.kept.append(event)
                listener.news.set()

    async def listen(self) -> AsyncGenerator[EngineEvent, None]:
        me = _Listener(over=self._over)
        self._listeners.append(me)
        try:
            while True:
                while me.kept:
                    yield me.kept.popleft()
                if me.over:
                    return
                me.news.clear()
                await me.news.wait()
        finally:
            self._listeners.remove(me)
