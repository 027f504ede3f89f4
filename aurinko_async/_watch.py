"""Ends what takes too long, with one timer for all that is under way.

aiohttp sets up to three timers for each request and moves one with each piece of the answer: a sixth of what a small
request costs. Here a request only notes until when it may take. The one timer rings at the earliest such instant that
it knew of, ends what is late by then, and is set again while anything is under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import Any


class Watched:
    """Something that a task does for a limited time: until `due` for now, until `end` in all.

    Attributes:
        task: Who does it.
        cancelling: How often that was cancelled before.
    """

    __slots__ = ("_read", "_watch", "cancelling", "due", "end", "expired", "task")

    def __init__(self, watch: Watch, task: asyncio.Task[Any], end: float, read: float | None) -> None:
        self._watch = watch
        self._read = read
        self.task = task
        self.cancelling = task.cancelling()
        self.due = self.end = end
        self.expired = False

    def go_on(self) -> None:
        """Note that it goes on: it may take `read` seconds again."""
        if self._read is not None:
            due = self._watch.clock() + self._read
            if due < self.end:
                self.due = due
                self._watch.ring_by(due)
            else:
                self.due = self.end


class Watch:
    """The timer, and what it watches; a task does one such thing at a time."""

    clock: Callable[[], float]
    """The loop's time, once there is something to watch."""

    def __init__(self) -> None:
        self._watched: dict[asyncio.Task[Any], Watched] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._rings = inf

    def begin(self, *, total: float | None, read: float | None) -> Watched:
        """Watch what the running task does until `end`: it may take `total` seconds, and `read` from `go_on` on."""
        task = asyncio.current_task()
        assert task is not None, "only what a task does can be ended"
        if not self._watched:
            self.clock = asyncio.get_running_loop().time
        watched = self._watched[task] = Watched(self, task, inf if total is None else self.clock() + total, read)
        self.ring_by(watched.due)
        return watched

    def current(self) -> Watched | None:
        """What the running task does, if it is watched."""
        task = asyncio.current_task()
        return None if task is None else self._watched.get(task)

    def end(self, watched: Watched) -> bool:
        """Watch it no more; tells whether it was cancelled, and by nobody else."""
        self._watched.pop(watched.task, None)
        if not watched.expired:
            return False
        watched.expired = False
        return watched.task.uncancel() <= watched.cancelling

    def ring_by(self, when: float) -> None:
        if when < self._rings:
            self._set(when)

    def close(self) -> None:
        self._set(inf)

    def _set(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = when
        self._timer = None if when == inf else asyncio.get_running_loop().call_at(when, self._ring)

    def _ring(self) -> None:
        now = self.clock()
        for watched in self._watched.values():
            if watched.due <= now:
                watched.expired = True
                watched.due = watched.end = inf
                watched.task.cancel()
        self._set(min((watched.due for watched in self._watched.values()), default=inf))
