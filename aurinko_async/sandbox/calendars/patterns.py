"""Recurrences on the wire, `simple` and `ical`, to and from rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from aurinko_async.sandbox.calendars.moments import Moment, zone
from aurinko_async.sandbox.calendars.recurrence import MAX_INTERVAL, Frequency, Rule, Weekday
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_INSTANCES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_NAMES = {number: name for name, number in _INSTANCES.items()}
_FREQUENCIES: dict[str, Frequency] = {
    "daily": "daily",
    "weekly": "weekly",
    "monthly": "monthly",
    "monthlyRelative": "monthly",
    "yearly": "yearly",
    "yearlyRelative": "yearly",
}
_BY_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)\Z")
_NUMBER = re.compile(r"[+-]?\d{1,3}\Z")
_PROPERTY = re.compile(r"(RRULE|EXDATE)((?:;[A-Z-]+=[^:;]+)*):(.+)\Z", re.IGNORECASE)


def read_simple(simple: Json, start: Moment) -> Rule:
    """Read the `simple` form.

    Raises:
        ApiError: 400, it does not say enough, or says what does not go together.
    """
    pattern: Json = simple.get("pattern") or {}
    kind = pattern.get("frequency")
    if kind is None:
        raise bad_request("The recurrence has no frequency")
    days: list[Weekday] = [(0, DAYS.index(day)) for day in pattern.get("daysOfWeek") or ()]
    positions: tuple[int, ...] = ()
    if kind.endswith("Relative"):
        if not days:
            raise bad_request(f"{kind} needs daysOfWeek")
        instance = _INSTANCES[pattern.get("instance") or "first"]
        positions = (instance,) if len(days) > 1 else ()
        days = days if positions else [(instance, days[0][1])]
    elif kind in ("monthly", "yearly"):
        days = []
    by_date = kind in ("monthly", "yearly")
    month = pattern.get("monthOfYear") or start.local_date.month
    return Rule(
        _FREQUENCIES[kind],
        _interval(pattern.get("interval")),
        by_day=tuple(days),
        by_month_day=(pattern["dayOfMonth"],) if by_date and pattern.get("dayOfMonth") else (),
        by_month=(month,) if kind.startswith("yearly") else (),
        by_set_pos=positions,
        week_start=DAYS.index(pattern.get("weekStart") or "monday"),
        **_range(simple.get("range") or {}),
    )


def read_ical(ical: Json, start: Moment) -> tuple[Rule, tuple[Moment, ...]]:
    """Read the `ical` form: a rule, and the occurrences it leaves out.

    Raises:
        ApiError: 400, there is not exactly one RRULE, or something the sandbox does not know.
    """
    rules: list[Rule] = []
    excluded: list[Moment] = []
    for line in ical.get("rules") or ():
        matched = _PROPERTY.match(line.strip())
        if matched is None:
            raise bad_request(f"The recurrence rule is not supported: {line}")
        name, parameters, value = matched.groups()
        if name.upper() == "RRULE":
            rules.append(_read_rule(value))
        else:
            excluded.extend(_excluded(item, parameters, start) for item in value.split(","))
    if len(rules) != 1:
        raise bad_request("A recurrence has one RRULE")
    return rules[0], tuple(excluded)


def write_ical(rule: Rule, excluded: Sequence[Moment], start: Moment, *, utc: bool) -> Json:
    """Write the `ical` form."""
    parts = [f"FREQ={rule.frequency.upper()}"]
    if rule.interval != 1:
        parts.append(f"INTERVAL={rule.interval}")
    if rule.by_day:
        parts.append("BYDAY=" + ",".join(f"{which or ''}{_CODES[day]}" for which, day in rule.by_day))
    numbers = {"BYMONTHDAY": rule.by_month_day, "BYMONTH": rule.by_month, "BYSETPOS": rule.by_set_pos}
    parts += [f"{name}={','.join(map(str, given))}" for name, given in numbers.items() if given]
    if rule.week_start:
        parts.append(f"WKST={_CODES[rule.week_start]}")
    if rule.count is not None:
        parts.append(f"COUNT={rule.count}")
    if rule.until is not None:
        parts.append(f"UNTIL={_until(rule.until, start)}")
    lines = ["RRULE:" + ";".join(parts), *(_exdate(moment) for moment in excluded)]
    return {"rules": lines, "recurrenceStart": start.wire(utc=utc)}


def write_simple(rule: Rule, excluded: Sequence[Moment], start: Moment, *, utc: bool) -> Json | None:
    """Write the `simple` form; None if it cannot say that."""
    pattern = _pattern(rule, start)
    if pattern is None:
        return None
    end: Json = {"type": "unbounded", "recurrenceStart": start.wire(utc=utc)}
    if rule.count is not None:
        end |= {"type": "byCount", "count": rule.count}
    elif rule.until is not None:
        last = rule.until if isinstance(rule.until, date) else Moment(rule.until, start.zone).local_date
        end |= {"type": "byDate", "recurrenceEnd": last.isoformat()}
    if excluded:
        end["patternExclusions"] = [moment.wire(utc=utc) for moment in excluded]
    return {"pattern": pattern, "range": end}


def _pattern(rule: Rule, start: Moment) -> Json | None:
    if rule.frequency in ("daily", "weekly"):
        return _pattern_of_weeks(rule, start)
    pattern: Json = {"frequency": rule.frequency, "interval": rule.interval}
    if rule.frequency == "yearly":
        if len(rule.by_month) > 1 or (not rule.by_month and (rule.by_day or rule.by_month_day)):
            return None
        pattern["monthOfYear"] = rule.by_month[0] if rule.by_month else start.local_date.month
    elif rule.by_month:
        return None
    if rule.by_day:
        relative = _relative(rule)
        return relative and pattern | relative
    if len(rule.by_month_day) > 1 or rule.by_set_pos:
        return None
    day = rule.by_month_day[0] if rule.by_month_day else start.local_date.day
    return pattern | {"dayOfMonth": day} if day > 0 else None


def _pattern_of_weeks(rule: Rule, start: Moment) -> Json | None:
    if rule.by_month or rule.by_month_day or rule.by_set_pos or rule.week_start not in (0, 6):
        return None
    pattern: Json = {"frequency": rule.frequency, "interval": rule.interval}
    days = sorted({day for _, day in rule.by_day})
    if rule.frequency == "weekly":
        days = days or [start.local_date.weekday()]
        pattern["weekStart"] = DAYS[rule.week_start]
    return pattern | {"daysOfWeek": [DAYS[day] for day in days]} if days else pattern


def _relative(rule: Rule) -> Json | None:
    which = rule.by_set_pos or tuple(which for which, _ in rule.by_day)
    every = not any(which for which, _ in rule.by_day)
    if rule.by_month_day or len(which) != 1 or which[0] not in _NAMES or every != bool(rule.by_set_pos):
        return None
    days = [DAYS[day] for _, day in rule.by_day]
    return {"frequency": f"{rule.frequency}Relative", "daysOfWeek": days, "instance": _NAMES[which[0]]}


def _range(end: Json) -> Json:
    match end.get("type") or ("byCount" if end.get("count") else "byDate" if end.get("recurrenceEnd") else "unbounded"):
        case "byCount":
            if not end.get("count"):
                raise bad_request("A recurrence byCount needs a count")
            return {"count": _positive(end["count"], "count")}
        case "byDate":
            if not end.get("recurrenceEnd"):
                raise bad_request("A recurrence byDate needs a recurrenceEnd")
            return {"until": date.fromisoformat(end["recurrenceEnd"])}
        case _:
            return {}


def _read_rule(text: str) -> Rule:
    parts: dict[str, str] = {}
    for part in text.upper().split(";"):
        name, _, value = part.partition("=")
        if name in parts or not value:
            raise bad_request(f"The recurrence rule is not valid: {text}")
        parts[name] = value
    frequency = parts.pop("FREQ", "").lower()
    if frequency not in ("daily", "weekly", "monthly", "yearly"):
        raise bad_request(f"The frequency is not supported: {text}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise bad_request("A recurrence rule has COUNT or UNTIL, not both")
    known: Json = {}
    for name, value in parts.items():
        known |= _read_part(name, value, frequency)
    return Rule(_FREQUENCIES[frequency], **known)


def _read_part(name: str, value: str, frequency: str) -> Json:
    match name:
        case "INTERVAL":
            return {"interval": _interval(_numbers(value, 1, MAX_INTERVAL)[0])}
        case "COUNT":
            return {"count": _positive(int(value) if value.isdecimal() and len(value) < 6 else 0, "COUNT")}
        case "UNTIL":
            return {"until": _read_until(value)}
        case "WKST" if value in _CODES:
            return {"week_start": _CODES.index(value)}
        case "BYDAY":
            return {"by_day": tuple(_weekday(item, frequency) for item in value.split(","))}
        case "BYMONTHDAY" if frequency != "weekly":
            return {"by_month_day": _numbers(value, -31, 31)}
        case "BYMONTH":
            return {"by_month": _numbers(value, 1, 12)}
        case "BYSETPOS":
            return {"by_set_pos": _numbers(value, -366, 366)}
        case _:
            raise bad_request(f"The recurrence rule is not supported: {name}={value}")


def _weekday(text: str, frequency: str) -> Weekday:
    matched = _BY_DAY.match(text)
    which = int(matched[1] or 0) if matched else 0
    if matched is None or (matched[1] and (which == 0 or abs(which) > 53 or frequency in ("daily", "weekly"))):
        raise bad_request(f"Not a day of a {frequency} recurrence: {text}")
    return which, _CODES.index(matched[2])


def _numbers(text: str, low: int, high: int) -> tuple[int, ...]:
    items = text.split(",")
    numbers = tuple(int(item) for item in items if _NUMBER.match(item))
    if len(numbers) != len(items) or not all(low <= number <= high and number for number in numbers):
        raise bad_request(f"Not numbers from {low} to {high}: {text}")
    return numbers


def _interval(number: int | None) -> int:
    return 1 if number is None else _positive(number, "interval", MAX_INTERVAL)


def _positive(number: int, name: str, high: int = 99_999) -> int:
    if not 1 <= number <= high:
        raise bad_request(f"Not from 1 to {high}: {name}")
    return number


def _read_until(text: str) -> date | float:
    try:
        if len(text) == 8:
            return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
        return datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise bad_request(f"Not an UNTIL: {text}") from error


def _excluded(text: str, parameters: str, start: Moment) -> Moment:
    zone_name = next((p[5:] for p in parameters.split(";") if p.upper().startswith("TZID=")), start.zone)
    try:
        if len(text) == 8:
            return start.on(datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date())
        when = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")
        when = when.replace(tzinfo=UTC if text.endswith("Z") else zone(zone_name))
    except ValueError as error:
        raise bad_request(f"Not an EXDATE: {text}") from error
    moment = Moment(when.timestamp(), start.zone)
    return moment if start.day is None else start.on(moment.local_date)


def _until(until: Any, start: Moment) -> str:
    if isinstance(until, date):
        if start.day is not None:
            return f"{until:%Y%m%d}"
        until = start.on(until).at
    return f"{datetime.fromtimestamp(until, UTC):%Y%m%dT%H%M%SZ}"


def _exdate(moment: Moment) -> str:
    if moment.day is not None:
        return f"EXDATE;VALUE=DATE:{moment.day:%Y%m%d}"
    return f"EXDATE;TZID={moment.zone}:{moment.local:%Y%m%dT%H%M%S}"
