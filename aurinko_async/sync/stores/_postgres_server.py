"""The connections of a PostgreSQL store: a pool, and one that holds the lock by which others see that it lives."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeAlias, TypeVar

import psycopg
from attrs import define, field
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from aurinko_async.errors import ConfigError, NewerSchema, NotAStore, StoreError
from aurinko_async.sync.store import Lease
from aurinko_async.sync.stores import _postgres_sql as sql
from aurinko_async.sync.stores._postgres_database import Connection, Database, ask, rolled_back
from aurinko_async.sync.stores._postgres_errors import HEALING, is_lost, translated

T = TypeVar("T")
Work: TypeAlias = Callable[[Database], Awaitable[T]]

ATTEMPTS: Final = 4
"""At a transaction that was surely rolled back."""
DEFAULTS: Final[dict[str, str]] = {
    "connect_timeout": "10",
    # A server or a network that is gone is noticed after about 30 s.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
    "fallback_application_name": "aurinko-async",
}
"""Where the connection string says nothing else."""
_ALWAYS: Final[dict[str, Any]] = {"client_encoding": "utf8", "autocommit": True}
_ALIVE: Final = (("tcp_keepalives_idle", 10), ("tcp_keepalives_interval", 5), ("tcp_keepalives_count", 4))
"""The server looks after a silent connection that holds leases: a host that is gone is noticed after about 30 s."""
_CREATION: Final = "SELECT pg_advisory_xact_lock(hashtextextended('aurinko_schema', 0))"


def checked(conninfo: str) -> dict[str, Any]:
    """The parameters of a connection string. What is wrong with it is told without it: it may hold a password.

    Raises:
        ConfigError: libpq cannot read it.
    """
    try:
        parameters = conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError:
        raise ConfigError("the connection string cannot be read: postgresql://user@host:5432/database") from None
    if "@" in str(parameters.get("host") or ""):
        raise ConfigError("the host of the connection string has an @: percent-encode the password")
    return parameters


def _parameters(conninfo: str) -> dict[str, Any]:
    return {**DEFAULTS, **checked(conninfo), **_ALWAYS}


async def opened(
    conninfo: str,
    pool: AsyncConnectionPool[Any] | None,
    *,
    schema: str,
    name: str,
    sizes: tuple[int, int],
    timeout: float,
) -> Server:
    """Connect to a database and make the tables if they are not there.

    Raises:
        NotAStore, NewerSchema, StoreError: it cannot be used.
    """
    lent = pool is not None
    if pool is None:
        pool = AsyncConnectionPool(
            kwargs=_parameters(conninfo), min_size=sizes[0], max_size=sizes[1], open=False, timeout=timeout
        )
    server = Server(pool=pool, lent=lent, conninfo=conninfo, schema=schema, name=name, timeout=timeout)
    await server.open()
    return server


@define(kw_only=True)
class Server:
    """A database of ours, its connections open.

    Attributes:
        lent: The pool is the application's own.
        name: The database, for errors; without the password.
        holder: By this the keys that the store holds are told from others'; random.
    """

    conninfo: str = field(repr=False)
    schema: str
    name: str
    pool: AsyncConnectionPool[Connection] = field(repr=False)
    lent: bool
    timeout: float
    holder: str = field(factory=lambda: secrets.token_hex(16))
    _living: Connection | None = field(default=None, init=False, repr=False)
    _turn: asyncio.Lock = field(factory=asyncio.Lock, init=False, repr=False)
    _owed: list[Lease] = field(factory=list[Lease], init=False, repr=False)

    async def open(self) -> None:
        try:
            # First one connection by itself: a pool would only say that it got none.
            self._living = await self._connected()
            await _prepare(self._living, self.schema, self.name)
            await self._lock(self._living)
            if not self.lent:
                await self.pool.open()
        except BaseException as error:
            await self.close()
            if isinstance(error, psycopg.Error):
                raise translated(error, self.name) from error
            raise

    async def close(self) -> None:
        async with self._turn:
            if self._living is not None:
                with suppress(psycopg.Error):
                    await self._database(self._living).release_all(self.holder)
            await self._let_go()
        if not self.lent:
            await self.pool.close()

    async def run(self, work: Work[T]) -> T:
        """Do a piece of work that can be done again when its transaction failed.

        Raises:
            StoreError: the database refused.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._connection() as connection:
                    return await work(self._database(connection))
            except PoolTimeout as error:
                raise await self._why() from error
            except psycopg.Error as error:
                if attempt == ATTEMPTS or not await self._heals(error):
                    raise translated(error, self.name) from error
        raise AssertionError

    async def run_living(self, work: Work[T]) -> T:
        """Do a piece of work on the connection that holds our lock: so the lock is ours when it is done.

        Raises:
            StoreError: the database refused.
        """
        async with self._turn:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    connection = await self._life()
                except PoolTimeout as error:
                    raise await self._why() from error
                except psycopg.Error as error:
                    raise translated(error, self.name) from error
                try:
                    await self._pay(connection)
                    return await work(self._database(connection))
                except psycopg.Error as error:
                    if attempt == ATTEMPTS or not await self._heals(error):
                        raise translated(error, self.name) from error
            raise AssertionError

    async def give_back(self, lease: Lease) -> None:
        """Release a lease on the connection that holds our lock: with that one gone, others may take it anyway."""
        async with self._turn:
            self._owed.append(lease)
            if self._living is not None:
                with suppress(psycopg.Error):
                    await self._pay(self._living)

    async def _pay(self, connection: Connection) -> None:
        """Release what could not be: once our lock is had again, it would look held for as long as we live."""
        while self._owed:
            await self._database(connection).release(self._owed[0])
            del self._owed[0]

    def _database(self, connection: Connection) -> Database:
        return Database(connection, self.schema, self.timeout)

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Connection]:
        connection = await self.pool.getconn(self.timeout)
        was = connection.autocommit
        try:
            await connection.set_autocommit(True)
            yield connection
        finally:
            await rolled_back(connection)
            if not connection.closed and not was:
                await connection.set_autocommit(False)
            await self.pool.putconn(connection)

    async def _connected(self) -> Connection:
        if not self.lent:
            return await psycopg.AsyncConnection.connect(**_parameters(self.conninfo))
        connection = await self.pool.getconn(self.timeout)
        try:
            await connection.set_autocommit(True)
            if connection.info.encoding != "utf-8":
                raise ConfigError("the pool's connections need client_encoding=utf8")
        except BaseException:
            await self.pool.putconn(connection)
            raise
        return connection

    async def _life(self) -> Connection:
        if self._living is None or self._living.closed:
            await self._let_go()
            self._living = await self._connected()
            await self._lock(self._living)
        return self._living

    async def _lock(self, connection: Connection) -> None:
        for name, value in (*_ALIVE, ("lock_timeout", max(1, int(self.timeout * 1000)))):
            await ask(connection, f"SET {name} = {value}")
        if connection.info.server_version >= 140000:
            await ask(connection, "SET idle_session_timeout = 0")
        # The same holder again where the server allows: what nobody took over meanwhile is still ours.
        for holder in (self.holder, secrets.token_hex(16)):
            self.holder = holder
            if await _first(connection, f"SELECT pg_try_advisory_lock({sql.lock_of('%s')})", holder):
                return

    async def _let_go(self) -> None:
        connection, self._living = self._living, None
        if connection is not None:
            await connection.close()
            if self.lent:
                await self.pool.putconn(connection)

    async def _heals(self, error: psycopg.Error) -> bool:
        """Can it be done again? It surely was not done."""
        if error.sqlstate in HEALING:
            return True
        if not is_lost(error):
            return False
        with suppress(psycopg.Error):
            await self.pool.check()
        return True

    async def _why(self) -> StoreError:
        """Why the pool had no connection: it does not say."""
        if not self.lent:
            try:
                await (await self._connected()).close()
            except psycopg.Error as error:
                return translated(error, self.name)
        return StoreError(
            f"{self.name}: all {self.pool.max_size} connections were busy for {self.timeout:g} s: raise max_size"
        )


async def _prepare(connection: Connection, schema: str, name: str) -> None:
    """Make the tables if they are not there. Of several that open a new database at once, one does."""
    encoding = await _first(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        raise StoreError(f"{name} has the encoding {encoding}: create a database with ENCODING 'UTF8'")
    async with connection.transaction():
        await ask(connection, _CREATION)
        if not await _first(connection, "SELECT to_regclass(%s) IS NOT NULL", f"{sql.quoted(schema)}.aurinko_schema"):
            await _create(connection, schema, name)
        version = await _first(connection, f"SELECT max(version) FROM {sql.quoted(schema)}.aurinko_schema")
    if not isinstance(version, int):
        raise NotAStore(f"{name}: the table aurinko_schema in the schema {schema} is not ours; it was left as it is")
    if version > sql.VERSION:
        raise NewerSchema(
            f"{name} has schema {version}, this version of the package knows up to {sql.VERSION}: upgrade aurinko-async"
        )


async def _create(connection: Connection, schema: str, name: str) -> None:
    others = await _first(
        connection,
        "SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class "
        "WHERE relnamespace = to_regnamespace(%s) AND relname = ANY(%s)",
        sql.quoted(schema),
        [*sql.NAMES],
    )
    if others:
        raise NotAStore(
            f"{name}: the schema {schema} has tables of another program ({others}); they were left as they are: "
            "give the store a schema of its own"
        )
    if not await _first(connection, "SELECT to_regnamespace(%s) IS NOT NULL", sql.quoted(schema)):
        await ask(connection, f"CREATE SCHEMA {sql.quoted(schema)}")
    lz4 = await _first(
        connection,
        "SELECT count(*) > 0 FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)",
    )
    for statement in sql.schema(schema, lz4=bool(lz4)):
        await ask(connection, statement)


async def _first(connection: Connection, statement: str, *parameters: Any) -> Any:
    row = await (await ask(connection, statement, parameters)).fetchone()
    return None if row is None else row[0]
