"""The `aurinko` command does what it says: each test runs it as a user does, in a process of its own."""

import asyncio
import json
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aurinko_async.sandbox import Fault, Sandbox
from support.cli import Ran, aurinko, ended, on_terminal, opens, started


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=3, messages=250, page_size=50, ready_after=0) as running:
        yield running


def live(db: Path) -> int:
    with closing(sqlite3.connect(db)) as database:
        count: int = database.execute("SELECT count(*) FROM messages WHERE deleted_at IS NULL").fetchone()[0]
        return count


# --- the sandbox of its own


async def test_the_first_command_of_the_readme_and_a_second_time(tmp_path: Path) -> None:
    first = await aurinko("sync", "--sandbox", "--db", "mirror.db", cwd=tmp_path)
    assert (first.code, first.err) == (0, "")
    assert "full scan, generation 1" in first.out
    assert "2,000 added" in first.out
    second = await aurinko("sync", "--sandbox", "--db", "mirror.db", cwd=tmp_path)
    assert (second.code, second.err) == (0, "")
    assert "incremental, generation 1" in second.out
    assert "Nothing changed: 2,000 messages." in second.out
    assert live(tmp_path / "mirror.db") == 2000


async def test_the_default_database_is_in_the_working_directory(tmp_path: Path) -> None:
    assert (await aurinko("sync", "--sandbox", "--messages", 10, cwd=tmp_path)).code == 0
    assert live(tmp_path / "aurinko.db") == 10


async def test_another_kind_of_sandbox_begins_a_new_generation(tmp_path: Path) -> None:
    db = tmp_path / "mirror.db"
    await aurinko("sync", "--sandbox", "--messages", 120, "--db", db)
    ran = await aurinko("sync", "--sandbox", "--messages", 80, "--db", db, "--json")
    assert (ran.account["scan"], ran.account["generation"], ran.account["messages"]) == ("full", 2, 80)
    assert ran.account["deleted"] == 40


async def test_real_mail_comes_from_a_folder_of_messages(tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    mail.mkdir()
    for number in range(3):
        text = f"From: Ann <ann@example.com>\nTo: me@example.com\nSubject: Letter {number}\nMessage-ID: <{number}@x>\n"
        (mail / f"{number}.eml").write_text(f"{text}Date: Mon, 3 Nov 2025 10:0{number}:00 +0000\n\nHello\n")
    first = await aurinko("sync", "--mail", mail, "--db", tmp_path / "mirror.db", "--json")
    assert (first.code, first.account["added"]) == (0, 3)
    again = await aurinko("sync", "--mail", mail, "--db", tmp_path / "mirror.db", "--json")
    assert (again.account["scan"], again.account["added"]) == ("incremental", 0)
    (mail / "9.eml").write_text("From: bob@example.com\nSubject: New\nMessage-ID: <9@x>\n\nHello\n")
    third = await aurinko("sync", "--mail", mail, "--db", tmp_path / "mirror.db", "--json")
    assert (third.account["added"], third.account["messages"]) == (1, 4)


# --- an API


async def test_json_is_one_document_with_what_a_script_needs(sandbox: Sandbox, tmp_path: Path) -> None:
    ran = await aurinko("sync", "--json", "--db", tmp_path / "a.db", **opens(sandbox, sandbox.accounts[0]))
    assert ran.err == ""
    document = ran.json
    (account,) = document.pop("accounts")
    assert document.pop("seconds") >= account.pop("seconds") > 0
    assert document == {
        "ok": True,
        "exit_code": 0,
        "database": str(tmp_path / "a.db"),
        "requests": len(sandbox.requests),
        "retried": 0,
    }
    assert account == {
        "account": str(sandbox.accounts[0].id),
        "email": sandbox.accounts[0].email,
        "resource": "email",
        "status": "complete",
        "scan": "full",
        "generation": 1,
        "added": 250,
        "changed": 0,
        "deleted": 0,
        "live": 250,
        "messages": 250,
        "pages": 5,
        "records": 250,
        "tombstones": 0,
        "unreadable": [],
        "error": None,
    }


async def test_a_second_run_says_what_changed(sandbox: Sandbox, tmp_path: Path) -> None:
    account, db = sandbox.accounts[0], tmp_path / "a.db"
    await aurinko("sync", "--db", db, **opens(sandbox, account))
    ids = list(account.mail.messages)
    account.mail.add_many(3)
    account.mail.update(ids[0], subject="changed")
    account.mail.remove(ids[1])
    account.mail.remove(ids[2])
    ran = await aurinko("sync", "--db", db, **opens(sandbox, account))
    assert "incremental, generation 1" in ran.out
    assert "3 added, 1 changed, 2 deleted" in ran.out
    assert "251 messages now" in ran.out


async def test_the_options_reach_the_api(sandbox: Sandbox, tmp_path: Path) -> None:
    account = sandbox.accounts[2]
    assert account.service_type == "IMAP"
    options = ("--days-within", 30, "--body-type", "text", "--hydrate", "--base-url", sandbox.url)
    ran = await aurinko("sync", "--db", tmp_path / "a.db", *options, AURINKO_ACCESS_TOKEN=account.token)
    assert ran.code == 0
    start = next(request for request in sandbox.requests if request.operation == "email.sync.start")
    assert start.query == {"daysWithin": "30", "bodyType": "text"}
    assert any(request.operation == "email.messages.get" for request in sandbox.requests)
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        bodies = [json.loads(raw).get("body") for (raw,) in database.execute("SELECT json FROM messages")]
    assert bodies
    assert all(bodies)


async def test_the_application_syncs_one_account_or_all(sandbox: Sandbox, tmp_path: Path) -> None:
    one = await aurinko(
        "sync", "--json", "--db", tmp_path / "a.db", "--account-id", sandbox.accounts[1].id, **opens(sandbox)
    )
    assert one.account["account"] == str(sandbox.accounts[1].id)
    every = await aurinko("sync", "--json", "--db", tmp_path / "a.db", "--all-accounts", **opens(sandbox))
    assert every.code == 0
    assert [account["messages"] for account in every.json["accounts"]] == [250, 250, 250]
    assert [account["scan"] for account in every.json["accounts"]] == ["full", "incremental", "full"]


async def test_a_dead_account_does_not_stop_the_others(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.accounts[1].token_status = "dead"
    ran = await aurinko("sync", "--json", "--db", tmp_path / "a.db", "--all-accounts", **opens(sandbox))
    assert ran.code == 3
    assert [account["status"] for account in ran.json["accounts"]] == ["complete", "failed", "complete"]
    assert "token.dead" in ran.json["accounts"][1]["error"]["message"]
    assert f"aurinko: {sandbox.accounts[1].email}" in ran.err
    assert live(tmp_path / "a.db") == 500


async def test_failures_of_several_kinds_are_one_failure(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.accounts[1].token_status = "dead"
    sandbox.faults.add(Fault("both_tokens", account=sandbox.accounts[0]))
    ran = await aurinko("sync", "--db", tmp_path / "a.db", "--all-accounts", **opens(sandbox))
    assert ran.code == 1
    assert ran.err.count("aurinko: ") == 2
    assert "250 messages now" in ran.out


async def test_a_sync_that_failed_resumes(sandbox: Sandbox, tmp_path: Path) -> None:
    account, db = sandbox.accounts[0], tmp_path / "a.db"
    sandbox.faults.add(Fault("both_tokens", after=2))
    failed = await aurinko("sync", "--db", db, **opens(sandbox, account))
    assert failed.code == 1
    assert "full scan, not complete, generation 1" in failed.out
    assert "the same command goes on from there" in failed.err
    ran = await aurinko("sync", "--db", db, "--json", **opens(sandbox, account))
    assert (ran.code, ran.account["generation"], ran.account["messages"]) == (0, 1, 250)
    assert ran.account["added"] < 250


async def test_unreadable_records_are_listed_and_cost_only_themselves(sandbox: Sandbox, tmp_path: Path) -> None:
    account = sandbox.accounts[0]
    account.mail.update(next(iter(account.mail.messages)), id=None)
    ran = await aurinko("sync", "--db", tmp_path / "a.db", **opens(sandbox, account))
    assert ran.code == 0
    assert "249 messages now" in ran.out
    assert "1 record could not be read; all others are saved:" in ran.out
    assert "without an id: records[0].id: the record has no id" in ran.out


# --- being stopped


@pytest.fixture
async def slow() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=1, messages=1500, page_size=100, ready_after=0, latency=0.05) as running:
        yield running


def pages(sandbox: Sandbox) -> int:
    return sum(request.operation == "email.sync.updated" for request in sandbox.requests)


async def interrupted(
    sandbox: Sandbox, db: Path, *signals: signal.Signals, options: tuple[str, ...] = (), settled: float = 0.0
) -> Ran:
    """Sync, and send signals once two pages were served and `settled` seconds have gone."""
    async with started("sync", "--db", db, *options, **opens(sandbox, sandbox.accounts[0])) as process:
        async with asyncio.timeout(30):
            while pages(sandbox) < 2:
                assert process.returncode is None
                await asyncio.sleep(0.01)
        await asyncio.sleep(settled)
        for number in signals:
            process.send_signal(number)
            await asyncio.sleep(0.4)
        return await ended(process)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_stops_at_a_page_and_the_next_run_resumes(
    slow: Sandbox, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    db = tmp_path / "a.db"
    ran = await interrupted(slow, db, number)
    assert ran.code == code
    assert "Interrupted: what was fetched is saved, the next run resumes here." in ran.out
    kept = live(db)
    assert 0 < kept < 1500
    assert kept % 100 == 0
    status = await aurinko("status", "--db", db)
    assert "full scan 1 is not complete: the next run resumes it" in status.out
    rest = await aurinko("sync", "--db", db, "--json", **opens(slow, slow.accounts[0]))
    assert (rest.code, rest.account["added"], rest.account["generation"]) == (0, 1500 - kept, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
async def test_an_interrupted_sync_tells_json_too(slow: Sandbox, tmp_path: Path) -> None:
    ran = await interrupted(slow, tmp_path / "a.db", signal.SIGINT, options=("--json",))
    assert ran.code == ran.json["exit_code"] == 130
    assert ran.account["status"] == "stopped"
    assert ran.err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
async def test_a_second_signal_ends_a_stop_that_takes_too_long(slow: Sandbox, tmp_path: Path) -> None:
    slow.faults.add(Fault("hang", times=None, after=2, path="email.sync.updated"))
    ran = await interrupted(slow, tmp_path / "a.db", signal.SIGINT, signal.SIGINT, settled=0.4)
    assert ran.code == 130
    assert "what was saved stays, and the next run resumes there" in ran.err
    slow.faults.clear()
    rest = await aurinko("sync", "--db", tmp_path / "a.db", "--json", **opens(slow, slow.accounts[0]))
    assert (rest.code, rest.account["messages"], rest.account["generation"]) == (0, 1500, 1)


# --- account, sandbox, version


async def test_account_tells_whose_token_it_is(sandbox: Sandbox) -> None:
    account = sandbox.accounts[2]
    ran = await aurinko("account", **opens(sandbox, account))
    assert ran.code == 0
    for fact in (account.email, str(account.id), "IMAP", "active", "Mail.All"):
        assert fact in ran.out
    asked = await aurinko("account", "--ping", "--json", **opens(sandbox, account))
    assert asked.json["token_status"] == "active"
    assert sandbox.requests[-1].query == {"pingProvider": "true"}
    named = await aurinko("account", "--json", "--account-id", sandbox.accounts[1].id, **opens(sandbox))
    assert named.json["email"] == sandbox.accounts[1].email


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode()


async def test_the_sandbox_runs_until_it_is_stopped(tmp_path: Path) -> None:
    options = ("--accounts", 2, "--messages", 60, "--port", 0, "--page-size", 20, "--json")
    async with started("sandbox", *options) as process:
        up: dict[str, Any] = json.loads(await line_of(process))
        assert [account["messages"] for account in up["accounts"]] == [60, 60]
        access = {"AURINKO_BASE_URL": up["url"], "AURINKO_ACCESS_TOKEN": up["accounts"][1]["token"]}
        ran = await aurinko("sync", "--db", tmp_path / "a.db", "--json", **access)
        assert (ran.account["messages"], ran.account["pages"]) == (60, 3)
        process.terminate()
        assert (await ended(process)).code == (143 if sys.platform != "win32" else 1)


@pytest.mark.skipif(sys.platform == "win32", reason="export")
async def test_the_lines_of_the_sandbox_can_be_pasted(tmp_path: Path) -> None:
    async with started("sandbox", "--accounts", 1, "--messages", 30, "--port", 0) as process:
        lines = [await line_of(process) for _ in range(6)]
        token = next(line.strip() for line in lines if "AURINKO_ACCESS_TOKEN=" in line)
        assert "AURINKO_CLIENT_SECRET=" in "".join(lines)
        script = f"{token} && {sys.executable} -m aurinko_async.cli sync --db a.db"
        ran = await aurinko(script, command=("/bin/sh", "-ec"), cwd=tmp_path)
        assert ran.code == 0, ran.err
        process.send_signal(signal.SIGINT)
        assert (await ended(process)).code == 130
    assert live(tmp_path / "a.db") == 30


async def test_the_installed_script_and_the_module_are_the_same_command() -> None:
    module = await aurinko("--version")
    assert re.fullmatch(r"aurinko \d+\.\d+\.\d+\S*\n", module.out)
    code = "from aurinko_async.cli import main; main()"
    assert (await aurinko("--version", command=(sys.executable, "-c", code))).out == module.out


@pytest.mark.parametrize("command", [(), ("sync",)])
async def test_help_tells_the_exit_codes(command: tuple[str, ...]) -> None:
    ran = await aurinko(*command, "--help")
    assert ran.code == 0
    assert "Exit codes: 0 done; 1 it failed: the API, the network or a file" in " ".join(ran.out.split())


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal")
@pytest.mark.parametrize("no_color", ["", "1"])
async def test_a_terminal_sees_it_move(tmp_path: Path, no_color: str) -> None:
    seen = await on_terminal("sync", "--sandbox", "--db", tmp_path / "a.db", NO_COLOR=no_color, TERM="xterm")
    assert "reading messages" in seen
    assert "2,000 added" in seen
    assert ("\x1b[3" in seen) == (no_color == "")
