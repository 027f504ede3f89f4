"""The sandbox serves every operation there is, and fails at none."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from aurinko_async.sandbox import Sandbox
from aurinko_async.sandbox.call import HANDLERS
from support.bare import bare

DATA = Path(__file__).parent.parent / "contract" / "data"
OPERATIONS: list[Any] = json.loads((DATA / "operations.json").read_bytes())
SCHEMAS: dict[str, Any] = json.loads((DATA / "schemas.json").read_bytes())
MISSING: frozenset[str] = frozenset()
"""What is not served yet: nothing."""


def test_every_operation_has_a_handler() -> None:
    names = {row["python"] for row in OPERATIONS}
    assert len(names) == 138
    assert names - set(HANDLERS) == MISSING


def sample(schema: Any) -> Any:
    """A value that fits a schema, with nothing in it that need not be there."""
    while "ref" in schema:
        schema = SCHEMAS[schema["ref"]]
    match schema["type"]:
        case "object":
            return {name: sample(schema["properties"][name]) for name in schema.get("required", ())}
        case "array":
            return [sample(schema["items"])]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case _:
            formats = {"date-time": "2026-11-01T10:00:00Z", "datetime": "2026-11-01T10:00:00Z", "date": "2026-11-01"}
            return schema.get("enum", [formats.get(schema.get("format"), "x")])[0]


def text(schema: Any) -> str:
    value = sample(schema)
    return str(value).lower() if isinstance(value, bool) else str(value)


def credentials(sandbox: Sandbox, auth: Any) -> dict[str, str]:
    account = sandbox.accounts[0]
    if auth == "account":
        return {"Authorization": f"Bearer {account.token}"}
    if auth == [["AppAuth"]]:
        both = f"{sandbox.client_id}:{sandbox.client_secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(both).decode()}"}
    return {"X-Aurinko-Session": account.user_session} if auth else {}


@pytest.mark.parametrize("row", OPERATIONS, ids=[row["python"] for row in OPERATIONS])
async def test_no_operation_fails_at_the_least_it_can_be_sent(row: Any) -> None:
    async with Sandbox(accounts=1, messages=1, ready_after=0) as sandbox:
        headers = credentials(sandbox, row["auth"])
        required = [p for p in row["params"] if p["required"]]
        headers |= {p["name"]: text(p["schema"]) for p in required if p["in"] == "header"}
        path = row["path"]
        for parameter in required:
            path = path.replace("{" + parameter["name"] + "}", text(parameter["schema"]))
        query = {p["name"]: text(p["schema"]) for p in required if p["in"] == "query"}
        body = sample(row["body"]["content"]["application/json"]) if row["body"] else None
        async with bare(sandbox, None, **headers) as client:
            answer = await client.send(row["method"], path, query, body)
        assert answer.status in (200, 201, 303, 400, 404, 408, 412), answer.content
        assert sandbox.requests[-1].operation == row["python"]
