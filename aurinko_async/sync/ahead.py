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
        fetch: Fetches a page.
        places: Where each page that was fetched has a place, to be released when it is done with.
    """

    def __init__(self, fetch: Callable[[FetchPage], Awaitable[DeltaPage[Any]]], places: Window | None = None) -> None:
        self._fetch = fetch
        self._places = places
        self._at_hand = False
        self._task: asyncio.Future[DeltaPage[Any]] | None = None
        self._action: FetchPage | None = None

    def start(self, action: FetchPage) -> None:
        """Fetch a page ahead; never more than one."""
        if self._task is None:
            self._action, self._task = action, asyncio.ensure_future(self._fetch(action))

    async def take(self, action: FetchPage) -> DeltaPage[Any]:
        """The page; the one before it is done with."""
        self._done()
        if self._action != action:
            await self._drop()
        try:
            page = await (self._task or self._fetch(action))
        except BaseException:
            await self._drop()
            raise
        self._task, self._action, self._at_hand = None, None, True
        return page

    async def close(self) -> None:
        """Done with both."""
        self._done()
        await self._drop()

    def _done(self) -> None:
        if self._at_hand:
            self._at_hand = False
            self._release()

    async def _drop(self) -> None:
        task, self._task, self._action = self._task, None, None
        if task is not None:
            task.cancel()
            try:
                await asyncio.gather(task, return_exceptions=True)
            finally:
                if task.done() and not task.cancelled() and task.exception() is None:
                    self._release()

    def _release(self) -> None:
        if self._places is not None:
            self._places.release()
