"""What a sync asks of a store. One contract for all of them; `stores/` has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from attrs import field, frozen

from aurinko_async.models.rows import Row


@frozen
class SyncKey:
    """What is synced: one container of one resource of one account.

    Attributes:
        account: The account's id.
        resource: `email`, ...
        container: The calendar or task list; empty where an account has only one.
        consumer: Empty for the mirror; a name for each program that is handed the records and keeps its place here:
            a commit of such a key saves the checkpoint and nothing else.
    """

    account: str
    resource: str
    container: str = ""
    consumer: str = ""


@frozen
class Lease:
    """The right to write one key. `fence` grows with each holder: an older one's commit is refused."""

    key: SyncKey
    fence: int


class Deletion(Protocol):
    """A tombstone as the API sends it."""

    @property
    def id(self) -> str | None: ...
    @property
    def timestamp(self) -> datetime | None: ...


@frozen(kw_only=True)
class Commit:
    """What becomes durable in one transaction: all of it or nothing.

    Attributes:
        checkpoint: The checkpoint after it, JSON.
        generation: Marks the rows; a sweep removes what has an older mark.
        at: Now, aware.
        rows: Records to insert or replace, by id. A partial one (`omitted`) never erases what a fuller one had.
        deleted: Tombstones; unknown ids are ignored, and ids that are among `rows`.
        sweep: Remove live rows with an older generation whose time lies in [from, to); `None` bounds are open, and
            when both are open rows without a time go too. `None`: no sweep.
        finished: The round is complete with this.
    """

    checkpoint: str = field(repr=False)
    generation: int
    at: datetime
    rows: Sequence[Row[Any]] = field(default=(), repr=False)
    deleted: Sequence[Deletion] = field(default=(), repr=False)
    sweep: tuple[datetime | None, datetime | None] | None = None
    finished: bool = False


@frozen
class Applied:
    """What a commit changed."""

    added: int = 0
    updated: int = 0
    deleted: int = 0

    def __add__(self, other: Applied) -> Applied:
        return Applied(self.added + other.added, self.updated + other.updated, self.deleted + other.deleted)


@frozen(kw_only=True)
class SyncState:
    """How one key stands, for people: counts, checkpoint, times."""

    key: SyncKey
    checkpoint: str = field(repr=False)
    live: int
    deleted: int
    saved_at: datetime
    finished_at: datetime | None


class SyncStore(Protocol):
    """Keeps checkpoints and, as a mirror, records."""

    async def begin(self, key: SyncKey) -> tuple[Lease, str | None]:
        """Take over a key; gives its last checkpoint. An earlier holder's commits are refused from now on."""
        ...

    async def commit(self, lease: Lease, commit: Commit) -> Applied:
        """Make it durable, or raise and change nothing.

        Raises:
            LeaseLost: the key was taken over.
            StoreError: the database refused.
        """
        ...

    async def unseen(self, lease: Lease, generation: int, since: datetime | None, until: datetime | None) -> list[str]:
        """The ids of live rows with an older generation that have no time, or one in [since, until)."""
        ...

    async def status(self) -> list[SyncState]:
        """How every key stands."""
        ...
