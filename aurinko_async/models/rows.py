"""The fields that the records in a store are searched by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import ClassVar

from aurinko_async.models._model import model
from aurinko_async.models._row import Column, Source
from aurinko_async.models.addresses import EmailAddress
from aurinko_async.models.calendar import Event, MeetingInfo, Organizer, RecurrenceType
from aurinko_async.models.contacts import ContactCompany, ContactEmailAddress, ContactName, ContactPhoneNumber
from aurinko_async.models.recurrence import EventDateTime, OccurrenceInfo, OccurrenceType


def _arrived(message: MessageColumns) -> datetime | None:
    # When a message belongs to, for windows of days.
    return message.received_at or message.sent_at


def _unread(message: MessageColumns) -> bool | None:
    return None if message.sys_labels is None else "unread" in message.sys_labels


@model
class MessageColumns:
    """What a message is searched by."""

    id: str | None = None
    thread_id: str | None = None
    folder_id: str | None = None
    internet_message_id: str | None = None
    subject: str | None = None
    from_: EmailAddress | None = None
    sent_at: datetime | None = None
    received_at: datetime | None = None
    last_modified_time: datetime | None = None
    sys_labels: list[str] | None = None
    has_attachments: bool | None = None
    omitted: list[str] | None = None
    deleted: bool | None = None

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("thread_id", "text"),
        Column("folder_id", "text"),
        Column("internet_message_id", "text"),
        Column("subject", "text"),
        Column("from_address", "text", "from_.address"),
        Column("from_name", "text", "from_.name"),
        Column("received_at", "time", _arrived),
        Column("sent_at", "time"),
        Column("last_modified_at", "time", "last_modified_time"),
        Column("sys_labels", "texts"),
        Column("unread", "flag", _unread),
        Column("has_attachments", "flag"),
    )
    GONE: ClassVar[Source] = "deleted"


def _at(of: Callable[[EventColumns], EventDateTime | None]) -> Callable[[EventColumns], datetime | None]:
    def read(event: EventColumns) -> datetime | None:
        time = of(event)
        if time is None:
            return None
        day = time.date_only
        return time.date_time if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)

    return read


def _happens(event: EventColumns) -> datetime | None:
    # A series has no time of its own: it began before a window and still reaches into it.
    return None if event.recurrence_type == RecurrenceType.MASTER else _at(attrgetter("start"))(event)


def _all_day(event: EventColumns) -> bool | None:
    return None if event.start is None else event.start.date_only is not None


def is_gone(event: Event | EventColumns) -> bool:
    """Is it deleted, or a cancelled occurrence of a series?"""
    occurrence = event.occurrence_info
    return bool(event.deleted) or (occurrence is not None and occurrence.type == OccurrenceType.DELETED)


@model
class EventColumns:
    """What an event is searched by."""

    id: str | None = None
    subject: str | None = None
    location: str | None = None
    start: EventDateTime | None = None
    end: EventDateTime | None = None
    organizer: Organizer | None = None
    meeting_info: MeetingInfo | None = None
    recurrence_type: str | None = None
    occurrence_info: OccurrenceInfo | None = None
    ical_uid: str | None = None
    show_as: str | None = None
    last_modified_time: datetime | None = None
    omitted: list[str] | None = None
    deleted: bool | None = None

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("subject", "text"),
        Column("location", "text"),
        Column("happens_at", "time", _happens),
        Column("start_at", "time", _at(attrgetter("start"))),
        Column("end_at", "time", _at(attrgetter("end"))),
        Column("all_day", "flag", _all_day),
        Column("organizer_address", "text", "organizer.email_address.address"),
        Column("canceled", "flag", "meeting_info.canceled"),
        Column("show_as", "text"),
        Column("recurrence_type", "text"),
        Column("master_id", "text", "occurrence_info.master_id"),
        Column("ical_uid", "text"),
        Column("last_modified_at", "time", "last_modified_time"),
    )
    GONE: ClassVar[Source] = is_gone


def _addresses(contact: ContactColumns) -> list[str] | None:
    given = contact.email_addresses
    return None if given is None else [entry.address for entry in given if entry.address]


def _numbers(contact: ContactColumns) -> list[str] | None:
    given = contact.phone_numbers
    return None if given is None else [entry.number for entry in given if entry.number]


@model
class ContactColumns:
    """What a contact is searched by."""

    id: str | None = None
    name: ContactName | None = None
    company: ContactCompany | None = None
    email_addresses: list[ContactEmailAddress] | None = None
    phone_numbers: list[ContactPhoneNumber] | None = None
    last_modified_time: datetime | None = None
    omitted: list[str] | None = None
    deleted: bool | None = None

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("display_name", "text", "name.display_name"),
        Column("given_name", "text", "name.given_name"),
        Column("family_name", "text", "name.family_name"),
        Column("company", "text", "company.name"),
        Column("email_addresses", "texts", _addresses),
        Column("phone_numbers", "texts", _numbers),
        Column("last_modified_at", "time", "last_modified_time"),
    )
    GONE: ClassVar[Source] = "deleted"


@model
class TaskColumns:
    """What a task is searched by."""

    id: str | None = None
    parent_id: str | None = None
    title: str | None = None
    status: str | None = None
    importance: str | None = None
    due: datetime | None = None
    completed: datetime | None = None
    last_modified_time: datetime | None = None
    omitted: list[str] | None = None
    deleted: bool | None = None

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("parent_id", "text"),
        Column("title", "text"),
        Column("status", "text"),
        Column("importance", "text"),
        Column("due_at", "time", "due"),
        Column("completed_at", "time", "completed"),
        Column("last_modified_at", "time", "last_modified_time"),
    )
    GONE: ClassVar[Source] = "deleted"
