"""SQL for SQLite, made of the descriptions of the tables."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import repeat
from typing import Any, Final

import msgspec
from attrs import frozen

from aurinko_async.models.rows import Row
from aurinko_async.sync.stores._mirror import Query
from aurinko_async.sync.stores._tables import TABLES, Kind, Table, clean, cleaned, text_time, window

_TYPES: Final[dict[Kind, str]] = {"text": "TEXT", "time": "TEXT", "flag": "INTEGER", "texts": "TEXT"}

_IDS: Final = "id IN (SELECT value FROM json_each(?))"
"""One parameter for any number of ids: one statement, prepared once."""


def _times(values: list[datetime | None]) -> list[str | None]:
    """`text_time` for a whole column; whole seconds in UTC only lack their milliseconds."""
    texts: list[Any] = msgspec.to_builtins(values)
    return [
        None if time is None else f"{text[:19]}.000Z" if len(text) == 20 else text_time(time)
        for text, time in zip(texts, values, strict=True)
    ]


def _lists(values: list[list[str] | None]) -> list[str | None]:
    try:
        return [None if value is None else msgspec.json.encode(value).decode() for value in values]
    except UnicodeEncodeError:
        return _lists([value and list(map(clean, value)) for value in values])


def _flags(values: list[bool | None]) -> list[int | None]:
    return [None if value is None else int(value) for value in values]


_ADAPTERS: Final[dict[Kind, Callable[[list[Any]], list[Any]]]] = {
    "text": cleaned,
    "time": _times,
    "flag": _flags,
    "texts": _lists,
}
"""A column's values as SQLite has them; whole columns, because a call for each value costs more than the work."""


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


SCHEMA: Final = (
    *(statement for table in TABLES.values() for statement in _create_table(table)),
    "CREATE TABLE checkpoints (account TEXT NOT NULL, resource TEXT NOT NULL, container TEXT NOT NULL, "
    "consumer TEXT NOT NULL, fence INTEGER NOT NULL, generation INTEGER, checkpoint TEXT, saved_at TEXT, "
    "finished_at TEXT, PRIMARY KEY (account, resource, container, consumer))",
)

TAKE_OVER: Final = (
    "INSERT INTO checkpoints (account, resource, container, consumer, fence) VALUES (?, ?, ?, ?, 1) "
    "ON CONFLICT (account, resource, container, consumer) DO UPDATE SET fence = fence + 1"
)
PLACE: Final = (
    "SELECT fence, checkpoint FROM checkpoints WHERE account = ? AND resource = ? AND container = ? AND consumer = ?"
)
SAVE: Final = (
    "UPDATE checkpoints SET checkpoint = ?, generation = ?, saved_at = ?, finished_at = coalesce(?, finished_at) "
    "WHERE account = ? AND resource = ? AND container = ? AND consumer = ? AND fence = ?"
)
PLACES: Final = (
    "SELECT account, resource, container, consumer, checkpoint, saved_at, finished_at FROM checkpoints "
    "WHERE checkpoint IS NOT NULL ORDER BY account, resource, container, consumer"
)


@frozen(kw_only=True)
class Statements:
    """The statements on one table. All but `counts` begin with the values of the table's scope, or with `upsert`'s."""

    upsert: str
    known: str
    stored: str
    bury: str
    unseen: str
    sweep: str
    counts: str


@functools.cache
def statements(table: Table) -> Statements:
    """The statements on a table."""
    name, time = table.name, table.time or "NULL"
    mine = " AND ".join(f"{column} = ?" for column in table.scope)
    columns = [
        *table.scope, "id", *(column.name for column in table.columns), "omitted", "generation", "deleted_at", "json"
    ]  # fmt: skip
    values = ["?"] * (len(columns) - 2) + ["NULL", "CAST(? AS TEXT)"]
    renewed = ", ".join(f"{column} = excluded.{column}" for column in columns[len(table.scope) + 1 :])
    older = f"{mine} AND deleted_at IS NULL AND generation < ?"
    return Statements(
        upsert=f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join(values)}) "
        f"ON CONFLICT ({', '.join(table.scope)}, id) DO UPDATE SET {renewed}",
        known=f"SELECT id, deleted_at IS NOT NULL FROM {name} WHERE {mine} AND {_IDS}",
        stored=f"SELECT id, CAST(json AS BLOB) FROM {name} WHERE {mine} AND {_IDS}",
        bury=f"UPDATE {name} SET deleted_at = ? WHERE {mine} AND id = ? AND deleted_at IS NULL",
        unseen=f"SELECT id FROM {name} WHERE {older} AND ({time} IS NULL OR ({time} >= ? AND {time} < ?)) ORDER BY id",
        sweep=f"UPDATE {name} SET deleted_at = ? "
        f"WHERE {older} AND (({time} >= ? AND {time} < ?) OR (? AND {time} IS NULL))",
        counts=f"SELECT {', '.join(table.scope)}, sum(deleted_at IS NULL), sum(deleted_at IS NOT NULL) FROM {name} "
        f"GROUP BY {', '.join(table.scope)}",
    )


def parameters(
    table: Table, owner: tuple[str, ...], generation: int, rows: Mapping[str, Row[Any]]
) -> Iterable[tuple[Any, ...]]:
    """The parameters of `upsert` for rows by id; made column by column."""
    columns = [row.columns for row in rows.values()]
    searched = [_ADAPTERS[column.kind](list(map(column.read, columns))) for column in table.columns]
    omitted = _lists([row.omitted or None for row in columns])
    return zip(*map(repeat, owner), rows, *searched, omitted, repeat(generation), [row.raw for row in rows.values()])


# --- questions about records


def _whose(table: Table, account: str, container: str | None) -> tuple[str, list[Any]]:
    if container is None or table.container is None:
        return "account = ?", [clean(account)]
    return f"account = ? AND {table.container} = ?", [clean(account), clean(container)]


def record(table: Table, account: str, container: str | None, record_id: str) -> tuple[str, list[Any]]:
    """The statement for the JSON of one live record, with its parameters."""
    whose, parameters = _whose(table, account, container)
    if container is None and table.container is not None:
        # By the primary key: an account has few containers and many records.
        whose = (
            f"account = ? AND {table.container} IN "
            "(SELECT container FROM checkpoints WHERE account = ? AND resource = ? AND consumer = '')"
        )
        parameters += [clean(account), table.resource]
    statement = (
        f"SELECT CAST(json AS BLOB) FROM {table.name} WHERE {whose} AND id = ? AND deleted_at IS NULL "
        f"ORDER BY {', '.join(table.scope)} LIMIT 1"
    )
    return statement, [*parameters, clean(record_id)]


def count(table: Table, account: str, container: str | None) -> tuple[str, list[Any]]:
    """The statement that counts live records, with its parameters."""
    whose, parameters = _whose(table, account, container)
    return f"SELECT count(*) FROM {table.name} WHERE {whose} AND deleted_at IS NULL", parameters


def after(table: Table, account: str, last: tuple[str, str], limit: int) -> tuple[str, list[Any]]:
    """The statement for the live records behind `last`, with its parameters."""
    container = table.container or "''"
    place, behind = (f"{container}, id", "(?, ?)") if table.container else ("id", "(?)")
    statement = (
        f"SELECT {container}, id, CAST(json AS BLOB) FROM {table.name} "
        f"WHERE account = ? AND ({place}) > {behind} AND deleted_at IS NULL ORDER BY {place} LIMIT ?"
    )
    return statement, [clean(account), *(last if table.container else last[1:]), limit]


def find(query: Query) -> tuple[str, list[Any]]:
    """The statement for a query, with its parameters."""
    table = query.table
    whose, parameters = _whose(table, query.account, query.container)
    conditions = [whose]
    if not query.include_deleted:
        conditions.append("deleted_at IS NULL")
    for column, value in query.equals:
        conditions.append(f"{column} = ?")
        parameters.append(clean(value) if isinstance(value, str) else value)
    for column, value in query.contains:
        conditions.append(f"EXISTS (SELECT 1 FROM json_each({table.name}.{column}) WHERE value = ?)")
        parameters.append(clean(value))
    if query.bounded:
        conditions.append(f"{query.time} >= ? AND {query.time} < ?")
        parameters += window(query.since, query.until)
    # NULLs are the least, so a descending order has them last by itself.
    direction = "DESC" if query.descending else "ASC NULLS LAST"
    statement = (
        f"SELECT CAST(json AS BLOB) FROM {table.name} WHERE {' AND '.join(conditions)} "
        f"ORDER BY {query.order} {direction}, id LIMIT ? OFFSET ?"
    )
    return statement, [*parameters, -1 if query.limit is None else query.limit, query.offset]
