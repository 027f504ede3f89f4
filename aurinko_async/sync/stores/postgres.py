"""A store in a PostgreSQL database. Needs the extra `postgres`.

Its tables are in a schema of their own, `aurinko`, and are meant to be read by others too, with plain SQL, while syncs
write them. Write into them only what is yours: more tables and more indexes do no harm. The tables, their columns and
their indexes are `SQLiteStore`'s (schema 2), with PostgreSQL's types:

    text          in the order of code points (`COLLATE "C"`); an indexed one keeps 500 characters
    timestamptz   with milliseconds
    boolean       unread, has_attachments, all_day, canceled
    text[]        sys_labels, email_addresses, phone_numbers, omitted
    json          the API's JSON, byte for byte, as type json: json->>'subject'; NULL where raw is not
    raw           the API's JSON as bytea where it is none to PostgreSQL (bytes that are no UTF-8, NaN); rare

`aurinko_schema` has the version of the schema, the sequence `mark_serials` the serials of `marks`. No list has a GIN
index: the store looks for a label or an address within one account, where it would not pay for its upkeep. Make one if
you search across accounts.

Newest first, as `PostgresStore.messages` lists them:

    SELECT received_at, from_address, subject FROM aurinko.messages
    WHERE account = '42' AND deleted_at IS NULL ORDER BY received_at DESC NULLS LAST LIMIT 20

Who may open it: the owner of the schema; or, once that one has made the tables, a role with USAGE of the schema and the
sequence and SELECT, INSERT, UPDATE and DELETE on the tables.

One sync at a time: an open store keeps one connection that holds a session's advisory lock, and writes its name into
the `holder` of each key it takes. Another store, on this machine or another, that wants such a key tries that lock.
When the process is killed the server frees it at once; when its machine or network is gone, after about 30 s. Through
PgBouncer this needs session pooling. When that connection breaks while the process lives, others may take what this
store holds until its next sync begins, and the commits of one that was taken over are refused.

Durability: a page's records and its checkpoint are in one transaction, as durable as `synchronous_commit` says. When a
connection breaks during a COMMIT nobody can know whether it was done: that is a `StoreError`, and the next sync reads
the checkpoint and goes on from there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from aurinko_async.errors import ConfigError, LeaseHeld, LeaseLost, StoreError
from aurinko_async.sync.store import AccountState, Applied, Commit, Lease, Mark, SyncKey, SyncState
from aurinko_async.sync.stores._mirror import Mirror, Query
from aurinko_async.sync.stores._postgres_sql import key_of
from aurinko_async.sync.stores._settled import settled
from aurinko_async.sync.stores._tables import Table, table_of

if TYPE_CHECKING:
    from psycopg_pool import AsyncConnectionPool

    from aurinko_async.sync.stores._postgres_database import Database
    from aurinko_async.sync.stores._postgres_server import Server

T = TypeVar("T")

_SHOWN: Final = ("host", "hostaddr", "port", "dbname", "user", "service")
_SCHEMA: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,62}")


class PostgresStore(Mirror):
    """Keep mirrors and checkpoints in a PostgreSQL database (13 or later), on any number of machines.

    Open it with `async with`. Any number of syncs may share a store, and any number of processes a database. A commit
    that is cancelled ends first, so nothing stays half done. What PostgreSQL surely rolled back (a deadlock, a
    connection that broke before the commit) is tried again by itself.

    Args:
        conninfo: libpq's connection string or URI. What it does not say, the environment (PGHOST, ...) does.
        pool: An application's own pool instead, open, of two connections or more.
        schema: The schema of its tables, which is made if it is not there.
        min_size, max_size: Connections that are kept open and that may be; one more holds the leases.
        timeout: Seconds to wait for a connection, and for other transactions' locks.

    Raises:
        ConfigError: psycopg is not installed, or the connection string cannot be read.
        NotAStore, NewerSchema, StoreError: the database cannot be used (when it is opened).
    """

    def __init__(
        self,
        conninfo: str = "",
        *,
        pool: AsyncConnectionPool[Any] | None = None,
        schema: str = "aurinko",
        min_size: int = 1,
        max_size: int = 10,
        timeout: float = 30.0,
    ) -> None:
        _require_driver()
        from aurinko_async.sync.stores._postgres_server import checked

        shown = checked(conninfo)
        if pool is not None and (conninfo or pool.max_size < 2):
            raise ConfigError("give a connection string or a pool of two connections or more, not both")
        if not 1 <= min_size <= max_size or timeout <= 0:
            raise ConfigError("min_size is at least 1 and at most max_size; timeout is more than 0")
        if not _SCHEMA.fullmatch(schema):
            raise ConfigError("a schema's name has letters, digits and _, and at most 63 of them")
        self._name = " ".join(f"{name}={shown[name]}" for name in _SHOWN if shown.get(name)) or "PostgreSQL"
        self._conninfo = conninfo
        self._pool = pool
        self._schema = schema
        self._sizes = (min_size, max_size)
        self._timeout = timeout
        self._server: Server | None = None
        self._held: dict[tuple[str, ...], int] = {}
        self._under_way: set[asyncio.Future[Any]] = set()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r}, schema={self._schema!r})"

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
        """Close the connections, after the commits that are under way; leaving `async with` does it."""
        server, self._server = self._server, None
        if server is not None:
            await settled(self._close(server))

    async def begin(self, key: SyncKey) -> tuple[Lease, str | None]:
        """Take a key; gives its last checkpoint. That of a store that is no more is taken over.

        Raises:
            LeaseHeld: another sync has it.
            ConfigError: its resource cannot be mirrored.
            StoreError: the database refused.
        """
        table_of(key)
        server, place = self._opened(), key_of(key)
        if place in self._held:
            raise LeaseHeld(f"a sync of {key.resource} of account {key.account} runs in this process already")
        self._held[place] = 0
        taken: list[Lease] = []
        try:
            return await settled(self._take(server, key, taken))
        except BaseException:
            self._held.pop(place, None)
            for lease in taken:
                # Cancelled: nobody else could give it back.
                await settled(server.give_back(lease))
            raise

    async def commit(self, lease: Lease, commit: Commit) -> Applied:
        """Make it durable in one transaction, or raise and change nothing; cancelled, it ends before it says so.

        Raises:
            LeaseLost: the key was released or taken over.
            StoreError: the database refused, or the connection was lost while it committed: then the next `begin`
                tells by the checkpoint whether it was done.
        """
        self._opened()
        place = key_of(lease.key)
        if self._held.get(place) != lease.fence:
            raise LeaseLost(f"the lease of account {lease.key.account} was released; this commit was not saved")
        try:
            return await self._run(lambda database: database.commit(lease, commit))
        except LeaseLost:
            if self._held.get(place) == lease.fence:
                del self._held[place]
            raise

    async def release(self, lease: Lease) -> None:
        """Give a key back. Never raises for a database that is gone: this process holds the key no longer."""
        place = key_of(lease.key)
        if self._server is not None and self._held.get(place) == lease.fence:
            try:
                await settled(self._server.give_back(lease))
            finally:
                if self._held.get(place) == lease.fence:
                    del self._held[place]

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
        """Wish for a sync; durable when it returns."""
        return await self._run(lambda database: database.mark(account, resource))

    async def marks(self) -> list[Mark]:
        """The wishes that are open, oldest first."""
        return await self._run(lambda database: database.marks())

    async def settle(self, mark: Mark) -> None:
        """Drop a wish, unless another came since."""
        await self._run(lambda database: database.settle(mark))

    async def note(self, state: AccountState) -> None:
        """Keep how a resource of an account fares, over what was kept of it."""
        await self._run(lambda database: database.note(state))

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
        from aurinko_async.sync.stores._postgres_server import opened

        if self._server is not None:
            raise StoreError(f"{self._name} is open already: share the open store")
        self._server = await opened(
            self._conninfo, self._pool, schema=self._schema, name=self._name, sizes=self._sizes, timeout=self._timeout
        )

    async def _take(self, server: Server, key: SyncKey, taken: list[Lease]) -> tuple[Lease, str | None]:
        found = await server.run_living(lambda database: database.begin(key, server.holder))
        if found is None:
            raise LeaseHeld(
                f"another sync of account {key.account} ({key.resource}) runs: let it end, or stop it, then try again"
            )
        fence, checkpoint = found
        lease = Lease(key, fence)
        taken.append(lease)
        self._held[key_of(key)] = fence
        return lease, checkpoint

    async def _run(self, work: Callable[[Database], Awaitable[T]]) -> T:
        # To its end even when cancelled: a connection goes back to the pool as it came.
        task = asyncio.ensure_future(self._opened().run(work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await settled(task)

    async def _close(self, server: Server) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way)
        await server.close()
        # Those too that were taken meanwhile.
        self._held.clear()

    def _opened(self) -> Server:
        if self._server is None:
            raise StoreError(f"{self._name} is not open: use it inside `async with PostgresStore(...) as store:`")
        return self._server


def _require_driver() -> None:
    try:
        import psycopg
        import psycopg_pool
    except ImportError as error:
        raise ConfigError("PostgresStore needs psycopg: pip install 'aurinko-async[postgres]'") from error
    assert psycopg
    assert psycopg_pool
