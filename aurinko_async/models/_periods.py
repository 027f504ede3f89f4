"""Lengths of time as the API writes them."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from aurinko_async.errors import InvalidInput

_PERIOD = re.compile(
    r"P?(?:(?P<years>\d{1,9})Y)?(?:(?P<months>\d{1,9})M)?(?:(?P<weeks>\d{1,9})W)?(?:(?P<days>\d{1,9})D)?"
    r"(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9})S)?)?",
    re.ASCII,
)


def parse_period(text: str, *, start: date | None = None) -> timedelta:
    """Read an ISO 8601 period such as `P4W`, `P3M` or `PT30M`; the leading P may be missing (`30D`).

    Args:
        start: The day on which it starts. Months and years need it, since they differ in length.

    Raises:
        InvalidInput: it is no period, or has months or years and there is no `start`.
    """
    found = _PERIOD.fullmatch(text.strip().upper())
    parts = {unit: int(count) for unit, count in found.groupdict().items() if count} if found else {}
    if not parts:
        raise InvalidInput(f"{text!r} is not a period such as P4W, P3M or P5D")
    months = parts.pop("years", 0) * 12 + parts.pop("months", 0)
    try:
        return timedelta(**parts) + _months(months, text, start)
    except OverflowError:
        raise InvalidInput(f"{text!r} is too long a period") from None


def format_period(length: timedelta) -> str:
    """Write a length of time as an ISO 8601 period: weeks if it is whole weeks (`P4W`), else `P30D`, `P1DT2H30M`.

    Raises:
        InvalidInput: it is negative, or has a fraction of a second.
    """
    if length < timedelta() or length.microseconds:
        raise InvalidInput(f"{length!r} is negative or has a fraction of a second: no period says so")
    if length.days and not length.days % 7 and not length.seconds:
        return f"P{length.days // 7}W"
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days = f"{length.days}D" if length.days or not length.seconds else ""
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count)
    return f"P{days}T{time}" if time else f"P{days}"


def _months(count: int, text: str, start: date | None) -> timedelta:
    if not count:
        return timedelta()
    if start is None:
        raise InvalidInput(f"{text!r} has months or years: its length depends on its start")
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    if year > date.max.year:
        raise OverflowError
    first = date(start.year, start.month, start.day)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])) - first
