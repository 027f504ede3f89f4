"""What rows have to be searched by: columns made all at once are those that are made one by one."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import fields_dict
from hypothesis import given
from hypothesis import strategies as st

from aurinko_async.models._row import Column, Row, rows
from aurinko_async.models._stored import clean, clean_lists, clean_texts, text_time, text_times
from aurinko_async.models.addresses import EmailAddress
from aurinko_async.models.rows import MessageColumns
from aurinko_async.sync.stores import _sqlite_sql as sql
from aurinko_async.sync.stores._tables import MESSAGES, TABLES, Table
from support.rows import contact, event, of_json, row, task

zones = st.sampled_from([UTC, UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
whole = st.datetimes(timezones=zones).map(lambda time: time.replace(microsecond=0))
times = st.none() | whole | st.datetimes(timezones=zones)
texts = st.text(st.characters() | st.sampled_from("\0\ud83d\udc00\\u"), max_size=5)


@given(st.lists(times))
def test_times(values: list[datetime | None]) -> None:
    assert text_times(values) == [value and text_time(value) for value in values]


@given(st.lists(whole.map(lambda time: time.replace(tzinfo=UTC))))
def test_times_that_are_whole_seconds_in_utc(values: list[datetime]) -> None:
    assert text_times(list(values)) == [text_time(value) for value in values]


@given(st.integers(0, 5), st.integers(0, 5))
def test_times_whose_lengths_even_out(empty: int, long: int) -> None:
    # As long together as whole seconds in UTC would be: 18 characters less for each null, 5 and 7 more for the others.
    values = [None] * empty + [datetime(2026, 1, 31, 9, 5, 0, 123456, UTC)] * long
    values += [datetime(2026, 1, 31, 9, 5, tzinfo=timezone(timedelta(hours=1)))] * long
    assert text_times(values) == [value and text_time(value) for value in values]


@given(st.lists(st.none() | texts))
def test_texts(values: list[str | None]) -> None:
    assert list(clean_texts(values)) == [None if value is None else clean(value) for value in values]


@given(st.lists(st.none() | st.lists(texts, max_size=3)))
def test_lists(values: list[list[str] | None]) -> None:
    expected = [None if value is None else [clean(text) for text in value] for value in values]
    assert list(clean_lists(values)) == expected


@given(st.lists(st.sampled_from([True, False, None])))
def test_flags_are_numbers_to_sqlite(values: list[bool | None]) -> None:
    made = sql._flags(values)
    assert made == values
    assert {type(flag) for flag in made} <= {int, type(None)}


def values(table: Table, record: Row[Any]) -> dict[str, Any]:
    return {
        column.name: table.value(record, column.name) for column in table.columns if table.value(record, column.name)
    }


def test_a_path_ends_where_a_part_of_it_is_missing() -> None:
    records = [
        MessageColumns(id="1", from_=EmailAddress(address="a@b")),
        MessageColumns(id="2", from_=EmailAddress(name="Ann")),
        MessageColumns(id="3"),
    ]
    found = [values(MESSAGES, made) for made in rows(MessageColumns, [b"{}"] * 3, records)]
    assert found == [{"from_address": "a@b"}, {"from_name": "Ann"}, {}]


@pytest.mark.parametrize(
    ("resource", "record", "expected"),
    [
        (
            "email",
            of_json(b'{"id":"m","sentAt":"2026-01-31T10:05:00+01:00","sysLabels":["unread"],"hasAttachments":true}'),
            {
                "received_at": "2026-01-31T09:05:00.000Z",
                "sent_at": "2026-01-31T09:05:00.000Z",
                "sys_labels": ["unread"],
                "unread": True,
                "has_attachments": True,
            },
        ),
        (
            "calendar",
            event(
                "e",
                start={"dateOnly": "2026-02-28"},
                organizer={"emailAddress": {"address": "a@b"}},
                meetingInfo={"canceled": True},
                occurrenceInfo={"masterId": "m"},
                iCalUId="other spelling",
            ),
            {
                "happens_at": "2026-02-28T00:00:00.000Z",
                "start_at": "2026-02-28T00:00:00.000Z",
                "all_day": True,
                "organizer_address": "a@b",
                "canceled": True,
                "master_id": "m",
                "ical_uid": "other spelling",
            },
        ),
        ("contacts", contact("c", "Ann", "a@b"), {"display_name": "Ann", "email_addresses": ["a@b"]}),
        ("tasks", task("t", due=0, title="\0"), {"title": "\ufffd", "due_at": "2026-03-01T12:00:00.000Z"}),
    ],
)
def test_the_columns_of_each_resource(resource: str, record: Row[Any], expected: dict[str, Any]) -> None:
    assert values(TABLES[resource], record) == expected


@pytest.mark.parametrize(
    ("fields", "gone"),
    [({}, False), ({"deleted": True}, True), ({"occurrenceInfo": {"type": "deleted"}}, True)],
)
def test_an_event_is_gone_or_a_cancelled_occurrence(fields: dict[str, Any], gone: bool) -> None:
    assert bool(event("e", **fields).deleted) is gone


@pytest.mark.parametrize("table", TABLES.values())
def test_every_path_begins_with_a_field(table: Table) -> None:
    def first(column: Column) -> str | None:
        return column.source.partition(".")[0] if isinstance(column.source, str) else None

    assert {first(column) for column in table.columns} - {None} <= fields_dict(table.searched).keys()


@pytest.mark.parametrize("table", TABLES.values())
@pytest.mark.parametrize("count", [1, 3, 99, 100, 1250])
def test_all_rows_are_written_in_few_statements_that_sqlite_takes(table: Table, count: int) -> None:
    blank: Row[Any] = Row(b"{}", "", None, None, (None,) * len(table.columns))
    owner = ("a",) * len(table.scope)
    made = list(sql.upserts(table, owner, 1, {str(number): blank for number in range(count)}))
    width = made[0][0].count("?") // made[0][0].count("CAST")
    assert [row[len(owner)] for _, row in made for row in zip(*[iter(row)] * width, strict=True)] == [
        str(number) for number in range(count)
    ]
    assert all(statement.count("?") == len(parameters) <= 999 for statement, parameters in made)
    assert len(made) <= count // 50 + 5


def test_a_heavy_page_is_written_row_by_row() -> None:
    heavy: Row[Any] = Row(b" " * (sql.HEAVY // 10), "", None, None, (None,) * len(MESSAGES.columns))
    light, whole = ({str(number): heavy for number in range(count)} for count in (10, 11))
    assert [len(list(sql.upserts(MESSAGES, ("a",), 1, page))) for page in (light, whole)] == [1, 11]


def test_what_a_row_shows_is_its_id() -> None:
    assert repr(row("m1", subject="nobody else's business")) == "Row('m1')"
