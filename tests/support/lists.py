"""Lists as a server has them, page by page, with all that can go wrong on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from attrs import define, field

from aurinko_async._types import Unset
from aurinko_async.errors import DecodeError
from aurinko_async.models.pages import OffsetPage, TokenPage


@define(eq=False)
class Fetches:
    """What was asked for, and what of it is under way."""

    asked: list[object] = field(factory=list)
    running: int = 0
    peak: int = 0
    cancelled: int = 0
    before: dict[object, asyncio.Event] = field(factory=dict)
    """Answers that wait for their event."""
    failing: dict[object, Exception] = field(factory=dict)

    async def take(self, what: object) -> None:
        self.asked.append(what)
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            await asyncio.sleep(0)
            if what in self.before:
                await self.before[what].wait()
            if what in self.failing:
                raise self.failing[what]
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1


@define(eq=False)
class Chain(Fetches):
    """Pages by token: the first has none, each names the next."""

    pages: dict[str | None, TokenPage[int]] = field(factory=dict)

    async def fetch(self, token: str | Unset) -> TokenPage[int]:
        name = None if isinstance(token, Unset) else token
        await self.take(name)
        return self.pages[name]


def chain(*pages: list[int], end: str | None = None) -> Chain:
    """Pages with the tokens `p1`, `p2`, ...; the last names `end`."""
    names = [None, *(f"p{number}" for number in range(1, len(pages)))]
    nexts = [*names[1:], end]
    return Chain(
        pages={
            name: TokenPage(records=records, next_page_token=following)
            for name, records, following in zip(names, pages, nexts, strict=True)
        }
    )


@define(eq=False)
class Counted(Fetches):
    """A list that is counted. `size` says how many records a page at an offset may have at the most."""

    records: list[int] = field(factory=list)
    size: Callable[[int, int], int] = lambda offset, limit: limit
    total: Callable[[int], int | None] = lambda length: length
    done: Callable[[bool], bool | None] = lambda is_last: is_last
    unreadable: frozenset[int] = frozenset()

    async def fetch(self, offset: int, limit: int) -> OffsetPage[int]:
        await self.take(offset)
        found = self.records[offset : offset + max(1, min(limit, self.size(offset, limit)))]
        return OffsetPage(
            records=[record for record in found if record not in self.unreadable],
            errors=tuple(DecodeError("unreadable", path=f"{it}") for it in found if it in self.unreadable),
            offset=offset,
            total_size=self.total(len(self.records)),
            done=self.done(offset + len(found) >= len(self.records)),
        )
