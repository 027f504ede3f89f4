"""What a SQLite store does on its connection's thread: each method is one transaction or one question."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeAlias, cast

import msgspec
from attrs import field, frozen

from aurinko_async.errors import LeaseHeld, LeaseLost
from aurinko_async.models._row import Row
from aurinko_async.models._stored import clean, text_time
from aurinko_async.sync.store import AccountState, Applied, Commit, Lease, Mark, SyncKey, SyncState
from aurinko_async.sync.stores import _sqlite_sql as sql
from aurinko_async.sync.stores._merge import by_id, completed
from aurinko_async.sync.stores._mirror import Query
from aurinko_async.sync.stores._sqlite_lock import Presence
from aurinko_async.sync.stores._tables import TABLES, Table, table_of, window

_Names: TypeAlias = tuple[str, str, str, str]


@frozen(eq=False)
class Pending:
    """A commit that waits for its transaction, which it may share with others."""

    lease: Lease
    commit: Commit
    done: Future[Applied] = field(factory=Future[Applied], repr=False)


@frozen(repr=False)  # aiosqlite logs what it is called with, and keys name accounts
class Database:
    """An open database of ours.

    Attributes:
        presence: What tells others that this store is there.
        held: The keys that were handed out and not given back, each with its fence.
        owed: Those that were given back, which could not be written: to others they look held.
    """

    connection: sqlite3.Connection
    presence: Presence
    held: dict[_Names, int] = field(factory=dict[_Names, int])
    owed: dict[_Names, int] = field(factory=dict[_Names, int])

    def begin(self, key: SyncKey) -> tuple[Lease, str | None]:
        names = _names(key)
        with self._transaction():
            fence, checkpoint, holder = self.connection.execute(sql.PLACE, names).fetchone() or (0, None, None)
            self._refuse_held(key, holder)
            self.presence.declare()
            self.connection.executemany(sql.RELEASE, [(*owed, given) for owed, given in self.owed.items()])
            self.connection.execute(sql.TAKE, (*names, fence + 1, self.presence.holder))
        self.owed.clear()
        self.held[names] = fence + 1
        return Lease(key, fence + 1), checkpoint

    def _refuse_held(self, key: SyncKey, holder: str | None) -> None:
        what = f"another sync of account {key.account} ({key.resource}) runs"
        if holder == self.presence.holder:
            # One that is not among the held could not be written as released.
            if _names(key) in self.held:
                raise LeaseHeld(f"{what} in this process: let it end, or stop it, then try again")
        elif holder is not None and self.presence.is_there(holder):
            raise LeaseHeld(f"{what}, in another process or store: wait for its end, or stop it, then try again")

    def release(self, lease: Lease) -> None:
        names = _names(lease.key)
        if self.held.get(names) == lease.fence:
            self.owed[names] = self.held.pop(names)
            self.connection.execute(sql.RELEASE, (*names, lease.fence))
            del self.owed[names]

    def leave(self) -> None:
        """Give all keys back, and be there no longer."""
        try:
            if self.held:
                self.held.clear()
                self.connection.execute(sql.RELEASE_ALL, (self.presence.holder,))
        finally:
            self.presence.withdraw()

    def commit(self, together: Sequence[Pending]) -> None:
        """Commit some in one transaction, or, where one of them cannot be, each in its own."""
        try:
            with self._transaction():
                applied = [self._commit(pending.lease, pending.commit) for pending in together]
        except Exception as error:
            if len(together) == 1 or _is_busy(error):
                for pending in together:
                    pending.done.set_exception(error)
                return
        else:
            for pending, what in zip(together, applied, strict=True):
                pending.done.set_result(what)
            return
        # Not while the error is handled: what comes of the others would name it as its context.
        for pending in together:
            self.commit([pending])

    def _commit(self, lease: Lease, commit: Commit) -> Applied:
        table, at, names = table_of(lease.key), text_time(commit.at), _names(lease.key)
        place = (commit.checkpoint, commit.generation, at, at if commit.finished else None)
        given = self.held.get(names) == lease.fence
        if not given or not self.connection.execute(sql.SAVE, (*place, *names, lease.fence)).rowcount:
            raise LeaseLost(
                f"this sync of account {lease.key.account} gave its place back, or another took over; "
                "this commit was not saved"
            )
        return Applied() if table is None else self._apply(table, table.owner(lease.key), commit)

    def _apply(self, table: Table, owner: tuple[str, ...], commit: Commit) -> Applied:
        rows = by_id(table.searched, commit.rows)
        dead = by_id(table.searched, commit.deleted_rows)
        dead = {record_id: row for record_id, row in dead.items() if record_id not in rows}
        added = deleted = 0
        if commit.deleted:
            graves = [
                (text_time(tombstone.timestamp or commit.at), *owner, clean(tombstone.id))
                for tombstone in commit.deleted
                if tombstone.id and clean(tombstone.id) not in rows
            ]
            deleted = max(self.connection.executemany(sql.statements(table).bury, graves).rowcount, 0)
        if rows:
            added = self._write(table, owner, commit.generation, rows)
        if dead:
            self._write_dead(table, owner, commit, dead)
        if commit.sweep is not None:
            bounds = (*window(*commit.sweep), commit.sweep == (None, None))
            scope = (text_time(commit.at), *owner, commit.generation, *bounds)
            deleted += self.connection.execute(sql.statements(table).sweep, scope).rowcount
        return Applied(added, len(rows) - added, deleted)

    def _write(self, table: Table, owner: tuple[str, ...], generation: int, rows: dict[str, Row[Any]]) -> int:
        """Write live records; tells how many there were not, or as deleted ones."""
        statements = sql.statements(table)
        partial = [record_id for record_id, row in rows.items() if row.omitted]
        if partial:
            for record_id, stored in self.connection.execute(statements.stored, (*owner, _list(partial))).fetchall():
                rows[record_id] = completed(table.searched, rows[record_id], stored)
        before = self._newest(statements)
        self._upsert(table, owner, generation, rows)
        added = self._newest(statements) - before
        if added < len(rows):
            added += self.connection.execute(statements.revive, (*owner, _list(rows))).rowcount
        return added

    def _upsert(self, table: Table, owner: tuple[str, ...], generation: int, rows: dict[str, Row[Any]]) -> None:
        for statement, parameters in sql.upserts(table, owner, generation, rows):
            self.connection.execute(statement, parameters)

    def _newest(self, statements: sql.Statements) -> int:
        newest: int = self.connection.execute(statements.newest).fetchone()[0]
        return newest

    def _write_dead(self, table: Table, owner: tuple[str, ...], commit: Commit, rows: dict[str, Row[Any]]) -> None:
        """Write deleted records that there were not at all."""
        statements = sql.statements(table)
        known = {record_id for (record_id,) in self.connection.execute(statements.known, (*owner, _list(rows)))}
        unknown = {record_id: row for record_id, row in rows.items() if record_id not in known}
        if unknown:
            self._upsert(table, owner, commit.generation, unknown)
            graves = [(text_time(commit.at), *owner, record_id) for record_id in unknown]
            self.connection.executemany(statements.bury, graves)

    def unseen(self, key: SyncKey, generation: int, since: datetime | None, until: datetime | None) -> list[str]:
        table = table_of(key)
        if table is None:
            return []
        scope = (*table.owner(key), generation, *window(since, until))
        return [record_id for (record_id,) in self.connection.execute(sql.statements(table).unseen, scope)]

    def status(self) -> list[SyncState]:
        counts: dict[tuple[str, ...], tuple[int, int]] = {}
        for table in TABLES.values():
            for *owner, live, deleted in self.connection.execute(sql.statements(table).counts):
                counts[(table.name, *owner)] = (live, deleted)
        states: list[SyncState] = []
        for *names, checkpoint, saved_at, finished_at in self.connection.execute(sql.PLACES):
            key = SyncKey(*names)
            mirrored = table_of(key)
            live, deleted = (0, 0) if mirrored is None else counts.get((mirrored.name, *mirrored.owner(key)), (0, 0))
            states.append(
                SyncState(
                    key=key,
                    checkpoint=checkpoint,
                    live=live,
                    deleted=deleted,
                    saved_at=datetime.fromisoformat(saved_at),
                    finished_at=datetime.fromisoformat(finished_at) if finished_at else None,
                )
            )
        return states

    def containers(self, account: str, resource: str) -> list[str]:
        found = self.connection.execute(sql.CONTAINERS, (clean(account), clean(resource)))
        return [container for (container,) in found]

    def mark(self, account: str, resource: str, at: datetime) -> Mark:
        scope = {"account": clean(account), "resource": clean(resource), "at": text_time(at)}
        return Mark(account, resource, cast("int", self.connection.execute(sql.MARK, scope).lastrowid))

    def marks(self) -> list[Mark]:
        return [Mark(*found) for found in self.connection.execute(sql.MARKS)]

    def settle(self, mark: Mark) -> None:
        self.connection.execute(sql.SETTLE, (clean(mark.account), clean(mark.resource), mark.serial))

    def note(self, state: AccountState) -> None:
        self.connection.execute(
            sql.NOTE,
            (
                clean(state.account),
                clean(state.resource),
                state.standing,
                clean(state.reason),
                text_time(state.since),
                text_time(state.until) if state.until else None,
            ),
        )

    def standings(self) -> list[AccountState]:
        return [
            AccountState(
                account=account,
                resource=resource,
                standing=standing,
                reason=reason,
                since=datetime.fromisoformat(since),
                until=datetime.fromisoformat(until) if until else None,
            )
            for account, resource, standing, reason, since, until in self.connection.execute(sql.STANDINGS)
        ]

    def find(self, query: Query) -> list[bytes]:
        return [raw for (raw,) in self.connection.execute(*sql.find(query))]

    def raw(self, table: Table, account: str, container: str | None, record_id: str) -> bytes | None:
        found = self.connection.execute(*sql.record(table, account, container, record_id)).fetchone()
        return found[0] if found else None

    def count(self, table: Table, account: str, container: str | None) -> int:
        counted: int = self.connection.execute(*sql.count(table, account, container)).fetchone()[0]
        return counted

    def after(
        self, table: Table, account: str, last: tuple[str, str], limit: int, deleted: bool
    ) -> list[tuple[str, str, bytes]]:
        return self.connection.execute(*sql.after(table, account, last, limit, deleted)).fetchall()

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            # A full disk may have ended the transaction already.
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise


def _list(ids: Iterable[str]) -> str:
    return msgspec.json.encode(list(ids)).decode()


def _is_busy(error: Exception) -> bool:
    """Another process keeps the file, which was waited for: to each alone it would say the same, each time later."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _names(key: SyncKey) -> _Names:
    return clean(key.account), clean(key.resource), clean(key.container), clean(key.consumer)
