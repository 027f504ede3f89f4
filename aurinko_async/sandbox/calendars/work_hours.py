"""Weekly schedules: when somebody works, as spans of time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

from aurinko_async.sandbox.calendars.events import Span, overlaps
from aurinko_async.sandbox.calendars.moments import instant, local, zone
from aurinko_async.sandbox.calendars.patterns import DAYS
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request

_CLOCK = re.compile(r"(\d{2}):(\d{2}):(\d{2})\Z")
_Hours = list[tuple[time, time | None]]


def nine_to_five(zone_name: str) -> Json:
    """Give the schedule of those who said nothing else."""
    day = [{"start": "09:00:00", "end": "17:00:00"}]
    schedules = [{"dayOfWeek": name, "workingIntervals": day} for name in DAYS[:5]]
    return {"daySchedules": schedules, "timezone": zone_name}


def open_spans(schedule: Json | None, exact: Json | None, since: float, until: float, home: str) -> list[Span]:
    """Give the working hours that touch a window, in order.

    Args:
        schedule: a `WeekWorkSchedule`; None is no week at all if `exact` is given, or else nine to five.
        exact: `AvailabilityIntervals`, whose hours replace those of the week on their dates.
        home: the time zone, if the schedule names none.

    Raises:
        ApiError: 400, hours or dates that are none.
    """
    dates = [_dated(item) for item in (exact.get("intervals") or () if exact else ())]
    week = schedule or ({} if dates else nine_to_five(home))
    zone_name: str = week.get("timezone") or home
    zone(zone_name)
    weekly = {item.get("dayOfWeek"): _hours(item.get("workingIntervals")) for item in _days(week)}
    spans: list[Span] = []
    for day in _each_day(since, until, zone_name):
        hours = weekly.get(DAYS[day.weekday()], [])
        for first, last, instead in dates:
            hours = instead if first <= day <= last else hours
        spans += [_span(day, start, end, zone_name) for start, end in hours]
    return [span for span in sorted(spans) if overlaps(span, since, until)]


def check_schedule(schedule: Json | None, exact: Json | None, home: str) -> None:
    """Raise if a schedule cannot be read."""
    open_spans(schedule, exact, 0.0, 86400.0, home)


def _days(week: Json) -> list[Json]:
    return week.get("daySchedules") or []


def _each_day(since: float, until: float, zone_name: str) -> Iterator[date]:
    day = local(since, zone_name).date() - timedelta(days=1)
    last = local(until, zone_name).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _dated(item: Json) -> tuple[date, date, _Hours]:
    given = [item.get(name) for name in ("dateStartInclusive", "dateEndInclusive")]
    first, last = (date.fromisoformat(text) if text else None for text in given)
    if first is None or last is None or last < first:
        raise bad_request("An availability interval goes from one date to the same or a later one")
    return first, last, _hours(item.get("hours"))


def _hours(intervals: list[Json] | None) -> _Hours:
    found: _Hours = []
    for interval in intervals or ():
        start, end = _clock(interval.get("start")), _clock(interval.get("end"))
        if start is None or (end is not None and end <= start):
            raise bad_request("Working hours end before they start")
        found.append((start, end))
    return sorted(found, key=lambda hours: hours[0])


def _clock(text: Any) -> time | None:
    """Read a time of day; the end of it, 24:00:00, is None."""
    if text == "24:00:00":
        return None
    matched = _CLOCK.match(text) if isinstance(text, str) else None
    try:
        if matched is None:
            raise ValueError("another form")
        return time(int(matched[1]), int(matched[2]), int(matched[3]))
    except ValueError as error:
        raise bad_request(f"Not a time of day (HH:MM:SS): {text}") from error


def _span(day: date, start: time, end: time | None, zone_name: str) -> Span:
    if end is None:
        return instant(day, start, zone_name), instant(day + timedelta(days=1), time(), zone_name)
    return instant(day, start, zone_name), instant(day, end, zone_name)
