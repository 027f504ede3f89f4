"""Progress for any number of listeners, none of which can hold an engine up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final

from aurinko_async.sync.engine.values import EngineEvent

KEPT: Final = 1000
"""Events kept for a listener that is slow; the oldest go first."""


class Events:
    """Hands each event to each listener."""

    def __init__(self) -> None:
        self._listeners: dict[object, tuple[deque[EngineEvent], asyncio.Event]] = {}
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
        for _, news in self._listeners.values():
            news.set()

    def tell(self, event: EngineEvent) -> None:
        for kept, news in self._listeners.values():
            kept.append(event)
            news.set()

    async def listen(self) -> AsyncGenerator[EngineEvent, None]:
        me = object()
        kept: deque[EngineEvent] = deque(maxlen=KEPT)
        news = asyncio.Event()
        self._listeners[me] = kept, news
        try:
            while True:
                while kept:
                    yield kept.popleft()
                if self._over:
                    return
                news.clear()
                await news.wait()
        finally:
            del self._listeners[me]
