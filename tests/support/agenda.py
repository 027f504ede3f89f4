"""Events for tests: how they are told to the sandbox, and what fetches them."""

from __future__ import annotations

from typing import Any

from support.bare import segment
from support.strict import Strict

NOW = 1_790_000_000.0
"""2026-09-21, a Monday."""
DAY = 86_400.0
PRIMARY = "/v1/calendars/primary"
WIDE = {"timeMin": "2025-01-01T00:00:00Z", "timeMax": "2028-01-01T00:00:00+02:00"}


def at(text: str, zone: str = "Europe/Berlin") -> dict[str, str]:
    return {"dateTime": text, "timezone": zone}


def event(**properties: Any) -> dict[str, Any]:
    times = {"start": at("2026-10-01T09:00:00+02:00"), "end": at("2026-10-01T10:00:00+02:00")}
    return {"subject": "Réunion", **times, **properties}


def url(event_id: str, tail: str = "") -> str:
    return f"{PRIMARY}/events/{segment(event_id)}{tail}"


def weekly(**end: Any) -> dict[str, Any]:
    pattern = {"frequency": "weekly", "daysOfWeek": ["thursday"]}
    return {"simple": {"pattern": pattern, "range": {"type": "byCount", "count": 6, **end}}}


async def create(client: Strict, body: dict[str, Any], **query: Any) -> Any:
    answer = await client.post(f"{PRIMARY}/events", body, **query)
    assert answer.status == 201, answer.content
    return answer.json


async def patch(client: Strict, made: dict[str, Any], body: dict[str, Any], **query: Any) -> Any:
    headers = {"If-Match": made["etag"]}
    answer = await client.send("PATCH", url(made["id"]), query, body, headers=headers)
    assert answer.status == 200, answer.content
    return answer.json
