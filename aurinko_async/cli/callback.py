"""A web server on this machine for the one visit of a browser that comes back from an authorisation."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from html import escape
from typing import Final, Self

from attrs import Factory, frozen

HOST: Final = "127.0.0.1"
PATH: Final = "/callback"
PATIENCE: Final = 10.0
"""Seconds until a request must be there: browsers open connections that they then do not use."""
LONGEST: Final = 32 * 1024
"""Bytes of a request's head: the longest URLs and cookies are a quarter of it."""

_PHRASES: Final = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}
_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>aurinko: {title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 12vh auto; padding: 0 1rem; }}
h1 {{ font-size: 1.35rem; }}
p {{ overflow-wrap: anywhere; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{text}</p>
</body>
</html>
"""
_HEAD: Final = (
    "HTTP/1.1 {status} {phrase}\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Length: {length}\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Connection: close\r\n"
    "\r\n"
)


@frozen(eq=False)
class Visit:
    """A browser at the callback, which waits for its page."""

    target: str
    page: asyncio.Future[bytes] = Factory(lambda: asyncio.get_running_loop().create_future())
    over: asyncio.Event = Factory(asyncio.Event)

    async def answer(self, title: str, text: str, *, status: int = 200) -> None:
        """Show the browser a page, if it is still there."""
        if not self.page.done():
            self.page.set_result(_page(title, text, status))
        await self.over.wait()


class CallbackServer:
    """Listens at a port of the loopback interface; everything but the callback is not found."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._visits: asyncio.Queue[Visit] = asyncio.Queue()
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @property
    def url(self) -> str:
        """Where browsers have to come back to."""
        assert self._server is not None, "it is not listening"
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}{PATH}"

    async def visit(self) -> Visit:
        """Wait for a browser at the callback. Whether it is the right one is not known here."""
        return await self._visits.get()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, HOST, self._port, limit=LONGEST)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        left = dict(self._open)
        for task, writer in left.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*left, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._open[task] = writer
        task.add_done_callback(self._open.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    head = await reader.readuntil(b"\r\n\r\n")
                await self._exchange(head, writer)
        finally:
            writer.close()

    async def _exchange(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        target = rest.partition(" ")[0]
        if target.partition("?")[0] != PATH:
            return await _send(writer, _page("Not found", "There is nothing here.", 404))
        if method != "GET":
            return await _send(writer, _page("Not possible", "This page can only be visited.", 405))
        visit = Visit(target)
        self._visits.put_nowait(visit)
        try:
            return await _send(writer, await visit.page)
        finally:
            visit.over.set()


async def _send(writer: asyncio.StreamWriter, content: bytes) -> None:
    """Send it to its end: the process may be over a moment later."""
    async with asyncio.timeout(PATIENCE):
        writer.write(content)
        writer.close()
        await writer.wait_closed()


def _page(title: str, text: str, status: int) -> bytes:
    body = _PAGE.format(title=escape(title), text=escape(text)).encode("utf-8", "xmlcharrefreplace")
    return _HEAD.format(status=status, phrase=_PHRASES[status], length=len(body)).encode("ascii") + body
