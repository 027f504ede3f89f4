"""What every resource is made of: a session, and the two ways in which lists are paged."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TypeVar, cast

from aurinko_async._session import Session
from aurinko_async._types import UNSET, Call, Unset
from aurinko_async.errors import InvalidInput
from aurinko_async.models.pages import OffsetPage, TokenPage
from aurinko_async.pagination import OffsetPaginator, TokenPaginator

T = TypeVar("T")


class Resource:
    """An area of the API. It holds nothing but the session, so that thousands of clients' views stay cheap."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _token_pages(self, call: Call[TokenPage[T]]) -> TokenPaginator[T]:
        def fetch(token: str | Unset) -> Awaitable[TokenPage[T]]:
            return self._session.request(call.with_query(pageToken=token))

        start = cast("str | None", call.query.get("pageToken"))
        return TokenPaginator(
            fetch, UNSET if start is None else start, may_look_ahead=lambda: self._session.shared.gates.roomy
        )

    def _offset_pages(self, call: Call[OffsetPage[T]]) -> OffsetPaginator[T]:
        def fetch(offset: int, limit: int) -> Awaitable[OffsetPage[T]]:
            return self._session.request(call.with_query(offset=offset, limit=limit))

        wanted = cast("Mapping[str, int | None]", call.query)
        for name, least in (("limit", 1), ("offset", 0)):
            value = wanted.get(name)
            if value is not None and value < least:
                raise InvalidInput(f"{name} must be {least} or more, not {value}")
        return OffsetPaginator(fetch, offset=wanted.get("offset"), limit=wanted.get("limit"))
