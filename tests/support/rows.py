"""Rows, tombstones and commits as a sync would make them, for tests of the stores."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from aurinko_async._codec import decode
from aurinko_async.models.mail import DeletedEmailMessage
from aurinko_async.models.rows import MessageColumns, Row
from aurinko_async.sync.store import Commit, SyncKey

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


def gone(record_id: str, timestamp: datetime | None = None) -> DeletedEmailMessage:
    return DeletedEmailMessage(id=record_id, timestamp=timestamp)


def commit(*rows: Row[MessageColumns], checkpoint: str = "{}", generation: int = 1, **options: Any) -> Commit:
    options.setdefault("at", NOW)
    return Commit(checkpoint=checkpoint, generation=generation, rows=rows, **options)
