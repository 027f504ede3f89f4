"""What a PostgreSQL store does on a connection: each method is one transaction or one question."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeAlias

import psycopg
from attrs import frozen
from psycopg.adapt import Dumper
from psycopg.pq import Format, TransactionStatus
from psycopg.rows import TupleRow, tuple_row

from aurinko_async.errors import LeaseLost, StoreError
from aurinko_async.models._stored import clean, text_time
from aurinko_async.sync.store import AccountState, Applied, Commit, Lease, Mark, SyncKey, SyncState
from aurinko_async.sync.stores import _postgres_sql as sql
from aurinko_async.sync.stores._merge import by_id, completed
from aurinko_async.sync.stores._mirror import Query
from aurinko_async.sync.stores._tables import TABLES, Table, table_of

Connection: TypeAlias = psycopg.AsyncConnection[TupleRow]
Cursor: TypeAlias = psycopg.AsyncCursor[tuple[Any, ...]]


class _TextsDumper(Dumper):
    format = Format.BINARY
    oid = psycopg.adapters.types["text"].array_oid

    def dump(self, obj: sql.Texts) -> sql.Texts:
        return obj


async def ask(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> Cursor:
    """Execute a statement, or add it to the pipeline."""
    # Of our own make, whatever an application's connection makes; binary, so that bytes come as they are.
    cursor = psycopg.AsyncCursor(connection, row_factory=tuple_row)
    cursor.format = Format.BINARY
    if any(type(parameter) is sql.Texts for parameter in parameters):
        cursor.adapters.register_dumper(sql.Texts, _TextsDumper)
    return await cursor.execute(statement.encode(), parameters)


async def rolled_back(connection: Connection) -> None:
    """End a transaction that failed, if the connection has one."""
    if connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        with suppress(psycopg.Error):
            # psycopg's own: what it believes to have prepared behind a failure was not, and this forgets it.
            await connection.rollback()


@frozen
class Database:
    """A connection to a database of ours, in autocommit.

    Attributes:
        wait: Seconds to wait for other transactions' locks.
    """

    connection: Connection
    schema: str
    wait: float

    async def begin(self, key: SyncKey, holder: str) -> tuple[int, str | None] | None:
        """Take a key that nobody has, or whose holder is no more; `None` when another has it."""
        places = sql.places(self.schema)
        try:
            async with self._together():
                await self._ask("BEGIN")
                await self._ask(places.known, sql.key_of(key))
                taken = await self._ask(places.take, (holder, *sql.key_of(key), holder))
                await self._ask("COMMIT")
            found = await taken.fetchone()
        finally:
            await rolled_back(self.connection)
        return None if found is None else (found[0], found[1])

    async def release(self, lease: Lease) -> None:
        await self._ask(sql.places(self.schema).release, (*sql.key_of(lease.key), lease.fence))

    async def release_all(self, holder: str) -> None:
        await self._ask(sql.places(self.schema).release_all, (holder,))

    async def commit(self, lease: Lease, commit: Commit) -> Applied:
        """Save a page and its checkpoint.

        Raises:
            LeaseLost: the key was taken over or released.
            StoreError: the connection was lost when it was too late to know whether the commit was done.
        """
        for documents in sql.DOCUMENTS[:-1]:
            try:
                return await self._commit(lease, commit, documents)
            except (psycopg.DataError, psycopg.errors.StatementTooComplex):
                await rolled_back(self.connection)
        return await self._commit(lease, commit, sql.DOCUMENTS[-1])

    async def _commit(self, lease: Lease, commit: Commit, documents: sql.Documents) -> Applied:
        table, at = table_of(lease.key), text_time(commit.at)
        rows = {} if table is None else by_id(table.searched, commit.rows)
        dead = {} if table is None else by_id(table.searched, commit.deleted_rows)
        partial = [record_id for record_id, row in rows.items() if row.omitted]
        buried = known = upsert = None
        async with self._together():
            await self._ask("BEGIN")
            await self._ask(f"SET LOCAL lock_timeout = {max(1, int(self.wait * 1000))}")
            place = (commit.checkpoint, commit.generation, at, at if commit.finished else None)
            saved = await self._ask(sql.places(self.schema).save, (*place, *sql.key_of(lease.key), lease.fence))
            if table is not None:
                statements, owner = sql.statements(self.schema, table), table.owner(lease.key)
                if graves := _graves(commit, rows):
                    buried = await self._ask(statements.bury, (sql.array(graves), sql.array(graves.values()), *owner))
                if rows or dead:
                    known = await self._ask(statements.known, (sql.array(partial), *owner, sql.array([*rows, *dead])))
                    if rows and not partial:
                        # While the server is at it.
                        upsert = sql.parameters(table, owner, commit.generation, rows, documents)
        if not saved.rowcount:
            raise LeaseLost(f"another sync of account {lease.key.account} took over; this commit was not saved")
        found = {} if known is None else {record_id: new for record_id, *new in await known.fetchall()}
        if table is not None and partial:
            for record_id in partial:
                if record_id in found:
                    rows[record_id] = completed(table.searched, rows[record_id], found[record_id][1])
            upsert = sql.parameters(table, table.owner(lease.key), commit.generation, rows, documents)
        unknown = {record_id: row for record_id, row in dead.items() if record_id not in rows.keys() | found.keys()}
        upserts = [] if upsert is None else [upsert]
        if table is not None and unknown:
            upserts.append(sql.parameters(table, table.owner(lease.key), commit.generation, unknown, documents))
        swept = await self._written(lease, commit, upserts, unknown)
        added = sum(found[record_id][0] if record_id in found else 1 for record_id in rows)
        return Applied(added, len(rows) - added, swept + (0 if buried is None else buried.rowcount))

    async def _written(
        self,
        lease: Lease,
        commit: Commit,
        upserts: Sequence[list[Any]],
        dead: Iterable[str],
    ) -> int:
        """The second half of a commit: rows, sweep and COMMIT in one go; gives how many were swept."""
        table, swept = table_of(lease.key), None
        try:
            async with self._together():
                if table is not None:
                    for upsert in upserts:
                        await self._ask(sql.statements(self.schema, table).upsert, upsert)
                    if graves := dict.fromkeys(dead, text_time(commit.at)):
                        bury = (sql.array(graves), sql.array(graves.values()), *table.owner(lease.key))
                        await self._ask(sql.statements(self.schema, table).bury, bury)
                if table is not None and commit.sweep is not None:
                    scope = (
                        *table.owner(lease.key),
                        commit.generation,
                        *sql.bounds(*commit.sweep),
                        commit.sweep == (None, None),
                    )
                    swept = await self._ask(sql.statements(self.schema, table).sweep, (text_time(commit.at), *scope))
                await self._ask("COMMIT")
        except psycopg.Error as error:
            if self.connection.closed:
                raise StoreError(
                    "the connection was lost during a commit: the page is saved with its checkpoint, or neither is; "
                    "run again, the next sync goes on from whichever it was"
                ) from error
            raise
        return 0 if swept is None else swept.rowcount

    async def unseen(self, key: SyncKey, generation: int, since: datetime | None, until: datetime | None) -> list[str]:
        table = table_of(key)
        if table is None:
            return []
        scope = (*table.owner(key), generation, *sql.bounds(since, until))
        return [record_id for (record_id,) in await self._rows(sql.statements(self.schema, table).unseen, scope)]

    async def containers(self, account: str, resource: str) -> list[str]:
        found = await self._rows(sql.places(self.schema).containers, (clean(account), clean(resource)))
        return [container for (container,) in found]

    async def status(self) -> list[SyncState]:
        counts: dict[tuple[str, ...], tuple[int, int]] = {}
        for table in TABLES.values():
            for *owner, live, deleted in await self._rows(sql.statements(self.schema, table).counts):
                counts[(table.name, *owner)] = (live, deleted)
        states: list[SyncState] = []
        for *of_key, checkpoint, saved_at, finished_at in await self._rows(sql.places(self.schema).all):
            key = SyncKey(*of_key)
            mirrored = table_of(key)
            live, deleted = (0, 0) if mirrored is None else counts.get((mirrored.name, *mirrored.owner(key)), (0, 0))
            states.append(
                SyncState(
                    key=key,
                    checkpoint=checkpoint,
                    live=live,
                    deleted=deleted,
                    saved_at=saved_at.replace(tzinfo=UTC),
                    finished_at=finished_at and finished_at.replace(tzinfo=UTC),
                )
            )
        return states

    async def mark(self, account: str, resource: str) -> Mark:
        ((serial,),) = await self._rows(sql.places(self.schema).mark, (clean(account), clean(resource)))
        return Mark(account, resource, serial)

    async def marks(self) -> list[Mark]:
        return [Mark(*mark) for mark in await self._rows(sql.places(self.schema).marks)]

    async def settle(self, mark: Mark) -> None:
        await self._ask(sql.places(self.schema).settle, (clean(mark.account), clean(mark.resource), mark.serial))

    async def note(self, state: AccountState) -> None:
        times = (text_time(state.since), state.until and text_time(state.until))
        names = (clean(state.account), clean(state.resource), state.standing, clean(state.reason))
        await self._ask(sql.places(self.schema).note, (*names, *times))

    async def standings(self) -> list[AccountState]:
        return [
            AccountState(
                account=account,
                resource=resource,
                standing=standing,
                since=since.replace(tzinfo=UTC),
                reason=reason,
                until=until and until.replace(tzinfo=UTC),
            )
            for account, resource, standing, since, reason, until in await self._rows(sql.places(self.schema).standings)
        ]

    async def find(self, query: Query) -> list[bytes]:
        return [raw for (raw,) in await self._rows(*sql.find(self.schema, query))]

    async def raw(self, table: Table, account: str, container: str | None, record_id: str) -> bytes | None:
        found = await self._rows(*sql.record(self.schema, table, account, container, record_id))
        return found[0][0] if found else None

    async def count(self, table: Table, account: str, container: str | None) -> int:
        ((counted,),) = await self._rows(*sql.count(self.schema, table, account, container))
        return int(counted)

    async def after(
        self, table: Table, account: str, last: tuple[str, str], limit: int, deleted: bool
    ) -> list[tuple[str, str, bytes]]:
        found = await self._rows(*sql.after(self.schema, table, account, last, limit, deleted))
        return [(container, record_id, raw) for container, record_id, raw in found]

    @asynccontextmanager
    async def _together(self) -> AsyncGenerator[None]:
        """Send statements without waiting for each; all have their results in the end, or one has failed."""
        failure: psycopg.Error | None = None
        async with self.connection.pipeline() as pipeline:
            try:
                yield
            except psycopg.Error as error:
                # What was sent after it fails as well, of which psycopg would warn in the log.
                failure = error
                with suppress(psycopg.Error):
                    await pipeline.sync()
        if failure is not None:
            raise failure

    async def _ask(self, statement: str, parameters: Sequence[Any] = ()) -> Cursor:
        return await ask(self.connection, statement, parameters)

    async def _rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return await (await self._ask(statement, parameters)).fetchall()


def _graves(commit: Commit, rows: dict[str, Any]) -> dict[str, str]:
    graves: dict[str, str] = {}
    for tombstone in commit.deleted:
        record_id = clean(tombstone.id or "")
        if record_id and record_id not in rows:
            graves.setdefault(record_id, text_time(tombstone.timestamp or commit.at))
    return graves
