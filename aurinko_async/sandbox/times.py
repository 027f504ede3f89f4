"""Instants: seconds since the epoch inside, RFC 3339 in UTC on the wire."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache

# What a four-digit year can say; broken mail claims more.
_EARLIEST, _LATEST = -62135596800.0, 253402300799.0
DAY = 86400.0


@lru_cache(maxsize=256)
def iso(seconds: float) -> str:
    """Write an instant, whole seconds, in UTC."""
    year, month, day, hour, minute, second = time.gmtime(min(max(seconds, _EARLIEST), _LATEST))[:6]
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}Z"


def moment(value: float | datetime | str) -> float:
    """Read an instant from seconds, an aware datetime or RFC 3339 text."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return float(value)
