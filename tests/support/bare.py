"""A bare HTTP client for the sandbox's own tests, which must not share the assumptions of the package's client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from aurinko_async.sandbox import Account, Sandbox


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    reason: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.content)


def segment(id_: str) -> str:
    """Write an id as one path segment."""
    return quote(id_, safe="")


class Bare:
    """Sends requests exactly as told."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self._base = sandbox.url
        self._session = session

    async def send(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, json: Any = None, **options: Any
    ) -> Answer:
        tail = "&".join(f"{quote(name)}={quote(str(value), safe='')}" for name, value in (query or {}).items())
        url = URL(f"{self._base}{path}{'?' + tail if tail else ''}", encoded=True)
        if json is not None:
            options["data"] = msgspec.json.encode(json)
            options["headers"] = {"Content-Type": "application/json", **options.get("headers", {})}
        async with self._session.request(method, url, allow_redirects=False, **options) as response:
            return Answer(response.status, response.reason or "", response.headers, await response.read())

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.send("GET", path, query)

    async def post(self, path: str, json: Any = None, **query: Any) -> Answer:
        return await self.send("POST", path, query, json)

    async def start(self, **query: Any) -> Any:
        """Start a sync, until it is ready."""
        for _ in range(5):
            started = (await self.post("/v1/email/sync", **query)).json
            if started["ready"]:
                return started
        raise AssertionError("never ready")

    async def drain(self, stream: str, token: str) -> tuple[list[Any], str]:
        """Read a stream to its end: the records and the next delta token."""
        records: list[Any] = []
        query = {"deltaToken": token}
        while True:
            answer = await self.get(f"/v1/email/sync/{stream}", **query)
            assert answer.status == 200, answer.content
            page = answer.json
            assert ("nextPageToken" in page) != ("nextDeltaToken" in page)
            assert page["length"] == len(page["records"])
            records += page["records"]
            if "nextDeltaToken" in page:
                return records, page["nextDeltaToken"]
            query = {"pageToken": page["nextPageToken"]}


@asynccontextmanager
async def bare(sandbox: Sandbox, account: Account | None = None, **headers: str) -> AsyncIterator[Bare]:
    """Give a client with an account's token, or with these headers only."""
    if account is not None:
        headers["Authorization"] = f"Bearer {account.token}"
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield Bare(sandbox, session)
