"""The page at hand, and the one that is fetched while it is applied."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aurinko_async._limits import Window
from aurinko_async.models.pages import DeltaPage
from aurinko_async.sync.machine import FetchPage


class Ahead:
    """Takes the pages of the chain one by one; the next may be fetched while the current one is applied.

    Args:
        places: Where each page has a place from before it is asked for until the next one is taken: pages wait for
            their store, and many syncs at once must not have many pages there.
    """

    def __init__(self, fetch: Callable[[FetchPage], Awaitable[DeltaPage[Any]]], places: Window) -> None:
        self._fetch = fetch
        self._places = places
        self._has_place = False
        """The page at hand has; the one that is fetched ahead has one of its own."""
        self._task: asyncio.Future[DeltaPage[Any]] | None = None
        self._action: FetchPage | None = None

    def start(self, action: FetchPage) -> None:
        """Fetch a page ahead, if there is a place for it and none is yet."""
        if self._task is None and self._places.take():
            self._action, self._task = action, asyncio.ensure_future(self._fetch(action))

    async def take(self, action: FetchPage) -> DeltaPage[Any]:
        """The page; the one before it is done with."""
        self._let_go()
        if self._action != action:
            await self._drop()
        try:
            if self._task is None:
                await self._places.acquire()
                self._has_place = True
                return await self._fetch(action)
            page = await self._task
            self._task, self._action, self._has_place = None, None, True
            return page
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Done with both."""
        self._let_go()
        await self._drop()

    def _let_go(self) -> None:
        if self._has_place:
            self._has_place = False
            self._places.release()

    async def _drop(self) -> None:
        task, self._task, self._action = self._task, None, None
        if task is not None:
            task.cancel()
            try:
                await asyncio.gather(task, return_exceptions=True)
            finally:
                self._places.release()
