"""What the three kinds of booking have in common: pages of times, meetings, reservations."""

from __future__ import annotations

from datetime import date, time

from attrs import frozen

from aurinko_async.sandbox.booking.meetings import GIVEN_VARIABLES, choose, meet
from aurinko_async.sandbox.booking.profiles import Profile, Required, add_period, read_period
from aurinko_async.sandbox.booking.slots import Offer, offers, window, zone_of
from aurinko_async.sandbox.calendars.moments import instant, local
from aurinko_async.sandbox.call import Call, Reply, done, reply, spoil
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request, page_invalid
from aurinko_async.sandbox.times import iso
from aurinko_async.sandbox.tokens import InvalidToken, ListCursor

_QUESTION = ("required", "fromDate", "intervalLength", "limit")
_COLOURS = {"primaryColor": "#1a73e8", "secondaryColor": "#e8f0fe"}


@frozen
class _Stretch:
    """The part of a profile's window that a request looks at, and the day the next part begins."""

    since: float
    until: float
    next_from: date | None


def times(call: Call, profile: Profile) -> Reply:
    """Answer a page of the times a profile offers: by page token in a stretch, by `nextFromDate` to the next one."""
    question, after = _question(call, profile)
    begin, end = window(call.world, profile)
    stretch = _stretch(call, profile, question, begin, end)
    found = offers(call.world, profile, _required(question), stretch.since, stretch.until)
    if after is None:
        found = found[call.query.get("offset") or 0 :]
    else:
        found = [offer for offer in found if offer.start > after]
    page: Json = {
        **_about(profile),
        "startTime": iso(begin),
        "endTime": iso(end),
    }
    shown = [] if call.hit_by("empty_pages") else found[: question.get("limit") or call.world.page_size]
    page["items"] = [_item(profile, offer) for offer in shown]
    if len(shown) < len(found):
        place = shown[-1].start if shown else after
        cursor = ListCursor(_stream(profile), 0, 0, (float("-inf") if place is None else place, 0), question)
        page["nextPageToken"] = call.world.mint.issue(cursor)
    elif stretch.next_from is not None:
        page["nextFromDate"] = stretch.next_from.isoformat()
    return reply(spoil(call, page))


def book(call: Call, profile: Profile) -> Reply:
    """Book a time, or reserve it."""
    choice = choose(call.world, profile, _required(call.query), call.body)
    answer: Json = {} if choice.group_xid is None else {"groupXid": choice.group_xid}
    minutes: int | None = call.query.get("reserveForMinutes")
    if minutes is None:
        return reply({"created": True, "id": meet(call.world, profile, choice, call.body), **answer})
    if minutes < 1:
        raise bad_request("reserveForMinutes is less than 1")
    span = (choice.start, choice.end)
    held = call.world.bookings.reserve(profile, span, minutes, choice.hosts, choice.group_xid, call.body)
    return reply({"created": False, "ReservationId": held.id, **answer})


def confirm(call: Call, account: int | None) -> Reply:
    """Make a meeting of a reservation."""
    held = call.world.bookings.take(call.path["id"], account)
    return reply({"id": meet(call.world, held.profile, held, held.body)})


def release(call: Call, account: int | None) -> Reply:
    """Give a reserved time free."""
    call.world.bookings.take(call.path["id"], account)
    return done()


def _stream(profile: Profile) -> str:
    return f"meeting/{profile.id}"


def _required(question: Json) -> Required:
    required: Required = question.get("required") or "one"
    return required


def _question(call: Call, profile: Profile) -> tuple[Json, float | None]:
    """Give what is asked and the start to go on after; a page token remembers both."""
    limit, offset = call.query.get("limit"), call.query.get("offset")
    if (limit is not None and limit < 1) or (offset is not None and offset < 0):
        raise bad_request("limit is less than 1, or offset less than 0")
    asked: Json = {name: call.query[name] for name in _QUESTION if name in call.query}
    if (token := call.query.get("pageToken")) is None:
        return asked, None
    try:
        cursor = call.world.mint.read(token, ListCursor)
    except InvalidToken as error:
        raise page_invalid() from error
    if cursor.stream != _stream(profile) or any(cursor.question.get(name) != value for name, value in asked.items()):
        raise page_invalid()
    return cursor.question, cursor.position[0]


def _stretch(call: Call, profile: Profile, question: Json, begin: float, end: float) -> _Stretch:
    zone = zone_of(call.world, profile)
    first, last = local(begin, zone).date(), local(end, zone).date()
    day = first
    if "fromDate" in question:  # what is out of the window shows nothing, however far out it is
        day = min(max(date.fromisoformat(question["fromDate"]), first), date.fromordinal(last.toordinal() + 1))
    since = max(begin, instant(day, time(), zone))
    if "intervalLength" not in question:
        return _Stretch(since, end, None)
    next_day = add_period(day, read_period(question["intervalLength"]))
    if next_day <= day:
        raise bad_request("intervalLength is no time at all")
    until = instant(next_day, time(), zone)
    return _Stretch(since, min(end, until), next_day if until < end else None)


def _about(profile: Profile) -> Json:
    fields = [{"name": name, "type": "string"} for name in profile.variables() if name not in GIVEN_VARIABLES]
    said = ("timeAvailableFor", "durationMinutes", "availabilityStep")
    return {
        **{name: profile.settings[name] for name in said},
        "subject": profile.settings.get("subject") or profile.name,
        **_COLOURS,
        "additionalFields": fields,
    }


def _item(profile: Profile, offer: Offer) -> Json:
    item: Json = {"start": iso(offer.start), "end": iso(offer.start + profile.seconds("durationMinutes"))}
    if profile.account is not None:
        return item
    return item | {"groupXids": list(offer.groups), "accountIds": list(offer.accounts)}
