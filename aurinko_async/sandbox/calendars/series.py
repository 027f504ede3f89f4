"""What recurs: a rule, what it leaves out, and the starts that come of it in a time zone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Literal

from attrs import frozen

from aurinko_async.sandbox.calendars.moments import Moment, read_moment
from aurinko_async.sandbox.calendars.patterns import read_ical, read_simple, write_ical, write_simple
from aurinko_async.sandbox.calendars.recurrence import Rule
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request


@frozen
class Series:
    """A recurrence. `original` is the form the provider keeps it in."""

    rule: Rule
    excluded: tuple[Moment, ...] = ()
    original: Literal["simple", "ical"] = "simple"

    @property
    def endless(self) -> bool:
        return self.rule.count is None and self.rule.until is None

    def starts(self, first: Moment) -> Iterator[Moment]:
        """Give the starts, in order; local times stay what they are when the clocks change."""
        excluded = {moment.stamp for moment in self.excluded}
        until = self.rule.until
        for day in self.rule.dates(first.local_date):
            start = first.on(day)
            if isinstance(until, float) and start.at > until:
                return
            if start.stamp not in excluded:
                yield start

    def find(self, first: Moment, stamp: str) -> Moment | None:
        """Give the start with this stamp, if there is one."""
        for start in self.starts(first):
            if start.stamp >= stamp:
                return start if start.stamp == stamp else None
        return None

    def write(self, first: Moment, *, utc: bool) -> Json:
        """Give it as a `Recurrence`: in both forms, if `simple` can say it."""
        written: Json = {"original": self.original, "ical": write_ical(self.rule, self.excluded, first, utc=utc)}
        simple = write_simple(self.rule, self.excluded, first, utc=utc)
        return written if simple is None else written | {"simple": simple}


def read_recurrence(recurrence: Json, start: Moment) -> Series:
    """Read a `Recurrence`. Of both forms, the one that `original` names counts, or else `ical`.

    Raises:
        ApiError: 400, it makes no sense, never occurs, or starts on another day than the event.
    """
    simple: Json | None = recurrence.get("simple")
    ical: Json | None = recurrence.get("ical")
    if simple is not None and (ical is None or recurrence.get("original") == "simple"):
        series = Series(read_simple(simple, start))
        end: Json = simple.get("range") or {}
        given = end.get("recurrenceStart")
    elif ical is not None:
        rule, excluded = read_ical(ical, start)
        series = Series(rule, excluded, "ical")
        given = ical.get("recurrenceStart")
    else:
        raise bad_request("A recurrence is either simple or ical")
    if given is not None:
        begin = read_moment(given, start.zone, "recurrenceStart")
        if begin.at != start.at and begin.local_date != start.local_date:
            raise bad_request("The recurrenceStart is not the start of the event")
    if not any(True for _ in islice(series.starts(start), 1)):
        raise bad_request("The recurrence has no occurrences")
    return series
