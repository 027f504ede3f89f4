"""What several areas of the API have in common."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from aurinko_async.models._model import model


class BodyType(StrEnum):
    """How a body is written. The API takes no others."""

    HTML = "html"
    TEXT = "text"


@model
class OkResponse:
    """The answer to what has no other: `status` is `Ok`."""

    status: str | None = None


@model
class DeletedRecord:
    """A record that is gone."""

    id: str | None = None
    timestamp: datetime | None = None
