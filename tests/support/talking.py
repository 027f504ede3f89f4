"""A client and a scripted server that talk to each other, on a clock that nobody has to wait for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from attrs import frozen

from aurinko_async import AccountAuth, Attempt, AurinkoClient
from support.clock import FakeClock
from support.server import Answer, Server, serve

TOKEN = "s3cret-Token"


@frozen
class Talk:
    """Both sides of it, and what was noted."""

    server: Server
    client: AurinkoClient
    clock: FakeClock
    attempts: list[Attempt]

    async def get(self, **options: Any) -> Any:
        return await self.client.request("GET", "/v1/things", **options)

    async def post(self, **options: Any) -> Any:
        return await self.client.request("POST", "/v1/things", body={"n": 1}, **options)


@asynccontextmanager
async def talk(*script: Answer, **options: Any) -> AsyncIterator[Talk]:
    """A server that answers this, and a client of it; `options` are the client's."""
    clock, attempts = FakeClock(), list[Attempt]()
    options = {"auth": AccountAuth(TOKEN), "clock": clock, "on_attempt": attempts.append, **options}
    async with serve(*script) as server, AurinkoClient(**{"base_url": server.url, **options}) as client:
        yield Talk(server, client, clock, attempts)
