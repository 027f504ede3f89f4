"""Whatever is wrong, the `aurinko` command says what and what to do in a line or two, and ends with the code for it."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from aurinko_async.cli import main
from aurinko_async.sandbox import Fault, Sandbox
from support.cli import COMMAND, Ran, aurinko, ended, opens, started
from support.server import reply, serve

SECRET = "a-very-secret-token"
NOBODY = "http://127.0.0.1:9"
"""The discard port, where nothing listens."""
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=2, messages=250, page_size=50, ready_after=0) as running:
        yield running


def says(ran: Ran, code: int, *words: str) -> None:
    """It ended with the code and told so in one line, two at the most."""
    assert ran.code == code, ran
    assert ran.out == ""
    lines = ran.err.splitlines()
    assert 1 <= len(lines) <= 2, ran.err
    assert lines[0].startswith("aurinko: ")
    for word in words:
        assert word in ran.err
    assert SECRET not in ran.err


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Ran]:
    """Runs the command in this process and an empty folder: for tests by the dozen, which a process each makes slow."""

    def run(*arguments: object, **env: str) -> Ran:
        monkeypatch.chdir(tmp_path)
        for name in list(os.environ):
            if name.startswith("AURINKO_"):
                monkeypatch.delenv(name)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["aurinko", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, *capsys.readouterr())

    return run


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


# --- 2: usage and configuration


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--nonsense",), "--nonsense"),
        (("nonsense",), "nonsense"),
        (("sync", "--nonsense"), "--nonsense"),
        (("sync", "--days-within", "0"), "--days-within"),
        (("sync", "--days-within", "soon"), "--days-within"),
        (("sync", "--days-within", "9999999999"), "--days-within"),
        (("sync", "--body-type", "pdf"), "--body-type"),
        (("sync", "--account-id", "-1"), "--account-id"),
        (("sync", "--account-id", "1", "--all-accounts"), "--all-accounts"),
        (("sync", "--sandbox", "--base-url", "https://api.aurinko.io"), "--base-url"),
        (("sync", "--messages", "5"), "--sandbox"),
        (("sync", "--mail", "no/such/folder"), "--mail"),
        (("sync", "--accounts", "5"), "--sandbox"),
        (("sync", "--poll", "5"), "--follow"),
        (("sync", "--resource", "notes"), "--resource"),
        (("sync", "--resource", "tasks", "--days-within", "5"), "--resource email"),
        (("sync", "--past-days", "5"), "--resource calendar"),
        (("sync", "--db", "mysql://localhost/mail"), "postgresql://"),
        (("status", "--db", ""), "--db"),
        (("sync", "--sandbox", "--db", f"host=127.0.0.1 password={SECRET}"), "postgresql://"),
        (("status", "--db", f" user=me password = {SECRET}"), "postgresql://"),
        (("sandbox", "--port", "70000"), "--port"),
        (("sandbox", "--accounts", "0"), "--accounts"),
    ],
)
def test_wrong_usage_is_told_as_usage(
    arguments: tuple[str, ...], told: str, here: Callable[..., Ran], tmp_path: Path
) -> None:
    ran = here(*arguments)
    assert ran.code == 2
    assert told in ran.err
    assert SECRET not in ran.err
    assert "--help" in ran.err
    assert ran.out == ""
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "env", "told"),
    [
        ((), {}, "set AURINKO_ACCESS_TOKEN"),
        ((), {}, "aurinko sync --sandbox"),
        ((), {"AURINKO_CLIENT_ID": "id"}, "AURINKO_CLIENT_SECRET"),
        ((), {"AURINKO_CLIENT_ID": "id", "AURINKO_CLIENT_SECRET": SECRET}, "--account-id N, or --all-accounts"),
        (("--all-accounts",), {"AURINKO_ACCESS_TOKEN": SECRET}, "--all-accounts needs an application's credentials"),
        (("--account-id", "5"), {"AURINKO_ACCESS_TOKEN": SECRET}, "--account-id needs an application's credentials"),
        ((), {"AURINKO_ACCESS_TOKEN": f"{SECRET}\n"}, "a line break?"),
        (("--base-url", "ftp://somewhere"), {"AURINKO_ACCESS_TOKEN": SECRET}, "base_url must be like"),
        ((), {"AURINKO_ACCESS_TOKEN": SECRET, "AURINKO_BASE_URL": "nonsense"}, "base_url must be like"),
    ],
)
def test_wrong_configuration_is_told_before_anything_is_done(
    arguments: tuple[str, ...], env: dict[str, str], told: str, here: Callable[..., Ran], tmp_path: Path
) -> None:
    says(here("sync", *arguments, **env), 2, told)
    assert files(tmp_path) == []


def test_a_folder_without_mail(here: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    says(here("sync", "--mail", tmp_path / "empty"), 2, "--mail: no mail found in")


async def test_a_port_that_is_taken(sandbox: Sandbox) -> None:
    ran = await aurinko("sandbox", "--port", sandbox.url.rpartition(":")[2], "--messages", 1)
    says(ran, 2, "in use", "--port 0 takes a free one")


@pytest.mark.parametrize("missing", ["typer", "rich", "aiosqlite"])
async def test_a_missing_extra_is_named_with_the_command_that_installs_it(missing: str, tmp_path: Path) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from aurinko_async.cli import main; main()"
    ran = await aurinko("sync", "--sandbox", cwd=tmp_path, command=(sys.executable, "-c", code))
    says(ran, 2, missing, "pip install 'aurinko-async[cli,sqlite]'")


async def test_a_base_url_where_something_else_answers(sandbox: Sandbox, tmp_path: Path) -> None:
    env = {**opens(sandbox, sandbox.accounts[0]), "AURINKO_BASE_URL": f"{sandbox.url}/elsewhere"}
    says(await aurinko("account", cwd=tmp_path, **env), 1, "404", "Check the base URL")


# --- 3: credentials


@pytest.mark.parametrize("command", ["sync", "account"])
async def test_a_token_that_nobody_knows(sandbox: Sandbox, tmp_path: Path, command: str) -> None:
    env = {**opens(sandbox), "AURINKO_ACCESS_TOKEN": SECRET}
    says(await aurinko(command, cwd=tmp_path, **env), 3, "401", "Check AURINKO_ACCESS_TOKEN")
    assert files(tmp_path) == []


async def test_a_dead_token(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.accounts[0].token_status = "dead"
    ran = await aurinko("sync", cwd=tmp_path, **opens(sandbox, sandbox.accounts[0]))
    says(ran, 3, "token.dead", "authorise the account again")


async def test_a_token_that_dies_in_the_middle(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.faults.add(Fault("status", times=None, after=2, path="email.sync.updated", status=401, code="token.dead"))
    ran = await aurinko("sync", "--json", cwd=tmp_path, **opens(sandbox, sandbox.accounts[0]))
    assert ran.code == ran.json["exit_code"] == 3
    assert ran.account["messages"] == 100


async def test_a_forbidden_mailbox(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.faults.add(Fault("status", times=None, path="email.sync.start", status=403))
    ran = await aurinko("sync", cwd=tmp_path, **opens(sandbox, sandbox.accounts[0]))
    assert ran.code == 3
    assert "`aurinko account` shows the scopes" in ran.err


# --- 4: the database


@pytest.mark.parametrize("command", [("sync", "--sandbox"), ("status",)])
@pytest.mark.parametrize("kind", ["directory", "text", "other program", "newer schema", "no folder"])
def test_a_database_that_cannot_be_used_is_left_as_it_is(
    tmp_path: Path, kind: str, command: tuple[str, ...], here: Callable[..., Ran]
) -> None:
    db, told = unusable(tmp_path, kind)
    before = db.read_bytes() if db.is_file() else None
    says(here(*command, "--db", db), 4, "does not exist" if kind == "no folder" else told)
    assert (db.read_bytes() if db.is_file() else None) == before


def unusable(folder: Path, kind: str) -> tuple[Path, str]:
    db = folder / "it"
    if kind == "directory":
        db.mkdir()
        return db, "is not a file"
    if kind == "text":
        db.write_text("Dear diary, " * 50)
        return db, "is not a SQLite database"
    if kind == "no folder":
        return folder / "none" / "it", "its folder does not exist"
    with closing(sqlite3.connect(db)) as database:
        if kind == "other program":
            database.execute("CREATE TABLE diary (day TEXT)")
            return db, "the database of another program"
        database.execute(f"PRAGMA application_id = {int.from_bytes(b'auri', 'big')}")
        database.execute("PRAGMA user_version = 99")
        return db, "pip install -U aurinko-async"


def test_looking_makes_no_file(here: Callable[..., Ran], tmp_path: Path) -> None:
    says(here("status", "--db", "gone.db"), 4, "gone.db does not exist", "aurinko sync --db")
    assert files(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    command = [*COMMAND, "sync", "--sandbox", "--messages", "10", "--json"]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    says(Ran(ran.returncode, "", ran.stderr), 1, "No space left on device")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
def test_help_that_cannot_be_written(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run([*COMMAND, "--help"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True)
    says(Ran(ran.returncode, "", ran.stderr), 1, "No space left on device")


@posix
def test_output_that_is_closed_is_not_what_is_opened_next(tmp_path: Path) -> None:
    command = [*COMMAND, "sync", "--sandbox", "--messages", "10"]
    closing = ["sh", "-c", 'exec "$@" <&- >&-', "sh", *command]
    ran = subprocess.run(closing, cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    with sqlite3.connect(tmp_path / "aurinko.db") as database:
        assert database.execute("SELECT count(*) FROM messages").fetchone() == (10,)
    database.close()


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everything")
async def test_a_database_that_cannot_be_written(tmp_path: Path) -> None:
    await aurinko("sync", "--sandbox", "--messages", 10, cwd=tmp_path)
    (tmp_path / "aurinko.db").chmod(0o444)
    ran = await aurinko("sync", "--sandbox", "--messages", 20, cwd=tmp_path)
    says(ran, 4, "writable")


LIMITED = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000));"
"""A limit on the size of files is the nearest to a full disk that needs no privilege."""
FULL = (sys.executable, "-c", f"{LIMITED} runpy.run_module('aurinko_async.cli', run_name='__main__')")


@posix
async def test_a_full_disk_and_then_room_again(sandbox: Sandbox, tmp_path: Path) -> None:
    access = opens(sandbox, sandbox.accounts[0])
    ran = await aurinko("sync", "--db", "a.db", cwd=tmp_path, command=FULL, **access)
    assert ran.code == 4, ran
    assert "a.db" in ran.err
    rest = await aurinko("sync", "--db", "a.db", "--json", cwd=tmp_path, **access)
    assert (rest.code, rest.account["messages"]) == (0, 250)


@posix
async def test_what_the_database_fails_with_is_everybodys_and_told_once(sandbox: Sandbox, tmp_path: Path) -> None:
    ran = await aurinko("sync", "--all-accounts", "--db", "a.db", cwd=tmp_path, command=FULL, **opens(sandbox))
    says(ran, 4, "a.db")


# --- 1: the API and the network


@pytest.mark.parametrize("command", ["sync", "account"])
def test_an_address_where_nobody_is(tmp_path: Path, command: str, here: Callable[..., Ran]) -> None:
    ran = here(command, "--base-url", NOBODY, AURINKO_ACCESS_TOKEN=SECRET)
    says(ran, 1, "cannot connect to 127.0.0.1:9", "Check the network and the base URL")
    assert files(tmp_path) == []


def test_an_error_is_json_where_json_was_asked_for(here: Callable[..., Ran]) -> None:
    ran = here("sync", "--json", "--base-url", NOBODY, AURINKO_ACCESS_TOKEN=SECRET)
    assert ran.code == 1
    assert ran.json["ok"] is False
    assert ran.json["exit_code"] == 1
    assert "cannot connect" in ran.json["error"]["message"]


async def test_something_that_is_no_api(tmp_path: Path) -> None:
    async with serve(reply("<html><head><title>Welcome</title></head></html>", Content_Type="text/html")) as server:
        server.default = reply("<html><head><title>Welcome</title></head></html>", Content_Type="text/html")
        ran = await aurinko("account", "--base-url", server.url, cwd=tmp_path, AURINKO_ACCESS_TOKEN=SECRET)
    says(ran, 1)


async def test_a_secret_that_the_server_repeats_is_not_shown(tmp_path: Path) -> None:
    async with serve(reply({"code": "badRequest", "message": f"what is\n{SECRET}\x1b[2J?"}, 400)) as server:
        ran = await aurinko("account", "--base-url", server.url, cwd=tmp_path, AURINKO_ACCESS_TOKEN=SECRET)
    says(ran, 1, "what is ***[2J?")


async def test_debug_shows_the_traceback_and_the_requests(sandbox: Sandbox) -> None:
    env = {**opens(sandbox), "AURINKO_ACCESS_TOKEN": SECRET}
    async with started("account", "--debug", **env) as process:
        ran = await ended(process)
    assert ran.code == 3
    assert "Traceback" in ran.err
    assert "GET /v1/account -> 401" in ran.err
    assert SECRET not in ran.err


@posix
async def test_output_that_nobody_reads_is_no_error(tmp_path: Path) -> None:
    await aurinko("sync", "--sandbox", "--messages", 10, cwd=tmp_path)
    line = f"set -o pipefail; {' '.join(COMMAND)} status --db aurinko.db | true"
    ran = await aurinko(line, command=("/bin/bash", "-c"), cwd=tmp_path)
    assert ran.err == ""
    assert ran.code in (0, 1)
