"""A SQLite file of ours: told apart from others', opened, created, and what its errors mean."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar, cast

import aiosqlite

from aurinko_async.errors import NotAStore, StoreError
from aurinko_async.sync.store import Applied, Commit, Lease
from aurinko_async.sync.stores._sqlite_database import Database, Pending
from aurinko_async.sync.stores._sqlite_lock import Presence
from aurinko_async.sync.stores._sqlite_schema import APPLICATION_ID, create, pragma, upgrade, version_of

T = TypeVar("T")
_Execute: TypeAlias = Callable[..., Coroutine[Any, Any, T]]

logger = logging.getLogger("aurinko_async")

PAGE_SIZE: Final = 16384
"""Bytes. A message with its JSON is about 5 KB: in SQLite's 4 KiB pages each one would overflow."""
CHECKPOINT_PAGES: Final = 4096
"""64 MiB of WAL before it is copied back into the file: fewer, longer copies than SQLite's 1000 pages."""
CACHE_KIB: Final = 32768
"""Keeps the inner pages of the indexes of some million messages in memory."""
TOGETHER: Final = 8
"""Commits in one transaction at the most: of many syncs at once, each of which writes the same pages of the file. It
keeps other processes from writing for some 10 ms."""
WAL_ATTEMPTS: Final = 20
"""Several processes may open a new file at once, and each has to find it unused for a moment."""

_MAGIC: Final = b"SQLite format 3\0"
_HEADER: Final = 105
"""Bytes of the file's first page that say what it is: the header and the kind and count of its entries."""
_LEAF: Final = 13

_MEANINGS: Final[dict[int, str]] = {
    sqlite3.SQLITE_BUSY: "another process keeps it locked: stop that process or let it finish, then run again",
    sqlite3.SQLITE_LOCKED: "another connection keeps it locked: close that one, then run again",
    sqlite3.SQLITE_READONLY: "it cannot be written: make the file and its folder writable for this user",
    sqlite3.SQLITE_PERM: "this user may not open it: change its permissions",
    sqlite3.SQLITE_FULL: "the disk is full: free some space and run again",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write: look at the disk and its free space, then run again",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: move it away and sync again, the mirror is then fetched anew",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: its folder must exist and be writable for this user",
}


class Connection(aiosqlite.Connection):
    """A connection whose thread does a piece of work in one go: nothing comes between its statements."""

    def __init__(self, path: str, *, busy_timeout: float, read_only: bool) -> None:
        super().__init__(self._connect_or_fail, iter_chunk_size=64)
        self._path = path
        self._busy_timeout = busy_timeout
        self._read_only = read_only and path != ":memory:"
        self._presence = Presence(None if path == ":memory:" else path)
        self._database: Database | None = None
        self._waiting: deque[Pending] = deque()
        self.failure: Exception | None = None

    def _connect_or_fail(self) -> sqlite3.Connection:
        # aiosqlite leaves its thread behind when this raises; what it got, it closes.
        try:
            connect = _connect_to_look if self._read_only else _connect
            connection = connect(self._path, self._busy_timeout)
            self._database = Database(connection, self._presence)
            return connection
        except Exception as error:
            self.failure = error
            return sqlite3.connect(":memory:")

    async def perform(self, work: Callable[[Database], T]) -> T:
        execute = cast("_Execute[T]", self._execute)  # pyright: ignore[reportUnknownMemberType]
        assert self._database is not None
        try:
            return await execute(work, self._database)
        except sqlite3.Error as error:
            raise _translated(error, self._path) from error

    async def commit_together(self, lease: Lease, commit: Commit) -> Applied:
        """Commit, in one transaction with others that wait by then."""
        mine = Pending(lease, commit)
        self._waiting.append(mine)
        return await self.perform(lambda database: self._committed(mine, database))

    def _committed(self, mine: Pending, database: Database) -> Applied:
        while not mine.done.done():
            together = [self._waiting.popleft()]
            while self._waiting and len(together) < TOGETHER:
                together.append(self._waiting.popleft())
            database.commit(together)
        return mine.done.result()

    async def leave(self) -> None:
        """Give all keys back, then close. Others find this store gone even when that could not be written."""
        try:
            await self.perform(Database.leave)
        except StoreError as error:
            logger.info("%s was closed before its leases were written as released (%s)", self._path, error)
        finally:
            await self.close()


async def connected(path: str, *, busy_timeout: float, read_only: bool) -> Connection:
    """Open the database at `path`; make it if there is none, unless it is only looked at.

    Raises:
        NotAStore, NewerSchema, StoreError: it cannot be used; what is not ours is left as it is.
    """
    connection = Connection(path, busy_timeout=busy_timeout, read_only=read_only)
    await connection
    error = connection.failure
    if error is None:
        return connection
    await connection.close()
    if isinstance(error, sqlite3.Error):
        raise _translated(error, path) from error
    raise error


def _translated(error: sqlite3.Error, path: str) -> StoreError:
    """What an error of SQLite means and what to do about it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return NotAStore(f"{path} is not a SQLite database ({error})")
    meaning = _MEANINGS.get(code, "SQLite refused; nothing of this was saved")
    return StoreError(f"{path}: {meaning} ({error})")


def _connect(path: str, busy_timeout: float) -> sqlite3.Connection:
    if path != ":memory:":
        _check(Path(path))
    connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_to_look(path: str, busy_timeout: float) -> sqlite3.Connection:
    if not Path(path).exists():
        raise StoreError(f"{path} does not exist")
    _check(Path(path))
    # What SQLite has beside a file lies where a link to it leads.
    file = Path(path).resolve()
    uri = f"{file.as_uri()}?{_way_to_look(file)}"
    connection = sqlite3.connect(uri, uri=True, timeout=busy_timeout, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only = 1")
        if not version_of(connection, path):
            raise NotAStore(f"{path} is an empty database")
    except BaseException:
        connection.close()
        raise
    return connection


def _way_to_look(path: Path) -> str:
    """How to open a file so that nothing is left beside it that its owner cannot remove."""
    effective = os.access in os.supports_effective_ids
    if all(os.access(place, os.W_OK, effective_ids=effective) for place in (path, path.parent)):
        return "mode=rw"
    # Without a WAL nobody has it open, and SQLite would make one to share it.
    return "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"


def _check(path: Path) -> None:
    """Look at a file without SQLite, which would write beside one that is not ours.

    Raises:
        NotAStore: it is something else.
        StoreError: it cannot be read.
    """
    try:
        if not path.exists():
            if not path.parent.is_dir():
                raise StoreError(f"{path}: its folder does not exist: create it first")
            return
        if not path.is_file():
            raise NotAStore(f"{path} is not a file")
        with path.open("rb") as file:
            header = file.read(_HEADER)
    except OSError as error:
        raise StoreError(f"{path}: it cannot be read: {error.strerror or error}") from error
    if not header:
        return
    if len(header) < _HEADER or not header.startswith(_MAGIC):
        raise NotAStore(f"{path} is not a SQLite database; it was left as it is")
    owner = int.from_bytes(header[68:72], "big")
    unused = header[100] == _LEAF and header[103:105] == b"\0\0"
    real = path.resolve()
    if any(real.with_name(real.name + ending).exists() for ending in ("-wal", "-journal")):
        unused = False
    if owner != APPLICATION_ID and (owner or not unused):
        raise NotAStore(f"{path} is the database of another program; it was left as it is")


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    if pragma(connection, "application_id") != APPLICATION_ID:
        # Before WAL, which would fix the size of the pages.
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        create(connection)
    upgrade(connection, path)
    # Without WAL (in memory, on some network file systems) only a full sync at each commit is safe from power cuts.
    connection.execute(f"PRAGMA synchronous = {'NORMAL' if _use_wal(connection) else 'FULL'}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {CHECKPOINT_PAGES * PAGE_SIZE}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    # A statement of many rows keeps the pages that it changes until it ends, by default in a file. Sorting is done in
    # memory, too: what a question finds is there as a whole anyway.
    connection.execute("PRAGMA temp_store = MEMORY")
    # SQLite opens what it cannot write, and begins there, without a word: better to hear it now.
    connection.execute("UPDATE checkpoints SET fence = fence WHERE FALSE")


def _use_wal(connection: sqlite3.Connection) -> bool:
    for _ in range(WAL_ATTEMPTS):
        try:
            return _journal(connection) == "wal"
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            # SQLite does not wait for others here, as it does for the file to itself.
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
    return _journal(connection) == "wal"


def _journal(connection: sqlite3.Connection) -> str:
    mode: str = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    return mode
