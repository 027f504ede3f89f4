"""Calendars and events."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import field

from aurinko_async._types import UNSET
from aurinko_async.models._model import READ_ONLY, Opt, model
from aurinko_async.models.addresses import EmailAddress
from aurinko_async.models.mail import EmailAttachment, RecordMeta
from aurinko_async.models.recurrence import EventDateTime, OccurrenceInfo, Recurrence


class CalendarMode(StrEnum):
    """Whose calendars to list: the user's, or those of the user's groups (Office 365 only)."""

    USER = "user"
    GROUP = "group"


class CalendarAccessRole(StrEnum):
    """What the account may do with a calendar; the API may send others."""

    OWNER = "owner"
    WRITER = "writer"
    READER = "reader"


class AttendeeType(StrEnum):
    """Whether an attendee is needed; the API may send others."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    RESOURCE = "resource"


class AttendeeResponse(StrEnum):
    """What an attendee answered; the API may send others.

    The vendor misspells `tentative` here; `AttendeeResponse(attendee.response)` reads either spelling.
    """

    ACCEPTED = "accepted"
    TENTATIVE = "tentitive"
    DECLINED = "declined"

    @classmethod
    def _missing_(cls, value: object) -> AttendeeResponse | None:
        return cls.TENTATIVE if value == "tentative" else None


class MeetingResponseType(StrEnum):
    """What the account answered to an invitation, or is to answer; the API may send others."""

    NO_RESPONSE = "noResponse"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    ACCEPTED = "accepted"


class AttendeePermission(StrEnum):
    """What attendees may do with a meeting; the API may send others."""

    INVITE_OTHERS = "inviteOthers"
    MODIFY = "modify"
    SEE_OTHERS = "seeOthers"


class RecurrenceType(StrEnum):
    """What an event is to a series; the API may send others."""

    SINGLE = "single"
    MASTER = "master"
    OCCURRENCE = "occurrence"


# --- calendars


@model
class ReminderOverride:
    """A reminder so many minutes before an event."""

    minutes: int | None = None


@model
class Reminder:
    """When to remind of an event: as the calendar does by default, or at times of its own."""

    use_default: bool | None = None
    overrides: list[ReminderOverride] | None = None


@model
class Calendar:
    """A calendar.

    Attributes:
        access_role: What the account may do with it: one of `CalendarAccessRole`.
        primary: Whether it is the one that the id `primary` stands for.
        multiple_reminders_supported: Whether an event can have more than one reminder.
        default_reminders: The reminders of events that have none of their own.
        group_name, group_mail: The group it belongs to, with `mode="group"`.
    """

    id: str | None = None
    name: str | None = None
    color: str | None = None
    description: str | None = None
    access_role: str | None = None
    primary: bool | None = None
    multiple_reminders_supported: bool | None = None
    default_reminders: list[ReminderOverride] | None = None
    group_name: str | None = None
    group_mail: str | None = None


@model
class CalendarCreate:
    """A new calendar."""

    name: Opt[str] = UNSET
    color: Opt[str] = UNSET
    description: Opt[str] = UNSET


@model
class CalendarUpdate:
    """A change to a calendar: what is not given stays as it is."""

    name: Opt[str] = UNSET
    description: Opt[str] = UNSET


# --- meetings


@model
class Organizer:
    """Who holds a meeting; only the API sets it."""

    id: str | None = field(default=None, metadata=READ_ONLY)
    email_address: EmailAddress | None = field(default=None, metadata=READ_ONLY)


@model
class Attendee:
    """Somebody or something invited.

    Attributes:
        type: One of `AttendeeType`.
        response: What the attendee answered: read it with `AttendeeResponse`, since it comes in two spellings. Only the
            API sets it, as `id` and `comment`.
    """

    id: str | None = field(default=None, metadata=READ_ONLY)
    email_address: EmailAddress | None = None
    type: str | None = None
    response: str | None = field(default=None, metadata=READ_ONLY)
    comment: str | None = field(default=None, metadata=READ_ONLY)


@model
class OnlineMeetingDetails:
    """How to join an online meeting."""

    url: str | None = None
    phone: str | None = None
    pin: str | None = None
    region_code: str | None = None
    sip: str | None = None
    info_url: str | None = None


@model
class MeetingInfo:
    """What makes an event a meeting.

    Attributes:
        canceled: Whether it was called off; only the API sets it.
        response: What the account answered: one of `MeetingResponseType`.
        attendee_permissions: What attendees may do: of `AttendeePermission`.
        online_meeting: Make it an online meeting; only the caller sets it.
        online_meeting_provider: For example `hangoutsMeet`, `teamsForBusiness`, `skypeForBusiness`, `skypeForConsumer`.
        online_meeting_details: How to join; only the API sets them.
    """

    canceled: bool | None = field(default=None, metadata=READ_ONLY)
    attendees: list[Attendee] | None = None
    response: str | None = None
    attendee_permissions: list[str] | None = None
    online_meeting: bool | None = None
    online_meeting_provider: str | None = None
    online_meeting_details: OnlineMeetingDetails | None = field(default=None, metadata=READ_ONLY)


@model
class MeetingResponse:
    """An answer to an invitation; `response` is one of `MeetingResponseType`."""

    response: str
    comment: Opt[str] = UNSET


# --- events


@model
class Event:
    """An event as the API gives it; as a body it sends what it has, without what only the API sets.

    To clear a property, send an `EventInput` with `None` for it.

    Attributes:
        etag: Its version, for `if_match`.
        recurrence_type: One of `RecurrenceType`.
        recurrence: How it repeats, in the master of a series.
        occurrence_info: Where it stands in its series. With type `deleted` the occurrence does not take place.
        ical_uid, global_id: The same in the calendars of all attendees.
        show_as: One of `ShowAs`.
        sensitivity: One of `Sensitivity`.
        attachments: Only the API sets them: nothing in an attachment of an event can be written.
        omitted: Names of properties that this record lacks although the event may have them: `description`,
            `attendees`, `attachments`. Get the event to have them.
        deleted: Whether the event is gone: some providers say so in a live record.
        meta: What the API adds about it.
    """

    id: str | None = field(default=None, metadata=READ_ONLY)
    etag: str | None = field(default=None, metadata=READ_ONLY)
    calendar_id: str | None = field(default=None, metadata=READ_ONLY)
    created_time: datetime | None = field(default=None, metadata=READ_ONLY)
    last_modified_time: datetime | None = field(default=None, metadata=READ_ONLY)
    subject: str | None = None
    description: str | None = None
    location: str | None = None
    start: EventDateTime | None = None
    end: EventDateTime | None = None
    organizer: Organizer | None = field(default=None, metadata=READ_ONLY)
    meeting_info: MeetingInfo | None = None
    recurrence_type: str | None = field(default=None, metadata=READ_ONLY)
    recurrence: Recurrence | None = None
    reminder: Reminder | None = None
    occurrence_info: OccurrenceInfo | None = None
    ical_uid: str | None = field(default=None, metadata=READ_ONLY)
    global_id: str | None = field(default=None, metadata=READ_ONLY)
    show_as: str | None = None
    sensitivity: str | None = None
    categories: list[str] | None = field(default=None, metadata=READ_ONLY)
    html_link: str | None = field(default=None, metadata=READ_ONLY)
    has_attachments: bool | None = field(default=None, metadata=READ_ONLY)
    attachments: list[EmailAttachment] | None = field(default=None, metadata=READ_ONLY)
    omitted: list[str] | None = field(default=None, metadata=READ_ONLY)
    deleted: bool | None = field(default=None, metadata=READ_ONLY)
    meta: RecordMeta | None = field(default=None, metadata=READ_ONLY)


@model
class EventInput:
    """An event to create, or a change to one: what is not given stays as it is, `None` clears it.

    Attributes:
        show_as: One of `ShowAs`.
        sensitivity: One of `Sensitivity`.
    """

    subject: Opt[str] = UNSET
    description: Opt[str] = UNSET
    location: Opt[str] = UNSET
    start: Opt[EventDateTime] = UNSET
    end: Opt[EventDateTime] = UNSET
    meeting_info: Opt[MeetingInfo] = UNSET
    recurrence: Opt[Recurrence] = UNSET
    reminder: Opt[Reminder] = UNSET
    occurrence_info: Opt[OccurrenceInfo] = UNSET
    show_as: Opt[str] = UNSET
    sensitivity: Opt[str] = UNSET


@model
class EventOrId:
    """The event that was created or changed: its ids and version, and the event itself where it was asked for.

    Attributes:
        record: The event, unless `return_record=False`.
    """

    id: str | None = None
    etag: str | None = None
    ical_uid: str | None = None
    global_id: str | None = None
    record: Event | None = None
    online_meeting_provider: str | None = None
    online_meeting_details: OnlineMeetingDetails | None = None
