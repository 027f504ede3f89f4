"""Booking: profiles of times on offer, the times that are free, the meetings that are made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from attrs import field

from aurinko_async._types import UNSET
from aurinko_async.models._model import READ_ONLY, Opt, model
from aurinko_async.models.scheduling import AvailabilityIntervals, WeekWorkSchedule


class BookingRequiredMode(StrEnum):
    """Whose time has to be free for a meeting: one account's, or all accounts'."""

    ONE = "one"
    ALL = "all"


# --- profiles


@model
class BookingProfile:
    """What meetings an account offers.

    Attributes:
        name: Its name in booking links.
        duration_minutes: How long a meeting is.
        buffer_between_minutes: How much time is left free between meetings.
        availability_step: Minutes from the start of one time on offer to the start of the next: 5, 10, 15, 20, 30, 60.
        start_after_minutes: How long from now the first time on offer is; an hour when not given.
        start_time: When the offer starts; now, if that is past.
        end_time: When the offer ends; once it is past, nothing is on offer.
        time_available_for: How far the offer reaches: an ISO 8601 period (see `parse_period`, `format_period`).
        subject, description, location: Of the events that are made; they may hold variables such as `{{name}}`.
        context: Data of the caller's own.
        start_conference: Whether events come with an online meeting, where the provider can make one.
        open_meeting_url: The value of the variable `{{openMeetingUrl}}`.
    """

    id: int | None = None
    name: str | None = None
    duration_minutes: int | None = None
    buffer_between_minutes: int | None = None
    availability_step: int | None = None
    start_after_minutes: int | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    time_available_for: str | None = None
    subject: str | None = None
    description: str | None = None
    location: str | None = None
    work_hours: WeekWorkSchedule | None = None
    availability_intervals: AvailabilityIntervals | None = None
    context: str | None = None
    start_conference: bool | None = None
    open_meeting_url: str | None = None


@model
class _ProfileProperties:
    name: Opt[str] = UNSET
    duration_minutes: Opt[int] = UNSET
    buffer_between_minutes: Opt[int] = UNSET
    availability_step: Opt[int] = UNSET
    start_after_minutes: Opt[int] = UNSET
    start_time: Opt[datetime] = UNSET
    end_time: Opt[datetime] = UNSET
    time_available_for: Opt[str] = UNSET
    subject: Opt[str] = UNSET
    description: Opt[str] = UNSET
    location: Opt[str] = UNSET
    work_hours: Opt[WeekWorkSchedule] = UNSET
    availability_intervals: Opt[AvailabilityIntervals] = UNSET
    context: Opt[str] = UNSET
    start_conference: Opt[bool] = UNSET
    open_meeting_url: Opt[str] = UNSET


@model
class BookingProfileInput(_ProfileProperties):
    """A booking profile to create; `BookingProfile` says what its properties mean."""


@model
class BookingProfileUpdate(_ProfileProperties):
    """A change to a booking profile: what is not given stays as it is."""


@model
class GroupBookingProfile(BookingProfile):
    """What meetings a group of accounts offers: a `BookingProfile` that may belong to an organization."""

    client_org_id: str | None = None


@model
class GroupBookingProfileInput(_ProfileProperties):
    """A group booking profile to create; `BookingProfile` says what its properties mean."""

    client_org_id: Opt[str] = UNSET


@model
class GroupBookingProfileUpdate(_ProfileProperties):
    """A change to a group booking profile: what is not given stays as it is."""

    client_org_id: Opt[str] = UNSET


@model
class BookingSuccess:
    """Done: `status` is `Ok`. Get the profile to see it."""

    status: str | None = None


# --- times and meetings


@model
class AdditionalField:
    """Something more to ask of whoever books."""

    name: str | None = None
    type: str | None = None
    default: str | None = None


@model
class BookingMeetingInterval:
    """A time that is free, and the groups and accounts that are free then."""

    start: datetime | None = None
    end: datetime | None = None
    group_xids: list[str] | None = None
    account_ids: list[int] | None = None


@model
class BookingTimes:
    """The times that a profile has free; iterate over it.

    A large range comes in pieces: ask again with `next_from_date` as `from_date`, and where there are many accounts
    with `next_page_token` as `page_token`.

    Attributes:
        time_available_for: How far the offer reaches: an ISO 8601 period (see `parse_period`, `format_period`).
        primary_color, secondary_color: Of the booking page. The vendor documents a string; some of its own code reads
            a number.
        existing_meeting: The meeting to be moved, when one is. The vendor does not document its shape: it stays as it
            comes.
    """

    items: list[BookingMeetingInterval] | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    time_available_for: str | None = None
    duration_minutes: int | None = None
    availability_step: int | None = None
    subject: str | None = None
    primary_color: str | int | None = None
    secondary_color: str | int | None = None
    additional_fields: list[AdditionalField] | None = None
    next_page_token: str | None = None
    next_from_date: date | None = None
    limit: int | None = None
    offset: int | None = None
    total_size: int | None = None
    done: bool | None = None
    existing_meeting: Any = None

    def __iter__(self) -> Iterator[BookingMeetingInterval]:
        return iter(self.items or ())

    def __len__(self) -> int:
        return len(self.items or ())


@model
class SelectedMeetingTime:
    """The time that was chosen: one of those on offer."""

    start: Opt[datetime] = UNSET
    end: Opt[datetime] = UNSET


@model
class SchedulerInfo:
    """Whoever books; `id` is set by the API only."""

    id: Opt[str] = field(default=UNSET, metadata=READ_ONLY)
    name: Opt[str] = UNSET
    email: Opt[str] = UNSET


@model
class MeetingRequest:
    """A meeting to make.

    Attributes:
        group_xids, account_ids: Whom to meet, of those that are free at that time.
        scheduler_info: Who books; without an address, the event has no attendee.
        name, email: The same, in the older way.
        substitution_data: Values for the variables in the profile's subject and description.
        invitees: More people to invite. The vendor does not document their shape.
    """

    time: Opt[SelectedMeetingTime] = UNSET
    group_xids: Opt[list[str]] = UNSET
    account_ids: Opt[list[int]] = UNSET
    scheduler_info: Opt[SchedulerInfo] = UNSET
    name: Opt[str] = UNSET
    email: Opt[str] = UNSET
    substitution_data: Opt[dict[str, str]] = UNSET
    invitees: Opt[list[Any]] = UNSET


@model
class CreateMeetingResponse:
    """The meeting that was made, or the time that was reserved.

    Attributes:
        created: Whether the meeting was made.
        id: The id of the event.
        reservation_id: What to confirm or delete, where the time was only reserved.
        group_xid: The group that the meeting is with.
        reschedule_token: Lets whoever booked choose another time.
    """

    created: bool | None = None
    id: str | None = None
    reservation_id: int | None = None
    group_xid: str | None = None
    reschedule_token: str | None = None


@model
class ReservationConfirmation:
    """A reservation became a meeting.

    Attributes:
        id: The id of the event.
        reschedule_token: Lets whoever booked choose another time.
    """

    id: str | None = None
    reschedule_token: str | None = None


@model
class ReservationDeletion:
    """A reservation is gone: `status` is `Ok`."""

    status: str | None = None


# --- the accounts and groups of a group profile


@model
class AccountAttachment:
    """Accounts to attach to a group profile."""

    account_ids: Opt[list[int]] = UNSET


@model
class AccountDetachment:
    """Accounts to detach from a group profile."""

    account_ids: Opt[list[int]] = UNSET


@model
class AttachedAccounts:
    """Accounts that are attached to a group profile."""

    account_ids: list[int] | None = None


@model
class GroupToAttach:
    """A group of accounts, named by the caller.

    Attributes:
        ext_id: The caller's name for the group.
        required: One of `BookingRequiredMode`: whether one or all of its accounts have to be free.
    """

    ext_id: Opt[str] = UNSET
    account_ids: Opt[list[int]] = UNSET
    required: Opt[str] = UNSET


@model
class GroupAttachment:
    """Groups to attach to a group profile."""

    groups: Opt[list[GroupToAttach]] = UNSET


@model
class GroupToDetach:
    """A group of accounts, or some accounts of it, by the caller's name for the group."""

    ext_id: Opt[str] = UNSET
    account_ids: Opt[list[int]] = UNSET


@model
class GroupDetachment:
    """Groups to detach from a group profile."""

    groups: Opt[list[GroupToDetach]] = UNSET


@model
class AttachedGroup:
    """A group that is attached to a group profile; `required` is one of `BookingRequiredMode`."""

    ext_id: str | None = None
    account_ids: list[int] | None = None
    required: str | None = None


# --- many profiles at once


@model
class AvailableProfilesRequest:
    """Which profiles to look at, and between which instants.

    Attributes:
        required: One of `BookingRequiredMode`.
    """

    time_min: Opt[datetime] = UNSET
    time_max: Opt[datetime] = UNSET
    profile_names: Opt[list[str]] = UNSET
    profile_ids: Opt[list[int]] = UNSET
    required: Opt[str] = UNSET


@model
class AvailableProfiles:
    """The profiles that have a time free."""

    profile_ids: list[int] | None = None
