"""The fields that the records in a store are searched by."""

from __future__ import annotations

from datetime import datetime

from aurinko_async.models._model import model
from aurinko_async.models.addresses import EmailAddress
from aurinko_async.models.calendar import MeetingInfo, Organizer
from aurinko_async.models.contacts import ContactCompany, ContactEmailAddress, ContactName, ContactPhoneNumber
from aurinko_async.models.recurrence import EventDateTime, OccurrenceInfo


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
