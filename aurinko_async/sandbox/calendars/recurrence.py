"""Recurrence rules over plain dates: the part of RFC 5545's RRULE that calendars use.

Only what fits the rule is an occurrence: a first date that does not fit it is none. A day a month lacks is skipped.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Literal

from attrs import frozen

Frequency = Literal["daily", "weekly", "monthly", "yearly"]
Weekday = tuple[int, int]
"""Which one, and of which day (0 is Monday): (0, 4) every Friday, (-1, 4) the last of its month or year."""

# The calendar repeats itself after this many years, so what did not come by then never comes.
_CYCLE_YEARS = 400
# What is behind it nobody plans, and a date cannot say.
_LAST_YEAR = 9900
MAX_INTERVAL = 999
_WEEK = timedelta(days=7)


@frozen
class Rule:
    """When something recurs. `until` is the last local date, or the last instant in seconds since the epoch."""

    frequency: Frequency
    interval: int = 1
    by_day: tuple[Weekday, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0
    count: int | None = None
    until: date | float | None = None

    def dates(self, first: date) -> Iterator[date]:
        """Give the dates from `first` on, in order; an `until` that is an instant is the caller's to hold."""
        given = 0
        for day in self._matches(first):
            if isinstance(self.until, date) and day > self.until:
                return
            if day >= first:
                yield day
                given += 1
                if given == self.count:
                    return

    def _matches(self, first: date) -> Iterator[date]:
        last_year = min(first.year + _CYCLE_YEARS, _LAST_YEAR)
        for days in self._periods(first, last_year):
            yield from _chosen(days, self.by_set_pos) if self.by_set_pos else days

    def _periods(self, first: date, last_year: int) -> Iterator[list[date]]:
        match self.frequency:
            case "daily":
                return self._days(first, last_year)
            case "weekly":
                return self._weeks(first, last_year)
            case "monthly":
                return self._months(first, last_year)
            case _:
                return self._years(first, last_year)

    def _days(self, first: date, last_year: int) -> Iterator[list[date]]:
        weekdays = {weekday for _, weekday in self.by_day}
        step = timedelta(days=self.interval)
        day = first
        while day.year <= last_year:
            if (not weekdays or day.weekday() in weekdays) and self._limits(day):
                yield [day]
            day += step

    def _weeks(self, first: date, last_year: int) -> Iterator[list[date]]:
        weekdays = {weekday for _, weekday in self.by_day} or {first.weekday()}
        offsets = sorted((weekday - self.week_start) % 7 for weekday in weekdays)
        begin = first - timedelta(days=(first.weekday() - self.week_start) % 7)
        while begin.year <= last_year:
            days = [begin + timedelta(days=offset) for offset in offsets]
            yield [day for day in days if self._limits(day)]
            begin += _WEEK * self.interval

    def _months(self, first: date, last_year: int) -> Iterator[list[date]]:
        month = first.year * 12 + first.month - 1
        while month // 12 <= last_year:
            yield self._of_month(month // 12, month % 12 + 1, first)
            month += self.interval

    def _years(self, first: date, last_year: int) -> Iterator[list[date]]:
        for year in range(first.year, last_year + 1, self.interval):
            if self.by_day and not self.by_month and not self.by_month_day:
                length = date(year, 12, 31).timetuple().tm_yday
                yield _weekdays(self.by_day, date(year, 1, 1), length)
                continue
            months = sorted(self.by_month) or (range(1, 13) if self.by_month_day else (first.month,))
            yield [day for month in months for day in self._of_month(year, month, first)]

    def _of_month(self, year: int, month: int, first: date) -> list[date]:
        if self.by_month and month not in self.by_month:
            return []
        begin, length = date(year, month, 1), monthrange(year, month)[1]
        numbers = _month_days(self.by_month_day or (() if self.by_day else (first.day,)), length)
        if not self.by_day:
            return [begin.replace(day=number) for number in numbers]
        days = _weekdays(self.by_day, begin, length)
        return [day for day in days if not self.by_month_day or day.day in numbers]

    def _limits(self, day: date) -> bool:
        if self.by_month and day.month not in self.by_month:
            return False
        return not self.by_month_day or day.day in _month_days(self.by_month_day, monthrange(day.year, day.month)[1])


def _month_days(numbers: Iterable[int], length: int) -> list[int]:
    counted = {number if number > 0 else length + 1 + number for number in numbers}
    return sorted(number for number in counted if 1 <= number <= length)


def _weekdays(wanted: Iterable[Weekday], begin: date, length: int) -> list[date]:
    found: set[date] = set()
    for which, weekday in wanted:
        offset = (weekday - begin.weekday()) % 7
        days = [begin + timedelta(days=number) for number in range(offset, length, 7)]
        found.update(_chosen(days, (which,)) if which else days)
    return sorted(found)


def _chosen(days: list[date], positions: Iterable[int]) -> list[date]:
    indexes = {position - 1 if position > 0 else len(days) + position for position in positions}
    return [days[index] for index in sorted(indexes) if 0 <= index < len(days)]
