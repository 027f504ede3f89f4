"""Headless Chromium, driven over its DevTools protocol: real clicks, real keys, pictures."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from attrs import define, field

PATIENCE = 20.0
"""Seconds for anything to happen on a page."""
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)


def chromium() -> str | None:
    """Where Chromium is, if it is here."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found if sys.platform == "linux" else None


@define(eq=False)
class Page:
    """A tab."""

    socket: aiohttp.ClientWebSocketResponse
    complaints: list[str] = field(factory=list)
    _number: int = 0

    async def do(self, method: str, **params: Any) -> Any:
        """Call a method of the protocol; what the page complains of meanwhile is kept."""
        self._number += 1
        await self.socket.send_json({"id": self._number, "method": method, "params": params})
        async with asyncio.timeout(PATIENCE):
            while True:
                told = json.loads(await self.socket.receive_str())
                if told.get("id") == self._number:
                    assert "error" not in told, told
                    return told["result"]
                self._hear(told)

    async def value(self, script: str) -> Any:
        """What an expression is in the page."""
        answer = await self.do("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, script: str) -> None:
        """Wait until an expression is true; across navigations, too."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    with suppress(AssertionError):
                        if await self.value(f"Boolean({script})"):
                            return
                    await asyncio.sleep(0.01)
        raise AssertionError(f"never came true: {script}; at {await self.value('location.href')}: {self.complaints}")

    async def visit(self, url: str) -> None:
        await self.do("Page.navigate", url=url)
        await self.until(f"document.readyState === 'complete' && location.href !== 'about:blank' && {json.dumps(url)}")

    async def click(self, selector: str, text: str = "") -> None:
        """Click with a mouse on the first visible element of a selector that has a text in it."""
        found = (
            f"[...document.querySelectorAll({json.dumps(selector)})].find(one => "
            f"one.textContent.includes({json.dumps(text)}) && one.checkVisibility())"
        )
        await self.until(f"document.readyState === 'complete' && Boolean({found})")
        x, y = await self.value(
            f"(() => {{ const one = {found}; one.scrollIntoView({{block: 'nearest'}});"
            " const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.do("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def press(self, key: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            await self.do("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    async def look(self, *, width: int, height: int, scheme: str = "light", scale: float = 1) -> None:
        """Be a screen of this size, in light or dark."""
        await self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 500,
        )
        await self.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def picture(self) -> bytes:
        """What is to be seen, as PNG."""
        return base64.b64decode((await self.do("Page.captureScreenshot", format="png"))["data"])

    def _hear(self, told: dict[str, Any]) -> None:
        if told["method"] == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["params"]["exceptionDetails"]))
        elif told["method"] == "Log.entryAdded" and told["params"]["entry"]["level"] in ("error", "warning"):
            self.complaints.append(told["params"]["entry"]["text"])


@asynccontextmanager
async def browsing(program: str) -> AsyncIterator[Page]:
    """A browser that nobody has used before, with one tab."""
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program,
            *FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            port = await _port(Path(profile) / "DevToolsActivePort", process)
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                    tabs = json.loads(await answer.text())
                where = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
                async with session.ws_connect(where, max_msg_size=0) as socket:
                    page = Page(socket)
                    for domain in ("Page", "Runtime", "Log", "DOM"):
                        await page.do(f"{domain}.enable")
                    yield page
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(5):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _port(file: Path, process: asyncio.subprocess.Process) -> int:
    """The port that Chromium took; it writes it down when it listens."""
    async with asyncio.timeout(PATIENCE):
        while True:
            assert process.returncode is None, "Chromium ended at once"
            if found := _first_line(file):
                return int(found)
            await asyncio.sleep(0.02)


def _first_line(file: Path) -> str:
    lines = file.read_text().splitlines() if file.exists() else []
    return lines[0] if len(lines) > 1 else ""
