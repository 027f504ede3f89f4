"""When everybody has time: the answer to a `SuggestMeetingTimesRequest`."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from aurinko_async.sandbox.account import Account
from aurinko_async.sandbox.calendars.events import Span
from aurinko_async.sandbox.calendars.free_time import FREE, busy_times, common, starts_in, widened, without
from aurinko_async.sandbox.calendars.moments import read_instant, read_window, zone
from aurinko_async.sandbox.calendars.work_hours import open_spans
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request
from aurinko_async.sandbox.times import DAY, iso

# Nobody plans further; searching more would take the sandbox's time.
_LONGEST_SEARCH = 366 * DAY
_STEP_MINUTES = 30

Find = Callable[[str], Account | None]


@frozen
class _Search:
    since: float
    until: float
    duration: float
    step: float
    buffer: float


def suggest(request: Json, home: str, find: Find) -> Json:
    """Give the times at which all those attendees are free that anything is known of.

    Args:
        request: the request.
        home: the time zone, where neither an attendee nor the request names one.
        find: gives the account of an address.

    Raises:
        ApiError: 400.
    """
    search = _read(request)
    default = request.get("defaultTimezone") or home
    zone(default)
    free: list[Span] | None = None
    rows: list[Json] = []
    for attendee in request.get("attendees") or ():
        row, open_ = _ask(attendee, request, search, default, find)
        rows.append(row)
        if open_ is not None:
            free = open_ if free is None else common(free, open_)
    starts = starts_in(free or [], search.duration, search.step)
    items = [{"start": iso(start), "end": iso(start + search.duration)} for start in starts]
    return {"items": items, "attendees": rows}


def _read(request: Json) -> _Search:
    since, until = read_window(request)
    if until - since > _LONGEST_SEARCH:
        raise bad_request("The time to search is longer than a year")
    step = request.get("availabilityStep")
    minutes: list[int] = [
        request.get("durationMinutes") or 0,
        _STEP_MINUTES if step is None else step,
        request.get("bufferBetweenMinutes") or 0,
    ]
    if minutes[0] < 1 or minutes[1] < 1 or minutes[2] < 0:
        raise bad_request("durationMinutes and availabilityStep are positive, bufferBetweenMinutes is not negative")
    duration, every, buffer = (60.0 * number for number in minutes)
    return _Search(since, until, duration, every, buffer)


def _ask(attendee: Json, request: Json, search: _Search, home: str, find: Find) -> tuple[Json, list[Span] | None]:
    """Give an attendee's row, and the time this attendee has; None if nothing is known of it."""
    email: str = attendee.get("email") or ""
    account = find(email)
    time_zone: str = attendee.get("timezone") or (account.timezone if account else home)
    hours: Json | None = attendee.get("workHours") or (account.work_hours if account else None)
    hours = hours or request.get("defaultWorkHours")
    row: Json = {"email": email, "timezone": time_zone, **({"workHours": hours} if hours else {})}
    busy, free = _spans(attendee.get("busyIntervals")), _spans(attendee.get("freeIntervals"))
    if account is None and busy is None and free is None:
        return row | {"error": f"Nothing is known of {email or 'an attendee without an email'}"}, None
    open_ = open_spans(hours, request.get("availabilityIntervals"), search.since, search.until, time_zone)
    if free is not None:
        open_ = common(open_, free)
    taken = busy or []
    if account is not None:
        statuses = request.get("freeStatuses") or FREE
        margin = search.buffer
        agenda = account.calendars.primary
        found = busy_times(agenda, search.since - margin, search.until + margin, statuses)
        taken = [*taken, *((one.start, one.end) for one in found)]
    left = without(open_, widened(taken, search.buffer))
    return row, common(left, [(search.since, search.until)])


def _spans(intervals: list[Json] | None) -> list[Span] | None:
    if intervals is None:
        return None
    if not all(interval.get("start") and interval.get("end") for interval in intervals):
        raise bad_request("An interval has a start and an end")
    return [(read_instant(interval["start"]), read_instant(interval["end"])) for interval in intervals]
