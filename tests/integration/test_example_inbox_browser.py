"""The example app in headless Chromium, as a visitor sees it."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aurinko_async.sandbox import Sandbox
from support.browser import Page, browsing, chromium
from support.example import running

pytestmark = pytest.mark.slow

for needed in ("fastapi", "jinja2", "uvicorn"):
    pytest.importorskip(needed, reason=f"the example app needs {needed}")
if chromium() is None:
    pytest.skip("there is no Chromium on this machine", allow_module_level=True)

ROWS = "document.querySelectorAll('.messages li').length"
LIVE = "document.querySelector('.live.on')"


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    program = chromium()
    assert program is not None
    async with browsing(program) as tab:
        await tab.look(width=1280, height=800)
        yield tab
        # The sandbox has no favicon, which is the one thing that may be missing.
        assert [one for one in tab.complaints if "404" not in one] == []


async def connected(page: Page, url: str, service: str = "Gmail", mailbox: str = "user1@") -> None:
    await page.visit(url)
    await page.click(".service", service)
    await page.click("button", mailbox)
    await page.until(f"{ROWS} > 0 && {LIVE}")


async def highlighted(page: Page, subject: str) -> None:
    """Wait until a message of this subject is shown as new."""
    await page.until(
        f"[...document.querySelectorAll('li.fresh.unread')].some(row => row.dataset.subject === '{subject}')"
    )


def colours(png: bytes) -> int:
    """How many different rows of pixels a picture has: an empty page has one."""
    at, packed = 8, b""
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += 12 + length
    width, height, _, kind = struct.unpack_from(">IIBB", png, 16)
    stride = 1 + width * {2: 3, 6: 4}[kind]
    pixels = zlib.decompress(packed)
    return len({pixels[row * stride : (row + 1) * stride] for row in range(height)})


async def test_a_visitor_connects_reads_and_sees_mail_arrive(tmp_path: Path, page: Page) -> None:
    async with running(tmp_path) as app:
        await connected(page, app.url)
        assert await page.value("document.title") == "user1@gmail.example.com"
        await page.click("button", "Send me a test message")
        await highlighted(page, "Dinner by the river?")
        said = await page.value("document.querySelector('[aria-live]').textContent")
        assert said == "New message from Noor Haddad: Dinner by the river?"
        await page.click(".messages li:first-child a")
        await page.until("document.querySelector('article h2')?.textContent === 'Dinner by the river?'")
        assert "message=" in await page.value("location.search")
        # Read here is read at the provider, whose news of it comes back.
        await page.until("!document.querySelector('.messages li:first-child').classList.contains('unread')")
        await page.click("button", "Send me a test message")
        await highlighted(page, "Signed contract")
        assert await page.value("document.querySelector('[aria-current=true]').textContent.includes('Dinner')")
        await page.value("history.back()")
        await page.until("!document.querySelector('article') && document.querySelector('.reader .nothing')")
        assert colours(await page.picture()) > 100


async def test_signing_in_again_goes_by_the_button(tmp_path: Path, page: Page) -> None:
    async with running(tmp_path) as app:
        await connected(page, app.url, "Outlook", "user2@")
        await page.click("button", "Expire sign-in")
        await page.click(".notice a", "Reconnect")
        await page.click("button", "user2@")
        await page.until(f"{ROWS} > 0 && {LIVE} && !document.querySelector('.notice')")
        await page.click("summary")
        await page.click(".pop .service", "Gmail")
        await page.click("button", "Deny")
        await page.until("document.body.textContent.includes('The connection was not allowed')")
        page.complaints = [one for one in page.complaints if "400" not in one]


async def test_the_server_may_go_and_come_back(tmp_path: Path, page: Page) -> None:
    async with running(tmp_path) as app:
        await connected(page, app.url)
        await app.end()
        await page.until("document.getElementById('live').textContent === 'Reconnecting…'")
        await app.start()
        await page.until(LIVE)
        await page.click("button", "Send me a test message")
        await highlighted(page, "Dinner by the river?")
        page.complaints = [one for one in page.complaints if "ERR_" not in one]


async def test_a_letter_can_do_nothing(tmp_path: Path, page: Page) -> None:
    async with Sandbox(accounts=1, messages=5, events=0, webhooks="auto") as sandbox, running(tmp_path, sandbox) as app:
        sandbox.accounts[0].mail.add(subject="<img src=x onerror=document.title='subject'>", body=_hostile(sandbox))
        await connected(page, app.url)
        # The list grows while the mailbox is mirrored, and its rows move.
        await page.until("document.querySelector('.messages li:first-child')?.textContent.includes('onerror')")
        await page.click(".messages li:first-child a")
        await page.until("document.querySelector('iframe')")
        await _loaded(page)
        await page.picture()  # when it is painted, its pictures and styles have been asked for, or refused
        assert (await page.value("document.title")).startswith("<img"), "the subject as it is, and nothing else"
        assert await page.value("document.querySelector('iframe').contentDocument") is None
        assert (await page.value("location.href")).startswith(f"{app.url}/inbox/")
        assert [one.path for one in sandbox.requests if "trap" in one.path] == []
        page.complaints.clear()  # what was refused is said in the console


async def _loaded(page: Page) -> None:
    """Wait for the frame's letter, from what the browser itself sees."""
    async with asyncio.timeout(20):
        while True:
            tree = await page.do("DOM.getDocument", depth=-1, pierce=True)
            if "the end of the letter" in str(tree):
                return
            await asyncio.sleep(0.02)


def _hostile(sandbox: Sandbox) -> str:
    trap = f"{sandbox.url}/trap"
    return f"""<script>parent.document.title = 'script'; fetch('{trap}/fetch')</script>
        <img src="{trap}/pixel" onerror="top.location = '{trap}/onerror'">
        <link rel="stylesheet" href="{trap}/style">
        <style>@import url({trap}/import); body {{ background: url({trap}/css) }}</style>
        <meta http-equiv="refresh" content="0; url={trap}/refresh"><iframe src="{trap}/frame"></iframe>
        <form action="{trap}/form" id="f"><input name="x" autofocus onfocus="f.submit()"></form>
        <base href="{trap}/"><p>the end of the letter</p>"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_phone(tmp_path: Path, page: Page, scheme: str) -> None:
    async with running(tmp_path) as app:
        await page.look(width=390, height=844, scheme=scheme)
        await connected(page, app.url)
        wide = "document.documentElement.scrollWidth > innerWidth"
        assert not await page.value(wide)
        shade = "getComputedStyle(document.querySelector('.list')).backgroundColor"
        assert (await page.value(shade) == "rgb(255, 255, 255)") is (scheme == "light")
        await page.click(".messages li:first-child a")
        await page.until("document.querySelector('iframe')?.checkVisibility()")
        assert not await page.value("document.querySelector('.list').checkVisibility()")
        assert not await page.value(wide)
        await page.click("a.back")
        await page.until("document.querySelector('.list').checkVisibility()")


async def test_keys_are_enough(tmp_path: Path, page: Page) -> None:
    async with running(tmp_path) as app:
        await connected(page, app.url)
        await page.press("Tab", 9)
        assert await page.value("document.activeElement.textContent") == "Skip to content"
        await page.value("document.querySelector('.messages li:nth-child(2) a').focus()")
        await page.press("Enter", 13)
        await page.until("document.querySelector('article')")
        assert await page.value("document.activeElement.id") == "reader"
        await page.value("document.querySelector('summary').focus()")
        await page.press("Enter", 13)
        await page.until("document.querySelector('details.menu').open")
        await page.press("Escape", 27)
        await page.until("!document.querySelector('details.menu').open")
