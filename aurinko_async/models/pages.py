"""Pages of records: by page token, by offset, of a delta."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from attrs import field, frozen

from aurinko_async.errors import DecodeError, RepeatedPageToken
from aurinko_async.models._model import model

T = TypeVar("T")


@model
class Page(Generic[T]):
    """Records in the order the API gave them.

    `errors` names the records of this page that could not be read: each costs its own error, never its neighbours.
    """

    records: list[T] = field(factory=list[T])
    errors: tuple[DecodeError, ...] = ()

    def __iter__(self) -> Iterator[T]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)


@model
class TokenPage(Page[T]):
    """A page of a list; `next_page_token` asks for the next one, `None` at the end."""

    next_page_token: str | None = None
    length: int | None = None


@model
class OffsetPage(Page[T]):
    """A page of a list that is counted: `records` start at `offset` of `total_size`."""

    offset: int | None = None
    total_size: int | None = None
    done: bool | None = None


@model
class PageOrRecord(OffsetPage[T]):
    """A page of a list that is counted, or one record in its place: then that is the only one."""


@model
class DeltaPage(Page[T]):
    """A page of a sync stream: `next_page_token` while there is more, then `next_delta_token` for the next round."""

    next_page_token: str | None = None
    next_delta_token: str | None = None
    length: int | None = None


@frozen
class PageChain:
    """Notices a chain of page tokens that runs in a circle, in constant memory (Brent's algorithm)."""

    mark: str | None = None
    taken: int = 0
    power: int = 1

    def step(self, token: str) -> PageChain:
        """The chain with one more token.

        Raises:
            RepeatedPageToken: the token was there before.
        """
        if token == self.mark:
            raise RepeatedPageToken("the API gave a page token again: the chain of pages runs in a circle")
        if self.taken + 1 == self.power:
            return PageChain(token, self.taken + 1, self.power * 2)
        return PageChain(self.mark, self.taken + 1, self.power)
