"""The example app, over HTTP: connecting, listing, news, restarts, and what others must not see or do."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from aurinko_async.sandbox import Account, Fault, Sandbox
from support.example import App, hear, running, visiting

pytestmark = pytest.mark.slow

for needed in ("fastapi", "jinja2", "uvicorn"):
    pytest.importorskip(needed, reason=f"the example app needs {needed}")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=0, messages=60, events=0, webhooks="auto") as running_sandbox:
        yield running_sandbox


@pytest.fixture
async def app(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[App]:
    async with running(tmp_path, sandbox) as running_app:
        yield running_app


def in_the_inbox(account: Account) -> list[str]:
    """The subjects that the provider has there from the last 90 days, newest first."""
    since = (datetime.now(UTC) - timedelta(days=90)).isoformat()
    found = [one for one in account.mail.messages.values() if "inbox" in one["sysLabels"] and one["receivedAt"] > since]
    found.sort(key=lambda one: (one["receivedAt"], one["id"]), reverse=True)
    return [one["subject"] for one in found]


async def subscribed(sandbox: Sandbox, account: Account) -> None:
    async with asyncio.timeout(20):
        while not sandbox.webhooks.of(account):  # noqa: ASYNC110 - a dictionary has no event
            await asyncio.sleep(0.02)


async def test_without_credentials_it_shows_the_sandbox_and_a_restart_keeps_everything(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app) as visitor:
        assert "sandbox" in await visitor.get("/")
        inbox = await visitor.connect()
        await app.synced()
        before = await visitor.subjects(inbox)
        async with visitor.listening(inbox) as stream:
            assert await visitor.post(f"{inbox}/demo/send", app.url) == 303
            await visitor.until(inbox, "Dinner by the river?")
            assert await hear(stream) == b"event: news\ndata: look\n\n"
            after = await visitor.subjects(inbox)
            assert sorted(after) == sorted([*before, "Dinner by the river?"])
            # A page that is open does not hold the server up.
            began = time.monotonic()
            await app.end()
            assert time.monotonic() - began < 4
        await app.start()
        await visitor.until(inbox, "Dinner by the river?")
        assert await visitor.subjects(inbox) == after
        # The new process subscribes again by itself.
        assert await visitor.post(f"{inbox}/demo/send", app.url) == 303
        await visitor.until(inbox, "Signed contract")
        assert set(await visitor.subjects(inbox)) == {*after, "Signed contract"}


async def test_mail_that_arrives_is_told_to_open_pages(app: App, sandbox: Sandbox) -> None:
    async with visiting(app) as visitor:
        inbox = await visitor.connect()
        account = sandbox.accounts[-1]
        assert inbox == f"/inbox/{account.id}"
        await visitor.until(inbox, "data-subject")
        await subscribed(sandbox, account)
        assert await visitor.subjects(inbox) == in_the_inbox(account)
        async with visitor.listening(inbox) as stream:
            account.mail.add(subject="Just in", from_="Ann <ann@example.com>")
            while "Just in" not in await visitor.subjects(inbox):
                await hear(stream)
        assert (await visitor.subjects(inbox))[0] == "Just in"
        page = await visitor.get(inbox)
        (row,) = re.findall(r'<li data-id="[^"]*" data-from="Ann" data-subject="Just in"[^>]*>', page)
        assert 'class="unread"' in row


async def test_killed_right_after_the_200_it_syncs_when_it_is_back(tmp_path: Path) -> None:
    async with (
        Sandbox(accounts=0, messages=60, events=0) as sandbox,
        running(tmp_path, sandbox) as app,
        visiting(app) as visitor,
    ):
        inbox = await visitor.connect()
        account = sandbox.accounts[-1]
        await visitor.until(inbox, "data-subject")
        await subscribed(sandbox, account)
        sandbox.faults.add(Fault("hang", path="email.sync.updated"))
        account.mail.add(subject="Not lost")
        (delivery,) = await sandbox.deliver_webhooks()
        await app.end(signal.SIGKILL)
        assert delivery.status == 200
        with closing(sqlite3.connect(app.data / "mirror.db")) as mirror:
            assert mirror.execute("SELECT account, resource FROM marks").fetchall() == [(str(account.id), "email")]
        sandbox.faults.clear()
        await app.start()
        await visitor.until(inbox, "Not lost")
        assert await visitor.subjects(inbox) == in_the_inbox(account)


async def test_an_account_that_has_to_be_authorised_again_says_so(app: App, sandbox: Sandbox) -> None:
    async with visiting(app) as visitor:
        inbox = await visitor.connect()
        account = sandbox.accounts[-1]
        await visitor.until(inbox, "data-subject")
        await subscribed(sandbox, account)
        account.token_status = "dead"
        page = await visitor.until(inbox, "Sign in again")
        assert "data-subject" in page, "what is mirrored is shown all the same"
        (link,) = re.findall(r'class="button" href="([^"]+)">Reconnect', page)
        account.mail.add(subject="Meanwhile")
        assert link == f"/connect/Google?again={account.id}"
        assert await visitor.connect("Google", again=str(account.id)) == inbox
        await visitor.until(inbox, "Meanwhile", without="Sign in again")


async def test_a_mailbox_that_cannot_be_read_says_when_it_is_tried_again(app: App, sandbox: Sandbox) -> None:
    async with visiting(app) as visitor:
        inbox = await visitor.connect()
        await visitor.until(inbox, "data-subject")
        await subscribed(sandbox, sandbox.accounts[-1])
        sandbox.faults.add(Fault("status", status=403, path="email.sync.*", times=None))
        sandbox.accounts[-1].mail.add(subject="Unseen")
        page = await visitor.until(inbox, "Having trouble")
        assert re.search(r'try again at <time datetime="[^"]+" data-style="clock">', page)
        sandbox.faults.clear()
        sandbox.accounts[-1].mail.add(subject="Late")
        page = await visitor.until(inbox, "Late", without="Having trouble")
        assert "Unseen" in page


async def test_others_see_nothing_of_it(app: App, sandbox: Sandbox) -> None:
    async with visiting(app) as visitor, visiting(app) as other:
        inbox = await visitor.connect()
        await visitor.until(inbox, "data-subject")
        (some, *_) = re.findall(r'href="([^"]+message=[^"]+)"', await visitor.get(inbox))
        query = unescape(some).partition("?")[2]
        theirs = await other.connect()
        assert theirs != inbox
        for part in ("", "/list", f"/message?{query}", f"/body?{query}", "/events"):
            assert "There is nothing here" in await other.get(f"{inbox}{part}", 404)
        for part in ("/message", "/body"):
            await visitor.get(f"{inbox}{part}?{query}")
            # An account of one's own is no way to another's message.
            await other.get(f"{theirs}{part}?{query}", 404)
        # Nor is it to be authorised again by somebody else.
        await other.get(f"/connect/Google?again={inbox.rpartition('/')[2]}", 404)


async def test_who_has_connected_a_mailbox_is_somebody_new(app: App, sandbox: Sandbox) -> None:
    async with visiting(app) as visitor:
        visitor.session.cookie_jar.update_cookies({"inbox": "given by somebody"}, URL(app.url))
        inbox = await visitor.connect()
        await visitor.get(inbox)
        cookies = {"inbox": "given by somebody"}
        async with aiohttp.ClientSession(cookies=cookies) as other, other.get(app.url + inbox) as answer:
            assert answer.status == 404


async def test_visits_that_nobody_began_connect_nothing(app: App, sandbox: Sandbox) -> None:
    async with visiting(app) as visitor, visiting(app) as other:
        assert "another browser" in await visitor.get("/callback?code=x&state=y", 400)
        async with visitor.session.get(f"{app.url}/connect/Google", allow_redirects=False) as answer:
            assert "HttpOnly" in answer.headers["Set-Cookie"]
            assert "SameSite=lax" in answer.headers["Set-Cookie"]
            away = answer.headers["Location"]
        async with visitor.session.get(away, allow_redirects=False) as answer:
            back = answer.headers["Location"].removeprefix(app.url)
        assert "another browser" in await other.get(back, 400)
        assert "Connect an account" in await other.get("/")
        assert "Choose a message" in await visitor.get(back)
        assert "start again" in await visitor.get(back, 400), "a code works once"
        await visitor.get("/connect/Nobody", 404)


async def test_other_sites_cannot_post(tmp_path: Path) -> None:
    async with running(tmp_path) as app, visiting(app) as visitor:
        inbox = await visitor.connect()
        for origin in (None, "null", "https://evil.example", app.url + "0"):
            assert await visitor.post(f"{inbox}/demo/send", origin) == 403
        assert await visitor.post("/hooks/aurinko") == 401, "unsigned, but not for where it came from"
        await visitor.until(inbox, "data-subject")
        assert "Dinner by the river?" not in await visitor.subjects(inbox)


async def test_what_senders_write_is_never_part_of_the_page(app: App, sandbox: Sandbox) -> None:
    evil = '"><script>alert(1)</script>'
    async with visiting(app) as visitor:
        inbox = await visitor.connect("IMAP")  # whose lists leave bodies out
        account = sandbox.accounts[-1]
        id_ = account.mail.add(
            subject=evil, from_={"name": evil, "address": "a@example.com"}, body=f"<p>words</p>{evil}", text=evil
        )
        await subscribed(sandbox, account)
        await visitor.until(inbox, "alert(1)")
        async with visitor.session.get(f"{app.url}{inbox}", params={"message": id_}) as answer:
            page = await answer.text()
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
        assert page.count("<script") == 1, "our own"
        assert "alert(1)" in page
        (frame,) = re.findall(r"<iframe[^>]*>", page)
        assert "allow-scripts" not in frame
        assert "allow-same-origin" not in frame
        (source,) = re.findall(r'src="([^"]+)"', frame)
        async with visitor.session.get(app.url + unescape(source)) as answer:
            assert "<p>words</p>" in await answer.text()
            policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';")
        assert "script" not in policy
