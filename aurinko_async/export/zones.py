"""Times of events as iCalendar writes them: days, local times of a known time zone, or UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from aurinko_async.models.recurrence import EventDateTime

When: TypeAlias = date | datetime

_UTC: Final = frozenset({"UTC", "Etc/UTC", "Z", "GMT", "Etc/GMT", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal"})


@lru_cache(maxsize=512)
def zone(name: str | None) -> ZoneInfo | None:
    """The time zone of an IANA or a Windows name; `None` for UTC and for what is neither."""
    if not name or name in _UTC:
        return None
    try:
        return ZoneInfo(WINDOWS_TO_OLSON.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def when(value: EventDateTime | None, *, repeats: bool = False) -> When | None:
    """The day, or the time in its zone; in UTC when the zone is unknown.

    Args:
        repeats: Other times are counted from it. Else a time that comes twice when the clocks are put back is in UTC
            the second time: a local time always means the first.
    """
    if value is None or value.value is None:
        return None
    if not isinstance(value.value, datetime):
        return value.value
    return local(value.value, zone(value.timezone), repeats=repeats)


def local(time: datetime, where: ZoneInfo | None, *, repeats: bool = False) -> datetime:
    """An instant in a zone, or in UTC; one near the ends of time stays as it is."""
    try:
        there = time.astimezone(where or UTC)
        return there if repeats or not there.fold else time.astimezone(UTC)
    except OverflowError:
        return time.replace(tzinfo=UTC)


def like(value: EventDateTime | None, start: EventDateTime | None) -> When | None:
    """A time of an occurrence in the form and the zone that its series begins with."""
    found, first = when(value, repeats=True), when(start, repeats=True)
    if isinstance(found, datetime) and first is not None:
        if not isinstance(first, datetime):
            return found.date()
        return local(found, zone(start.timezone if start else None), repeats=True)
    return found


def tzid(value: When | None) -> str | None:
    """The name that a written time refers to its zone by."""
    return value.tzinfo.key if isinstance(value, datetime) and isinstance(value.tzinfo, ZoneInfo) else None
