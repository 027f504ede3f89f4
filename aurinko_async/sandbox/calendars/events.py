"""What a calendar is made of: single events, series, and the occurrences of series."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Literal

from attrs import define, field

from aurinko_async.sandbox.calendars.moments import Moment
from aurinko_async.sandbox.calendars.series import Series
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.ledger import Entry
from aurinko_async.sandbox.letters import Attachment

OccurrenceType = Literal["regular", "modified", "deleted"]
Span = tuple[float, float]
FOREVER = float("inf")


@define(eq=False)
class Event(Entry):
    """An event. A master has a `series`; an occurrence has a `master` and the start it had in the series.

    An occurrence is in the ledger once it was changed, deleted or restored; until then it is made when somebody asks.
    """

    start: Moment
    end: Moment
    content: Json
    uid: str
    created: float
    modified: float
    files: tuple[Attachment, ...] = ()
    series: Series | None = None
    master: Event | None = field(default=None, repr=False)
    original: Moment | None = None
    type: OccurrenceType = "regular"
    version: int = 1
    spans: list[Span] = field(factory=lambda: list[Span](), repr=False)

    @property
    def kind(self) -> Literal["single", "master", "occurrence"]:
        if self.series is not None:
            return "master"
        return "single" if self.master is None else "occurrence"

    @property
    def cancelled(self) -> bool:
        """Whether it is an occurrence that was deleted."""
        return self.type == "deleted"

    @property
    def span(self) -> Span:
        """From its start to its end; of a series, from the first start to the last end."""
        if self.series is None:
            return self.start.at, self.end.at
        if self.series.endless:
            return self.start.at, FOREVER
        last = deque(self.series.starts(self.start), maxlen=1)
        return self.start.at, self.end.after(self.start, last[0] if last else self.start).at

    def settle(self) -> None:
        """Take note of where it is now, after it was made or moved."""
        self.when = self.start.at
        span = self.span
        if span not in self.spans[-1:]:
            self.spans.append(span)

    def within(self, since: float | None, until: float | None, *, ever: bool) -> bool:
        """Whether it is in a window, both bounds exclusive; with `ever`, what left the window counts as well."""
        spans = self.spans if ever else self.spans[-1:]
        return any(overlaps(span, since, until) for span in spans)

    def starts_between(self, since: float, until: float) -> Iterator[Moment]:
        """Give the starts of a series' occurrences that are in a window."""
        assert self.series is not None, "this is no series"
        for start in self.series.starts(self.start):
            if start.at >= until:
                return
            if self.end.after(self.start, start).at > since:
                yield start


def overlaps(span: Span, since: float | None, until: float | None) -> bool:
    """Whether a span ends after `since` and starts before `until`."""
    return (since is None or span[1] > since) and (until is None or span[0] < until)
