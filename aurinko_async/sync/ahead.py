"""The page that is fetched while another is applied."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aurinko_async.models.pages import DeltaPage
from aurinko_async.sync.machine import FetchPage


class Ahead:
    """The next page of the chain, fetched while the current one is applied. Never more than one."""

    def __init__(self, fetch: Callable[[FetchPage], Awaitable[DeltaPage[Any]]]) -> None:
        self._fetch = fetch
        self._task: asyncio.Future[DeltaPage[Any]] | None = None
        self._action: FetchPage | None = None

    def start(self, action: FetchPage) -> None:
        if self._task is None:
            self._action, self._task = action, asyncio.ensure_future(self._fetch(action))

    async def take(self, action: FetchPage) -> DeltaPage[Any]:
        if self._task is None or self._action != action:
            await self.close()
            return await self._fetch(action)
        task = self._task
        try:
            return await task
        finally:
            if task.done():
                self._task = None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
