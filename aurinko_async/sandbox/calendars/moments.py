"""When an event starts or ends: a whole day, or an instant in a time zone; read from the wire and written to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from aurinko_async.sandbox.contract import Json, is_object
from aurinko_async.sandbox.errors import ApiError, bad_request

# From 1900 to 8900: further away, arithmetic on dates comes to its ends.
_EARLIEST, _LATEST = -2208988800.0, 218688681600.0


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """Give a time zone of the IANA database.

    Raises:
        ApiError: 400, there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise bad_request(f"Unknown timezone: {name}") from error


def is_zone(name: str) -> bool:
    """Whether there is a time zone of this name."""
    try:
        zone(name)
    except ApiError:
        return False
    return True


def instant(day: date, clock_time: time, zone_name: str) -> float:
    """Give the instant of a local time: of two, the first; of one the clocks skip, that much after the skip."""
    return datetime.combine(day, clock_time, zone(zone_name)).timestamp()


def local(at: float, zone_name: str) -> datetime:
    """Give the local time of an instant."""
    return datetime.fromtimestamp(at, zone(zone_name))


@frozen
class Moment:
    """One end of an event. A whole day has `day`; its `at` is that day's midnight in the calendar's zone."""

    at: float
    zone: str
    day: date | None = None

    @classmethod
    def of_day(cls, day: date, home: str) -> Moment:
        return cls(instant(day, time(), home), home, day)

    @property
    def local(self) -> datetime:
        return local(self.at, self.zone)

    @property
    def local_date(self) -> date:
        """The day it is in its own zone."""
        return self.day or self.local.date()

    @property
    def stamp(self) -> str:
        """What tells the occurrences of a series apart: `20260305`, or `20260305T083000Z`."""
        if self.day is not None:
            return f"{self.day:%Y%m%d}"
        return f"{datetime.fromtimestamp(self.at, UTC):%Y%m%dT%H%M%SZ}"

    def on(self, day: date) -> Moment:
        """Give the same time of another day."""
        if self.day is not None:
            return Moment.of_day(day, self.zone)
        return Moment(instant(day, self.local.time(), self.zone), self.zone)

    def after(self, start: Moment, other: Moment) -> Moment:
        """Give the end of what begins at `other`, if this is the end of what begins at `start`."""
        if self.day is not None and start.day is not None and other.day is not None:
            return Moment.of_day(other.day + (self.day - start.day), self.zone)
        return Moment(other.at + self.at - start.at, self.zone)

    def wire(self, *, utc: bool) -> Json:
        """Give it as an `EventDateTime`: with the zone's offset, or in UTC."""
        if self.day is not None:
            return {"dateOnly": self.day.isoformat()}
        when = datetime.fromtimestamp(self.at, UTC) if utc else self.local
        return {"dateTime": when.isoformat().replace("+00:00", "Z"), "timezone": self.zone}


def read_moment(value: Any, home: str, name: str = "time") -> Moment:
    """Read an `EventDateTime`; tests may also give a date, a datetime, their text, or seconds since the epoch.

    Raises:
        ApiError: 400, it says too little or too much, or names a zone that is none.
    """
    if not is_object(value):
        value = {"dateOnly" if _is_day(value) else "dateTime": value}
    day, at = value.get("dateOnly"), value.get("dateTime")
    if (day is None) == (at is None):
        raise bad_request(f"Either dateOnly or dateTime is required: {name}")
    if day is not None:
        day = day if isinstance(day, date) else date.fromisoformat(day)
        _check(day.year * 365.2425 * 86400 - 62167219200.0)
        return Moment.of_day(day, home)
    zone_name: str = value.get("timezone") or home
    zone(zone_name)
    return Moment(_check(_seconds(at, zone_name)), zone_name)


def read_instant(text: str) -> float:
    """Read RFC 3339; milliseconds do not count.

    Raises:
        ApiError: 400, it is out of all proportion.
    """
    return _check(float(int(datetime.fromisoformat(text).timestamp())))


def read_window(given: Json) -> tuple[float, float]:
    """Read `timeMin` and `timeMax`, both of them exclusive.

    Raises:
        ApiError: 400, one is missing, or they are the wrong way round.
    """
    if not given.get("timeMin") or not given.get("timeMax"):
        raise bad_request("timeMin and timeMax are required")
    since, until = read_instant(given["timeMin"]), read_instant(given["timeMax"])
    if since >= until:
        raise bad_request("timeMin is not before timeMax")
    return since, until


def _is_day(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) == len("2026-03-05")
    return isinstance(value, date) and not isinstance(value, datetime)


def _seconds(value: Any, zone_name: str) -> float:
    if isinstance(value, int | float):
        return float(int(value))
    when = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return float(int((when if when.tzinfo else when.replace(tzinfo=zone(zone_name))).timestamp()))


def _check(at: float) -> float:
    if not _EARLIEST <= at <= _LATEST:
        raise bad_request("The time is out of range")
    return at
