"""A webhook receiver on a real socket that answers a challenge as it should, and notifications as it is told."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from attrs import define, field

from support.server import Answer, Arrived, Server, reply, serve


@define(eq=False)
class Receiver:
    """What arrived. `answers` are taken one per notification; after their end all are answered 200."""

    server: Server
    answers: list[Answer] = field(factory=list)
    challenge: Answer | None = None
    """What a challenge is answered with instead of its token."""

    @property
    def url(self) -> str:
        return f"{self.server.url}/hook?a=%2F"

    @property
    def challenges(self) -> list[Arrived]:
        return [request for request in self.server.requests if "validationToken=" in request.query]

    @property
    def arrived(self) -> list[Arrived]:
        """The notifications."""
        return [request for request in self.server.requests if "validationToken=" not in request.query]

    @property
    def told(self) -> list[Any]:
        return [json.loads(request.body) for request in self.arrived]

    async def answer(self, request: Arrived, writer: asyncio.StreamWriter) -> object:
        tokens = parse_qs(request.query).get("validationToken")
        if tokens:
            return await (self.challenge or reply(tokens[0], Content_Type="text/plain"))(request, writer)
        return await (self.answers.pop(0) if self.answers else reply())(request, writer)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    async with serve() as server:
        receiver = Receiver(server)
        server.default = receiver.answer
        yield receiver


def signed(request: Arrived, secret: str) -> bool:
    """Whether a request is signed as the vendor describes it."""
    timestamp = request.header("X-Aurinko-Request-Timestamp") or ""
    base = b"v0:" + timestamp.encode() + b":" + request.body
    return request.header("X-Aurinko-Signature") == hmac.new(secret.encode(), base, sha256).hexdigest()
