"""`aurinko sync` of many accounts, of several resources, and into PostgreSQL."""

import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from aurinko_async.sandbox import Sandbox
from support.cli import COMMAND, aurinko, environment, on_terminal, opens
from support.postgres import GUARDED, PostgresServer

pytestmark = pytest.mark.slow

SECRET = "sw0rdfish"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=25, messages=20, events=8, page_size=50, ready_after=0) as running:
        yield running


async def test_one_dead_account_among_many(sandbox: Sandbox, tmp_path: Path) -> None:
    dead, db = sandbox.accounts[7], tmp_path / "a.db"
    dead.token_status = "dead"
    ran = await aurinko("sync", "--all-accounts", "--db", db, **opens(sandbox))
    assert ran.code == 3
    assert "email: 24 complete, 1 failed; 480 added, 0 changed, 0 deleted; 480 messages now" in ran.out
    assert ran.err.startswith(f"aurinko: {dead.email} ({dead.id}): ")
    assert "401 [token.dead]" in ran.err.splitlines()[0]
    again = await aurinko("sync", "--all-accounts", "--db", db, "--json", **opens(sandbox))
    assert again.code == 3
    assert Counter(account["status"] for account in again.json["accounts"]) == {"complete": 24, "failed": 1}
    status = await aurinko("status", "--db", db)
    first = next(line for line in status.out.splitlines() if line.startswith("1"))
    assert first.split()[:2] == [str(dead.id), "email"]
    assert "needs_reauth" in first
    assert "25 accounts: 24 ok, 1 needs_reauth" in status.out
    dead.token_status = "active"
    assert (await aurinko("sync", "--all-accounts", "--db", db, **opens(sandbox))).code == 0
    assert (await aurinko("status", "--db", db, "--failed")).out == f"{db}: nothing fails\n"


async def test_all_resources_of_an_account(sandbox: Sandbox, tmp_path: Path) -> None:
    account, db = sandbox.accounts[0], tmp_path / "a.db"
    ran = await aurinko("sync", "--resource", "all", "--json", "--db", db, **opens(sandbox, account))
    assert ran.code == 0
    live = {outcome["resource"]: outcome["live"] for outcome in ran.json["accounts"]}
    with closing(sqlite3.connect(db)) as database:
        tables = {"email": "messages", "calendar": "events", "contacts": "contacts", "tasks": "tasks"}
        counts = {
            resource: database.execute(f"SELECT count(*) FROM {table} WHERE deleted_at IS NULL").fetchone()[0]
            for resource, table in tables.items()
        }
    assert live == counts
    assert min(counts.values()) > 0
    words = await aurinko("sync", "--resource", "tasks", "--resource", "email", "--db", db, **opens(sandbox, account))
    assert f"{account.email} ({account.id}), tasks: incremental" in words.out
    assert "calendar" not in words.out


async def test_the_range_of_the_calendar_reaches_the_api(sandbox: Sandbox, tmp_path: Path) -> None:
    options = ("--resource", "calendar", "--past-days", 10, "--future-days", 20)
    ran = await aurinko("sync", *options, "--db", tmp_path / "a.db", **opens(sandbox, sandbox.accounts[0]))
    assert ran.code == 0
    starts = [request.query for request in sandbox.requests if request.operation == "calendars.sync.start"]
    assert starts
    for query in starts:
        since, until = (datetime.fromisoformat(query[name]) for name in ("timeMin", "timeMax"))
        assert until - since == timedelta(days=10 + 30 + 20)


async def test_the_sandbox_of_its_own_has_as_many_accounts_as_wanted(tmp_path: Path) -> None:
    options = ("--sandbox", "--accounts", 5, "--messages", 10, "--json", "--db", tmp_path / "a.db")
    ran = await aurinko("sync", *options)
    assert [account["live"] for account in ran.json["accounts"]] == [10] * 5


# --- PostgreSQL


@pytest.fixture
def url(postgres_server: PostgresServer, schema: str) -> str:
    """A database of its own, by a role with a password."""
    with psycopg.connect(postgres_server.conninfo, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (GUARDED,)).fetchone():
            connection.execute(f"CREATE ROLE {GUARDED} LOGIN")
        connection.execute(f"ALTER ROLE {GUARDED} PASSWORD '{SECRET}'")
        connection.execute(f"CREATE DATABASE cli_{schema} OWNER {GUARDED}")
    return f"postgresql://{GUARDED}:{SECRET}@/cli_{schema}?host={postgres_server.folder}"


async def test_a_mirror_in_postgresql(url: str, sandbox: Sandbox) -> None:
    shown = f"postgresql://{GUARDED}@/{url.partition('@/')[2].partition('?')[0]}"
    sandbox.accounts[7].token_status = "dead"
    resources = ("--resource", "email", "--resource", "contacts")
    first = await aurinko("sync", "--all-accounts", *resources, "--db", url, **opens(sandbox))
    assert first.code == 3
    assert f"saved in {shown}" in first.out
    again = await aurinko("sync", "--account-id", sandbox.accounts[0].id, "--db", url, "--json", **opens(sandbox))
    assert (again.code, again.account["scan"], again.json["database"]) == (0, "incremental", shown)
    status = await aurinko("status", "--db", url)
    assert "25 accounts: 48 ok, 2 needs_reauth" in status.out
    document = await aurinko("status", "--db", url, "--json")
    assert document.json["totals"]["accounts"] == 25
    for ran in (first, again, status, document):
        assert SECRET not in ran.out + ran.err


@pytest.mark.parametrize(
    "db",
    [
        f"postgresql://ann:{SECRET}@127.0.0.1:9/mail",
        f"postgres://ann:{SECRET}@127.0.0.1:nonsense/mail",
        f"postgresql://ann:a/{SECRET}@127.0.0.1:9/mail",
        f"postgresql://ann:{SECRET}@x@127.0.0.1:9/mail",
        f"postgresql://127.0.0.1:9/mail?password={SECRET}",
        f"postgresql://ann:[{SECRET}@127.0.0.1:9/mail",
        f"postgresql://ann:a#{SECRET}@127.0.0.1:9/mail",
        f"postgresql://ann:a?{SECRET}@127.0.0.1:9/mail",
        f"mysql://ann:{SECRET}@127.0.0.1/mail",
        f"postgressql://ann:{SECRET}@127.0.0.1/mail",
    ],
)
@pytest.mark.parametrize("command", [("status", "--json"), ("status", "--debug")])
def test_a_password_is_never_shown(db: str, command: tuple[str, ...], tmp_path: Path) -> None:
    env = environment({"PGCONNECT_TIMEOUT": "2"})
    ran = subprocess.run(
        [*COMMAND, *command, "--db", db], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert ran.returncode in (2, 4)
    assert ran.stderr
    assert SECRET not in ran.stdout + ran.stderr
    assert list(tmp_path.iterdir()) == []


async def test_the_missing_extra_for_postgresql_is_named(tmp_path: Path) -> None:
    code = "import sys; sys.modules['psycopg'] = None; from aurinko_async.cli import main; main()"
    options = ("sync", "--sandbox", "--db", "postgresql://127.0.0.1/mail")
    ran = await aurinko(*options, cwd=tmp_path, command=(sys.executable, "-c", code))
    assert ran.code == 2
    assert "pip install 'aurinko-async[postgres]'" in ran.err


# --- on a terminal


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal")
@pytest.mark.parametrize("columns", [80, 200])
async def test_a_terminal_sees_a_table_of_many(tmp_path: Path, columns: int) -> None:
    command = ("sync", "--all-accounts", "--db", tmp_path / "a.db")
    async with Sandbox(accounts=25, messages=100, page_size=10, ready_after=0, latency=0.1) as sandbox:
        sandbox.accounts[7].token_status = "dead"
        seen = await on_terminal(*command, columns=columns, TERM="xterm", NO_COLOR="1", **opens(sandbox))
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "\n", seen).splitlines()]
    assert any(line.startswith("25 accounts: ") and " running" in line for line in lines)
    assert any("reading messages" in line and "@" in line for line in lines)
    assert any("needs_reauth: 401" in line and "@" in line for line in lines)
    assert "2,400 messages now" in seen
