"""Booking profiles, of accounts and of groups, and reservations: all of the app's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Literal

from attrs import Factory, define, field

from aurinko_async.sandbox.calendars.moments import read_instant
from aurinko_async.sandbox.calendars.work_hours import check_schedule
from aurinko_async.sandbox.contract import Json, schemas
from aurinko_async.sandbox.errors import ApiError, bad_request, not_found

Required = Literal["one", "all"]

# More than 2**31, so that who keeps ids in 32 bits finds out.
_FIRST_ID = 6_000_000_000
_STEPS = (5, 10, 15, 20, 30, 60)
_LONGEST_MEETING = 24 * 60
# What the reference says of a profile that does not; half an hour and four weeks are its examples.
_DEFAULTS: Json = {
    "durationMinutes": 30,
    "availabilityStep": 30,
    "bufferBetweenMinutes": 0,
    "startAfterMinutes": 60,
    "timeAvailableFor": "P4W",
}
_PERIOD = re.compile(r"P?(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,3})W)?(?:(\d{1,3})D)?\Z")
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@define(eq=False)
class Group:
    """Accounts that are asked together; `required` says whether one or all of them have to come."""

    ext_id: str
    accounts: list[int]
    required: Required = "one"

    def record(self) -> Json:
        return {"extId": self.ext_id, "accountIds": list(self.accounts), "required": self.required}


@define(eq=False)
class Profile:
    """A booking profile of an account, or of a group, with the properties as they are on the wire."""

    id: int
    settings: Json
    account: int | None = None
    accounts: list[int] = Factory(lambda: list[int]())
    groups: dict[str, Group] = Factory(lambda: dict[str, Group]())

    @property
    def name(self) -> str:
        name: str = self.settings["name"]
        return name

    def record(self) -> Json:
        """Give it as the API does."""
        return {"id": self.id, **self.settings}

    def seconds(self, name: str) -> float:
        """Give a setting that is in minutes."""
        minutes: int = self.settings[name]
        return 60.0 * minutes

    def variables(self) -> list[str]:
        """List the variables its texts leave open."""
        texts = (self.settings.get(name) or "" for name in ("subject", "description", "location"))
        return list(dict.fromkeys(variable for text in texts for variable in _VARIABLE.findall(text)))

    def text(self, name: str, values: dict[str, str]) -> str:
        """Give one of its texts with the variables filled in."""
        return _VARIABLE.sub(lambda found: values[found[1]], self.settings.get(name) or "")


@define(eq=False)
class Reservation:
    """A time that is kept for somebody who has not confirmed yet."""

    id: int
    profile: Profile
    start: float
    end: float
    expires: float
    hosts: list[int]
    group_xid: str | None
    body: Json = field(repr=False)


class Bookings:
    """The profiles and reservations of an app."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._made = 0
        self._profiles: dict[int, Profile] = {}
        self._reservations: dict[int, Reservation] = {}

    def of(self, account: int | None) -> list[Profile]:
        """List the profiles of an account, or those of groups."""
        return [profile for profile in self._profiles.values() if profile.account == account]

    def get(self, id_: int, account: int | None) -> Profile:
        """Give a profile of an account, or of a group.

        Raises:
            ApiError: 404, there is none.
        """
        profile = self._profiles.get(id_)
        if profile is None or profile.account != account:
            raise not_found("The booking profile could not be found")
        return profile

    def named(self, name: str) -> Profile | None:
        """Give a profile by its name, which is the only one of its kind in the app."""
        return next((profile for profile in self._profiles.values() if profile.name == name), None)

    def create(self, body: Json, account: int | None) -> Profile:
        """Make a profile.

        Raises:
            ApiError: 400, it makes no sense, or its name is taken.
        """
        profile = Profile(self._next_id(), self._checked(_said(body), None), account)
        self._profiles[profile.id] = profile
        return profile

    def update(self, profile: Profile, body: Json) -> None:
        """Change a profile; null takes a property back.

        Raises:
            ApiError: 400, it would make no sense, or the name is taken.
        """
        profile.settings = self._checked(_said(profile.settings | body), profile)

    def delete(self, profile: Profile) -> None:
        """Forget a profile, and what is reserved through it."""
        del self._profiles[profile.id]
        self._keep_if(lambda reservation: reservation.profile is not profile)

    def reserve(
        self, profile: Profile, span: tuple[float, float], minutes: int, hosts: list[int], xid: str | None, body: Json
    ) -> Reservation:
        """Keep a time for some minutes."""
        expires = self._clock() + 60.0 * minutes
        made = Reservation(self._next_id(), profile, *span, expires, hosts, xid, body)
        self._reservations[made.id] = made
        return made

    def take(self, id_: int, account: int | None) -> Reservation:
        """Take a reservation out.

        Raises:
            ApiError: 404, there is none, or no more.
        """
        self._keep_if(lambda reservation: reservation.expires > self._clock())
        reservation = self._reservations.get(id_)
        if reservation is None or reservation.profile.account != account:
            raise not_found("The reservation could not be found")
        return self._reservations.pop(id_)

    def held(self, account: int) -> list[tuple[float, float]]:
        """Give the times that are reserved with an account."""
        self._keep_if(lambda reservation: reservation.expires > self._clock())
        return [(one.start, one.end) for one in self._reservations.values() if account in one.hosts]

    def _keep_if(self, wanted: Callable[[Reservation], bool]) -> None:
        self._reservations = {one.id: one for one in self._reservations.values() if wanted(one)}

    def _next_id(self) -> int:
        self._made += 1
        return _FIRST_ID + self._made

    def _checked(self, settings: Json, own: Profile | None) -> Json:
        if not settings.get("name"):
            raise bad_request("The booking profile has no name")
        if self.named(settings["name"]) not in (None, own):
            raise ApiError(400, "A booking profile with this name exists", code="alreadyExists")
        if not 1 <= settings["durationMinutes"] <= _LONGEST_MEETING:
            raise bad_request(f"durationMinutes is not from 1 to {_LONGEST_MEETING}")
        if settings["availabilityStep"] not in _STEPS:
            raise bad_request(f"availabilityStep is not one of {', '.join(map(str, _STEPS))}")
        if settings["bufferBetweenMinutes"] < 0 or settings["startAfterMinutes"] < 0:
            raise bad_request("bufferBetweenMinutes or startAfterMinutes is negative")
        read_period(settings["timeAvailableFor"])
        times = [read_instant(settings[name]) for name in ("startTime", "endTime") if settings.get(name)]
        if len(times) == 2 and times[0] >= times[1]:
            raise bad_request("startTime is not before endTime")
        check_schedule(settings.get("workHours"), settings.get("availabilityIntervals"), "UTC")
        return settings


def _said(body: Json) -> Json:
    """Give what a profile can have, null aside, and what it has if nothing is said."""
    known: Json = schemas()["GroupBookingInDto"]["properties"]
    return _DEFAULTS | {name: value for name, value in body.items() if name in known and value is not None}


def read_period(text: str) -> tuple[int, int]:
    """Read a period such as `P4W`, or `30D` as some write it: months and days.

    Raises:
        ApiError: 400, it is none.
    """
    matched = _PERIOD.match(text)
    if matched is None or not any(matched.groups()):
        raise bad_request(f"Not an ISO-8601 period of years, months, weeks and days: {text}")
    years, months, weeks, days = (int(number or 0) for number in matched.groups())
    return 12 * years + months, 7 * weeks + days


def add_period(day: date, period: tuple[int, int]) -> date:
    """Give the day a period after another; a day its month lacks is the last of that month."""
    month = day.year * 12 + day.month - 1 + period[0]
    first = date(month // 12, month % 12 + 1, 1)
    length = (date((month + 1) // 12, (month + 1) % 12 + 1, 1) - first).days
    return date.fromordinal(first.toordinal() + min(day.day, length) - 1 + period[1])


def attach(known: Iterable[int], given: Iterable[int]) -> list[int]:
    """Add accounts to those that are attached, each once."""
    return list(dict.fromkeys((*known, *given)))
