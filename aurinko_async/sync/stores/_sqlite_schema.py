"""The schema of a SQLite store: made for a new file, and how each older version becomes the next one."""

from __future__ import annotations

import sqlite3
from typing import Final

from aurinko_async.errors import NewerSchema
from aurinko_async.models._row import Kind
from aurinko_async.sync.stores._tables import TABLES, Table

APPLICATION_ID: Final = int.from_bytes(b"auri", "big")
"""In the header of the file, where `file` and other programs look for whose a database is."""

_TYPES: Final[dict[Kind, str]] = {"text": "TEXT", "time": "TEXT", "flag": "INTEGER", "texts": "TEXT"}


def _create_table(table: Table) -> list[str]:
    scope = ", ".join(f"{name} TEXT NOT NULL" for name in (*table.scope, "id"))
    columns = "".join(f"{column.name} {_TYPES[column.kind]}, " for column in table.columns)
    owner = ", ".join(table.scope)
    time = [table.time] if table.time else []
    # With what counts, windows and sweeps ask for, so that none of them reads the rows and their JSON.
    indexes = {"time": (*time, "deleted_at", "generation"), **{"_".join(names): names for names in table.indexes}}
    return [
        f"CREATE TABLE {table.name} ({scope}, {columns}omitted TEXT, generation INTEGER NOT NULL, deleted_at TEXT, "
        f"json TEXT NOT NULL, PRIMARY KEY ({owner}, id))",
        *(
            f"CREATE INDEX {table.name}_by_{name} ON {table.name} ({owner}, {', '.join(names)})"
            for name, names in indexes.items()
        ),
    ]


_MARKS: Final = (
    # AUTOINCREMENT: a serial is never given twice, also when the row of the greatest one is gone.
    "CREATE TABLE marks (account TEXT NOT NULL, resource TEXT NOT NULL, serial INTEGER PRIMARY KEY AUTOINCREMENT, "
    "marked_at TEXT NOT NULL, UNIQUE (account, resource))"
)
_STANDINGS: Final = (
    "CREATE TABLE standings (account TEXT NOT NULL, resource TEXT NOT NULL, standing TEXT NOT NULL, "
    "reason TEXT NOT NULL, since TEXT NOT NULL, until TEXT, PRIMARY KEY (account, resource))"
)

SCHEMA: Final = (
    *(statement for table in TABLES.values() for statement in _create_table(table)),
    "CREATE TABLE checkpoints (account TEXT NOT NULL, resource TEXT NOT NULL, container TEXT NOT NULL, "
    "consumer TEXT NOT NULL, fence INTEGER NOT NULL, generation INTEGER, checkpoint TEXT, saved_at TEXT, "
    "finished_at TEXT, holder TEXT, PRIMARY KEY (account, resource, container, consumer))",
    _MARKS,
    _STANDINGS,
)
"""Of a new file."""

UPGRADES: Final[tuple[tuple[str, ...], ...]] = (
    (
        "ALTER TABLE checkpoints ADD COLUMN holder TEXT",
        _MARKS,
        _STANDINGS,
        "CREATE INDEX IF NOT EXISTS events_by_start_at ON events (account, calendar_id, start_at)",
        "DROP INDEX IF EXISTS contacts_by_family_name",
        "CREATE INDEX IF NOT EXISTS contacts_by_display_name ON contacts (account, display_name)",
    ),
)
"""The first makes version 2 of version 1, and so on. Add to them, never change one: there are files made by it."""

VERSION: Final = 1 + len(UPGRADES)
"""Of the schema, kept as `user_version`."""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables and the marks of an empty file in one transaction: it is either empty or ours."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        if pragma(connection, "application_id") != APPLICATION_ID:
            for statement in SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")


def upgrade(connection: sqlite3.Connection, path: str) -> None:
    """Bring a file of ours to the newest version, in one transaction; several processes may come at once.

    Raises:
        NewerSchema: it is newer.
    """
    if version_of(connection, path) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for statements in UPGRADES[version_of(connection, path) - 1 :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def version_of(connection: sqlite3.Connection, path: str) -> int:
    """The version of a file of ours.

    Raises:
        NewerSchema: this package does not know it.
    """
    version = pragma(connection, "user_version")
    if version > VERSION:
        raise NewerSchema(
            f"{path} has schema {version}, this version of the package knows up to {VERSION}: upgrade aurinko-async"
        )
    return version


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """The value of a PRAGMA."""
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
