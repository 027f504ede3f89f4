"""Paginators over a fetch function: iterate records, iterate pages, or await the first page."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import aclosing
from typing import Any, Generic, TypeVar

from aurinko_async._types import UNSET, Unset
from aurinko_async.errors import DecodeError
from aurinko_async.models.pages import OffsetPage, Page, PageChain, TokenPage

T = TypeVar("T")
P = TypeVar("P", bound=Page[Any])

OFFSET_WINDOW = 4
"""Pages of a counted list fetched at once: as many as one account may have in flight by default."""


class Paginator(ABC, Generic[T, P]):
    """A list that has not been fetched yet.

    `async for record in paginator` goes through all records, fetching one page ahead unless the client has much else
    under way; `async for page in paginator.pages()` goes through the pages; `await paginator` gives the first page.
    Nothing is sent before one of these starts, and each starts anew. Leaving a loop early leaves nothing running.

    When single records of a list cannot be read, iterating records yields all others and then raises the first
    `DecodeError`; the others are its `__notes__`. Pages keep theirs in `page.errors`.
    """

    next_token: str | None = None
    """Where the list goes on after the page last handed over: pass it as `page_token`. `None` at the end."""

    @abstractmethod
    def _first(self) -> Awaitable[P]: ...

    @abstractmethod
    def pages(self) -> AsyncGenerator[P, None]:
        """Iterate over the pages."""

    def __await__(self) -> Generator[Any, None, P]:
        return self._first().__await__()

    def __aiter__(self) -> AsyncIterator[T]:
        return self._records()

    async def _records(self) -> AsyncGenerator[T, None]:
        unreadable: list[DecodeError] = []
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for record in page.records:
                    yield record
                unreadable.extend(page.errors)
                # Not to be kept while the next is waited for: with many lists at once that is many pages.
                del page
        if unreadable:
            first, *others = unreadable
            for other in others[:20]:
                first.add_note(f"also {other}")
            raise first


class TokenPaginator(Paginator[T, TokenPage[T]]):
    """A list by page tokens."""

    def __init__(
        self,
        fetch: Callable[[str | Unset], Awaitable[TokenPage[T]]],
        start: str | Unset = UNSET,
        *,
        may_look_ahead: Callable[[], bool] = lambda: True,
    ) -> None:
        self._fetch = fetch
        self._start = start
        self._may_look_ahead = may_look_ahead

    async def _first(self) -> TokenPage[T]:
        page = await self._fetch(self._start)
        self.next_token = page.next_page_token
        return page

    async def pages(self) -> AsyncGenerator[TokenPage[T], None]:
        # Without a page ahead nothing is allocated from a page's arrival to its `yield` (which does itself from Python
        # 3.12 on): that would have the collector walk the page, and now and then all that lives.
        chain = PageChain()
        page = await self._first()
        while token := page.next_page_token:
            ahead = asyncio.ensure_future(self._fetch(token)) if self._may_look_ahead() else None
            try:
                yield page
                del page
                chain = chain.step(token)
                page = await (ahead or self._fetch(token))
                ahead = None
            finally:
                if ahead is not None:
                    await _settle(ahead)
            self.next_token = page.next_page_token
        yield page


class OffsetPaginator(Paginator[T, OffsetPage[T]]):
    """A counted list: after the first page the others are fetched several at once, and handed over in order."""

    def __init__(
        self,
        fetch: Callable[[int, int], Awaitable[OffsetPage[T]]],
        *,
        offset: int | Unset | None = UNSET,
        limit: int | Unset | None = UNSET,
    ) -> None:
        self._fetch = fetch
        self._offset = offset or 0
        self._limit = limit or 50

    async def _first(self) -> OffsetPage[T]:
        return await self._fetch(self._offset, self._limit)

    async def pages(self) -> AsyncGenerator[OffsetPage[T], None]:
        page = await self._first()
        yield page
        # The server may cap `limit`: what it sent is the true step.
        step = got = len(page.records) + len(page.errors)
        position = start = self._offset + got
        ahead: deque[asyncio.Future[OffsetPage[T]]] = deque()
        try:
            while got and not page.done:
                total = page.total_size
                if total is None or (page.done is False and total <= position):
                    # Not counted, or counted wrong: there may be more, so one page at a time.
                    total = position + 1
                while len(ahead) < OFFSET_WINDOW and start < total:
                    ahead.append(asyncio.ensure_future(self._fetch(start, self._limit)))
                    start += step
                if not ahead:
                    return
                page = await ahead[0]
                ahead.popleft()
                yield page
                got = len(page.records) + len(page.errors)
                position += got
                if position != start - step * len(ahead):
                    # Not as long as the step: what was asked for ahead leaves a gap or overlaps; ask again from here.
                    await _settle(*ahead)
                    ahead.clear()
                    start, step = position, got
        finally:
            await _settle(*ahead)


async def _settle(*futures: asyncio.Future[Any]) -> None:
    """Leave nothing behind: cancel what still runs and wait until it has stopped."""
    for future in futures:
        future.cancel()
    await asyncio.gather(*futures, return_exceptions=True)
