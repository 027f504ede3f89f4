"""The PostgreSQL store beyond the contract: what it opens and refuses, its errors, its tables as others see them."""

from __future__ import annotations

import asyncio
import random
import string
import sys
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from aurinko_async.errors import ConfigError, NewerSchema, NotAStore, StoreError
from aurinko_async.sync.store import Applied, SyncKey
from aurinko_async.sync.stores import PostgresStore
from support.postgres import GUARDED, PostgresServer
from support.rows import KEY, NOW, commit, of_json, row

SECRET = "s3cret-and-long"


@pytest.fixture
async def other(postgres_server: PostgresServer, schema: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Somebody else's connection, which looks into the schema of the store."""
    async with await psycopg.AsyncConnection.connect(postgres_server.conninfo, autocommit=True) as connection:
        await connection.execute(f"SET search_path = {schema}")
        yield connection


@pytest.fixture
async def store(postgres_server: PostgresServer, schema: str) -> AsyncIterator[PostgresStore]:
    async with PostgresStore(postgres_server.conninfo, schema=schema, max_size=2) as opened:
        yield opened


async def asked(connection: psycopg.AsyncConnection[Any], statement: str) -> list[tuple[Any, ...]]:
    return await (await connection.execute(statement)).fetchall()


async def refused(conninfo: str, schema: str = "aurinko", **options: Any) -> StoreError:
    with pytest.raises(StoreError) as caught:
        async with PostgresStore(conninfo, schema=schema, **options):
            pass
    return caught.value


class TestOpening:
    async def test_many_can_open_a_new_database_at_once(self, postgres_server: PostgresServer, schema: str) -> None:
        stores = [PostgresStore(postgres_server.conninfo, schema=schema) for _ in range(6)]
        opened = await asyncio.gather(*(store.__aenter__() for store in stores))
        try:
            leases = [(await store.begin(SyncKey(str(number), "email")))[0] for number, store in enumerate(opened)]
            for store, lease in zip(opened, leases, strict=True):
                assert await store.commit(lease, commit(row("a"))) == Applied(added=1)
            assert len(await stores[0].status()) == 6
        finally:
            await asyncio.gather(*(store.close() for store in stores))

    async def test_what_was_written_is_there_when_it_is_opened_again(
        self, postgres_server: PostgresServer, schema: str
    ) -> None:
        store = PostgresStore(postgres_server.conninfo, schema=schema)
        for page in range(3):
            async with store:
                lease, checkpoint = await store.begin(KEY)
                assert checkpoint == (str(page) if page else None)
                await store.commit(lease, commit(row(f"m{page}"), checkpoint=str(page + 1)))
        async with store:
            assert await store.count("42") == 3
            with pytest.raises(StoreError, match="open already"):
                await store.__aenter__()
        with pytest.raises(StoreError, match="async with"):
            await store.count("42")

    async def test_tables_of_another_program_are_left_as_they_are(
        self, postgres_server: PostgresServer, schema: str, other: psycopg.AsyncConnection[Any]
    ) -> None:
        await other.execute(f"CREATE SCHEMA {schema} CREATE TABLE messages (n int) CREATE TABLE tasks (n int)")
        error = await refused(postgres_server.conninfo, schema)
        assert isinstance(error, NotAStore)
        assert "messages, tasks" in str(error)
        tables = await asked(other, f"SELECT count(*) FROM pg_tables WHERE schemaname = '{schema}'")
        assert tables == [(2,)]

    async def test_a_version_that_is_none_of_ours_is_refused(
        self, postgres_server: PostgresServer, schema: str, other: psycopg.AsyncConnection[Any]
    ) -> None:
        await other.execute(f"CREATE SCHEMA {schema} CREATE TABLE aurinko_schema (version text)")
        assert isinstance(await refused(postgres_server.conninfo, schema), NotAStore)

    async def test_a_newer_schema_is_refused(
        self, postgres_server: PostgresServer, schema: str, store: PostgresStore, other: psycopg.AsyncConnection[Any]
    ) -> None:
        await other.execute("UPDATE aurinko_schema SET version = 99")
        error = await refused(postgres_server.conninfo, schema)
        assert isinstance(error, NewerSchema)
        assert "upgrade aurinko-async" in str(error)

    async def test_a_database_in_another_encoding_is_refused(
        self, postgres_server: PostgresServer, other: psycopg.AsyncConnection[Any]
    ) -> None:
        await other.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        assert "ENCODING 'UTF8'" in str(await refused(f"{postgres_server.conninfo} dbname=latin"))

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ("dbname=nowhere", "create it first"),
            ("user=stranger", "refuses this user"),
            (f"user={GUARDED} password=wrong", "refuses this user"),
            (f"user={GUARDED} password={SECRET}", "lacks a permission"),
            ("options='-c default_transaction_read_only=on'", "connect to the primary"),
            ("port=1", "check host and port"),
            ("port=bad", "a part of the connection string cannot be read"),
            ("sslmode=bogus", "a part of the connection string cannot be read"),
        ],
    )
    async def test_a_database_that_cannot_be_used_says_what_to_do(
        self, postgres_server: PostgresServer, other: psycopg.AsyncConnection[Any], options: str, words: str
    ) -> None:
        await other.execute(f"DROP ROLE IF EXISTS {GUARDED}")
        await other.execute(f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{SECRET}'")
        error = await refused(f"{postgres_server.conninfo} {options}", "unreachable")
        assert words in str(error)
        assert SECRET not in "".join(traceback.format_exception(error))

    def test_a_password_is_never_shown(self) -> None:
        for conninfo in (f"postgresql://ann:{SECRET}@db.example:5433/mail", f"host=db.example password={SECRET}"):
            shown = repr(PostgresStore(conninfo))
            assert "db.example" in shown
            assert SECRET not in shown
        for broken in (f"postgresql://ann:p@{SECRET}@db.example/mail", f"password {SECRET}", f"host=h {SECRET}"):
            with pytest.raises(ConfigError) as caught:
                PostgresStore(broken)
            assert SECRET not in "".join(traceback.format_exception(caught.value))

    def test_options_that_cannot_work_are_refused_at_once(self) -> None:
        for options in ({"schema": 'a"; --'}, {"schema": ""}, {"min_size": 3, "max_size": 2}, {"timeout": 0}):
            with pytest.raises(ConfigError):
                PostgresStore(**options)  # type: ignore[arg-type]

    def test_a_missing_driver_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg_pool", None)
        with pytest.raises(ConfigError, match=r"pip install 'aurinko-async\[postgres\]'"):
            PostgresStore()


class TestAnApplicationsPool:
    async def test_it_is_used_as_it_is_and_stays_open(self, postgres_server: PostgresServer, schema: str) -> None:
        options = {"row_factory": dict_row, "cursor_factory": psycopg.AsyncRawCursor}
        pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            postgres_server.conninfo, kwargs=options, min_size=2, open=False
        )
        async with pool:
            async with PostgresStore(pool=pool, schema=schema) as store:
                lease, _ = await store.begin(KEY)
                assert await store.commit(lease, commit(row("a"))) == Applied(added=1)
            async with pool.connection() as connection:
                assert not connection.autocommit
                assert await asked(connection, f"SELECT id FROM {schema}.messages") == [{"id": "a"}]
            # The lock did not go back with a connection: the key is free.
            async with PostgresStore(pool=pool, schema=schema) as store:
                await store.begin(KEY)

    async def test_one_that_cannot_do_is_refused(self, postgres_server: PostgresServer) -> None:
        small: AsyncConnectionPool[Any] = AsyncConnectionPool(min_size=1, max_size=1, open=False)
        for arguments in ({"pool": small}, {"pool": small, "conninfo": "host=h"}):
            with pytest.raises(ConfigError):
                PostgresStore(**arguments)  # type: ignore[arg-type]
        closed: AsyncConnectionPool[Any] = AsyncConnectionPool(
            postgres_server.conninfo, max_size=2, open=False, min_size=1
        )
        with pytest.raises(StoreError, match="open it before the store"):
            await PostgresStore(pool=closed).__aenter__()

    async def test_one_that_talks_another_encoding_is_refused(self, postgres_server: PostgresServer) -> None:
        pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            f"{postgres_server.conninfo} client_encoding=latin1", min_size=1, max_size=2, open=False
        )
        async with pool:
            with pytest.raises(ConfigError, match="client_encoding"):
                await PostgresStore(pool=pool).__aenter__()


class TestErrors:
    async def test_a_role_that_only_uses_the_tables_can_sync(
        self, postgres_server: PostgresServer, store: PostgresStore, schema: str, other: psycopg.AsyncConnection[Any]
    ) -> None:
        await other.execute(f"CREATE ROLE worker_{schema} LOGIN")
        await other.execute(f"GRANT USAGE ON SCHEMA {schema} TO worker_{schema}")
        worker = PostgresStore(f"{postgres_server.conninfo} user=worker_{schema}", schema=schema)
        with pytest.raises(StoreError, match="lacks a permission"):
            await worker.__aenter__()
        tables = f"ALL TABLES IN SCHEMA {schema} TO worker_{schema}"
        await other.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables}")
        await other.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO worker_{schema}")
        async with worker:
            lease, _ = await worker.begin(KEY)
            assert await worker.commit(lease, commit(row("a"))) == Applied(added=1)
            await worker.settle(await worker.mark("42", "email"))
            assert await worker.marks() == []

    async def test_a_full_disk_saves_nothing_and_is_got_over(
        self, store: PostgresStore, other: psycopg.AsyncConnection[Any]
    ) -> None:
        lease, _ = await store.begin(KEY)
        await store.commit(lease, commit(row("a"), checkpoint="1"))
        await other.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE 'no space left on device' USING ERRCODE = 'disk_full'; END $$"
        )
        await other.execute("CREATE TRIGGER no_room AFTER INSERT ON messages EXECUTE FUNCTION full_disk()")
        with pytest.raises(StoreError, match="disk is full"):
            await store.commit(lease, commit(row("b"), checkpoint="2"))
        assert [(state.checkpoint, state.live) for state in await store.status()] == [("1", 1)]
        await other.execute("DROP TRIGGER no_room ON messages")
        assert await store.commit(lease, commit(row("b"), checkpoint="2")) == Applied(added=1)

    async def test_a_table_that_was_dropped_is_told(
        self, store: PostgresStore, other: psycopg.AsyncConnection[Any]
    ) -> None:
        lease, _ = await store.begin(KEY)
        await other.execute("DROP TABLE messages")
        with pytest.raises(StoreError, match="dropped or changed"):
            await store.commit(lease, commit(row("a")))
        with pytest.raises(StoreError, match="dropped or changed"):
            await store.count("42")

    async def test_errors_quote_no_values(self, store: PostgresStore, other: psycopg.AsyncConnection[Any]) -> None:
        lease, _ = await store.begin(KEY)
        await other.execute("ALTER TABLE messages ADD CHECK (subject <> 'private words')")
        with pytest.raises(StoreError) as caught:
            await store.commit(lease, commit(row("a", subject="private words")))
        assert "private words" not in str(caught.value)

    async def test_a_pool_without_a_free_connection_is_told(self, postgres_server: PostgresServer, schema: str) -> None:
        async with PostgresStore(postgres_server.conninfo, schema=schema, max_size=1, timeout=0.05) as store:
            assert store._server is not None
            async with store._server.pool.connection():
                with pytest.raises(StoreError, match="raise max_size"):
                    await store.count("42")
            assert await store.count("42") == 0


class TestTables:
    async def test_plain_sql_reads_them(self, store: PostgresStore, other: psycopg.AsyncConnection[Any]) -> None:
        lease, _ = await store.begin(KEY)
        await store.commit(
            lease,
            commit(
                row("a", subject="Hi", received=1, sysLabels=["inbox", "unread", 'a"b\\c', "NULL", "{}"]),
                row("b", hasAttachments=True, sysLabels=[]),
            ),
        )
        rows = await asked(
            other,
            "SELECT json->>'subject', unread, has_attachments, received_at, sys_labels, deleted_at "
            "FROM messages WHERE account = '42' ORDER BY received_at DESC NULLS LAST",
        )
        labels = ["inbox", "unread", 'a"b\\c', "NULL", "{}"]
        assert rows == [
            ("Hi", True, None, NOW - timedelta(days=1), labels, None),
            (None, False, True, None, [], None),
        ]

    async def test_what_is_no_json_to_postgresql_is_kept_apart(
        self, store: PostgresStore, other: psycopg.AsyncConnection[Any]
    ) -> None:
        raws = {
            "fine": b'{"id":"fine","n":1.0E+2,"body":"\\u0000 \\ud83d"}',
            "bytes": b'{"id":"bytes","body":"\xff"}',
            "nan": b'{"id":"nan","body":NaN}',
        }
        lease, _ = await store.begin(KEY)
        assert await store.commit(lease, commit(*map(of_json, raws.values()))) == Applied(added=3)
        rows = await asked(other, "SELECT id, json::text, raw FROM messages ORDER BY id")
        assert rows == [
            ("bytes", None, raws["bytes"]),
            ("fine", raws["fine"].decode(), None),
            ("nan", None, raws["nan"]),
        ]
        assert dict([record async for record in store.iterate_raw("42")]) == raws

    async def test_a_connection_that_met_what_is_no_json_goes_on(
        self, postgres_server: PostgresServer, schema: str
    ) -> None:
        """A statement that is prepared behind one that fails is not there when it is used again."""
        async with PostgresStore(postgres_server.conninfo, schema=schema, max_size=1) as store:
            lease, _ = await store.begin(KEY)
            await store.commit(lease, commit(row("a"), sweep=(None, None)))
            for _ in range(8):
                await store.commit(lease, commit(of_json(b'{"id":"a","body":NaN}'), sweep=(None, None)))

    async def test_a_long_text_does_not_break_its_index(self, store: PostgresStore) -> None:
        dice = random.Random(5)
        thread = "".join(dice.choices(string.printable, k=20_000)) + "\u00e9"
        lease, _ = await store.begin(KEY)
        assert await store.commit(lease, commit(row("a", threadId=thread), row("b", threadId="t"))) == Applied(added=2)
        assert [message.id for message in await store.messages("42", thread_id=thread)] == ["a"]

    async def test_times_are_in_milliseconds(self, store: PostgresStore) -> None:
        lease, _ = await store.begin(KEY)
        times = {"b": "2026-01-01T00:00:00.123999Z", "a": "2026-01-01T00:00:00.123111Z"}
        await store.commit(lease, commit(*(row(record_id, receivedAt=time) for record_id, time in times.items())))
        for microsecond, found in ((123_000, ["a", "b"]), (123_999, ["a", "b"]), (124_000, [])):
            since = datetime(2026, 1, 1, microsecond=microsecond, tzinfo=UTC)
            assert [message.id for message in await store.messages("42", since=since)] == found

    async def test_times_stay_among_those_that_others_can_read(
        self, store: PostgresStore, other: psycopg.AsyncConnection[Any]
    ) -> None:
        lease, _ = await store.begin(KEY)
        await store.commit(
            lease, commit(row("a", receivedAt="0001-01-01T00:00:00+14:00", sentAt="9999-12-31T23:59:59-12:00"))
        )
        await other.execute("SET TIME ZONE 'UTC'")
        ((received, sent),) = await asked(other, "SELECT received_at, sent_at FROM messages")
        assert (received.year, sent.year) == (1, 9999)

    async def test_texts_are_in_one_order_whatever_the_database_sorts_by(
        self, store: PostgresStore, schema: str, other: psycopg.AsyncConnection[Any]
    ) -> None:
        collations = await asked(
            other,
            "SELECT DISTINCT collation_name FROM information_schema.columns "
            f"WHERE table_schema = '{schema}' AND column_name IN ('id', 'calendar_id', 'container', 'display_name')",
        )
        assert collations == [("C",)]

    async def test_the_newest_come_from_an_index(
        self, store: PostgresStore, other: psycopg.AsyncConnection[Any]
    ) -> None:
        lease, _ = await store.begin(KEY)
        await store.commit(lease, commit(*(row(f"m{n}", received=n) for n in range(500))))
        await other.execute("ANALYZE messages")
        newest = "SELECT id FROM messages WHERE account = '42' ORDER BY received_at DESC NULLS LAST, id LIMIT 5"
        plan = "\n".join(line for (line,) in await asked(other, f"EXPLAIN {newest}"))
        assert "messages_by_time" in plan
        assert "Sort" not in plan
