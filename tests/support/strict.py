"""A bare client that holds every good answer against the contract, and reads any sync to its end."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.sandbox.contract import operations
from aurinko_async.sandbox.router import Router
from support.bare import Answer, Bare

DATA = Path(__file__).parent.parent / "contract" / "data"
ROWS: dict[str, Any] = {row["python"]: row for row in json.loads((DATA / "operations.json").read_bytes())}
SCHEMAS: dict[str, Any] = json.loads((DATA / "schemas.json").read_bytes())
ROUTER = Router(operations())
KINDS: dict[str, Any] = {"object": dict, "array": list, "integer": int, "number": float, "boolean": bool, "string": str}
UNDOCUMENTED = frozenset({"__meta"})
"""What the vendor sends and the contract does not know."""


class Strict(Bare):
    """Sends requests exactly as told, and asserts that good answers are as the contract says."""

    async def send(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, json: Any = None, **options: Any
    ) -> Answer:
        answer = await super().send(method, path, query, json, **options)
        if answer.status < 400:
            check(method, path, answer)
        else:
            assert answer.json.keys() == {"code", "message", "requestId", "originalError"}
        return answer

    async def begin(self, path: str, **query: Any) -> Any:
        """Start the sync at `path`, until it is ready."""
        for _ in range(5):
            started = (await self.post(path, **query)).json
            if started["ready"]:
                return started
        raise AssertionError("never ready")

    async def read(self, path: str, token: str) -> tuple[list[Any], str]:
        """Read a stream to its end: the records and the next delta token."""
        records: list[Any] = []
        query = {"deltaToken": token}
        while True:
            page = (await self.get(path, **query)).json
            assert ("nextPageToken" in page) != ("nextDeltaToken" in page)
            assert page["length"] == len(page["records"])
            records += page["records"]
            if "nextDeltaToken" in page:
                return records, page["nextDeltaToken"]
            query = {"pageToken": page["nextPageToken"]}

    async def walk(self, path: str, **query: Any) -> list[Any]:
        """Read a list that pages by token to its end."""
        records: list[Any] = []
        while True:
            page = (await self.get(path, **query)).json
            records += page["records"]
            if "nextPageToken" not in page:
                return records
            query["pageToken"] = page["nextPageToken"]


@asynccontextmanager
async def strict(sandbox: Sandbox, account: Account | None = None, **headers: str) -> AsyncIterator[Strict]:
    """Give a client with an account's token, or with these headers only."""
    if account is not None:
        headers["Authorization"] = f"Bearer {account.token}"
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield Strict(sandbox, session)


def check(method: str, path: str, answer: Answer) -> None:
    """Assert that a good answer is one the contract knows for this path."""
    matched = ROUTER.match(method, path)
    assert matched is not None
    responses = ROWS[matched[0].name]["responses"]
    assert str(answer.status) in responses, (matched[0].name, answer.status)
    contents = responses[str(answer.status)]
    if contents is None:
        assert answer.content == b""
    elif "application/json" in contents:
        assert flaws(contents["application/json"], answer.json) == []


def flaws(schema: dict[str, Any], value: Any, path: str = "$") -> list[str]:
    """List what a value has that its schema does not know, or has otherwise."""
    while "ref" in schema:
        schema = SCHEMAS[schema["ref"]]
    kind = schema["type"]
    if not isinstance(value, KINDS[kind]) or (kind == "integer" and isinstance(value, bool)):
        return [f"{path} is {type(value).__name__}"]
    if kind == "array":
        return [flaw for n, item in enumerate(value) for flaw in flaws(schema["items"], item, f"{path}[{n}]")]
    if kind == "object":
        return _object_flaws(schema, value, path)
    if kind == "string":
        return [] if _fits(schema, value) else [f"{path} is {value!r}"]
    return []


def _object_flaws(schema: dict[str, Any], value: dict[str, Any], path: str) -> list[str]:
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties")
    if not known and rest is None:
        return []
    found: list[str] = []
    for name, member in value.items():
        if name in UNDOCUMENTED:
            continue
        of_member = known.get(name) or rest
        found += flaws(of_member, member, f"{path}.{name}") if of_member else [f"{path}.{name} is unknown"]
    return found


def _fits(schema: dict[str, Any], text: str) -> bool:
    try:
        match schema.get("format"):
            case "date-time" | "datetime":
                return datetime.fromisoformat(text).tzinfo is not None
            case "base64":
                base64.b64decode(text, validate=True)
            case _:
                pass
    except ValueError:
        return False
    return "enum" not in schema or text in schema["enum"]
