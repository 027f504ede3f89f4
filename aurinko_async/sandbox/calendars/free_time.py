"""Who is busy when, and the times at which something fits in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from aurinko_async.sandbox.calendars.agenda import Agenda
from aurinko_async.sandbox.calendars.events import FOREVER, Span
from aurinko_async.sandbox.contract import Json

FREE = frozenset({"free"})


class Busy(NamedTuple):
    """Time that is taken, and how."""

    start: float
    end: float
    status: str


def busy_times(agenda: Agenda, since: float, until: float, free: Iterable[str] = FREE) -> list[Busy]:
    """Give what takes time in a window of a calendar; what was called off takes none."""
    ignored = set(free)
    found: list[Busy] = []
    for event in agenda.instances(since, until):
        meeting: Json = event.content.get("meetingInfo") or {}
        status: str = event.content["showAs"]
        if status not in ignored and not meeting.get("canceled") and event.start.at < event.end.at:
            found.append(Busy(event.start.at, event.end.at, status))
    return found


def merged(spans: Iterable[Span]) -> list[Span]:
    """Join spans that touch."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def common(one: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """Give what is in both."""
    mine, theirs = merged(one), merged(other)
    found: list[Span] = []
    i = j = 0
    while i < len(mine) and j < len(theirs):
        start, end = max(mine[i][0], theirs[j][0]), min(mine[i][1], theirs[j][1])
        if start < end:
            found.append((start, end))
        if mine[i][1] < theirs[j][1]:
            i += 1
        else:
            j += 1
    return found


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """Give what is left of spans."""
    gaps: list[Span] = []
    end = -FOREVER
    for busy in merged(taken):
        gaps.append((end, busy[0]))
        end = busy[1]
    return common(spans, [*gaps, (end, FOREVER)])


def widened(spans: Iterable[Span], seconds: float) -> list[Span]:
    """Give spans with a margin on both sides."""
    return [(start - seconds, end + seconds) for start, end in spans]


def starts_in(spans: Iterable[Span], duration: float, step: float, origin: float = 0.0) -> Iterator[float]:
    """Give the starts, every `step` from `origin`, from which `duration` fits into one of the spans."""
    for start, end in spans:
        at = origin + -((origin - start) // step) * step
        while at + duration <= end:
            yield at
            at += step
