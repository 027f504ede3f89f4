"""A store in one SQLite file. Needs the extra `sqlite`.

The file is meant to be read by others too, with plain SQL, while syncs write it. Write into it only what is yours:
other tables and more indexes do no harm. A file with an older schema is brought to the newest when it is opened, and
nothing in it is lost. Its tables (schema 2):

`messages`, one row per message and account:

    account               the account's id
    id                    the message's id; with the account the primary key
    thread_id             indexed with the account
    folder_id
    internet_message_id   the Message-Id, without change when the message moves between folders
    subject
    from_address, from_name
    received_at           when it arrived; when the API does not say, when it was sent; indexed with the account
    sent_at
    last_modified_at
    sys_labels            JSON array: ["inbox", "unread"]
    unread                1 or 0: `unread` is among sys_labels
    has_attachments       1 or 0
    omitted               JSON array of what a partial message lacks; NULL when it is complete
    generation            the full scan that saw it last
    deleted_at            when it was deleted; NULL while it is live
    json                  the API's JSON, byte for byte: json_extract(json, '$.subject')

`events`, one row per event and calendar: account, calendar_id, id; subject, location, happens_at (when it starts; NULL
for a series), start_at, end_at, all_day, organizer_address, canceled, show_as, recurrence_type, master_id, ical_uid,
last_modified_at. `contacts`: account, id; display_name, given_name, family_name, company, email_addresses and
phone_numbers (JSON arrays), last_modified_at. `tasks`: account, list_id, id; parent_id, title, status, importance,
due_at, completed_at, last_modified_at. Each also has omitted, generation, deleted_at and json, as messages have.

`checkpoints`, one row per synced container of a resource of an account, and per consumer:

    account, resource, container, consumer    the primary key; consumer is empty for the mirror
    holder                the open store that has it; NULL when nobody syncs it
    fence                 counts the syncs that took it; only the last may write, while it has it
    generation            the full scan it is in
    checkpoint            JSON; NULL before the first page
    saved_at              the last commit
    finished_at           the last complete round

`marks`, what a `SyncEngine` was asked to sync and has not: account, resource; serial (grows with each wish),
marked_at. `standings`, how accounts fare with it: account, resource; standing (`ok`, `retrying`, `needs_reauth` or
`failed`), reason, since, until (when it is tried again).

Times are text in UTC with milliseconds, `2026-01-31T09:05:00.000Z`: they sort and compare as text, SQLite's date
functions take them, and `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-7 days')` gives one to compare with. A column is NULL
where the API does not say. Characters that are no Unicode (lone surrogates) and NUL are U+FFFD in the columns.

Newest first, as `SQLiteStore.messages` lists them:

    SELECT received_at, from_address, subject FROM messages
    WHERE account = '42' AND deleted_at IS NULL ORDER BY received_at DESC LIMIT 20

Besides the tables and their primary keys there are these indexes:

    <table>_by_time            the time that windows go by, deleted_at, generation: messages in their order; counts,
                               windows and sweeps without a look at the records
    messages_by_thread_id      a conversation
    events_by_start_at         the agenda
    events_by_ical_uid         the event that an invitation is about
    contacts_by_display_name   the address book in its order
    tasks_by_due_at            what is due next

One sync at a time: an open store that takes a key locks a file `<database>.lock-<holder>`, which goes when it closes.
The system unlocks it when the process dies, so its keys can be taken at once; the next one to take a key removes it.

Durability: a page's records and its checkpoint are in one transaction, in WAL mode with `synchronous = NORMAL`; several
syncs that wait for the file share one. A crash of the process loses nothing that was committed. A power cut can lose
the last transactions, never a part of one: checkpoint and records go back together, and the next sync fetches what is
missing.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from aurinko_async.errors import ConfigError, StoreError
from aurinko_async.sync.store import AccountState, Applied, Commit, Lease, Mark, SyncKey, SyncState
from aurinko_async.sync.stores._mirror import Mirror, Query
from aurinko_async.sync.stores._settled import settled
from aurinko_async.sync.stores._tables import Table, table_of

if TYPE_CHECKING:
    from aurinko_async.sync.stores._sqlite_database import Database
    from aurinko_async.sync.stores._sqlite_file import Connection

logger = logging.getLogger("aurinko_async")

T = TypeVar("T")


class SQLiteStore(Mirror):
    """Keep mirrors and checkpoints in a SQLite file, which is made if it is not there; `:memory:` needs no file.

    Open it with `async with`. Any number of syncs may share a store and any number of processes a file: each commit is
    whole or not at all, and processes take turns. A commit that is cancelled ends first, so nothing stays half done. Of
    syncs of the same key one runs at a time; when its process dies, another one may begin at once.

    Args:
        path: The file.
        busy_timeout: Seconds to wait for another process that is writing.
        read_only: Only look, also at what this user may not write. Nothing is made, brought to a newer schema or
            written; what would have to raises `StoreError`. Close it soon: where this user may not write, it may not
            see what others write after it was opened.

    Raises:
        ConfigError: aiosqlite is not installed.
        NotAStore, NewerSchema, StoreError: the file cannot be used (when it is opened); one that is not ours is left
            as it is.
    """

    def __init__(self, path: str | os.PathLike[str], *, busy_timeout: float = 30.0, read_only: bool = False) -> None:
        self._path = os.fspath(path)
        self._busy_timeout = busy_timeout
        self._read_only = read_only
        self._connection: Connection | None = None
        if not self._path:
            raise ConfigError("the path of the store is empty")
        _require_driver()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._path!r})"

    async def __aenter__(self) -> Self:
        try:
            await settled(self._open())
        except asyncio.CancelledError:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the file, after the commits that are under way; leaving `async with` does it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await settled(connection.leave())

    async def begin(self, key: SyncKey) -> tuple[Lease, str | None]:
        """Take a key; gives its last checkpoint. One whose holder is gone is taken over; cancelled, it gives it back.

        Raises:
            LeaseHeld: another sync has it, in this process or another one.
            ConfigError: its resource cannot be mirrored.
            StoreError: the database refused.
        """
        table_of(key)
        begun = asyncio.ensure_future(self._run(lambda database: database.begin(key)))
        try:
            return await settled(begun)
        except asyncio.CancelledError:
            if not begun.cancelled() and begun.exception() is None:
                await self.release(begun.result()[0])
            raise

    async def commit(self, lease: Lease, commit: Commit) -> Applied:
        """Make it durable in one transaction, or raise and change nothing; cancelled, it ends before it says so.

        Raises:
            LeaseLost: the key was released or taken over.
            StoreError: the database refused.
        """
        return await settled(self._opened().commit_together(lease, commit))

    async def release(self, lease: Lease) -> None:
        """Give a key back, so that any store may take it. One that was taken over or given back is left alone."""
        if self._connection is None:
            return
        try:
            await settled(self._run(lambda database: database.release(lease)))
        except StoreError as error:
            logger.info("%s: a lease could not be written as released (%s)", self._path, error)

    async def unseen(self, lease: Lease, generation: int, since: datetime | None, until: datetime | None) -> list[str]:
        """The ids of live rows with an older generation that have no time, or one in [since, until)."""
        return await self._run(lambda database: database.unseen(lease.key, generation, since, until))

    async def containers(self, account: str, resource: str) -> list[str]:
        """The containers of a resource that the mirror has a checkpoint of, sorted."""
        return await self._run(lambda database: database.containers(account, resource))

    async def status(self) -> list[SyncState]:
        """How every key stands that has been saved once."""
        return await self._run(lambda database: database.status())

    async def mark(self, account: str, resource: str) -> Mark:
        """Wish for a sync; durable when it returns. One that is open keeps its place, and gets a greater serial."""
        return await settled(self._run(lambda database: database.mark(account, resource, datetime.now(UTC))))

    async def marks(self) -> list[Mark]:
        """The wishes that are open, oldest first."""
        return await self._run(lambda database: database.marks())

    async def settle(self, mark: Mark) -> None:
        """Drop a wish, unless another came since (a greater serial)."""
        await settled(self._run(lambda database: database.settle(mark)))

    async def note(self, state: AccountState) -> None:
        """Keep how a resource of an account fares, over what was kept of it."""
        await settled(self._run(lambda database: database.note(state)))

    async def standings(self) -> list[AccountState]:
        """How the accounts fare, by account and resource."""
        return await self._run(lambda database: database.standings())

    async def _raw(self, table: Table, account: str, container: str | None, record_id: str) -> bytes | None:
        return await self._run(lambda database: database.raw(table, account, container, record_id))

    async def _count(self, table: Table, account: str, container: str | None) -> int:
        return await self._run(lambda database: database.count(table, account, container))

    async def _find(self, query: Query) -> list[bytes]:
        return await self._run(lambda database: database.find(query))

    async def _after(
        self, table: Table, account: str, after: tuple[str, str], limit: int, deleted: bool
    ) -> list[tuple[str, str, bytes]]:
        return await self._run(lambda database: database.after(table, account, after, limit, deleted))

    async def _open(self) -> None:
        from aurinko_async.sync.stores._sqlite_file import connected

        if self._connection is not None:
            raise StoreError(f"{self._path} is open already: share the open store")
        self._connection = await connected(self._path, busy_timeout=self._busy_timeout, read_only=self._read_only)

    async def _run(self, work: Callable[[Database], T]) -> T:
        return await self._opened().perform(work)

    def _opened(self) -> Connection:
        if self._connection is None:
            raise StoreError(f"{self._path} is not open: use it inside `async with SQLiteStore(...) as store:`")
        return self._connection


def _require_driver() -> None:
    try:
        import aiosqlite
    except ImportError as error:
        raise ConfigError("SQLiteStore needs aiosqlite: pip install 'aurinko-async[sqlite]'") from error
    assert aiosqlite
