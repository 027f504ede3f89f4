"""Booking a time: who hosts the meeting, and the event that comes of it."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from aurinko_async.sandbox.booking.profiles import Profile, Required, Reservation
from aurinko_async.sandbox.booking.slots import Offer, free_accounts, offers, window, zone_of
from aurinko_async.sandbox.calendars.moments import Moment, read_instant
from aurinko_async.sandbox.calendars.writing import create
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import ApiError, bad_request
from aurinko_async.sandbox.letters import address
from aurinko_async.sandbox.times import DAY
from aurinko_async.sandbox.world import World

# What the person who books is not asked for.
GIVEN_VARIABLES = ("openMeetingUrl", "rescheduleToken")


@frozen
class Choice:
    """A time that can be booked, and the accounts whose calendars it goes into, the host's first."""

    start: float
    end: float
    hosts: list[int]
    group_xid: str | None


def choose(world: World, profile: Profile, required: Required, body: Json) -> Choice:
    """Hold what somebody wants to book against what the profile offers.

    Raises:
        ApiError: 400, the time is taken or was never offered, or something is missing in the request.
    """
    time: Json = body.get("time") or {}
    if not time.get("start"):
        raise bad_request("time.start is required")
    start = read_instant(time["start"])
    end = start + profile.seconds("durationMinutes")
    if time.get("end") and read_instant(time["end"]) != end:
        raise bad_request(f"The meeting takes {profile.settings['durationMinutes']} minutes")
    _values(profile, body)
    begin, last = window(world, profile)
    around = offers(world, profile, required, max(begin, start - DAY), min(last, end + DAY))
    offer = next((offer for offer in around if offer.start == start), None)
    if offer is None:
        raise _not_available()
    hosts, xid = _hosts(world, profile, required, body, offer)
    return Choice(start, end, hosts, xid)


def meet(world: World, profile: Profile, choice: Choice | Reservation, body: Json) -> str:
    """Put the meeting into the calendars of its hosts, and give the id of the first one's event."""
    accounts = [world.account(host) for host in choice.hosts]
    values = _values(profile, body)
    zone = zone_of(world, profile)
    name, email = _scheduler(body)
    invited = [address(account.name, account.email) for account in accounts[1:]]
    invited += [address(name, email)] if email else []
    event: Json = {
        "subject": profile.text("subject", values) or profile.name,
        "description": profile.text("description", values),
        "location": profile.text("location", values),
        "start": Moment(choice.start, zone).wire(utc=False),
        "end": Moment(choice.end, zone).wire(utc=False),
        "organizer": {"emailAddress": address(accounts[0].name, accounts[0].email)},
        "meetingInfo": {
            "attendees": [{"emailAddress": person} for person in invited],
            "onlineMeeting": bool(profile.settings.get("startConference")),
        },
    }
    uid: str | None = None
    made: list[str] = []
    for account in accounts:
        agenda = account.calendars.primary
        created = create(agenda, event, uid=uid)
        uid = created.uid
        made.append(created.id)
        told = {"bookingId": profile.id, "calendarId": agenda.id, "eventId": created.id}
        world.webhooks.notify(account, f"/booking/{profile.id}", told)
    return made[0]


def _hosts(
    world: World, profile: Profile, required: Required, body: Json, offer: Offer
) -> tuple[list[int], str | None]:
    """Give the accounts that host, and the group among them: those the request names, or whom the profile takes."""
    if profile.account is not None:
        return [profile.account], None
    accounts: list[int] = body.get("accountIds") or []
    groups: list[str] = body.get("groupXids") or []
    if not set(accounts) <= set(profile.accounts) or not set(groups) <= set(profile.groups):
        raise bad_request("An account or a group is not attached to the booking profile")
    if not set(accounts) <= set(offer.accounts) or not set(groups) <= set(offer.groups):
        raise _not_available()
    if not accounts and not groups:
        accounts, groups = list(offer.accounts), list(offer.groups)
        if required == "one":
            accounts, groups = accounts[:1], [] if accounts else groups[:1]
    free = free_accounts(world, profile, offer.start)
    members = [one for xid in groups for one in _members(profile, xid, free)]
    return list(dict.fromkeys((*accounts, *members))), groups[0] if groups else None


def _members(profile: Profile, xid: str, free: Iterable[int]) -> list[int]:
    group = profile.groups[xid]
    coming = [one for one in group.accounts if one in set(free)]
    return coming if group.required == "all" else coming[:1]


def _values(profile: Profile, body: Json) -> dict[str, str]:
    """Give the values of the variables.

    Raises:
        ApiError: 400, one has none.
    """
    name, _ = _scheduler(body)
    given: Json = body.get("substitutionData") or {}
    values: dict[str, str] = {
        "openMeetingUrl": profile.settings.get("openMeetingUrl") or "",
        "rescheduleToken": f"reschedule-{profile.id}",
        **({"name": name} if name else {}),
        **{key: value for key, value in given.items() if value is not None},
    }
    missing = [variable for variable in profile.variables() if variable not in values]
    if missing:
        raise bad_request(f"substitutionData is missing: {', '.join(missing)}")
    return values


def _scheduler(body: Json) -> tuple[str, str]:
    """Give the name and the address of who books; older clients say it beside `schedulerInfo`."""
    person: Json = body.get("schedulerInfo") or {}
    return person.get("name") or body.get("name") or "", person.get("email") or body.get("email") or ""


def _not_available() -> ApiError:
    return ApiError(400, "The time is not available", code="booking.timeNotAvailable", reason="Bad Request")
