"""Whose turn it is: pure, the time is passed in."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final

from attrs import define, field

from aurinko_async.sync.store import Mark, Standing

HEAD_START: Final = 30.0
"""Seconds by which a wish counts as older than it is, to pass the routine that waits; but not for ever."""


@define(eq=False)
class Unit:
    """A resource of an account, and how its sync fares.

    Attributes:
        due: When its next run is due.
        rank: Goes before others by this when several are due.
        failures: In a row.
        busy: Runs in a row that found it in another engine's hands.
        unready: Runs in a row that ended before the API was ready.
        standing, reason, since: How it fares, why, and since when, in seconds since the epoch.
        noted: The store has it.
        wish: The newest open wish for a sync; `None` when there is none.
        taken: The wish that was open when its current pass began: what the pass answers when it is complete.
        settled: The serial of the last wish that was answered.
        done: The containers that the current pass is done with; a pass that makes room for others goes on after them.
        began: When its last run began.
    """

    account: str
    resource: str
    due: float
    rank: float
    failures: int = 0
    busy: int = 0
    unready: int = 0
    running: bool = False
    paused: bool = False
    gone: bool = False
    standing: Standing | None = None
    reason: str = ""
    since: float = 0.0
    noted: bool = False
    wish: Mark | None = None
    taken: Mark | None = None
    settled: int = 0
    done: frozenset[str] = frozenset()
    began: float = float("-inf")
    entry: int = field(default=-1, repr=False)


class Agenda:
    """The units, and which one is next: the longest due first, so that none starves."""

    def __init__(self) -> None:
        self._units: dict[tuple[str, str], Unit] = {}
        self._accounts: dict[str, int] = {}
        self._later: list[tuple[float, int, Unit]] = []
        self._due: list[tuple[float, int, Unit]] = []
        self._numbers = count()

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units.values())

    def __contains__(self, account: str) -> bool:
        return account in self._accounts

    @property
    def accounts(self) -> int:
        """How many accounts there are."""
        return len(self._accounts)

    def get(self, account: str, resource: str) -> Unit | None:
        return self._units.get((account, resource))

    def add(self, account: str, resource: str, due: float) -> Unit:
        unit = self._units[account, resource] = Unit(account, resource, due, due)
        self._accounts[account] = self._accounts.get(account, 0) + 1
        self.put(unit, due)
        return unit

    def remove(self, unit: Unit) -> None:
        if self._units.pop((unit.account, unit.resource), None) is unit:
            unit.gone, unit.entry = True, -1
            self._accounts[unit.account] -= 1
            if not self._accounts[unit.account]:
                del self._accounts[unit.account]

    def put(self, unit: Unit, due: float, *, head_start: float = 0.0) -> None:
        """Let a unit be due at an instant, instead of when it was."""
        unit.due, unit.rank, unit.entry = due, due - head_start, next(self._numbers)
        heappush(self._later, (due, unit.entry, unit))
        # Entries that were overtaken stay until they come up: not more of them than there are units.
        if len(self._later) > 2 * len(self._units) + 64:
            self._later = [entry for entry in self._later if entry[2].entry == entry[1]]
            heapify(self._later)

    def take(self, now: float) -> Unit | None:
        """The next unit that is due; it is running then, and not on the agenda until it is put there again."""
        self._look(now)
        while self._due:
            _, entry, unit = heappop(self._due)
            if unit.entry == entry:
                unit.entry, unit.running = -1, True
                return unit
        return None

    def is_waiting(self, now: float) -> bool:
        """Whether a unit is due that is not running."""
        self._look(now)
        while self._due and self._due[0][2].entry != self._due[0][1]:
            heappop(self._due)
        return bool(self._due)

    def next_due(self) -> float | None:
        """When the next unit is due that is not due yet."""
        while self._later and self._later[0][2].entry != self._later[0][1]:
            heappop(self._later)
        return self._later[0][0] if self._later else None

    def _look(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            _, entry, unit = heappop(self._later)
            if unit.entry == entry:
                heappush(self._due, (unit.rank, entry, unit))
