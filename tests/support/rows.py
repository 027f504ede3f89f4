"""Rows, tombstones and commits as a sync would make them, for tests of the stores."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from aurinko_async._codec import decode
from aurinko_async.models._row import Row
from aurinko_async.models.mail import DeletedEmailMessage
from aurinko_async.models.rows import ContactColumns, EventColumns, MessageColumns, TaskColumns
from aurinko_async.sync.store import Commit, Lease, SyncKey
from aurinko_async.sync.stores import MemoryStore, PostgresStore, SQLiteStore

Store: TypeAlias = MemoryStore | PostgresStore | SQLiteStore
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = SyncKey("42", "email")


def of_json(raw: bytes) -> Row[MessageColumns]:
    return decode(Row[MessageColumns], raw)


def row(record_id: str, **fields: Any) -> Row[MessageColumns]:
    """A message; `received` is how many days before NOW."""
    days = fields.pop("received", None)
    if days is not None:
        fields["receivedAt"] = (NOW - timedelta(days=days)).isoformat()
    return of_json(json.dumps({"id": record_id, **fields}).encode())


def event(record_id: str, **fields: Any) -> Row[EventColumns]:
    """An event; `start` is how many days after NOW."""
    if isinstance(days := fields.get("start"), int | float):
        fields["start"] = {"dateTime": (NOW + timedelta(days=days)).isoformat()}
    return decode(Row[EventColumns], json.dumps({"id": record_id, **fields}).encode())


def contact(record_id: str, name: str | None = None, *emails: str) -> Row[ContactColumns]:
    fields: dict[str, Any] = {"id": record_id, "emailAddresses": [{"address": email} for email in emails]}
    if name is not None:
        fields["name"] = {"displayName": name}
    return decode(Row[ContactColumns], json.dumps(fields).encode())


def task(record_id: str, **fields: Any) -> Row[TaskColumns]:
    """A task; `due` is how many days after NOW."""
    if (days := fields.pop("due", None)) is not None:
        fields["due"] = (NOW + timedelta(days=days)).isoformat()
    return decode(Row[TaskColumns], json.dumps({"id": record_id, **fields}).encode())


def gone(record_id: str, timestamp: datetime | None = None) -> DeletedEmailMessage:
    return DeletedEmailMessage(id=record_id, timestamp=timestamp)


def commit(*rows: Row[Any], checkpoint: str = "{}", generation: int = 1, **options: Any) -> Commit:
    options.setdefault("at", NOW)
    return Commit(checkpoint=checkpoint, generation=generation, rows=rows, **options)


async def ids(store: Store, account: str = "42", **query: Any) -> list[str | None]:
    """Of the messages, in their order."""
    return [message.id for message in await store.messages(account, **query)]


async def checkpoint_of(store: Store, lease: Lease) -> str | None:
    """Give the key back and take it again."""
    await store.release(lease)
    return (await store.begin(lease.key))[1]
