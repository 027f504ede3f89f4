"""SQL for PostgreSQL, made of the descriptions of the tables."""

from __future__ import annotations

import functools
import json
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from attrs import frozen

from aurinko_async.models._row import Kind, Row
from aurinko_async.models._stored import as_they_are, clean, clean_lists, text_time
from aurinko_async.sync.store import SyncKey
from aurinko_async.sync.stores._mirror import Query
from aurinko_async.sync.stores._tables import TABLES, Table

Documents: TypeAlias = Callable[[Sequence[bytes]], "tuple[Texts, list[bytes | None] | None]"]

_TEXT: Final = 'text COLLATE "C"'
"""Sorted by code points, as in every other store; an iteration relies on it."""
_TYPES: Final[dict[Kind, str]] = {"text": _TEXT, "time": "timestamptz", "flag": "boolean", "texts": "text[]"}
_ARRAYS: Final[dict[Kind, str]] = {"text": "text[]", "time": "timestamptz[]", "flag": "boolean[]", "texts": "text[]"}

INDEXED: Final = 500
"""Characters of a text column that has an index: an entry of an index holds 2704 bytes at most."""

TEXT: Final = 25
"""The number of the type text."""
_NULL: Final = struct.pack("!i", -1)
_LENGTH: Final = struct.Struct("!i").pack

_RAW: Final = "coalesce(raw, convert_to(json::text, 'UTF8'))"
"""The API's JSON as it came."""


# --- values


def array(values: Iterable[str | None]) -> str:
    """A column as the text of an array. The texts are clean, so NUL can stand for what is none of theirs."""
    text = "\0,".join(["\0N" if value is None else value for value in values])
    if not text:
        return '{""}' if values else "{}"
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\0,", '","')
    return f'{{"{text}"}}'.replace('"\0N"', "NULL")


def _lists(values: Sequence[list[str] | None]) -> list[str | None]:
    return [None if value is None else array(value) for value in values]


def _flags(values: Sequence[bool | None]) -> list[str | None]:
    return [None if value is None else "t" if value else "f" for value in values]


_ADAPTERS: Final[dict[Kind, Callable[[Sequence[Any]], Sequence[str | None]]]] = {
    "text": as_they_are,
    "time": as_they_are,
    "flag": _flags,
    "texts": _lists,
}
"""A column's values as PostgreSQL reads them in an array."""


class Texts(bytes):
    """An array of texts as PostgreSQL has it on the wire: documents go as they came, neither decoded nor escaped."""

    @classmethod
    def of(cls, texts: Sequence[bytes | None]) -> Texts:
        parts = [struct.pack("!iiIii", 1, None in texts, TEXT, len(texts), 1)]
        for text in texts:
            parts += (_NULL,) if text is None else (_LENGTH(len(text)), text)
        return cls(b"".join(parts))


def _plain(raws: Sequence[bytes]) -> tuple[Texts, list[bytes | None] | None]:
    return Texts.of(raws), None


def _strict(raws: Sequence[bytes]) -> tuple[Texts, list[bytes | None] | None]:
    """As JSON what every reader takes for that."""
    valid = [_is_json(raw) for raw in raws]
    return (
        Texts.of([raw if well else None for raw, well in zip(raws, valid, strict=True)]),
        [None if well else raw for raw, well in zip(raws, valid, strict=True)],
    )


def _bytes(raws: Sequence[bytes]) -> tuple[Texts, list[bytes | None] | None]:
    return Texts.of([None] * len(raws)), [*raws]


DOCUMENTS: Final[tuple[Documents, ...]] = (_plain, _strict, _bytes)
"""How to give documents to PostgreSQL, whose JSON is stricter than the API's (only UTF-8, no NaN): the next one when it
refuses."""


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _is_json(raw: bytes) -> bool:
    try:
        json.loads(raw.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


# --- tables


def _create_table(table: Table) -> list[str]:
    scope = ", ".join(f"{name} {_TEXT} NOT NULL" for name in (*table.scope, "id"))
    columns = "".join(f"{column.name} {_TYPES[column.kind]}, " for column in table.columns)
    owner = ", ".join(table.scope)
    # Windows, sweeps, counts and (by this order) the newest first, none of which reads the rows and their JSON.
    time = f"{table.time} DESC NULLS LAST, " if table.time else ""
    indexes = {"time": f"{time}id) INCLUDE (deleted_at, generation"}
    # What else is searched by: a thread's messages, an event's copies, a family's contacts, what is due.
    indexes |= {"_".join(names): ", ".join(names) for names in table.indexes}
    return [
        f"CREATE TABLE {{0}}{table.name} ({scope}, {columns}omitted text[], generation bigint NOT NULL, "
        f"deleted_at timestamptz, json json, raw bytea, PRIMARY KEY ({owner}, id), "
        "CHECK ((json IS NULL) <> (raw IS NULL)))",
        *(
            f"CREATE INDEX {table.name}_by_{name} ON {{0}}{table.name} ({owner}, {columns})"
            for name, columns in indexes.items()
        ),
    ]


VERSION: Final = 2
"""Of the schema: the same tables have the same number in every database."""

_KEY: Final = f"account {_TEXT} NOT NULL, resource {_TEXT} NOT NULL"
_SCHEMA: Final = (
    *(statement for table in TABLES.values() for statement in _create_table(table)),
    f"CREATE TABLE {{0}}checkpoints ({_KEY}, container {_TEXT} NOT NULL, consumer {_TEXT} NOT NULL, "
    "fence bigint NOT NULL, holder text, generation bigint, checkpoint text, saved_at timestamptz, "
    "finished_at timestamptz, PRIMARY KEY (account, resource, container, consumer))",
    # A sequence never goes back, whatever was settled and deleted meanwhile.
    "CREATE SEQUENCE {0}mark_serials",
    f"CREATE TABLE {{0}}marks ({_KEY}, serial bigint NOT NULL, marked_at timestamptz NOT NULL, "
    "PRIMARY KEY (account, resource))",
    f"CREATE TABLE {{0}}standings ({_KEY}, standing text NOT NULL, reason text NOT NULL, "
    "since timestamptz NOT NULL, until timestamptz, PRIMARY KEY (account, resource))",
    "CREATE TABLE {0}aurinko_schema (version integer NOT NULL)",
    f"INSERT INTO {{0}}aurinko_schema VALUES ({VERSION})",
)
NAMES: Final = (*(table.name for table in TABLES.values()), "checkpoints", "marks", "standings", "mark_serials")
"""What must not be there when we make ours."""


def quoted(name: str) -> str:
    """A schema's name, which is plain, in SQL."""
    return f'"{name}"'


def schema(name: str, *, lz4: bool) -> list[str]:
    """The statements that make the tables in a schema. JSON in lz4 is a third larger and ten times as fast."""
    statements = [statement.format(f"{quoted(name)}.") for statement in _SCHEMA]
    if lz4:
        statements += [
            f"ALTER TABLE {quoted(name)}.{table.name} "
            "ALTER COLUMN json SET COMPRESSION lz4, ALTER COLUMN raw SET COMPRESSION lz4"
            for table in TABLES.values()
        ]
    return statements


# --- statements

_PLACE: Final = "account = %s AND resource = %s AND container = %s AND consumer = %s"


@frozen
class Places:
    """The statements about keys, marks and standings."""

    known: str
    take: str
    save: str
    release: str
    release_all: str
    containers: str
    all: str
    mark: str
    marks: str
    settle: str
    note: str
    standings: str


def key_of(key: SyncKey) -> tuple[str, str, str, str]:
    """A key as the database has it."""
    return clean(key.account), clean(key.resource), clean(key.container), clean(key.consumer)


def lock_of(holder: str) -> str:
    """The advisory lock that an open store has while it lives."""
    return f"hashtextextended({holder}, {int.from_bytes(b'auri', 'big')})"


@functools.cache
def places(schema: str) -> Places:
    at = f"{quoted(schema)}."
    return Places(
        known=f"INSERT INTO {at}checkpoints (account, resource, container, consumer, fence) VALUES (%s, %s, %s, %s, 0) "
        "ON CONFLICT (account, resource, container, consumer) DO NOTHING",
        # A holder whose lock can be had is no more. No lock is waited for while one lives.
        take=f"UPDATE {at}checkpoints SET fence = fence + 1, holder = %s WHERE {_PLACE} AND "
        f"(holder IS NULL OR holder = %s OR pg_try_advisory_xact_lock({lock_of('holder')})) "
        "RETURNING fence, checkpoint",
        save=f"UPDATE {at}checkpoints SET checkpoint = %s, generation = %s, saved_at = %s::timestamptz, "
        f"finished_at = coalesce(%s::timestamptz, finished_at) WHERE {_PLACE} AND fence = %s AND holder IS NOT NULL",
        release=f"UPDATE {at}checkpoints SET holder = NULL WHERE {_PLACE} AND fence = %s",
        release_all=f"UPDATE {at}checkpoints SET holder = NULL WHERE holder = %s",
        containers=f"SELECT container FROM {at}checkpoints WHERE account = %s AND resource = %s AND consumer = '' "
        "AND checkpoint IS NOT NULL ORDER BY container",
        all="SELECT account, resource, container, consumer, checkpoint, saved_at AT TIME ZONE 'UTC', "
        f"finished_at AT TIME ZONE 'UTC' FROM {at}checkpoints "
        "WHERE checkpoint IS NOT NULL ORDER BY account, resource, container, consumer",
        # The serial is drawn when the row is ours: of two at once the later has the greater one.
        # A wish that is wished again keeps its place in the queue.
        mark=f"INSERT INTO {at}marks VALUES (%s, %s, nextval('{at}mark_serials'), now()) "
        f"ON CONFLICT (account, resource) DO UPDATE SET serial = nextval('{at}mark_serials') RETURNING serial",
        marks=f"SELECT account, resource, serial FROM {at}marks ORDER BY marked_at, serial",
        settle=f"DELETE FROM {at}marks WHERE account = %s AND resource = %s AND serial <= %s",
        note=f"INSERT INTO {at}standings VALUES (%s, %s, %s, %s, %s::timestamptz, %s::timestamptz) "
        "ON CONFLICT (account, resource) DO UPDATE SET standing = excluded.standing, reason = excluded.reason, "
        "since = excluded.since, until = excluded.until",
        standings="SELECT account, resource, standing, since AT TIME ZONE 'UTC', reason, until AT TIME ZONE 'UTC' "
        f"FROM {at}standings ORDER BY account, resource",
    )


@frozen
class Statements:
    """The statements on one table."""

    upsert: str
    known: str
    bury: str
    unseen: str
    sweep: str
    counts: str


@functools.cache
def statements(schema: str, table: Table) -> Statements:
    name, time = f"{quoted(schema)}.{table.name}", table.time or "NULL::timestamptz"
    mine = " AND ".join(f"{column} = %s" for column in table.scope)
    columns = ["id", *(column.name for column in table.columns), "omitted", "json", "raw"]
    given = ["text[]", *(_ARRAYS[column.kind] for column in table.columns), "text[]", "text[]", "bytea[]"]
    casts = {column.name: "::text[]" for column in table.columns if column.kind == "texts"}
    casts |= {"omitted": "::text[]", "json": "::json"}
    values = ", ".join(f"new.{column}{casts.get(column, '')}" for column in columns)
    # Documents go as they are, all else as the text of an array.
    arrays = ", ".join(
        f"{'%b' if column in ('json', 'raw') else '%s'}::{kind}" for column, kind in zip(columns, given, strict=True)
    )
    renewed = ", ".join(f"{column} = excluded.{column}" for column in [*columns[1:], "generation", "deleted_at"])
    older = f"{mine} AND deleted_at IS NULL AND generation < %s"
    inside = f"{time} >= %s::timestamptz AND {time} < %s::timestamptz"
    return Statements(
        upsert=f"INSERT INTO {name} ({', '.join(table.scope)}, {', '.join(columns)}, generation, deleted_at) "
        f"SELECT {'%s, ' * len(table.scope)}{values}, %s::bigint, NULL "
        f"FROM unnest({arrays}) AS new ({', '.join(columns)}) "
        f"ON CONFLICT ({', '.join(table.scope)}, id) DO UPDATE SET {renewed}",
        known=f"SELECT id, deleted_at IS NOT NULL, CASE WHEN id = ANY(%s::text[]) THEN {_RAW} END "
        f"FROM {name} WHERE {mine} AND id = ANY(%s::text[])",
        bury=f"UPDATE {name} AS old SET deleted_at = grave.at FROM unnest(%s::text[], %s::timestamptz[]) "
        f"AS grave (id, at) WHERE {mine} AND old.id = grave.id AND deleted_at IS NULL",
        unseen=f"SELECT id FROM {name} WHERE {older} AND ({time} IS NULL OR ({inside})) ORDER BY id",
        sweep=f"UPDATE {name} SET deleted_at = %s::timestamptz "
        f"WHERE {older} AND (({inside}) OR (%s AND {time} IS NULL))",
        counts=f"SELECT {', '.join(table.scope)}, count(*) FILTER (WHERE deleted_at IS NULL), "
        f"count(*) FILTER (WHERE deleted_at IS NOT NULL) FROM {name} GROUP BY {', '.join(table.scope)}",
    )


def parameters(
    table: Table, owner: tuple[str, ...], generation: int, rows: Mapping[str, Row[Any]], documents: Documents
) -> list[Any]:
    """The parameters of `upsert` for rows by id, a column each."""
    indexed = {name for names in table.indexes for name in names}
    searched: list[str] = []
    columns = zip(*[row.values for row in rows.values()], strict=True)
    for column, some in zip(table.columns, columns, strict=True):
        values = _ADAPTERS[column.kind](some)
        if column.kind == "text" and column.name in indexed:
            values = [value and value[:INDEXED] for value in values]
        searched.append(array(values))
    omitted = array(_lists(clean_lists([row.omitted or None for row in rows.values()])))
    texts, raws = documents([row.raw for row in rows.values()])
    return [*owner, generation, array(rows), *searched, omitted, texts, raws]


def bounds(since: datetime | None, until: datetime | None) -> tuple[str, str]:
    """Bounds for a column of times: the first included, the second not."""
    return "-infinity" if since is None else text_time(since), "infinity" if until is None else text_time(until)


# --- questions about records


def _whose(schema: str, table: Table, account: str, container: str | None) -> tuple[str, list[Any]]:
    if table.container is None:
        return "account = %s", [clean(account)]
    if container is not None:
        return f"account = %s AND {table.container} = %s", [clean(account), clean(container)]
    # All indexes have the container second: naming the few that there are makes them of use.
    return (
        f"account = %s AND {table.container} IN (SELECT container FROM {quoted(schema)}.checkpoints "
        "WHERE account = %s AND resource = %s AND consumer = '')"
    ), [clean(account), clean(account), table.resource]


def record(schema: str, table: Table, account: str, container: str | None, record_id: str) -> tuple[str, list[Any]]:
    """The statement for the JSON of one live record, with its parameters."""
    whose, parameters = _whose(schema, table, account, container)
    statement = (
        f"SELECT {_RAW} FROM {quoted(schema)}.{table.name} WHERE {whose} AND id = %s AND deleted_at IS NULL "
        f"ORDER BY {', '.join(table.scope)} LIMIT 1"
    )
    return statement, [*parameters, clean(record_id)]


def count(schema: str, table: Table, account: str, container: str | None) -> tuple[str, list[Any]]:
    """The statement that counts live records, with its parameters."""
    whose, parameters = _whose(schema, table, account, container)
    return f"SELECT count(*) FROM {quoted(schema)}.{table.name} WHERE {whose} AND deleted_at IS NULL", parameters


def after(
    schema: str, table: Table, account: str, last: tuple[str, str], limit: int, deleted: bool
) -> tuple[str, list[Any]]:
    """The statement for the live records behind `last`, or the deleted ones, with its parameters."""
    container = table.container or "''::text"
    place, behind = (f"{container}, id", "(%s, %s)") if table.container else ("id", "(%s)")
    statement = (
        f"SELECT {container}, id, {_RAW} FROM {quoted(schema)}.{table.name} "
        f"WHERE account = %s AND ({place}) > {behind} AND deleted_at IS {'NOT ' * deleted}NULL "
        f"ORDER BY {place} LIMIT %s"
    )
    return statement, [clean(account), *(last if table.container else last[1:]), limit]


def find(schema: str, query: Query) -> tuple[str, list[Any]]:
    """The statement for a query, with its parameters."""
    table = query.table
    whose, parameters = _whose(schema, table, query.account, query.container)
    conditions = [whose]
    if not query.include_deleted:
        conditions.append("deleted_at IS NULL")
    indexed = {name for names in table.indexes for name in names}
    for column, value in query.equals:
        conditions.append(f"{column} = %s")
        if isinstance(value, str):
            parameters.append(clean(value)[:INDEXED] if column in indexed else clean(value))
        else:
            parameters.append(bool(value))
    for column, text in query.contains:
        conditions.append(f"%s = ANY({column})")
        parameters.append(clean(text))
    if query.bounded:
        conditions.append(f"{query.time} >= %s::timestamptz AND {query.time} < %s::timestamptz")
        parameters += bounds(query.since, query.until)
    direction = "DESC" if query.descending else "ASC"
    # Calendars can have events of the same id: without an order among them, pages would overlap.
    last = f", {table.container}" if table.container and query.container is None else ""
    statement = (
        f"SELECT {_RAW} FROM {quoted(schema)}.{table.name} WHERE {' AND '.join(conditions)} "
        f"ORDER BY {query.order} {direction} NULLS LAST, id{last} LIMIT %s OFFSET %s"
    )
    return statement, [*parameters, query.limit, query.offset]
