"""The sandbox's recurrence rules: against known calendars, and against an oracle that looks at every day."""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurinko_async.sandbox.calendars.moments import Moment, read_moment
from aurinko_async.sandbox.calendars.patterns import read_ical, read_simple, write_ical, write_simple
from aurinko_async.sandbox.calendars.recurrence import Frequency, Rule
from aurinko_async.sandbox.calendars.series import Series, read_recurrence
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import ApiError

YEARS = 6
"""How far the oracle looks."""


def start(text: str, zone: str = "Europe/Berlin") -> Moment:
    return read_moment({"dateTime": text, "timezone": zone}, zone)


def rule_of(text: str, first: Moment | None = None) -> Rule:
    return read_ical({"rules": [f"RRULE:{text}"]}, first or start("2026-01-01T09:00:00+01:00"))[0]


def dates(text: str, first: date, count: int = 6) -> list[str]:
    return [day.isoformat() for day in islice(rule_of(text).dates(first), count)]


# What is known.


@pytest.mark.parametrize(
    ("rule", "first", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=3;COUNT=3", date(2026, 2, 27), ["2026-02-27", "2026-03-02", "2026-03-05"]),
        ("FREQ=MONTHLY;COUNT=4", date(2026, 1, 31), ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", date(2028, 1, 31), ["2028-01-31", "2028-02-29", "2028-03-31"]),
        ("FREQ=YEARLY;COUNT=3", date(2024, 2, 29), ["2024-02-29", "2028-02-29", "2032-02-29"]),
        ("FREQ=YEARLY;COUNT=2", date(2096, 2, 29), ["2096-02-29", "2104-02-29"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", date(2026, 1, 1), ["2026-01-30", "2026-02-27", "2026-03-27"]),
        ("FREQ=MONTHLY;BYDAY=5MO;COUNT=2", date(2026, 1, 1), ["2026-03-30", "2026-06-29"]),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3", date(2026, 1, 1), ["2026-02-13", "2026-03-13", "2026-11-13"]),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2", date(2026, 1, 1), ["2026-11-26", "2027-11-25"]),
        ("FREQ=YEARLY;BYDAY=20MO;COUNT=2", date(1997, 5, 19), ["1997-05-19", "1998-05-18"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", date(2026, 1, 1), ["2026-01-30", "2026-02-27"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;UNTIL=20260109", date(2026, 1, 6), ["2026-01-07", "2026-01-09"]),
        # The two examples with which RFC 5545 shows what the start of the week changes.
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            date(1997, 8, 5),
            ["1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"],
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            date(1997, 8, 5),
            ["1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"],
        ),
    ],
)
def test_known_calendars(rule: str, first: date, expected: list[str]) -> None:
    assert dates(rule, first) == expected


def test_what_never_comes_ends() -> None:
    assert dates("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", date(2026, 1, 1)) == []
    assert dates("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;INTERVAL=2", date(2026, 1, 1)) == []


def test_local_times_stay_when_the_clocks_change() -> None:
    first = start("2026-03-27T09:00:00+01:00")
    starts = list(Series(rule_of("FREQ=DAILY;COUNT=4")).starts(first))
    assert [moment.wire(utc=True)["dateTime"] for moment in starts] == [
        "2026-03-27T08:00:00Z",
        "2026-03-28T08:00:00Z",
        "2026-03-29T07:00:00Z",
        "2026-03-30T07:00:00Z",
    ]
    assert starts[2].wire(utc=False) == {"dateTime": "2026-03-29T09:00:00+02:00", "timezone": "Europe/Berlin"}


def test_a_time_the_clocks_skip_and_one_they_repeat() -> None:
    skipped = list(Series(rule_of("FREQ=DAILY;COUNT=3")).starts(start("2026-03-28T02:30:00+01:00")))
    assert [moment.wire(utc=False)["dateTime"] for moment in skipped] == [
        "2026-03-28T02:30:00+01:00",
        "2026-03-29T03:30:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]
    repeated = list(Series(rule_of("FREQ=DAILY;COUNT=2")).starts(start("2026-10-24T02:30:00+02:00")))
    assert repeated[1].wire(utc=False)["dateTime"] == "2026-10-25T02:30:00+02:00"


def test_a_week_day_is_that_of_the_zone_and_not_of_utc() -> None:
    first = start("2026-01-04T20:00:00Z", "Australia/Sydney")
    assert first.local_date == date(2026, 1, 5)
    starts = islice(Series(rule_of("FREQ=WEEKLY;BYDAY=MO", first)).starts(first), 2)
    assert [moment.stamp for moment in starts] == ["20260104T200000Z", "20260111T200000Z"]


def test_until_an_instant_and_exdates() -> None:
    first = start("2026-03-27T09:00:00+01:00")
    rules = [
        "RRULE:FREQ=DAILY;UNTIL=20260330T070000Z",
        "EXDATE;TZID=Europe/Berlin:20260328T090000,20260401T090000",
        "EXDATE:20260329T070000Z",
    ]
    series = read_recurrence({"ical": {"rules": rules}}, first)
    assert [moment.stamp for moment in series.starts(first)] == ["20260327T080000Z", "20260330T070000Z"]
    days = read_moment("2026-03-27", "Europe/Berlin")
    series = read_recurrence({"ical": {"rules": ["RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20260328"]}}, days)
    assert [moment.stamp for moment in series.starts(days)] == ["20260327", "20260329"]
    assert series.write(days, utc=True)["ical"]["rules"][1] == "EXDATE;VALUE=DATE:20260328"
    until = {"simple": {"pattern": {"frequency": "daily"}, "range": {"type": "byDate", "recurrenceEnd": "2026-03-30"}}}
    series = read_recurrence(until, first)
    assert [moment.local_date.day for moment in series.starts(first)] == [27, 28, 29, 30]
    assert series.write(first, utc=True)["ical"]["rules"] == ["RRULE:FREQ=DAILY;UNTIL=20260330T070000Z"]
    assert list(read_recurrence(series.write(first, utc=True), first).starts(first)) == list(series.starts(first))


@pytest.mark.parametrize(
    ("simple", "ical"),
    [
        ({"frequency": "daily"}, "FREQ=DAILY"),
        (
            {"frequency": "weekly", "interval": 2, "daysOfWeek": ["tuesday", "friday"]},
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR",
        ),
        (
            {"frequency": "weekly", "daysOfWeek": ["sunday"], "weekStart": "sunday"},
            "FREQ=WEEKLY;BYDAY=SU;WKST=SU",
        ),
        ({"frequency": "monthly", "dayOfMonth": 31}, "FREQ=MONTHLY;BYMONTHDAY=31"),
        (
            {"frequency": "monthlyRelative", "daysOfWeek": ["friday"], "instance": "last"},
            "FREQ=MONTHLY;BYDAY=-1FR",
        ),
        (
            {"frequency": "monthlyRelative", "daysOfWeek": ["monday", "tuesday"], "instance": "second"},
            "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=2",
        ),
        ({"frequency": "yearly", "dayOfMonth": 29, "monthOfYear": 2}, "FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2"),
        (
            {"frequency": "yearlyRelative", "daysOfWeek": ["thursday"], "instance": "fourth", "monthOfYear": 11},
            "FREQ=YEARLY;BYDAY=4TH;BYMONTH=11",
        ),
    ],
)
def test_simple_and_ical_say_the_same(simple: Json, ical: str) -> None:
    first = start("2026-01-01T09:00:00+01:00")
    rule = read_simple({"pattern": simple}, first)
    assert write_ical(rule, (), first, utc=False)["rules"] == [f"RRULE:{ical}"]
    written = write_simple(rule_of(ical), (), first, utc=False)
    assert written is not None
    defaults = {"interval": 1, "weekStart": "monday"} if simple["frequency"] == "weekly" else {"interval": 1}
    assert written["pattern"] == defaults | simple
    assert read_simple(written, first) == rule


def test_what_simple_cannot_say() -> None:
    first = start("2026-01-01T09:00:00+01:00")
    for rule in (
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=MONTHLY;BYDAY=1MO,3MO",
        "FREQ=DAILY;BYMONTH=6",
        "FREQ=YEARLY;BYDAY=MO",
        "FREQ=MONTHLY;BYMONTH=6",
        "FREQ=MONTHLY;BYDAY=5FR",
        "FREQ=WEEKLY;BYDAY=TU;WKST=TH",
    ):
        series = Series(rule_of(rule), (), "ical")
        assert series.write(first, utc=True).keys() == {"original", "ical"}
        assert read_recurrence(series.write(first, utc=True), first) == series


@pytest.mark.parametrize(
    "recurrence",
    [
        {},
        {"simple": {}},
        {"simple": {"pattern": {"frequency": "monthlyRelative"}}},
        {"simple": {"pattern": {"frequency": "daily", "interval": 0}}},
        {"simple": {"pattern": {"frequency": "daily"}, "range": {"type": "byCount"}}},
        {"simple": {"pattern": {"frequency": "daily"}, "range": {"type": "byDate"}}},
        {"simple": {"pattern": {"frequency": "daily"}, "range": {"type": "byDate", "recurrenceEnd": "2025-12-31"}}},
        {"simple": {"pattern": {"frequency": "daily"}, "range": {"recurrenceStart": {"dateOnly": "2026-01-02"}}}},
        {"ical": {"rules": []}},
        {"ical": {"rules": ["RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY"]}},
        {"ical": {"rules": ["RDATE:20260101T090000Z"]}},
        {"ical": {"rules": ["RRULE:FREQ=HOURLY"]}},
        {"ical": {"rules": ["RRULE:INTERVAL=2"]}},
        {"ical": {"rules": ["RRULE:FREQ=DAILY;FREQ=DAILY"]}},
        {"ical": {"rules": ["RRULE:FREQ=DAILY;COUNT=2;UNTIL=20260102"]}},
        {"ical": {"rules": ["RRULE:FREQ=DAILY;COUNT=0"]}},
        {"ical": {"rules": ["RRULE:FREQ=DAILY;COUNT=x"]}},
        {"ical": {"rules": ["RRULE:FREQ=DAILY;INTERVAL=99999"]}},
        {"ical": {"rules": ["RRULE:FREQ=DAILY;BYHOUR=9"]}},
        {"ical": {"rules": ["RRULE:FREQ=WEEKLY;BYDAY=2MO"]}},
        {"ical": {"rules": ["RRULE:FREQ=WEEKLY;BYDAY=XX"]}},
        {"ical": {"rules": ["RRULE:FREQ=MONTHLY;BYMONTHDAY=0"]}},
        {"ical": {"rules": ["RRULE:FREQ=MONTHLY;BYMONTHDAY=32"]}},
        {"ical": {"rules": ["RRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"]}},
        {"ical": {"rules": ["RRULE:FREQ=DAILY;UNTIL=tomorrow"]}},
        {"ical": {"rules": ["RRULE:FREQ=DAILY", "EXDATE:never"]}},
        {"ical": {"rules": ["RRULE:FREQ=DAILY", "EXDATE;TZID=Mars/Base:20260102T090000"]}},
    ],
)
def test_what_makes_no_sense_is_a_bad_request(recurrence: Json) -> None:
    with pytest.raises(ApiError) as caught:
        read_recurrence(recurrence, start("2026-01-01T09:00:00+01:00"))
    assert caught.value.status == 400


# The oracle: is this day one? Asked of every day, from the words of the RFC.


def months_between(first: date, day: date) -> int:
    return (day.year - first.year) * 12 + day.month - first.month


def in_step(rule: Rule, first: date, day: date) -> bool:
    match rule.frequency:
        case "daily":
            steps = (day - first).days
        case "weekly":
            steps = (week_of(day, rule.week_start) - week_of(first, rule.week_start)).days // 7
        case "monthly":
            steps = months_between(first, day)
        case _:
            steps = day.year - first.year
    return steps % rule.interval == 0


def week_of(day: date, week_start: int) -> date:
    while day.weekday() != week_start:
        day -= timedelta(days=1)
    return day


def span_of(frequency: Frequency, by_month: bool, day: date) -> Iterator[date]:
    """The days among which an ordinal counts: the month's, or the year's."""
    if frequency == "yearly" and not by_month:
        return (date(day.year, 1, 1) + timedelta(days=n) for n in range(366 if isleap(day.year) else 365))
    return (day.replace(day=n + 1) for n in range(monthrange(day.year, day.month)[1]))


def is_that_weekday(rule: Rule, which: int, weekday: int, day: date) -> bool:
    if day.weekday() != weekday:
        return False
    if which == 0:
        return True
    by_month = bool(rule.by_month or rule.by_month_day)
    same = [other for other in span_of(rule.frequency, by_month, day) if other.weekday() == weekday]
    return (same.index(day) + 1 if which > 0 else same.index(day) - len(same)) == which


def fits(rule: Rule, first: date, day: date) -> bool:
    if not in_step(rule, first, day) or (rule.by_month and day.month not in rule.by_month):
        return False
    length = monthrange(day.year, day.month)[1]
    if rule.by_month_day and day.day not in rule.by_month_day and day.day - length - 1 not in rule.by_month_day:
        return False
    if rule.by_day and not any(is_that_weekday(rule, which, weekday, day) for which, weekday in rule.by_day):
        return False
    if rule.by_day or rule.by_month_day or rule.frequency == "daily":
        return True
    if rule.frequency == "weekly":
        return day.weekday() == first.weekday()
    return day.day == first.day and (rule.frequency == "monthly" or bool(rule.by_month) or day.month == first.month)


def oracle(rule: Rule, first: date, last: date) -> list[date]:
    found: list[date] = []
    day = first
    while day <= last and len(found) != rule.count and not (isinstance(rule.until, date) and day > rule.until):
        if fits(rule, first, day):
            found.append(day)
        day += timedelta(days=1)
    return found


def ordinals(frequency: Frequency) -> st.SearchStrategy[int]:
    if frequency in ("daily", "weekly"):
        return st.just(0)
    return st.sampled_from((0, 0, 1, 2, 3, 4, 5, -1, -2, -5, *((20, 53, -53) if frequency == "yearly" else ())))


@st.composite
def rules(draw: st.DrawFn) -> tuple[Rule, date]:
    frequency: Frequency = draw(st.sampled_from(("daily", "weekly", "monthly", "yearly")))
    first = draw(st.dates(date(2019, 1, 1), date(2030, 12, 31)))
    weekday = st.tuples(ordinals(frequency), st.integers(0, 6))
    month_day = st.integers(1, 31) | st.integers(-31, -1) | st.sampled_from((29, 30, 31, -1))
    some_days = st.just(()) | st.lists(weekday, max_size=3, unique=True).map(tuple)
    some_numbers = st.just(()) | st.lists(month_day, max_size=3, unique=True).map(tuple)
    some_months = st.just(()) | st.lists(st.integers(1, 12), max_size=3, unique=True).map(tuple)
    rule = Rule(
        frequency,
        draw(st.integers(1, 5)),
        by_day=draw(some_days),
        by_month_day=() if frequency == "weekly" else draw(some_numbers),
        by_month=draw(some_months),
        week_start=draw(st.sampled_from((0, 6, 3))),
        count=draw(st.none() | st.integers(1, 30)),
        until=draw(st.none() | st.dates(first, date(2037, 1, 1))),
    )
    return rule, first


@given(rules())
def test_every_rule_gives_what_a_look_at_every_day_gives(case: tuple[Rule, date]) -> None:
    rule, first = case
    last = date(first.year + YEARS, 12, 31)
    found: list[date] = []
    for day in rule.dates(first):
        if day > last:
            break
        found.append(day)
    assert found == oracle(rule, first, last)


@given(rules())
def test_what_is_written_is_read_as_the_same(case: tuple[Rule, date]) -> None:
    rule, day = case
    first = Moment.of_day(day, "Europe/Berlin")
    if rule.count is not None and rule.until is not None:
        return
    assert read_ical(write_ical(rule, (), first, utc=False), first)[0] == rule
    simple = write_simple(rule, (), first, utc=False)
    if simple is not None:
        assert list(islice(read_simple(simple, first).dates(day), 20)) == list(islice(rule.dates(day), 20))
