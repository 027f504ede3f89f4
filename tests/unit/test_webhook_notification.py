"""Notifications are read as tolerantly as anything that the API sends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from aurinko_async.errors import DecodeError, InvalidInput, MalformedBody
from aurinko_async.webhooks import CONTACTS, MESSAGES, TRACKING, events_of, parse_notification, tasks_of
from support.signing import told

HEAD = b'{"subscription": 4000000001, "resource": "/email/messages", "accountId": 7'


@pytest.mark.parametrize(
    ("resource", "key"),
    [
        (MESSAGES, ("email", "")),
        (CONTACTS, ("contacts", "")),
        ("/calendars/primary/events", ("calendar", "primary")),
        ("/calendars/ann@example.com/events", ("calendar", "ann@example.com")),
        ("/calendars/en.usa%23holiday@group.v.calendar.google.com/events",
         ("calendar", "en.usa#holiday@group.v.calendar.google.com")),
        ("/calendars/AAMk/x+y=/events", ("calendar", "AAMk/x+y=")),
        ("/calendars/events/events/events", ("calendar", "events/events")),
        ("/tasklists/default/tasks", ("tasks", "default")),
        ("/tasklists/a%2Fb/tasks", ("tasks", "a/b")),
        (TRACKING, None),
        ("/booking/12", None),
        ("/email", None),
        ("/email/messages/", None),
        ("/calendars//events", None),
        ("/calendars/x/tasks", None),
        ("/files", None),
        ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_which_sync_a_resource_means(resource: str | None, key: tuple[str, str] | None) -> None:
    assert parse_notification(told(resource)).sync_key == key  # type: ignore[arg-type]


@pytest.mark.parametrize("id_", ["primary", "ann@example.com", "a/b", "50%", "50%25", "x?y#z", "AAMk+/=", "ü l", ".."])
def test_a_resource_made_of_an_id_leads_back_to_it(id_: str) -> None:
    assert parse_notification(told(events_of(id_))).sync_key == ("calendar", id_)
    assert parse_notification(told(tasks_of(id_))).sync_key == ("tasks", id_)


def test_resources_are_spelled_as_the_vendor_does() -> None:
    assert (MESSAGES, TRACKING, CONTACTS) == ("/email/messages", "/email/tracking", "/contacts")
    assert (events_of(), tasks_of()) == ("/calendars/primary/events", "/tasklists/default/tasks")
    assert events_of("ann@example.com") == "/calendars/ann@example.com/events"
    for of in (events_of, tasks_of):
        with pytest.raises(InvalidInput, match="empty"):
            of("")


def test_changes_of_records() -> None:
    payloads = [
        {"id": "m1", "changeType": "created", "attributes": {"threadId": "t1", "more": 1}},
        {"id": "m2", "changeType": "archived"},
        {"id": 3, "changeType": "deleted", "attributes": "?"},
        "odd",
        None,
    ]
    read = parse_notification(told(payloads=payloads))
    assert (read.subscription, read.account_id, read.payloads) == (4_000_000_001, 7, payloads)
    one, two, three = read.changes
    assert one.attributes is not None
    assert (one.id, one.change_type, one.attributes.thread_id) == ("m1", "created", "t1")
    assert (two.id, two.change_type, two.attributes) == ("m2", "archived", None)
    assert (three.id, three.change_type, three.attributes) == (None, "deleted", None)
    assert (read.tracking_events, read.bookings) == ([], [])


@pytest.mark.parametrize("resource", [events_of(), CONTACTS, tasks_of(), "/files/of/tomorrow"])
def test_every_resource_with_records_has_changes(resource: str) -> None:
    read = parse_notification(told(resource, payloads=[{"id": "x", "changeType": "updated"}]))
    assert [(change.id, change.change_type) for change in read.changes] == [("x", "updated")]
    assert read.resource == resource


def test_tracking() -> None:
    payload = {
        "id": 5,
        "createdAt": "2026-09-21T14:13:20Z",
        "eventType": "bounce",
        "threadId": "t",
        "messageId": "m",
        "internetMessageId": "<m@x>",
        "trackingId": 4_000_000_009,
        "context": "c",
        "trackingCode": "tc",
        "location": "Berlin",
        "userAgent": "UA",
        "remoteAddr": "192.0.2.1",
    }
    read = parse_notification(told(TRACKING, payloads=[payload]))
    (event,) = read.tracking_events
    assert (event.id, event.event_type, event.tracking_id) == (5, "bounce", 4_000_000_009)
    assert event.created_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert (event.thread_id, event.message_id, event.internet_message_id) == ("t", "m", "<m@x>")
    assert (event.context, event.tracking_code, event.location) == ("c", "tc", "Berlin")
    assert (event.user_agent, event.remote_addr) == ("UA", "192.0.2.1")
    assert (read.changes, read.bookings) == ([], [])


def test_bookings() -> None:
    read = parse_notification(told("/booking/12", payloads=[{"bookingId": 9, "calendarId": "c", "eventId": "e"}]))
    (booking,) = read.bookings
    assert (booking.booking_id, booking.calendar_id, booking.event_id) == (9, "c", "e")
    assert (read.changes, read.tracking_events) == ([], [])


@pytest.mark.parametrize("event", ["error", "active", "paused"])
def test_lifecycle(event: str) -> None:
    read = parse_notification(told(lifecycleEvent=event, error="Active token is missing"))
    assert (read.lifecycle_event, read.error) == (event, "Active token is missing")
    assert (read.payloads, read.changes) == (None, [])


@pytest.mark.parametrize("payloads", [b"", b', "payloads": null', b', "payloads": []', b', "payloads": {"id": "x"}'])
def test_payloads_may_be_missing_empty_or_odd(payloads: bytes) -> None:
    read = parse_notification(HEAD + payloads + b"}")
    assert (read.subscription, read.account_id, read.changes) == (4_000_000_001, 7, [])
    assert read.sync_key == ("email", "")


def test_unknown_and_missing_keys_are_fine() -> None:
    assert parse_notification(b'{"new": {"deep": [1]}}').sync_key is None
    assert parse_notification(b'{"accountId": "abc"}').account_id == "abc"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", MalformedBody),
        (b"   ", MalformedBody),
        (b"<html>", MalformedBody),
        (HEAD, MalformedBody),
        (b"\xff\xfe", MalformedBody),
        (b"[" * 100_000, MalformedBody),
        (b"[]", DecodeError),
        (b'"x"', DecodeError),
        (b"null", DecodeError),
        (b'{"accountId": {}}', DecodeError),
        (b'{"resource": 3}', DecodeError),
        (b'{"payloads": 3, "resource": 3}', DecodeError),
    ],
)
def test_what_is_no_notification(body: bytes, error: Any) -> None:
    with pytest.raises(error):
        parse_notification(body)
