"""Calendar, contact, booking and follow-up models: what they send, what they read, their conveniences."""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aurinko_async import _codec
from aurinko_async.errors import InvalidInput
from aurinko_async.models import (
    Attendee,
    AttendeeResponse,
    BookingTimes,
    Contact,
    ContactInput,
    ContactPhoto,
    CreateMeetingResponse,
    EmailAddress,
    EmailAttachment,
    Event,
    EventDateTime,
    EventInput,
    FreeBusySchedulePage,
    MeetingInfo,
    WorkingInterval,
    format_period,
    parse_period,
)


def sent(model: Any) -> Any:
    return json.loads(_codec.encode(model))


def read(cls: Any, **fields: Any) -> Any:
    return _codec.decode(cls, json.dumps(fields).encode())


# --- events and contacts as bodies


def test_an_event_as_body_sends_what_it_has_without_what_only_the_api_sets() -> None:
    event = Event(
        id="e1",
        etag="v1",
        subject="Lunch",
        start=EventDateTime.of(date(2026, 5, 1)),
        meeting_info=MeetingInfo(
            canceled=False,
            attendees=[
                Attendee(id="a1", email_address=EmailAddress(address="ann@example.com", raw="Ann"), response="accepted")
            ],
        ),
        ical_uid="u1",
        attachments=[EmailAttachment(id="f1", name="menu.pdf")],
        deleted=False,
    )
    assert sent(event) == {
        "subject": "Lunch",
        "start": {"dateOnly": "2026-05-01"},
        "meetingInfo": {"attendees": [{"emailAddress": {"address": "ann@example.com"}}]},
    }


def test_an_event_input_tells_not_sent_from_null() -> None:
    assert sent(EventInput(location=None)) == {"location": None}


def test_a_contact_as_body_sends_what_it_has_and_its_input_can_send_null() -> None:
    contact = Contact(id="c1", etag="v1", nick_name="Ann", has_photo=True, photo=ContactPhoto(content=b"\x89PNG"))
    assert sent(contact) == {"nickName": "Ann", "photo": {"content": "iVBORw=="}}
    assert sent(ContactInput(notes=None)) == {"notes": None}


def test_what_the_vendor_spells_in_two_ways_is_read_in_both() -> None:
    assert read(Event, iCalUid="u").ical_uid == read(Event, iCalUId="u").ical_uid == "u"
    assert read(CreateMeetingResponse, ReservationId=7).reservation_id == 7
    assert read(CreateMeetingResponse, reservationId=7).reservation_id == 7
    assert read(Contact, company={"yomiName": "y"}).company.yomi_company_name == "y"
    assert read(Contact, __meta={"updateToken": "t"}).meta.update_token == "t"
    assert [AttendeeResponse(text) for text in ("tentitive", "tentative")] == [AttendeeResponse.TENTATIVE] * 2


def test_colours_may_be_numbers() -> None:
    assert read(BookingTimes, primaryColor=255, secondaryColor="blue").primary_color == 255


# --- times


def test_the_time_of_an_event_is_a_day_or_an_aware_datetime() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=ZoneInfo("Europe/Paris"))
    assert sent(EventDateTime.of(noon)) == {"dateTime": "2026-05-01T12:00:00+02:00", "timezone": "Europe/Paris"}
    assert EventDateTime.of(noon).value == noon
    assert EventDateTime.of(noon.date()).value == date(2026, 5, 1)
    assert EventDateTime.of(noon.astimezone(UTC), timezone="Etc/UTC").timezone == "Etc/UTC"
    assert EventDateTime.of(noon.astimezone(timezone(timedelta(hours=1)))).timezone is None
    assert EventDateTime().value is None


def test_a_naive_event_time_is_refused() -> None:
    with pytest.raises(InvalidInput, match="naive"):
        EventDateTime.of(datetime(2026, 5, 1, 12))


def test_working_hours_are_written_to_the_second() -> None:
    assert sent(WorkingInterval.of(time(9), time(17, 30, 5, 999))) == {"start": "09:00:00", "end": "17:30:05"}
    with pytest.raises(InvalidInput, match="time zone"):
        WorkingInterval.of(time(9, tzinfo=UTC), time(17))


def test_working_hours_are_read_as_times_of_day() -> None:
    hours = WorkingInterval.of(time(9), time(17, 30, 5))
    assert hours.times == (time(9), time(17, 30, 5))
    assert WorkingInterval(start="22:00:00", end="24:00:00").times == (time(22), time.max)
    assert WorkingInterval(start="09:00").times is None
    assert WorkingInterval(start="09:00", end="17:00").times == (time(9), time(17))
    with pytest.raises(InvalidInput, match="two times"):
        _ = WorkingInterval(start="nine", end="17:00:00").times


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(weeks=4), "P4W"),
        (timedelta(days=30), "P30D"),
        (timedelta(days=7, seconds=1), "P7DT1S"),
        (timedelta(days=1, hours=2, minutes=30, seconds=5), "P1DT2H30M5S"),
        (timedelta(minutes=30), "PT30M"),
        (timedelta(hours=24), "P1D"),
        (timedelta(), "P0D"),
    ],
)
def test_a_length_of_time_is_written_as_a_period(length: timedelta, text: str) -> None:
    assert format_period(length) == text
    assert parse_period(text) == length


@pytest.mark.parametrize("length", [timedelta(seconds=-1), timedelta(microseconds=1)])
def test_what_no_period_can_say_is_refused(length: timedelta) -> None:
    with pytest.raises(InvalidInput):
        format_period(length)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P4W", timedelta(weeks=4)),
        ("30D", timedelta(days=30)),
        ("P1DT2H30M5S", timedelta(days=1, hours=2, minutes=30, seconds=5)),
        ("PT30M", timedelta(minutes=30)),
        ("P0D", timedelta()),
    ],
)
def test_periods(text: str, length: timedelta) -> None:
    assert parse_period(text) == length


def test_months_and_years_count_from_their_start() -> None:
    assert parse_period("P3M", start=date(2026, 11, 30)) == date(2027, 2, 28) - date(2026, 11, 30)
    assert parse_period("P1Y1D", start=datetime(2024, 2, 29, 9)) == timedelta(days=366)
    with pytest.raises(InvalidInput, match="start"):
        parse_period("P3M")


@pytest.mark.parametrize("text", ["", "P", "PT", "4 weeks", "P-1D", "P1.5D", "P999999999W", "P9999Y", "9" * 5000 + "D"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_period(text, start=date(2026, 1, 1))


# --- answers that hold a list


def test_answers_that_hold_a_list_are_iterated() -> None:
    page = read(FreeBusySchedulePage, records=[{"email": "a@example.com"}, {"email": "b@example.com", "error": "?"}])
    assert [schedule.error for schedule in page] == [None, "?"]
    assert len(page) == 2
    assert list(read(BookingTimes)) == []
    assert len(read(BookingTimes, items=[{}])) == 1
