"""What the vendor tells webhooks: a hint that something changed, of which a sync then finds out the rest."""

from __future__ import annotations

import functools
import re
from enum import StrEnum
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote, unquote

import attrs

from aurinko_async._codec import decode
from aurinko_async._converter import make_converter, salvage
from aurinko_async.errors import DecodeError, InvalidInput, MalformedBody
from aurinko_async.models._model import model
from aurinko_async.models.tracking import EmailTrackingEvent

T = TypeVar("T")

MESSAGES: Final = "/email/messages"
TRACKING: Final = "/email/tracking"
CONTACTS: Final = "/contacts"

_EVENTS = re.compile(r"/calendars/(.+)/events")
_TASKS = re.compile(r"/tasklists/(.+)/tasks")
_BOOKING = "/booking/"


class ChangeType(StrEnum):
    """What happened to a record; the API may send others."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


class LifecycleEvent(StrEnum):
    """What happened to the account behind a subscription; the API may send others."""

    ERROR = "error"
    ACTIVE = "active"


@model
class ChangeAttributes:
    """What is told of a changed record beside its id; only messages have a thread."""

    thread_id: str | None = None


@model
class RecordChange:
    """A message, event, contact or task that changed.

    Attributes:
        change_type: One of `ChangeType`.
    """

    id: str | None = None
    change_type: str | None = None
    attributes: ChangeAttributes | None = None


@model
class BookingChange:
    """A booking that was made or changed; the vendor does not say which."""

    booking_id: str | int | None = None
    calendar_id: str | None = None
    event_id: str | None = None


@functools.cache
def _converter() -> Any:
    return make_converter()


@model
class _Head:
    subscription: int | None = None
    resource: str | None = None
    account_id: str | int | None = None
    error: str | None = None
    lifecycle_event: str | None = None


@model
class Notification(_Head):
    """A notification. It may be late, doubled, out of order, and may leave things out: run an incremental sync.

    Attributes:
        subscription: The id of the subscription.
        resource: What was subscribed to, such as `/email/messages`.
        account_id: The account. The vendor sends a number.
        error: What is wrong, with the lifecycle event `error`.
        lifecycle_event: One of `LifecycleEvent`: the account cannot be read any more, or again. It has no payloads.
        payloads: What changed, as it came; often empty. `changes`, `tracking_events` and `bookings` read it, and leave
            out of it what they cannot read.
    """

    payloads: list[Any] | None = None

    @property
    def changes(self) -> list[RecordChange]:
        """The records that changed; none where the resource is tracking or booking."""
        other = self.resource == TRACKING or (self.resource or "").startswith(_BOOKING)
        return [] if other else self._read(RecordChange)

    @property
    def tracking_events(self) -> list[EmailTrackingEvent]:
        """What was noticed about tracked messages; none where the resource is another."""
        return self._read(EmailTrackingEvent) if self.resource == TRACKING else []

    @property
    def bookings(self) -> list[BookingChange]:
        """The bookings; none where the resource is another."""
        return self._read(BookingChange) if (self.resource or "").startswith(_BOOKING) else []

    @property
    def sync_key(self) -> tuple[str, str] | None:
        """Which sync finds the changes: its resource (email, calendar, contacts, tasks), and the calendar or list.

        `("email", "")`, `("calendar", "primary")`, `("tasks", "default")`; None where there is nothing to sync.
        """
        resource = self.resource or ""
        if resource == MESSAGES:
            return "email", ""
        if resource == CONTACTS:
            return "contacts", ""
        if found := _EVENTS.fullmatch(resource):
            return "calendar", unquote(found[1])
        if found := _TASKS.fullmatch(resource):
            return "tasks", unquote(found[1])
        return None

    def _read(self, cls: type[T]) -> list[T]:
        objects = [cast("dict[str, Any]", one) for one in self.payloads or () if isinstance(one, dict)]
        return [cast("T", salvage(_converter(), cls, one)) for one in objects]


def parse_notification(body: bytes) -> Notification:
    """Read the body of a notification, whose signature has been verified.

    Payloads that are no list are left out: they are hints, and the sync finds what they would have said.

    Raises:
        MalformedBody: the body is not JSON.
        DecodeError: it is, but not a notification.
    """
    try:
        return decode(Notification, body)
    except MalformedBody:
        raise
    except DecodeError as error:
        if not error.path.startswith("payloads"):
            raise
    head: Any = decode(_Head, body)
    return Notification(**attrs.asdict(head, recurse=False))


def events_of(calendar_id: str = "primary") -> str:
    """Name the events of a calendar as subscriptions do: `/calendars/primary/events`."""
    return f"/calendars/{_segment(calendar_id)}/events"


def tasks_of(list_id: str = "default") -> str:
    """Name the tasks of a list as subscriptions do: `/tasklists/default/tasks`."""
    return f"/tasklists/{_segment(list_id)}/tasks"


def _segment(id_: str) -> str:
    if not id_:
        raise InvalidInput("the id is empty")
    # The vendor does not say how ids are written in a resource: escaped is only what would change its shape.
    return quote(id_, safe="@=+:!$&'()*,; ")
