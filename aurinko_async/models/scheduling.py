"""Who is free when: free/busy, work hours, meeting times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from enum import StrEnum

from attrs import field

from aurinko_async._types import UNSET
from aurinko_async.errors import InvalidInput
from aurinko_async.models._model import READ_ONLY, Opt, model


class DayOfWeek(StrEnum):
    """Days as schedules and recurrences name them."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class ShowAs(StrEnum):
    """How time in a calendar counts; the API may send others."""

    FREE = "free"
    BUSY = "busy"
    TENTATIVE = "tentative"
    OUT_OF_OFFICE = "outOfOffice"
    UNKNOWN = "unknown"


@model
class WorkingInterval:
    """Hours of a day, each as `HH:MM:SS` in the time zone of the schedule they are in."""

    start: str | None = None
    end: str | None = None

    @classmethod
    def of(cls, start: time, end: time) -> WorkingInterval:
        """Make an interval of two times of day.

        Raises:
            InvalidInput: a time has a time zone; the schedule has it for all of its intervals.
        """
        for name, value in (("start", start), ("end", end)):
            if value.tzinfo is not None:
                raise InvalidInput(f"{name} has a time zone ({value.isoformat()}): the schedule's applies")
        return cls(start=start.isoformat("seconds"), end=end.isoformat("seconds"))

    @property
    def times(self) -> tuple[time, time] | None:
        """The two times of day; `None` when one is missing. An interval to the end of the day ends at `time.max`.

        Raises:
            InvalidInput: one of them is no time of day.
        """
        if self.start is None or self.end is None:
            return None
        try:
            end = time.max if self.end == "24:00:00" else time.fromisoformat(self.end)
            return time.fromisoformat(self.start), end
        except ValueError:
            raise InvalidInput(f"{self.start!r} and {self.end!r} are not two times such as '09:00:00'") from None


@model
class DayWorkSchedule:
    """The working hours of one day of the week, named as in `DayOfWeek`."""

    day_of_week: str | None = None
    working_intervals: list[WorkingInterval] | None = None


@model
class WeekWorkSchedule:
    """The working hours of a week.

    Attributes:
        day_schedules: The working days.
        timezone: The IANA name of the time zone that the hours are in.
    """

    day_schedules: list[DayWorkSchedule] | None = None
    timezone: str | None = None


@model
class AvailabilityInterval:
    """Hours that are on offer on each day from one date to another, both included."""

    date_start_inclusive: date | None = None
    date_end_inclusive: date | None = None
    hours: list[WorkingInterval] | None = None


@model
class AvailabilityIntervals:
    """Dates and hours that are on offer."""

    intervals: list[AvailabilityInterval] | None = None


@model
class TimeInterval:
    """From one instant to another."""

    start: datetime | None = None
    end: datetime | None = None


@model
class FreeBusyRequest:
    """Whose time to look up, and between which instants."""

    time_min: Opt[datetime] = UNSET
    time_max: Opt[datetime] = UNSET
    emails: Opt[list[str]] = UNSET


@model
class FreeBusyItem:
    """A stretch of somebody's time; `status` is one of `ShowAs`."""

    start: datetime | None = None
    end: datetime | None = None
    status: str | None = None


@model
class FreeBusySchedule:
    """The time of one person.

    Attributes:
        error: Why this person's time could not be looked up; the others' are not affected.
        work_hours: When the person works, where the provider tells.
    """

    email: str | None = None
    items: list[FreeBusyItem] | None = None
    error: str | None = None
    work_hours: WeekWorkSchedule | None = None


@model
class FreeBusySchedulePage:
    """A schedule for each address that was asked for; iterate over it. It is whole: there are no further pages."""

    records: list[FreeBusySchedule] | None = None

    def __iter__(self) -> Iterator[FreeBusySchedule]:
        return iter(self.records or ())

    def __len__(self) -> int:
        return len(self.records or ())


@model
class WorkHoursRequest:
    """Whose work hours to look up."""

    emails: Opt[list[str]] = UNSET


@model
class WorkHoursResponseItem:
    """The work hours of one person."""

    email: str | None = None
    work_hours: WeekWorkSchedule | None = None


@model
class WorkHoursResponse:
    """The work hours of the people that were asked for."""

    items: list[WorkHoursResponseItem] | None = None


@model
class MeetingAttendee:
    """Somebody whose time a meeting has to suit.

    Attributes:
        email: The address by which the time is looked up; without one, only what is given here counts.
        timezone: The IANA name of the time zone of the attendee.
        work_hours: When the attendee works, if not as the provider says.
        error: Why the attendee's time could not be looked up; only the API sets it.
        busy_intervals: Times to take as busy on top of what is looked up; only the caller sets them.
        free_intervals: Times to take as free whatever is looked up; only the caller sets them.
    """

    email: str | None = None
    timezone: str | None = None
    work_hours: WeekWorkSchedule | None = None
    error: str | None = field(default=None, metadata=READ_ONLY)
    busy_intervals: list[TimeInterval] | None = None
    free_intervals: list[TimeInterval] | None = None


@model
class SuggestMeetingTimesRequest:
    """What meeting to find a time for.

    Attributes:
        time_min, time_max: The instants to search between.
        duration_minutes: How long the meeting is.
        buffer_between_minutes: How much time to leave free between meetings.
        availability_step: Minutes from the start of one suggestion to the start of the next; 30 when not given.
        default_timezone: The IANA name of the time zone of attendees of whom none is known.
        default_work_hours: The work hours of attendees of whom none are known.
        availability_intervals: Dates and hours to keep to.
        free_statuses: What of `ShowAs` counts as free; only `free` when not given.
    """

    time_min: Opt[datetime] = UNSET
    time_max: Opt[datetime] = UNSET
    duration_minutes: Opt[int] = UNSET
    buffer_between_minutes: Opt[int] = UNSET
    availability_step: Opt[int] = UNSET
    attendees: Opt[list[MeetingAttendee]] = UNSET
    default_timezone: Opt[str] = UNSET
    default_work_hours: Opt[WeekWorkSchedule] = UNSET
    availability_intervals: Opt[AvailabilityIntervals] = UNSET
    free_statuses: Opt[list[str]] = UNSET


@model
class SuggestMeetingTimesResponse:
    """Times that suit; and the attendees, with an `error` on each whose time could not be looked up."""

    items: list[TimeInterval] | None = None
    attendees: list[MeetingAttendee] | None = None
