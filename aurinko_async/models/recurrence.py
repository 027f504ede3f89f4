"""When events take place: times, recurrences, occurrences."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from attrs import field

from aurinko_async.errors import InvalidInput
from aurinko_async.models._model import READ_ONLY, model


class RecurrenceFrequency(StrEnum):
    """What a simple recurrence repeats by; the API may send others."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    MONTHLY_RELATIVE = "monthlyRelative"
    YEARLY = "yearly"
    YEARLY_RELATIVE = "yearlyRelative"


class RecurrenceInstance(StrEnum):
    """Which of a month's days of the week a relative recurrence takes; the API may send others."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    FOURTH = "fourth"
    LAST = "last"


class RecurrenceRangeType(StrEnum):
    """How a simple recurrence ends; the API may send others."""

    BY_DATE = "byDate"
    BY_COUNT = "byCount"
    UNBOUNDED = "unbounded"


class RecurrenceForm(StrEnum):
    """The two ways to write a recurrence; the API may send others."""

    SIMPLE = "simple"
    ICAL = "ical"


class OccurrenceType(StrEnum):
    """How an occurrence stands to its series; the API may send others."""

    REGULAR = "regular"
    MODIFIED = "modified"
    DELETED = "deleted"


@model
class EventDateTime:
    """A whole day (`date_only`), or an instant (`date_time`) and the time zone it was planned in."""

    date_only: date | None = None
    date_time: datetime | None = None
    timezone: str | None = None

    @classmethod
    def of(cls, value: date | datetime, *, timezone: str | None = None) -> EventDateTime:
        """Make an event's time of a day or an aware datetime.

        Args:
            timezone: The IANA name of the time zone; a datetime with a `ZoneInfo` brings its own.

        Raises:
            InvalidInput: the datetime is naive.
        """
        if not isinstance(value, datetime):
            return cls(date_only=value, timezone=timezone)
        if value.tzinfo is None:
            raise InvalidInput(f"{value.isoformat()} is a naive datetime: give it a time zone")
        return cls(date_time=value, timezone=timezone or getattr(value.tzinfo, "key", None))

    @property
    def value(self) -> date | datetime | None:
        """The day or the aware datetime that it stands for; `None` when it has neither."""
        return self.date_time if self.date_only is None else self.date_only


@model
class RecurrencePattern:
    """What a simple recurrence repeats.

    Attributes:
        frequency: One of `RecurrenceFrequency`.
        interval: Every so many of them; 1 when not given.
        days_of_week: Days as in `DayOfWeek`.
        week_start: `monday` or `sunday`.
        day_of_month: 1 to 31.
        month_of_year: 1 to 12.
        instance: One of `RecurrenceInstance`.
    """

    frequency: str | None = None
    interval: int | None = None
    days_of_week: list[str] | None = None
    week_start: str | None = None
    day_of_month: int | None = None
    month_of_year: int | None = None
    instance: str | None = None


@model
class RecurrenceRange:
    """From when and how long a simple recurrence goes on.

    Attributes:
        type: One of `RecurrenceRangeType`.
        recurrence_end: Its last day, with `byDate`.
        count: How many occurrences there are, with `byCount`.
        pattern_exclusions: Occurrences that were taken out; only the API sets them.
    """

    type: str | None = None
    recurrence_start: EventDateTime | None = None
    recurrence_end: date | None = None
    count: int | None = None
    pattern_exclusions: list[EventDateTime] | None = field(default=None, metadata=READ_ONLY)


@model
class RecurrenceSimple:
    """A recurrence in the way of Outlook: a pattern and a range."""

    pattern: RecurrencePattern | None = None
    range: RecurrenceRange | None = None


@model
class RecurrenceIcal:
    """A recurrence in the way of iCalendar: `rules` such as `RRULE:FREQ=DAILY;COUNT=5`."""

    rules: list[str] | None = None
    recurrence_start: EventDateTime | None = None


@model
class Recurrence:
    """How an event repeats, in either way or both; give one of them.

    Attributes:
        original: Which of the two the provider has, one of `RecurrenceForm`; only the API sets it.
    """

    original: str | None = field(default=None, metadata=READ_ONLY)
    ical: RecurrenceIcal | None = None
    simple: RecurrenceSimple | None = None


@model
class OccurrenceInfo:
    """Where an event stands in its series.

    Attributes:
        type: One of `OccurrenceType`; `deleted` means that this occurrence does not take place.
        original_start: When the series has it start.
        start: When it starts.
        master_id: The id of the series.
    """

    id: str | None = None
    type: str | None = None
    original_start: EventDateTime | None = None
    start: EventDateTime | None = None
    master_id: str | None = None


@model
class SeriesInfo:
    """A series of events: how it repeats, and the occurrences that differ."""

    id: str | None = None
    global_id: str | None = None
    recurrence: Recurrence | None = None
    modified_occurrences: list[OccurrenceInfo] | None = None
    deleted_occurrences: list[OccurrenceInfo] | None = None
