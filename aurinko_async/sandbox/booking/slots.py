"""The times a profile offers: in working hours, between events and reservations."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from aurinko_async.sandbox.account import Account
from aurinko_async.sandbox.booking.profiles import Profile, Required, add_period, read_period
from aurinko_async.sandbox.calendars.free_time import busy_times, starts_in, widened, without
from aurinko_async.sandbox.calendars.moments import instant, local, read_instant
from aurinko_async.sandbox.calendars.work_hours import open_spans
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import ApiError
from aurinko_async.sandbox.times import DAY
from aurinko_async.sandbox.world import World

# However long a profile says it is available, the sandbox looks no further.
_LONGEST = timedelta(days=366)


@frozen
class Offer:
    """A time at which a meeting can begin, and who of a group's profile could come."""

    start: float
    accounts: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()


def zone_of(world: World, profile: Profile) -> str:
    """Give the time zone in which a profile's days begin."""
    hours: Json = profile.settings.get("workHours") or {}
    if hours.get("timezone"):
        zone: str = hours["timezone"]
        return zone
    account = _account(world, next(iter(_everybody(profile)), 0))
    return account.timezone if account else "UTC"


def window(world: World, profile: Profile) -> tuple[float, float]:
    """Give from when until when a profile offers times."""
    settings, now = profile.settings, world.clock()
    earliest = max(now, read_instant(settings["startTime"])) if settings.get("startTime") else now
    begin = max(now + profile.seconds("startAfterMinutes"), earliest)
    zone = zone_of(world, profile)
    base = local(earliest, zone)
    last = min(add_period(base.date(), read_period(settings["timeAvailableFor"])), base.date() + _LONGEST)
    end = instant(last, base.time(), zone)
    if settings.get("endTime"):
        end = min(end, read_instant(settings["endTime"]))
    return float(int(begin)), max(float(int(begin)), end)


def offers(world: World, profile: Profile, required: Required, since: float, until: float) -> list[Offer]:
    """Give the times a profile offers from `since` to `until`."""
    if profile.account is not None:
        return [Offer(start) for start in sorted(_starts(world, profile, profile.account, since, until))]
    times = {account: _starts(world, profile, account, since, until) for account in _everybody(profile)}
    enough = all if required == "all" else any
    found: list[Offer] = []
    for start in sorted(set[float]().union(*times.values())):
        free = {account for account, starts in times.items() if start in starts}
        groups = tuple(
            group.ext_id
            for group in profile.groups.values()
            if group.accounts and (all if group.required == "all" else any)(one in free for one in group.accounts)
        )
        accounts = tuple(account for account in profile.accounts if account in free)
        asked = [*(one in accounts for one in profile.accounts), *(one in groups for one in profile.groups)]
        if asked and enough(asked):
            found.append(Offer(start, accounts, groups))
    return found


def free_accounts(world: World, profile: Profile, start: float) -> set[int]:
    """Tell which of a profile's accounts can begin a meeting then."""
    return {one for one in _everybody(profile) if start in _starts(world, profile, one, start - DAY, start + DAY)}


def _everybody(profile: Profile) -> list[int]:
    if profile.account is not None:
        return [profile.account]
    members = (account for group in profile.groups.values() for account in group.accounts)
    return list(dict.fromkeys((*profile.accounts, *members)))


def _account(world: World, id_: int) -> Account | None:
    try:
        account = world.account(id_)
    except ApiError:
        return None
    return account if account.token_status == "active" else None


def _starts(world: World, profile: Profile, id_: int, since: float, until: float) -> set[float]:
    """Give the times at which one account could begin a meeting."""
    account = _account(world, id_)
    if account is None:
        return set()
    settings = profile.settings
    exact: Json | None = settings.get("availabilityIntervals")
    hours: Json | None = settings.get("workHours") or (None if exact else account.work_hours)
    duration, buffer = profile.seconds("durationMinutes"), profile.seconds("bufferBetweenMinutes")
    busy = [(one.start, one.end) for one in busy_times(account.calendars.primary, since - buffer, until + buffer)]
    taken = widened([*busy, *world.bookings.held(id_)], buffer)
    found: set[float] = set()
    for span in open_spans(hours, exact, since, until, account.timezone):
        free = without([span], taken)
        found.update(starts_in(free, duration, profile.seconds("availabilityStep"), span[0]))
    return {start for start in found if since <= start and start + duration <= until}
