"""Numbers and times for people."""

from __future__ import annotations

from datetime import datetime

_STEPS = ((60, "second"), (60, "minute"), (24, "hour"), (365, "day"))

_UNITS = ((99.5, "s", 60), (99.5, "min", 60), (47.5, "h", 24))


def count(number: int, what: str) -> str:
    """`1 message`, `2,000 messages`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def seconds(duration: float) -> str:
    """`0.42 s`, `12 s`, `2 min 5 s`."""
    if duration < 10:
        return f"{duration:.2g} s" if duration < 1 else f"{duration:.1f} s"
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def rough(duration: float) -> str:
    """`12 s`, `5 min`, `3 h`, `2 d`: one unit will do."""
    for limit, unit, size in _UNITS:
        if duration < limit:
            return f"{max(0.0, duration):.0f} {unit}"
        duration /= size
    return f"{duration:,.0f} d"


def ago(then: datetime, now: datetime) -> str:
    """`12 seconds ago (2026-01-31 09:05:00)`, in local time."""
    return f"{_since((now - then).total_seconds())} ({then.astimezone():%Y-%m-%d %H:%M:%S})"


def _since(age: float) -> str:
    if age < 1:
        return "just now"
    for size, name in _STEPS:
        if age < size:
            return f"{count(int(age), name)} ago"
        age /= size
    return f"{count(int(age), 'year')} ago"
