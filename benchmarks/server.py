"""A server that costs next to nothing, in a process of its own: prebuilt bytes by request target."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeAlias

Answers: TypeAlias = Mapping[bytes, bytes]
"""Whole responses by request target."""


def response(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class _Protocol(asyncio.Protocol):
    """Requests have no body, or one that came with the head; none is pipelined."""

    transport: asyncio.Transport

    def __init__(self, answers: Answers, latency: float) -> None:
        self.answers = answers
        self.latency = latency

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        answer = self.answers[data.split(b" ", 2)[1]]
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, answer)
        else:
            self.transport.write(answer)


def _serve(port: Connection, make: Callable[[], Answers], latency: float) -> None:
    answers = make()

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(
            lambda: _Protocol(answers, latency), "127.0.0.1", 0, backlog=1024
        )
        port.send(server.sockets[0].getsockname()[1])
        await asyncio.Event().wait()

    asyncio.run(main())


@contextmanager
def serving(make: Callable[[], Answers], latency: float = 0.0) -> Iterator[str]:
    """The URL of a server of what `make` makes, a function at the top of its module; `latency` is in seconds."""
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, make, latency), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{mine.recv()}"
    finally:
        process.terminate()
        process.join()
