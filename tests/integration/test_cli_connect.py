"""`aurinko connect` in a process of its own, and a browser that clicks through what it prints."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import aiohttp
import pytest
from attrs import frozen

from aurinko_async.sandbox import Sandbox
from support.browsing import Browser, Page, browser
from support.cli import Ran, aurinko, ended, opens, started

pytestmark = pytest.mark.slow

ANY = ("--port", 0)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=6, messages=5, ready_after=0) as running:
        yield running


@pytest.fixture
async def user() -> AsyncIterator[Browser]:
    async with browser() as user:
        yield user


@frozen
class Waiting:
    """A command that waits for the browser."""

    process: asyncio.subprocess.Process
    url: str
    back: str
    said: str

    async def ended(self) -> Ran:
        """Its end; `err` is all that it said on stderr."""
        ran = await ended(self.process)
        ran = Ran(ran.code, ran.out, self.said + ran.err)
        assert "Traceback" not in ran.err, ran.err
        return ran

    @property
    def state(self) -> str:
        return dict(parse_qsl(urlsplit(self.url).query))["state"]

    def callback(self, **query: str) -> str:
        return f"{self.back}?{urlencode(query)}"


@asynccontextmanager
async def connecting(*args: object, **env: str) -> AsyncIterator[Waiting]:
    async with started("connect", *args, **env) as process:
        assert process.stderr is not None
        said = ""
        async with asyncio.timeout(30):
            while "Ctrl-C ends it." not in said:
                line = (await process.stderr.readline()).decode()
                assert line, f"it ended: {said}"
                said += line
        (url,) = re.findall(r"^  (http\S+)$", said, re.MULTILINE)
        (back,) = re.findall(r"^Waiting at (\S+?)[, ]", said, re.MULTILINE)
        assert dict(parse_qsl(urlsplit(url).query))["returnUrl"] == back
        yield Waiting(process, url, back, said)


def title(page: Page) -> str:
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    (said,) = re.findall(r"<h1>(.*)</h1>", page.source)
    return str(said)


# --- it connects


async def test_a_sandbox_of_its_own_is_clicked_through(user: Browser) -> None:
    async with connecting("--sandbox") as command:
        page = await user.visit(command.url)
        assert "which mailbox should connect?" in page.text
        page = await user.click(page, "user4@gmail.example.com")
        assert (title(page), "You can close this window." in page.text) == ("Connected", True)
        assert urlsplit(page.url)._replace(query="").geturl() == command.back
        ran = await command.ended()
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "Connected: user4@gmail.example.com, Google, account 1010004"
    assert "The sandbox has ended" in ran.out


async def test_the_account_of_an_application_can_be_used_at_once(
    sandbox: Sandbox, user: Browser, tmp_path: Path
) -> None:
    mailbox = sandbox.accounts[1]
    async with connecting(
        *ANY, "--service-type", "office365", "--scopes", "Mail.Read,Mail.Send", **opens(sandbox)
    ) as it:
        query = dict(parse_qsl(urlsplit(it.url).query))
        assert (query["serviceType"], query["scopes"]) == ("Office365", "Mail.Read Mail.Send")
        assert "accountId" not in query
        await user.click(await user.visit(it.url), mailbox.email)
        ran = await it.ended()
    assert ran.code == 0
    assert ran.out.startswith(f"Connected: {mailbox.email}, Office365, account {mailbox.id}\n")
    (command,) = re.findall(r"^  aurinko (sync --account-id \d+)$", ran.out, re.MULTILINE)
    synced = await aurinko(*command.split(), "--db", tmp_path / "a.db", "--json", **opens(sandbox))
    assert (synced.code, synced.account["messages"]) == (0, 5)
    for secret in (mailbox.token, sandbox.client_secret, mailbox.user_session):
        assert secret not in ran.out + ran.err


async def test_the_token_is_printed_only_when_it_is_asked_for(sandbox: Sandbox, user: Browser) -> None:
    mailbox = sandbox.accounts[0]
    for options, shown in (
        ((), False),
        (("--show-token",), True),
        (("--json",), False),
        (("--json", "--show-token"), True),
    ):
        async with connecting(*ANY, *options, **opens(sandbox)) as command:
            await user.click(await user.visit(command.url), mailbox.email)
            ran = await command.ended()
        assert ran.code == 0
        assert (mailbox.token in ran.out) is shown
        assert mailbox.token not in ran.err
        if "--json" in options:
            assert ran.json == {
                "ok": True,
                "exit_code": 0,
                "account_id": mailbox.id,
                "email": mailbox.email,
                "service_type": "Google",
                "user_id": mailbox.user_id,
                "token_file": None,
                **({"access_token": mailbox.token} if shown else {}),
            }


async def test_a_token_file_is_for_its_owner_alone(sandbox: Sandbox, user: Browser, tmp_path: Path) -> None:
    mailbox, file = sandbox.accounts[0], tmp_path / "the token's"
    file.write_text("an older one")
    file.chmod(0o644)
    async with connecting(*ANY, "--token-file", file, **opens(sandbox)) as command:
        assert file.read_text() == "an older one", "nothing is lost before there is another"
        await user.click(await user.visit(command.url), mailbox.email)
        ran = await command.ended()
    assert ran.code == 0
    assert file.read_text() == f"{mailbox.token}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [file.name]
    assert mailbox.token not in ran.out
    assert f'AURINKO_ACCESS_TOKEN="$(cat {shlex.quote(str(file))})" aurinko sync' in ran.out


async def test_an_account_is_authorised_again(sandbox: Sandbox, user: Browser) -> None:
    dead = sandbox.accounts[3]
    dead.token_status = "dead"
    async with connecting(*ANY, "--account-id", dead.id, "--recycle", **opens(sandbox)) as command:
        page = await user.visit(command.url)
        assert len(page.forms) == 2
        assert dict(parse_qsl(urlsplit(command.url).query))["recycle"] == "true"
        await user.click(page, dead.email)
        assert (await command.ended()).code == 0
    assert dead.token_status == "active"


async def test_a_browser_is_opened_when_it_is_wanted(tmp_path: Path) -> None:
    """The browser is a program that writes down where it was sent."""
    script = tmp_path / "browser.py"
    script.write_text(f"import sys\nopen({str(tmp_path / 'url')!r}, 'w').write(sys.argv[1])\n")
    env = {"BROWSER": f"{sys.executable} {script} %s"}
    async with connecting("--sandbox", "--open", **env) as command:
        async with asyncio.timeout(10):
            while not (tmp_path / "url").exists() or not (tmp_path / "url").read_text():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (tmp_path / "url").read_text() == command.url
    (tmp_path / "url").unlink()
    async with connecting("--sandbox", **env) as command, browser() as user:
        await user.click(await user.visit(command.url), "Deny")
        assert (await command.ended()).code == 1
    assert not (tmp_path / "url").exists(), "stderr is no terminal here"


async def test_on_a_terminal_a_browser_opens_by_itself(tmp_path: Path) -> None:
    """The browser is a program that goes where it is sent; it does not ask for pages, so the sandbox just consents."""
    import pty

    script = tmp_path / "browser.py"
    script.write_text("import sys, urllib.request\nurllib.request.urlopen(sys.argv[1]).read()\n")
    controller, side = pty.openpty()
    async with started("connect", "--sandbox", terminal=side, BROWSER=f"{sys.executable} {script} %s") as process:
        os.close(side)
        shown = await asyncio.to_thread(drained, controller)
        assert await process.wait() == 0
    os.close(controller)
    assert "Connected: user7@gmail.example.com, Google, account 1010007" in shown


def drained(controller: int) -> str:
    seen = b""
    with suppress(OSError):  # the other side is closed
        while piece := os.read(controller, 65536):
            seen += piece
    return seen.decode()


# --- it does not


async def test_a_user_who_denies_ends_it(sandbox: Sandbox, user: Browser) -> None:
    async with connecting(*ANY, "--json", **opens(sandbox)) as command:
        page = await user.click(await user.visit(command.url), "Deny")
        assert title(page) == "Not connected"
        assert "access_denied" in page.text
        ran = await command.ended()
    assert ran.code == 1
    assert "aurinko: the authorisation did not succeed (status error): access_denied" in ran.err
    assert (ran.json["ok"], ran.json["exit_code"]) == (False, 1)


async def test_strangers_are_ignored_and_do_not_end_it(sandbox: Sandbox, user: Browser) -> None:
    async with connecting(*ANY, **opens(sandbox)) as command:
        good = {"status": "success", "code": "x", "state": command.state}
        state = command.state
        for strange in (
            command.back,
            command.callback(status="error", error="<script>", state="made-up"),
            command.callback(**{**good, "state": ("B" if state[0] == "A" else "A") + state[1:]}),
            command.callback(**good) + "&state=x",
        ):
            page = await user.visit(strange)
            assert (page.status, title(page)) == (400, "Ignored")
            assert "<script>" not in page.source
        page = await user.visit(command.back.replace("/callback", "/favicon.ico"))
        assert (page.status, title(page)) == (404, "Not found")
        assert not [r for r in sandbox.requests if r.operation == "auth.exchange_code"]
        await user.click(await user.visit(command.url), sandbox.accounts[0].email)
        ran = await command.ended()
    assert ran.code == 0
    assert ran.err.count("was ignored") == 4


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"nonsense \xff\x00\r\n\r\n",
        b"POST /callback?a=b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
        b"GET /callback/ HTTP/1.1\r\n\r\n",
        b"GET http://elsewhere/callback HTTP/1.1\r\n\r\n",
        b"GET /" + b"x" * 100_000,
    ],
)
async def test_what_is_no_visit_is_answered_or_cut(sandbox: Sandbox, request_: bytes) -> None:
    async with connecting(*ANY, **opens(sandbox)) as command:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(command.back).port)
        writer.write(request_)
        if request_.endswith(b"\r\n\r\n") or request_.startswith(b"POST"):
            assert (await reader.read()).startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 405 "))
        writer.close()
        command.process.send_signal(signal.SIGINT)
        assert (await command.ended()).code == 130


async def test_a_connection_that_says_nothing_does_not_hold_it(sandbox: Sandbox, user: Browser) -> None:
    """Browsers open connections ahead of time."""
    async with connecting(*ANY, **opens(sandbox)) as command:
        _, idle = await asyncio.open_connection("127.0.0.1", urlsplit(command.back).port)
        page = await user.visit(command.url)
        began = asyncio.get_running_loop().time()
        await user.click(page, sandbox.accounts[0].email)
        assert (await command.ended()).code == 0
        assert asyncio.get_running_loop().time() - began < 8
        idle.close()


async def test_what_the_vendor_says_stays_text_and_one_line(sandbox: Sandbox, user: Browser) -> None:
    async with connecting(*ANY, **opens(sandbox)) as command:
        attack = "<script>alert(1)</script>\x1b[31m\nred"
        page = await user.visit(command.callback(status="error", error=attack, state=command.state))
        assert "script" not in [tag for tag, _ in page.tags]
        assert "<script>alert(1)</script> [31m red" in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        ran = await command.ended()
    assert ran.code == 1
    assert "\x1b" not in ran.err


async def test_a_code_that_the_vendor_does_not_take(sandbox: Sandbox, user: Browser) -> None:
    async with connecting(*ANY, **opens(sandbox)) as command:
        page = await user.visit(command.callback(status="success", code="c0de", state=command.state))
        assert title(page) == "Not connected"
        ran = await command.ended()
    assert ran.code == 1
    assert "The code is not valid" in ran.err
    assert "c0de" not in ran.err


async def test_a_wrong_client_secret_is_one_of_credentials(sandbox: Sandbox, user: Browser) -> None:
    wrong = {**opens(sandbox), "AURINKO_CLIENT_SECRET": "another-s3cret"}
    async with connecting(*ANY, **wrong) as command:
        await user.click(await user.visit(command.url), sandbox.accounts[0].email)
        ran = await command.ended()
    assert ran.code == 3
    assert "another-s3cret" not in ran.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_ends_the_wait_and_frees_the_port(
    sandbox: Sandbox, tmp_path: Path, number: Any, code: int
) -> None:
    options = (*ANY, "--json", "--token-file", tmp_path / "token")
    async with connecting(*options, **opens(sandbox)) as command:
        command.process.send_signal(number)
        ran = await command.ended()
    assert ran.code == ran.json["exit_code"] == code
    assert os.listdir(tmp_path) == []
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", urlsplit(command.back).port)


async def test_nobody_comes(sandbox: Sandbox) -> None:
    ran = await aurinko("connect", *ANY, "--timeout", 1, "--json", **opens(sandbox))
    assert ran.code == 1
    assert re.search(r"aurinko: nobody came back to http://127\.0\.0\.1:\d+/callback within 1\.0 s", ran.err)
    assert json.loads(ran.out)["ok"] is False


async def test_a_port_that_is_taken_is_a_matter_of_options(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = await aurinko("connect", "--port", taken.getsockname()[1], **opens(sandbox))
    assert ran.code == 2
    assert "cannot listen at 127.0.0.1:" in ran.err


async def test_a_port_that_is_given_is_used(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with connecting("--port", port, **opens(sandbox)) as command:
        assert command.back == f"http://127.0.0.1:{port}/callback"
        assert f"returnUrl={quote(command.back, safe='')}" in command.url


@pytest.mark.parametrize(
    ("args", "env", "words"),
    [
        ((), {}, "set AURINKO_CLIENT_ID and AURINKO_CLIENT_SECRET; or try it without any: aurinko connect --sandbox"),
        ((), {"AURINKO_CLIENT_ID": "x"}, "set AURINKO_CLIENT_SECRET;"),
        ((), {"AURINKO_ACCESS_TOKEN": "x"}, "connecting needs an application's credentials"),
        (("--sandbox", "--base-url", "http://127.0.0.1:1"), {}, "--sandbox has its own URL"),
        (("--service-type", "Carrier pigeon"), {}, "Carrier pigeon"),
        (("--sandbox", "--token-file", "no/such/directory/token"), {}, "--token-file"),
        (("--sandbox", "--token-file", "."), {}, "is not a file"),
        (("--sandbox", "--token-file", "/dev/null"), {}, "is not a file"),
    ],
)
async def test_what_cannot_work_ends_before_anybody_is_asked(
    tmp_path: Path, args: tuple[str, ...], env: dict[str, str], words: str
) -> None:
    ran = await aurinko("connect", *args, cwd=tmp_path, **env)
    assert ran.code == 2
    assert words in " ".join(ran.err.split())
    assert "open this in a browser" not in ran.err
    assert os.listdir(tmp_path) == []


async def test_the_page_is_whole_before_the_command_ends(sandbox: Sandbox) -> None:
    async with connecting(*ANY, **opens(sandbox)) as command, aiohttp.ClientSession() as session:
        code = sandbox._world.issue_code(sandbox.accounts[0])
        url = command.callback(status="success", code=code, state=command.state)
        async with session.get(url) as answer:
            assert (await answer.text()).endswith("</html>\n")
        assert (await command.ended()).code == 0
