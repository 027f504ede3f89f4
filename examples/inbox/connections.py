"""Which visitor has connected which account, in a SQLite file of the app's own. No tokens are kept."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS connections (
    visitor TEXT, account TEXT, service TEXT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (visitor, account)
);
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Connection:
    """A connected account."""

    account: str
    service: str
    email: str
    name: str


class Connections:
    """Each statement takes a fraction of a millisecond, so the event loop can wait for it."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    def add(self, visitor: str, connection: Connection) -> None:
        row = (_hidden(visitor), connection.account, connection.service, connection.email, connection.name)
        self._db.execute("INSERT OR REPLACE INTO connections VALUES (?, ?, ?, ?, ?)", row)

    def move(self, visitor: str, anew: str) -> None:
        """Let a visitor have another name, so that whoever knew the old one knows nothing."""
        self._db.execute("UPDATE connections SET visitor = ? WHERE visitor = ?", (_hidden(anew), _hidden(visitor)))

    def of(self, visitor: str) -> list[Connection]:
        """The accounts of a visitor, in the order in which they were connected."""
        select = "SELECT account, service, email, name FROM connections WHERE visitor = ? ORDER BY rowid"
        return [Connection(*row) for row in self._db.execute(select, (_hidden(visitor),))]

    def all(self) -> list[Connection]:
        """Every account that somebody has connected, once."""
        select = "SELECT account, service, email, name FROM connections GROUP BY account ORDER BY account"
        return [Connection(*row) for row in self._db.execute(select)]

    def kept(self, name: str, first: str) -> str:
        """What is kept under a name; `first` is, if there is nothing yet."""
        self._db.execute("INSERT OR IGNORE INTO kept VALUES (?, ?)", (name, first))
        with closing(self._db.execute("SELECT value FROM kept WHERE name = ?", (name,))) as found:
            value: str = found.fetchone()[0]
        return value

    def keep(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))


def _hidden(visitor: str) -> str:
    """Who reads the file cannot visit as anybody."""
    return hashlib.sha256(visitor.encode()).hexdigest()
