"""A column's values as SQLite has them, made all at once, are those that are made one by one."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from aurinko_async.sync.stores import _sqlite_sql as sql
from aurinko_async.sync.stores._tables import text_time

zones = st.sampled_from([UTC, UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
whole = st.datetimes(timezones=zones).map(lambda time: time.replace(microsecond=0))
times = st.none() | whole | st.datetimes(timezones=zones)


@given(st.lists(times))
def test_times(values: list[datetime | None]) -> None:
    assert sql._times(values) == [value and text_time(value) for value in values]


@given(st.lists(whole.map(lambda time: time.replace(tzinfo=UTC))))
def test_times_that_are_whole_seconds_in_utc(values: list[datetime]) -> None:
    assert sql._times(list(values)) == [text_time(value) for value in values]


@given(st.integers(0, 5), st.integers(0, 5))
def test_times_whose_lengths_even_out(empty: int, long: int) -> None:
    # As long together as whole seconds in UTC would be: 18 characters less for each null, 5 and 7 more for the others.
    values = [None] * empty + [datetime(2026, 1, 31, 9, 5, 0, 123456, UTC)] * long
    values += [datetime(2026, 1, 31, 9, 5, tzinfo=timezone(timedelta(hours=1)))] * long
    assert sql._times(values) == [value and text_time(value) for value in values]


@given(st.lists(st.sampled_from([True, False, None])))
def test_flags(values: list[bool | None]) -> None:
    made = sql._flags(values)
    assert made == values
    assert {type(flag) for flag in made} <= {int, type(None)}
