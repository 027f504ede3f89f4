"""An HTTP server on a real loopback socket whose every answer, and every way of failing, is scripted byte by byte.

    async with serve(reply(503), reply({"id": "1"})) as server:
        ...  # client at server.url
    assert [request.path for request in server.requests] == [...]

The script is taken one answer per request, in the order of arrival; after its end `server.default` answers.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from attrs import define, field, frozen


@frozen
class Arrived:
    """A request as it came off the socket: nothing decoded, nothing normalised."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int
    at: float

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Goodbye(Exception):
    """The connection ends here; `rudely` is with a reset."""

    def __init__(self, *, rudely: bool = False) -> None:
        self.rudely = rudely


Answer = Callable[[Arrived, asyncio.StreamWriter], Awaitable[object]]
"""Writes the answer to a request; raises `Goodbye` to end the connection, returns `CLOSE_LATER` to end it later."""

CLOSE_LATER = object()


def _bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _head(status: int, reason: str, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def reply(body: object = b"{}", status: int = 200, *, reason: str = "Said", **headers: str) -> Answer:
    """A whole answer. Header names are given with underscores: `Retry_After="3"`."""
    content = _bytes(body)
    named = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}

    async def answer(request: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(_head(status, reason, {**named, "Content-Length": str(len(content))}) + content)
        await writer.drain()

    return answer


def failing(status: int, **headers: str) -> Answer:
    """An error in the vendor's envelope."""
    return reply({"code": "someCode", "message": "some words"}, status, **headers)


def after(event: asyncio.Event, then: Answer) -> Answer:
    """Holds the answer back until the event."""

    async def answer(request: Arrived, writer: asyncio.StreamWriter) -> None:
        await event.wait()
        await then(request, writer)

    return answer


def then_close(first: Answer) -> Answer:
    """A whole answer that promises keep-alive, and then the connection is closed as the next request comes in."""

    async def answer(request: Arrived, writer: asyncio.StreamWriter) -> object:
        await first(request, writer)
        return CLOSE_LATER

    return answer


async def reset(request: Arrived, writer: asyncio.StreamWriter) -> None:
    """The connection is reset before the answer."""
    raise Goodbye(rudely=True)


async def hang_up(request: Arrived, writer: asyncio.StreamWriter) -> None:
    """The connection is closed before the answer."""
    raise Goodbye


async def silence(request: Arrived, writer: asyncio.StreamWriter) -> None:
    """Never an answer."""
    await asyncio.Event().wait()


def raw(data: bytes, *, close: bool = True, rudely: bool = False) -> Answer:
    """These bytes, as they are."""

    async def answer(request: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if close:
            raise Goodbye(rudely=rudely)

    return answer


def cut(body: object, *, at: int, status: int = 200, rudely: bool = False) -> Answer:
    """An answer whose body ends early, though its head promised more."""
    content = _bytes(body)
    head = _head(status, "OK", {"Content-Type": "application/json", "Content-Length": str(len(content))})
    return raw(head + content[:at], rudely=rudely)


def drip(body: object, begun: asyncio.Event, *, first: int = 1) -> Answer:
    """The head and the first bytes of a body, and then nothing more, with the connection open."""
    content = _bytes(body)
    head = _head(200, "OK", {"Content-Type": "application/json", "Content-Length": str(len(content))})

    async def answer(request: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(head + content[:first])
        await writer.drain()
        begun.set()
        await asyncio.Event().wait()

    return answer


@define(eq=False)
class Server:
    """What arrived, and what is answered next."""

    script: list[Answer] = field(factory=list)
    default: Answer = field(factory=reply)
    requests: list[Arrived] = field(factory=list)
    cut_off: int = 0
    """Requests that met a connection closed by `then_close`; they were not read."""
    connections: int = 0
    open: int = 0
    """Connections that are open now."""
    active: Counter[str] = field(factory=Counter)
    peaks: Counter[str] = field(factory=Counter)
    """The most requests at once, by `Authorization`, and of all under `*`."""
    arrived: asyncio.Event = field(factory=asyncio.Event)
    port: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", port, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the loop turn until something is so, for two seconds at the most."""
        async with asyncio.timeout(2):
            while not condition():  # noqa: ASYNC110 (what is awaited has no event of its own)
                await asyncio.sleep(0.001)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.ensure_future(self._serve(reader, writer, self.connections))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        self.open += 1
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                start = await reader.readexactly(1)
                while True:
                    start = await self._exchange(start, reader, writer, connection)
        except Goodbye as goodbye:
            if goodbye.rudely:
                writer.transport.abort()
        finally:
            self.open -= 1
            writer.close()

    async def _exchange(
        self, start: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> bytes:
        """Take one request, of which `start` is here already; returns the start of the next."""
        request = await _read(start, reader, connection)
        self.requests.append(request)
        self.arrived.set()
        answer = self.script.pop(0) if self.script else self.default
        who = request.header("Authorization") or ""
        for key in (who, "*"):
            self.active[key] += 1
            self.peaks[key] = max(self.peaks[key], self.active[key])
        more = asyncio.ensure_future(reader.readexactly(1))
        try:
            ended = await _unless(more, answer(request, writer))
        except BaseException:
            more.cancel()
            await asyncio.gather(more, return_exceptions=True)
            raise
        finally:
            for key in (who, "*"):
                self.active[key] -= 1
        start = await more
        if ended is CLOSE_LATER:
            self.cut_off += 1
            raise Goodbye(rudely=True)
        return start


async def _read(first: bytes, reader: asyncio.StreamReader, connection: int) -> Arrived:
    at = asyncio.get_running_loop().time()
    head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    start, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = start.split(" ")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return Arrived(method, target, headers, await reader.readexactly(length), connection, at)


async def _unless(gone: asyncio.Future[bytes], answer: Awaitable[object]) -> object:
    """Answer, unless the client hangs up first."""
    answering = asyncio.ensure_future(answer)
    try:
        await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done() and gone.exception() is not None:
            raise Goodbye
        return await answering
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)


@asynccontextmanager
async def serve(*script: Answer) -> AsyncIterator[Server]:
    """A server on a free port of the loopback interface."""
    server = Server(list(script))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
