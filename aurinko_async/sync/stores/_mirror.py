"""What every mirror can be asked, whichever database it is in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from attrs import frozen

from aurinko_async._codec import decode
from aurinko_async.errors import DecodeError, InvalidInput
from aurinko_async.models.mail import EmailMessage
from aurinko_async.models.rows import Row

BATCH: Final = 200
"""Records read at once by an iteration: about 1 MB of mail."""


@frozen(kw_only=True)
class Query:
    """Which messages, newest first."""

    account: str
    label: str | None = None
    thread_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    include_deleted: bool = False
    limit: int | None = None
    offset: int = 0

    def __attrs_post_init__(self) -> None:
        for name, bound in (("since", self.since), ("until", self.until)):
            if bound is not None and bound.tzinfo is None:
                raise InvalidInput(f"{name} has no time zone: give an aware datetime")
        if self.offset < 0 or (self.limit is not None and self.limit < 0):
            raise InvalidInput("limit and offset cannot be negative")


def _read(raw: bytes) -> EmailMessage:
    try:
        return decode(Row[EmailMessage], raw).columns
    except DecodeError:
        return decode(Row[EmailMessage], raw.decode("utf-8", "replace").encode()).columns


class Mirror(ABC):
    """The records of a store, as models or as the API's own JSON.

    Models are read as tolerantly as the sync took the records: a field that cannot be read is `None`.
    """

    async def messages(
        self,
        account: str,
        *,
        label: str | None = None,
        thread_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        include_deleted: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[EmailMessage]:
        """List messages of an account, newest first.

        Args:
            label: Only those with this system label, e.g. `inbox` or `unread`.
            since, until: Only those received at or after, and before.
            include_deleted: Also those that are deleted by now.
            limit: `None` is all of them.
        """
        query = Query(
            account=account,
            label=label,
            thread_id=thread_id,
            since=since,
            until=until,
            include_deleted=include_deleted,
            limit=limit,
            offset=offset,
        )
        return [_read(raw) for raw in await self._find(query)]

    async def get(self, account: str, message_id: str) -> EmailMessage | None:
        """Get a message; `None` when the mirror has none of this id or it is deleted."""
        raw = await self.raw(account, message_id)
        return None if raw is None else _read(raw)

    async def iterate(self, account: str) -> AsyncIterator[EmailMessage]:
        """Go through all messages of an account by id, a few in memory at a time.

        A sync may write meanwhile: what it adds or removes on the way may or may not be seen, nothing is seen twice.
        """
        async for _, raw in self.iterate_raw(account):
            yield _read(raw)

    async def iterate_raw(self, account: str) -> AsyncIterator[tuple[str, bytes]]:
        """Go through all messages of an account as `iterate` does: each one's id and the API's JSON as it came."""
        after = ""
        while batch := await self._after(account, after, BATCH):
            for record in batch:
                yield record
            after = batch[-1][0]

    @abstractmethod
    async def raw(self, account: str, message_id: str) -> bytes | None:
        """Get the API's JSON of a message as it came; `None` when there is none or it is deleted."""

    @abstractmethod
    async def count(self, account: str) -> int:
        """Count the messages of an account that are not deleted."""

    @abstractmethod
    async def _find(self, query: Query) -> list[bytes]: ...

    @abstractmethod
    async def _after(self, account: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        """The first live records with greater ids than `after`, by id."""
