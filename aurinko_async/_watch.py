"""Ends what takes too long, with one timer for all that is under way.

aiohttp sets up to three timers for each request and moves one with each piece of the answer: a sixth of what a small
request costs. Here a request only notes until when it may take. The one timer rings at the earliest such instant that
it knew of, ends what is late by then, and is set again while anything is under way.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import Any


class Watched:
    """Something that a task does for a limited time: until `due` for now, until `end` in all."""

    __slots__ = ("cancelling", "due", "end", "expired", "read", "task")

    def __init__(self, task: asyncio.Task[Any], end: float, read: float | None) -> None:
        self.task = task
        self.cancelling = task.cancelling()
        self.due = self.end = end
        self.read = read
        self.expired = False


class Watch:
    """The timer, and what it watches; a task does one such thing at a time."""

    def __init__(self) -> None:
        self._watched: dict[asyncio.Task[Any], Watched] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._rings = inf

    def begin(self, *, total: float | None, read: float | None) -> Watched:
        """Watch what the running task does until `end`: it may take `total` seconds, and `read` from `go_on` on."""
        task = asyncio.current_task()
        assert task is not None, "only what a task does can be ended"
        watched = self._watched[task] = Watched(task, inf if total is None else self._after(total), read)
        if watched.due < self._rings:
            self._set(watched.due)
        return watched

    def go_on(self) -> None:
        """Note that what the running task does goes on: it may take `read` seconds again."""
        task = asyncio.current_task()
        watched = self._watched.get(task) if task is not None else None
        if watched is None or watched.read is None:
            return
        due = self._after(watched.read)
        if due < watched.end:
            watched.due = due
            if due < self._rings:
                self._set(due)
        else:
            watched.due = watched.end

    def end(self, watched: Watched) -> bool:
        """Watch it no more; tells whether it was cancelled, and by nobody else."""
        self._watched.pop(watched.task, None)
        if not watched.expired:
            return False
        watched.expired = False
        return watched.task.uncancel() <= watched.cancelling

    def close(self) -> None:
        self._set(inf)

    def _after(self, seconds: float) -> float:
        return asyncio.get_running_loop().time() + seconds

    def _set(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = when
        self._timer = None if when == inf else asyncio.get_running_loop().call_at(when, self._ring)

    def _ring(self) -> None:
        now = asyncio.get_running_loop().time()
        for watched in self._watched.values():
            if watched.due <= now:
                watched.expired = True
                watched.due = watched.end = inf
                watched.task.cancel()
        self._set(min((watched.due for watched in self._watched.values()), default=inf))
