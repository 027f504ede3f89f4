"""SQL for SQLite, made of the descriptions of the tables."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice, repeat
from typing import Any, Final

import msgspec
from attrs import frozen

from aurinko_async.models._row import Kind, Row
from aurinko_async.models._stored import as_they_are, clean, clean_lists
from aurinko_async.sync.stores._mirror import Query
from aurinko_async.sync.stores._tables import Table, window

_FLAGS: Final[dict[bool | None, int | None]] = {True: 1, False: 0, None: None}
"""Quicker to SQLite than `bool`, which it has to look up how to adapt."""

_encode: Final = msgspec.json.Encoder().encode

ROWS_AT_ONCE: Final = (50, 20, 10, 5, 2, 1)
"""Rows in one statement, for which Python's lock is let go and asked for but once; a page is a few of them. The most
keep within 999 parameters, all that SQLite takes before 3.32."""

HEAVY: Final = 2 * 1024 * 1024
"""Bytes of JSON in a page that is written row by row: a statement keeps a copy of what it was last given."""

_IDS: Final = "id IN (SELECT value FROM json_each(?))"
"""One parameter for any number of ids: one statement, prepared once."""


def _lists(values: Sequence[list[str] | None]) -> list[str | None]:
    return [None if value is None else _encode(value).decode() for value in values]


def _flags(values: Sequence[bool | None]) -> list[int | None]:
    return list(map(_FLAGS.get, values))


_ADAPTERS: Final[dict[Kind, Callable[[Sequence[Any]], Sequence[Any]]]] = {
    "text": as_they_are,
    "time": as_they_are,
    "flag": _flags,
    "texts": _lists,
}
"""A column's values as SQLite has them; whole columns, because a call for each value costs more than the work."""


_KEY: Final = "account = ? AND resource = ? AND container = ? AND consumer = ?"
PLACE: Final = f"SELECT fence, checkpoint, holder FROM checkpoints WHERE {_KEY}"
TAKE: Final = (
    "INSERT INTO checkpoints (account, resource, container, consumer, fence, holder) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (account, resource, container, consumer) "
    "DO UPDATE SET fence = excluded.fence, holder = excluded.holder"
)
SAVE: Final = (
    "UPDATE checkpoints SET checkpoint = ?, generation = ?, saved_at = ?, finished_at = coalesce(?, finished_at) "
    f"WHERE {_KEY} AND fence = ?"
)
RELEASE: Final = f"UPDATE checkpoints SET holder = NULL WHERE {_KEY} AND fence = ?"
RELEASE_ALL: Final = "UPDATE checkpoints SET holder = NULL WHERE holder = ?"
CONTAINERS: Final = (
    "SELECT container FROM checkpoints "
    "WHERE account = ? AND resource = ? AND consumer = '' AND checkpoint IS NOT NULL ORDER BY container"
)
PLACES: Final = (
    "SELECT account, resource, container, consumer, checkpoint, saved_at, finished_at FROM checkpoints "
    "WHERE checkpoint IS NOT NULL ORDER BY account, resource, container, consumer"
)

# A wish that is wished again keeps its place in the queue, and its serial tells that it was.
MARK: Final = (
    "INSERT OR REPLACE INTO marks (account, resource, marked_at) "
    "SELECT :account, :resource, "
    "coalesce((SELECT marked_at FROM marks WHERE account = :account AND resource = :resource), :at)"
)
MARKS: Final = "SELECT account, resource, serial FROM marks ORDER BY marked_at, serial"
SETTLE: Final = "DELETE FROM marks WHERE account = ? AND resource = ? AND serial <= ?"
NOTE: Final = (
    "INSERT OR REPLACE INTO standings (account, resource, standing, reason, since, until) VALUES (?, ?, ?, ?, ?, ?)"
)
STANDINGS: Final = "SELECT account, resource, standing, reason, since, until FROM standings ORDER BY account, resource"


@frozen(kw_only=True)
class Statements:
    """The statements on one table."""

    newest: str
    revive: str
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
    older = f"{mine} AND deleted_at IS NULL AND generation < ?"
    return Statements(
        # A row that is inserted gets the next number, one that is updated keeps its own.
        newest=f"SELECT coalesce(max(rowid), 0) FROM {name}",
        revive=f"UPDATE {name} SET deleted_at = NULL WHERE {mine} AND {_IDS} AND deleted_at IS NOT NULL",
        known=f"SELECT id FROM {name} WHERE {mine} AND {_IDS}",
        stored=f"SELECT id, CAST(json AS BLOB) FROM {name} WHERE {mine} AND {_IDS}",
        bury=f"UPDATE {name} SET deleted_at = ? WHERE {mine} AND id = ? AND deleted_at IS NULL",
        unseen=f"SELECT id FROM {name} WHERE {older} AND ({time} IS NULL OR ({time} >= ? AND {time} < ?)) ORDER BY id",
        sweep=f"UPDATE {name} SET deleted_at = ? "
        f"WHERE {older} AND (({time} >= ? AND {time} < ?) OR (? AND {time} IS NULL))",
        counts=f"SELECT {', '.join(table.scope)}, sum(deleted_at IS NULL), sum(deleted_at IS NOT NULL) FROM {name} "
        f"GROUP BY {', '.join(table.scope)}",
    )


@functools.cache
def _upsert(table: Table, rows: int) -> str:
    """The statement that inserts so many rows, or renews those that there are."""
    columns = ["id", *(column.name for column in table.columns), "omitted", "generation", "json"]
    row = f"({'?, ' * (len(table.scope) + len(columns) - 1)}CAST(? AS TEXT))"
    return (
        f"INSERT INTO {table.name} ({', '.join([*table.scope, *columns])}) VALUES {', '.join([row] * rows)} "
        f"ON CONFLICT ({', '.join(table.scope)}, id) "
        f"DO UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in columns[1:])}"
    )


def upserts(
    table: Table, owner: tuple[str, ...], generation: int, rows: Mapping[str, Row[Any]]
) -> Iterator[tuple[str, list[Any]]]:
    """The statements that write rows by id, with their parameters, which are made column by column."""
    values = zip(*[row.values for row in rows.values()], strict=True)
    searched = [_ADAPTERS[column.kind](some) for column, some in zip(table.columns, values, strict=True)]
    omitted = _lists(clean_lists([row.omitted or None for row in rows.values()]))
    raws = [row.raw for row in rows.values()]
    made = zip(*map(repeat, owner), rows, *searched, omitted, repeat(generation), raws)
    left = len(rows)
    for size in ROWS_AT_ONCE if sum(map(len, raws)) <= HEAVY else (1,):
        while left >= size:
            yield _upsert(table, size), list(chain.from_iterable(islice(made, size)))
            left -= size


# --- questions about records


def _whose(table: Table, account: str, container: str | None) -> tuple[str, list[Any]]:
    if table.container is None:
        return "account = ?", [clean(account)]
    if container is not None:
        return f"account = ? AND {table.container} = ?", [clean(account), clean(container)]
    # All indexes have the container second: naming the few that there are makes them of use.
    return (
        f"account = ? AND {table.container} IN "
        "(SELECT container FROM checkpoints WHERE account = ? AND resource = ? AND consumer = '')"
    ), [clean(account), clean(account), table.resource]


def record(table: Table, account: str, container: str | None, record_id: str) -> tuple[str, list[Any]]:
    """The statement for the JSON of one live record, with its parameters."""
    whose, parameters = _whose(table, account, container)
    statement = (
        f"SELECT CAST(json AS BLOB) FROM {table.name} WHERE {whose} AND id = ? AND deleted_at IS NULL "
        f"ORDER BY {', '.join(table.scope)} LIMIT 1"
    )
    return statement, [*parameters, clean(record_id)]


def count(table: Table, account: str, container: str | None) -> tuple[str, list[Any]]:
    """The statement that counts live records, with its parameters."""
    whose, parameters = _whose(table, account, container)
    return f"SELECT count(*) FROM {table.name} WHERE {whose} AND deleted_at IS NULL", parameters


def after(table: Table, account: str, last: tuple[str, str], limit: int, deleted: bool) -> tuple[str, list[Any]]:
    """The statement for the live records behind `last`, or the deleted ones, with its parameters."""
    container = table.container or "''"
    place, behind = (f"{container}, id", "(?, ?)") if table.container else ("id", "(?)")
    statement = (
        f"SELECT {container}, id, CAST(json AS BLOB) FROM {table.name} "
        f"WHERE account = ? AND ({place}) > {behind} AND deleted_at IS {'NOT ' * deleted}NULL ORDER BY {place} LIMIT ?"
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
    # SQLite would rather look through all in their order than sort the few that an index has (the + forbids it).
    few = any((column,) in table.indexes for column, _ in query.equals)
    # Calendars can have events of the same id: without an order among them, pages would overlap.
    last = f", {table.container}" if table.container and query.container is None else ""
    statement = (
        f"SELECT CAST(json AS BLOB) FROM {table.name} WHERE {' AND '.join(conditions)} "
        f"ORDER BY {'+' if few else ''}{query.order} {direction}, id{last} LIMIT ? OFFSET ?"
    )
    return statement, [*parameters, -1 if query.limit is None else query.limit, query.offset]
