"""What a sync asks of a store. One contract for all of them; `stores/` has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from attrs import field, frozen

from aurinko_async.models._row import Row


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
    """The right to write one key, until it is released.

    `fence` grows with each holder: an older one's commit is refused.
    """

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
        deleted_rows: Records that came as deleted, each with a tombstone: those that are unknown are added.
        sweep: Remove live rows with an older generation whose time lies in [from, to); `None` bounds are open, and
            when both are open rows without a time go too. `None`: no sweep.
        finished: The round is complete with this.
    """

    checkpoint: str = field(repr=False)
    generation: int
    at: datetime
    rows: Sequence[Row[Any]] = field(default=(), repr=False)
    deleted: Sequence[Deletion] = field(default=(), repr=False)
    deleted_rows: Sequence[Row[Any]] = field(default=(), repr=False)
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


@frozen
class Mark:
    """A wish for a sync that none has answered yet which began after it. `serial` grows with each wish."""

    account: str
    resource: str
    serial: int


Standing: TypeAlias = Literal["ok", "retrying", "needs_reauth", "failed"]


@frozen(kw_only=True)
class AccountState:
    """How a resource of an account fares with an engine, for people.

    Attributes:
        standing: `ok`; `retrying` by itself at `until`; `needs_reauth`: the mailbox's owner must authorise again;
            `failed`: it will hardly heal by itself, and is tried again at `until` all the same.
        reason: What happened, empty when all is well.
        since: When it came to stand so.
    """

    account: str
    resource: str
    standing: Standing
    since: datetime
    reason: str = ""
    until: datetime | None = None


class SyncStore(Protocol):
    """Keeps checkpoints and, as a mirror, records."""

    async def begin(self, key: SyncKey) -> tuple[Lease, str | None]:
        """Take a key; gives its last checkpoint. The key of a holder that is no more (a process or a connection
        that is gone) is taken over, and that one's commits are refused from now on.

        Raises:
            LeaseHeld: another sync has it. It does not wait.
            ConfigError: its resource cannot be mirrored.
            StoreError: the database refused.
        """
        ...

    async def commit(self, lease: Lease, commit: Commit) -> Applied:
        """Make it durable, or raise and change nothing.

        Raises:
            LeaseLost: the key was released or taken over.
            StoreError: the database refused.
        """
        ...

    async def release(self, lease: Lease) -> None:
        """Give a key back. Never raises for a database that is gone: this process holds the key no longer."""
        ...

    async def unseen(self, lease: Lease, generation: int, since: datetime | None, until: datetime | None) -> list[str]:
        """The ids of live rows with an older generation that have no time, or one in [since, until)."""
        ...

    async def containers(self, account: str, resource: str) -> list[str]:
        """The containers of a resource that a mirror has a checkpoint of, sorted."""
        ...

    async def status(self) -> list[SyncState]:
        """How every key stands."""
        ...


class EngineStore(SyncStore, Protocol):
    """What an engine keeps beside: what it was asked to sync, and how each account fares."""

    async def mark(self, account: str, resource: str) -> Mark:
        """Wish for a sync; durable when it returns."""
        ...

    async def marks(self) -> list[Mark]:
        """The wishes that are open, oldest first."""
        ...

    async def settle(self, mark: Mark) -> None:
        """A sync that began after `mark` is complete: drop the wish, unless another came since (a greater serial)."""
        ...

    async def note(self, state: AccountState) -> None:
        """Keep how a resource of an account fares, over what was kept of it."""
        ...

    async def standings(self) -> list[AccountState]:
        """How the accounts fare, by account and resource."""
        ...
