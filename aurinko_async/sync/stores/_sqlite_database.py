"""What a SQLite store does on its connection's thread: each method is one transaction or one question."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime

import msgspec
from attrs import frozen

from aurinko_async.errors import LeaseLost
from aurinko_async.sync.store import Applied, Commit, Lease, SyncKey, SyncState
from aurinko_async.sync.stores import _sqlite_sql as sql
from aurinko_async.sync.stores._merge import by_id, completed
from aurinko_async.sync.stores._mirror import Query
from aurinko_async.sync.stores._tables import TABLES, Table, clean, table_of, text_time, window


@frozen
class Database:
    """An open database of ours."""

    connection: sqlite3.Connection

    def begin(self, key: SyncKey) -> tuple[Lease, str | None]:
        with self._transaction():
            self.connection.execute(sql.TAKE_OVER, _key(key))
            fence, checkpoint = self.connection.execute(sql.PLACE, _key(key)).fetchone()
        return Lease(key, fence), checkpoint

    def commit(self, lease: Lease, commit: Commit) -> Applied:
        table, at = table_of(lease.key), text_time(commit.at)
        place = (commit.checkpoint, commit.generation, at, at if commit.finished else None)
        with self._transaction():
            if not self.connection.execute(sql.SAVE, (*place, *_key(lease.key), lease.fence)).rowcount:
                raise LeaseLost(f"another sync of account {lease.key.account} took over; this commit was not saved")
            return Applied() if table is None else self._apply(table, table.owner(lease.key), commit)

    def _apply(self, table: Table, owner: tuple[str, ...], commit: Commit) -> Applied:
        execute, statements, rows = self.connection.execute, sql.statements(table), by_id(commit.rows)
        added = deleted = 0
        if commit.deleted:
            graves = [
                (text_time(tombstone.timestamp or commit.at), *owner, clean(tombstone.id))
                for tombstone in commit.deleted
                if tombstone.id and clean(tombstone.id) not in rows
            ]
            deleted = max(self.connection.executemany(statements.bury, graves).rowcount, 0)
        if rows:
            known: dict[str, int] = dict(
                execute(statements.known, (*owner, msgspec.json.encode([*rows]).decode())).fetchall()
            )
            added = sum(known.get(record_id, 1) for record_id in rows)
            partial = [record_id for record_id in known if rows[record_id].omitted]
            if partial:
                for record_id, stored in execute(
                    statements.stored, (*owner, msgspec.json.encode(partial).decode())
                ).fetchall():
                    rows[record_id] = completed(rows[record_id], stored)
            self.connection.executemany(statements.upsert, sql.parameters(table, owner, commit.generation, rows))
        if commit.sweep is not None:
            bounds = (*window(*commit.sweep), commit.sweep == (None, None))
            deleted += execute(statements.sweep, (text_time(commit.at), *owner, commit.generation, *bounds)).rowcount
        return Applied(added, len(rows) - added, deleted)

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

    def find(self, query: Query) -> list[bytes]:
        return [raw for (raw,) in self.connection.execute(*sql.find(query))]

    def raw(self, table: Table, account: str, container: str | None, record_id: str) -> bytes | None:
        found = self.connection.execute(*sql.record(table, account, container, record_id)).fetchone()
        return found[0] if found else None

    def count(self, table: Table, account: str, container: str | None) -> int:
        counted: int = self.connection.execute(*sql.count(table, account, container)).fetchone()[0]
        return counted

    def after(self, table: Table, account: str, last: tuple[str, str], limit: int) -> list[tuple[str, str, bytes]]:
        return self.connection.execute(*sql.after(table, account, last, limit)).fetchall()

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


def _key(key: SyncKey) -> tuple[str, str, str, str]:
    return clean(key.account), clean(key.resource), clean(key.container), clean(key.consumer)
