"""Recurrences as iCalendar writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from itertools import chain
from typing import Any, Final

from icalendar import vRecur

from aurinko_async.export._text import line
from aurinko_async.export.zones import When, like, local, zone
from aurinko_async.models.recurrence import (
    EventDateTime,
    Recurrence,
    RecurrenceFrequency,
    RecurrencePattern,
    RecurrenceRange,
    RecurrenceSimple,
)

_LINE: Final = re.compile(r"(?:(RRULE|EXRULE|RDATE|EXDATE)((?:;[^:;]+)*):)?(.+)", re.IGNORECASE)
_DAYS: Final = {
    "monday": "MO",
    "tuesday": "TU",
    "wednesday": "WE",
    "thursday": "TH",
    "friday": "FR",
    "saturday": "SA",
    "sunday": "SU",
}
_INSTANCES: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}


def recurrence_lines(
    recurrence: Recurrence | None, start: EventDateTime | None, deleted: Iterable[EventDateTime] = ()
) -> Iterator[tuple[str, Any]]:
    """The properties of a series: names, and values that `icalendar` takes.

    What cannot be read as a rule is kept as text in `X-AURINKO-RECURRENCE`.

    Args:
        start: When the series begins.
        deleted: The original starts of occurrences that do not take place.
    """
    excluded: dict[When, None] = {}
    simple = recurrence.simple if recurrence else None
    rules = (recurrence.ical.rules if recurrence and recurrence.ical else None) or []
    for text in map(line, rules):
        try:
            name, value = _read(text, start)
        except (ValueError, KeyError, OverflowError):
            yield "X-AURINKO-RECURRENCE", text
            continue
        if name == "EXDATE":
            excluded |= dict.fromkeys(value)
        else:
            yield name, value
    if not rules and simple is not None and (rule := _rule(simple, start)):
        yield "RRULE", rule
    patterned = (simple.range.pattern_exclusions if simple and simple.range else None) or ()
    for value in chain(patterned, deleted):
        if (found := like(value, start)) is not None:
            excluded[found] = None
    # One property each: a list of them has one type and one zone.
    for found in sorted(excluded, key=str):
        yield "EXDATE", found


def _read(text: str, start: EventDateTime | None) -> tuple[str, Any]:
    matched = _LINE.fullmatch(text)
    if matched is None:
        raise ValueError("no rule")
    name, parameters, value = matched.groups()
    name = (name or "RRULE").upper()
    if name not in ("RDATE", "EXDATE"):
        return name, _ended(vRecur.from_ical(value), start)
    given = re.search(r";TZID=\"?([^;\"]+)", parameters, re.IGNORECASE)
    times = [_time(item.strip(), given[1] if given else None, start) for item in value.split(",")]
    if name == "EXDATE":
        return name, times
    if len({isinstance(found, datetime) for found in times}) > 1:
        raise ValueError("days and times")
    return name, times


def _time(text: str, zone_name: str | None, start: EventDateTime | None) -> When:
    if len(text) == 8:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    found = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")
    where = None if text.endswith("Z") else zone(zone_name or (start.timezone if start else None))
    return like(EventDateTime(date_time=found.replace(tzinfo=where or UTC)), start) or found.replace(tzinfo=UTC)


def _ended(rule: Any, start: EventDateTime | None) -> Any:
    """UNTIL as the standard wants it: a day for days, an instant in UTC for times."""
    if "FREQ" not in rule:
        raise ValueError("no rule")
    until: list[When] = rule.get("UNTIL") or []
    if until:
        rule["UNTIL"] = [_until(until[0], start)]
    return rule


def _until(until: When, start: EventDateTime | None) -> When:
    all_day = start is not None and start.date_only is not None
    where = zone(start.timezone if start else None) or UTC
    if not isinstance(until, datetime):
        return until if all_day else local(datetime.combine(until, time(23, 59, 59), where), None)
    if until.tzinfo is None:
        until = until.replace(tzinfo=where)
    return until.date() if all_day else local(until, None)


def _rule(simple: RecurrenceSimple, start: EventDateTime | None) -> Any:
    pattern, span = simple.pattern, simple.range or RecurrenceRange()
    frequency = pattern.frequency if pattern else None
    if pattern is None or frequency is None or frequency not in list(RecurrenceFrequency):
        return None
    parts: dict[str, Any] = {"FREQ": frequency.removesuffix("Relative").upper()}
    if pattern.interval and pattern.interval > 1:
        parts["INTERVAL"] = pattern.interval
    parts |= _pattern(pattern, frequency, start)
    if (pattern.week_start or "").lower() in _DAYS:
        parts["WKST"] = _DAYS[(pattern.week_start or "").lower()]
    if span.type != "byCount" and span.recurrence_end:
        parts["UNTIL"] = _until(span.recurrence_end, start)
    elif span.type != "byDate" and span.count:
        parts["COUNT"] = span.count
    return vRecur(parts)


def _pattern(pattern: RecurrencePattern, frequency: str, start: EventDateTime | None) -> Iterator[tuple[str, Any]]:
    days = [_DAYS[day.lower()] for day in pattern.days_of_week or () if day.lower() in _DAYS]
    relative = frequency.endswith("Relative")
    if frequency.startswith("yearly"):
        begun = like(start, start)
        if month := pattern.month_of_year or (begun.month if begun else None):
            yield "BYMONTH", month
    if frequency in ("monthly", "yearly"):
        if pattern.day_of_month:
            yield "BYMONTHDAY", pattern.day_of_month
    elif days:
        yield "BYDAY", days
        if relative:
            yield "BYSETPOS", _INSTANCES.get((pattern.instance or "first").lower(), 1)
