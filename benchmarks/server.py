"""A server that costs next to nothing, in a process of its own: a mailbox of a few prebuilt pages, over and over."""

import asyncio
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

import orjson

from benchmarks.mail import TOKEN, page

ACCOUNT = orjson.dumps({"id": 7, "email": "ann@example.com", "serviceType": "Google", "active": True, "name": "Ann"})


VARIANTS = 8
"""Pages with other ids: a sync remembers some hundred, and would take a mailbox of one page for a quiet one."""


def response(body: bytes, encoding: bytes = b"") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n"
    return head % (encoding, len(body)) + body


class Mailbox:
    """Answers by target. How many pages are left is what its last parameter says: `...=12`."""

    def __init__(self, body: int, records: int) -> None:
        some = [page(body, records, variant * records) for variant in range(VARIANTS)]
        self.pages = [response(one).split(TOKEN.encode()) for one in some]
        self.last = response(some[0].replace(b"nextPageToken", b"nextDeltaToken"))
        self.fixed = {
            b"/v1/account": response(ACCOUNT),
            b"/v1/email/sync/deleted?deltaToken=none": response(b'{"records":[],"nextDeltaToken":"none"}'),
        }

    def answer(self, target: bytes) -> bytes:
        if target in self.fixed:
            return self.fixed[target]
        left = int(target.rpartition(b"=")[2])
        if target.startswith(b"/v1/email/sync?"):
            tokens = {"ready": True, "syncUpdatedToken": str(left), "syncDeletedToken": "none"}
            return response(orjson.dumps(tokens))
        if left <= 1:
            return self.last
        start, end = self.pages[left % VARIANTS]
        return b"%b%08d%b" % (start, left - 1, end)


class Compressed(Mailbox):
    """The same in gzip: each answer is compressed once."""

    def __init__(self, body: int, records: int) -> None:
        super().__init__(body, records)
        self.made: dict[bytes, bytes] = {}

    def answer(self, target: bytes) -> bytes:
        if target not in self.made:
            _, _, body = super().answer(target).partition(b"\r\n\r\n")
            self.made[target] = response(gzip.compress(body, 6), b"Content-Encoding: gzip\r\n")
        return self.made[target]


class _Protocol(asyncio.Protocol):
    """Requests have no body, and none is pipelined."""

    transport: asyncio.Transport

    def __init__(self, mailbox: Mailbox, latency: float) -> None:
        self.mailbox = mailbox
        self.latency = latency

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        target = data.split(b" ", 2)[1]
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self.answer, target)
        else:
            self.answer(target)

    def answer(self, target: bytes) -> None:
        self.transport.write(self.mailbox.answer(target))


def _serve(port: Connection, kind: type[Mailbox], body: int, records: int, latency: float) -> None:
    mailbox = kind(body, records)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Protocol(mailbox, latency), "127.0.0.1", 0, backlog=1024)
        port.send(server.sockets[0].getsockname()[1])
        await asyncio.Event().wait()

    asyncio.run(main())


@contextmanager
def serving(body: int = 0, records: int = 100, latency: float = 0.0, kind: type[Mailbox] = Mailbox) -> Iterator[str]:
    """The URL of a mailbox whose pages have so many records with bodies of so many bytes; `latency` is in seconds."""
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, kind, body, records, latency), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{mine.recv()}"
    finally:
        process.terminate()
        process.join()
