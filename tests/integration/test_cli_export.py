"""`aurinko export` does what it says: in a process of its own, as a user runs it, or in this one, which is quicker."""

from __future__ import annotations

import asyncio
import json
import mailbox
import os
import signal
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import icalendar
import pytest
import vobject
from typer.testing import CliRunner

from aurinko_async import AccountAuth, AurinkoClient
from aurinko_async.cli.app import app
from aurinko_async.sandbox import Sandbox
from aurinko_async.sync import SQLiteStore
from support.cli import Ran, aurinko, ended, started

pytestmark = pytest.mark.slow

MESSAGES = 60


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A mirror of the mail and the contacts of one account, and of the tasks of two."""
    path = tmp_path_factory.mktemp("export") / "mirror.db"

    async def made() -> None:
        async with Sandbox(messages=MESSAGES, ready_after=0, events=10) as sandbox, SQLiteStore(path) as store:
            for account in sandbox.accounts[:2]:
                async with AurinkoClient(AccountAuth(account.token), base_url=sandbox.url) as client:
                    await client.task_lists.delta_all(store=store).run()
                    if account is sandbox.accounts[0]:
                        await client.email.delta(store=store).run()
                        await client.contacts.delta(store=store).run()

    asyncio.run(made())
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror that takes a second to export."""
    path = tmp_path_factory.mktemp("large") / "mirror.db"

    async def made() -> None:
        async with (
            Sandbox(accounts=1, messages=3000, ready_after=0, events=1) as sandbox,
            SQLiteStore(path) as store,
            AurinkoClient(AccountAuth(sandbox.accounts[0].token), base_url=sandbox.url) as client,
        ):
            await client.email.delta(store=store).run()

    asyncio.run(made())
    return path


def inside(*args: object) -> Ran:
    """A command run in this process."""
    ran = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(map(str, args)))
    assert ran.exception is None or isinstance(ran.exception, SystemExit)
    return Ran(ran.exit_code, ran.stdout, ran.stderr)


def left(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


async def test_mail_becomes_an_mbox(mirror: Path, tmp_path: Path) -> None:
    ran = await aurinko("export", "--db", mirror, "--format", "mbox", "--out", "mail.mbox", cwd=tmp_path)
    assert (ran.code, ran.out, ran.err) == (0, f"mail.mbox: {MESSAGES} messages\n", "")
    box = mailbox.mbox(tmp_path / "mail.mbox", create=False)
    assert len(box) == MESSAGES
    box.close()
    assert left(tmp_path) == ["mail.mbox"]
    assert stat.S_IMODE((tmp_path / "mail.mbox").stat().st_mode) == 0o600


async def test_a_pipe_gets_the_records_and_nothing_else(mirror: Path) -> None:
    ran = await aurinko("export", "--db", mirror, "--format", "jsonl")
    assert (ran.code, ran.err) == (0, f"stdout: {MESSAGES} messages\n")
    assert len([json.loads(line) for line in ran.out.splitlines()]) == MESSAGES


def test_json_tells_what_was_written(mirror: Path, tmp_path: Path) -> None:
    out = tmp_path / "cards.vcf"
    ran = inside("export", "--db", mirror, "--format", "vcf", "--out", out, "--json")
    assert ran.code == 0
    assert ran.json == {
        "database": str(mirror),
        "account": ran.json["account"],
        "resource": "contacts",
        "format": "vcf",
        "file": str(out),
        "records": 130,
        "partial": 0,
        "left_out": 0,
        "failed": 0,
    }
    to_stdout = inside("export", "--db", mirror, "--format", "vcf", "--out", "-")
    assert to_stdout.out == out.read_bytes().decode().replace("\r\n", "\n")
    assert len(list(vobject.readComponents(to_stdout.out))) == 130


def test_a_record_that_cannot_be_converted_is_named_and_the_rest_is_there(mirror: Path, tmp_path: Path) -> None:
    db = tmp_path / "mirror.db"
    with closing(sqlite3.connect(mirror)) as source, closing(sqlite3.connect(db)) as copy:
        source.backup(copy)
        ids = [record_id for (record_id,) in copy.execute("SELECT id FROM messages ORDER BY id LIMIT 23")]
        copy.executemany(
            "UPDATE messages SET json = 'no JSON at all' WHERE id = ?", [(record_id,) for record_id in ids]
        )
        copy.commit()
    out = tmp_path / "mail.mbox"
    ran = inside("export", "--db", db, "--format", "mbox", "--out", out)
    assert (ran.code, ran.out) == (
        0,
        f"{out}: {MESSAGES - 23} messages\n  23 messages left out: they could not be converted\n",
    )
    *named, more = ran.err.splitlines()
    assert named == [f"aurinko: message {record_id} is left out: MalformedBody" for record_id in ids[:20]]
    assert more == "aurinko: so are 3 other messages"
    told = inside("export", "--db", db, "--format", "mbox", "--out", out, "--force", "--json").json
    assert (told["records"], told["left_out"], told["failed"]) == (MESSAGES - 23, 23, 23)


def test_of_several_accounts_one_has_to_be_named(mirror: Path, tmp_path: Path) -> None:
    ask = ("export", "--db", mirror, "--format", "ics", "--resource", "tasks", "--out", tmp_path / "tasks.ics")
    ran = inside(*ask)
    assert ran.code == 2
    assert "tasks of 2 accounts: give --account-id" in ran.err
    other = inside(*ask, "--account-id", 404)
    assert other.code == 2
    assert "no tasks of account 404" in other.err
    assert left(tmp_path) == []
    number = ran.err.split("--account-id ")[1].split(",")[0]
    named = inside(*ask, "--account-id", number)
    assert named.code == 0
    assert len(icalendar.Calendar.from_ical((tmp_path / "tasks.ics").read_bytes()).walk("VTODO")) == 138


def test_an_existing_file_is_kept_unless_it_may_be_replaced(mirror: Path, tmp_path: Path) -> None:
    out = tmp_path / "mail.jsonl"
    out.write_text("mine")
    link = tmp_path / "link.jsonl"
    link.symlink_to(out)
    for path in (out, link):
        ran = inside("export", "--db", mirror, "--format", "jsonl", "--out", path)
        assert (ran.code, out.read_text()) == (2, "mine")
        assert "--force" in ran.err
    forced = inside("export", "--db", mirror, "--format", "jsonl", "--out", link, "--force")
    assert forced.code == 0
    assert link.is_symlink()
    assert len(out.read_bytes().splitlines()) == MESSAGES
    assert left(tmp_path) == ["link.jsonl", "mail.jsonl"]


def test_what_is_no_file_is_never_replaced(mirror: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe):
        ran = inside("export", "--db", mirror, "--format", "jsonl", "--out", path, "--force")
        assert ran.code == 2
        assert "no regular file" in ran.err
    nowhere = inside("export", "--db", mirror, "--format", "jsonl", "--out", tmp_path / "no" / "x")
    assert (nowhere.code, left(tmp_path)) == (2, ["pipe"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--format", "mbox", "--resource", "tasks"), "mbox has email"),
        (("--format", "ics", "--resource", "contacts"), "calendar or tasks"),
        (("--format", "jsonl", "--json"), "--out"),
        (("--format", "ics"), "no calendar"),
        ((), "--format"),
        (("--format", "pdf"), "pdf"),
    ],
)
def test_wrong_usage_is_told(mirror: Path, arguments: tuple[str, ...], reason: str) -> None:
    ran = inside("export", "--db", mirror, *arguments)
    assert (ran.code, ran.out if "--json" not in arguments else "") == (2, "")
    assert reason in " ".join(ran.err.replace("│", " ").split())


async def test_a_mirror_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    ran = await aurinko("export", "--db", "none.db", "--format", "mbox", "--out", "x", cwd=tmp_path)
    assert (ran.code, left(tmp_path)) == (4, [])


@pytest.mark.parametrize(("kind", "library"), [("ics", "icalendar"), ("vcf", "vobject")])
async def test_a_library_that_is_not_there_is_named(mirror: Path, tmp_path: Path, kind: str, library: str) -> None:
    script = f"import sys; sys.modules[{library!r}] = None; from aurinko_async.cli import main; main()"
    resource = "tasks" if kind == "ics" else "contacts"
    async with SQLiteStore(mirror) as store:
        account = next(s.key.account for s in await store.status() if s.key.resource == resource)
    ask = ("export", "--db", mirror, "--format", kind, "--resource", resource, "--out", tmp_path / "x")
    ran = await aurinko(*ask, "--account-id", account, command=(sys.executable, "-c", script))
    assert ran.code == 2
    assert f"needs {library}" in ran.err
    assert "pip install 'aurinko-async[export]'" in ran.err
    assert left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_leaves_no_half_file(large: Path, tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    async with started("export", "--db", large, "--format", "mbox", "--out", folder / "mail.mbox") as process:
        async with asyncio.timeout(30):
            while not any(path.stat().st_size for path in folder.iterdir()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        process.send_signal(number)
        ran = await ended(process)
    assert ran.code == 128 + number
    assert ran.err == "aurinko: interrupted; nothing was written\n"
    assert left(folder) == []


MEASURED = """
import atexit, pathlib, re, sys
from aurinko_async.cli import main
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: print(re.search("VmHWM:(.*) kB", status.read_text())[1], file=sys.stderr))
main()
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells no process's memory")
async def test_a_large_mirror_takes_no_more_memory(mirror: Path, large: Path, tmp_path: Path) -> None:
    peaks = []
    for db in (mirror, large):
        ask = ("export", "--db", db, "--format", "mbox", "--out", tmp_path / db.parent.name)
        ran = await aurinko(*ask, command=(sys.executable, "-c", MEASURED))
        assert ran.code == 0
        peaks.append(int(ran.err))
    assert peaks[1] - peaks[0] < 5_000, "kB; the large mirror has 11,000"


async def test_a_reader_that_leaves_ends_it_quietly(mirror: Path) -> None:
    async with started("export", "--db", mirror, "--format", "jsonl", command=("sh", "-c", PIPE, "sh")) as process:
        ran = await ended(process)
    assert "Traceback" not in ran.err
    assert "Exception" not in ran.err
    assert len(ran.out.splitlines()) == 1


PIPE = f'{sys.executable} -m aurinko_async.cli "$@" | head -n 1'
