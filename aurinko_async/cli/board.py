"""How the syncs of all accounts stand, made of an engine's events. What shows it asks it; it shows nothing itself."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from attrs import define, evolve, field

from aurinko_async.cli.exits import Problem, one_line, problem_of
from aurinko_async.cli.sources import Target
from aurinko_async.errors import ApiError, LeaseHeld, LeaseLost
from aurinko_async.sync import SyncReport
from aurinko_async.sync.engine import EngineEvent
from aurinko_async.sync.store import AccountState

State: TypeAlias = Literal["waiting", "running", "done", "failed"]
STATES: Final[tuple[State, ...]] = ("done", "running", "failed", "waiting")
WORST_FIRST: Final[tuple[State, ...]] = ("failed", "running", "waiting", "done")

NOUNS: Final[Mapping[str, str]] = MappingProxyType(
    {"email": "message", "calendar": "event", "contacts": "contact", "tasks": "task"}
)
"""What the records of each resource are called."""

PACE_OVER: Final = 10.0
"""Seconds that a pace is measured over: long enough to be read, short enough to be of now."""
ERRORS_KEPT: Final = 100
"""Unreadable records of one account that are kept when following, which has no end."""


@define(eq=False)
class Entry:
    """A resource of an account.

    Attributes:
        began: When its run under way began; the last one's, when none is.
        fresh: When the last sync began that is complete: the mirror has all that was done before.
        seconds: Spent on it, without the run under way.
        rounds: Syncs that came to their end.
        problem, reason: What it failed with; the reason is short, and the same as long as it fails in the same way.
        standing: How the engine has it, when it failed.
    """

    account: str
    email: str
    resource: str
    active: bool
    began: float
    fresh: float
    state: State = "waiting"
    seconds: float = 0.0
    rounds: int = 0
    problem: Problem | None = None
    reason: str = ""
    standing: AccountState | None = None
    _before: SyncReport = field(factory=SyncReport)
    _latest: SyncReport | None = None
    _pass_began: float | None = None

    @property
    def latest(self) -> SyncReport:
        """What the run under way did; all of it, when none is."""
        return self._latest or self._before

    @property
    def report(self) -> SyncReport:
        """What all runs did."""
        if self._latest is None:
            return self._before
        return evolve(self._before + self._latest, complete=self._latest.complete)

    def started(self, now: float, report: SyncReport) -> None:
        self.state, self.began, self._latest = "running", now, report
        if self._pass_began is None:
            self._pass_began = now

    def went_on(self, report: SyncReport) -> None:
        self._latest = report

    def ended(self, now: float, event: EngineEvent, *, follow: bool) -> None:
        self._latest = event.report
        report, self._latest = self.report, None
        self._before = evolve(report, errors=report.errors[-ERRORS_KEPT:]) if follow else report
        self.seconds += now - self.began
        self.problem, self.standing = None, None
        if event.error is None:
            self.state = "done" if event.report.complete else "waiting"
        elif follow and isinstance(event.error, LeaseHeld | LeaseLost):
            self.state = "waiting"
        else:
            self.state, self.standing = "failed", event.state
            self.problem = problem_of(event.error, resumes=report.generation > 0)
            self.reason = _reason(event.error)
        if event.kind == "ended":
            if self.state == "done":
                self.rounds += 1
                self.fresh = self.began if self._pass_began is None else self._pass_began
            self._pass_began = None


@define
class Totals:
    """All syncs together. `lag`: seconds since the mirror had everything of every account that can be synced."""

    accounts: Counter[State]
    records: int
    pages: int
    lag: float


class Board:
    """The syncs of a run: an entry for each resource of each account."""

    def __init__(
        self, resources: Sequence[str], *, follow: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.resources = tuple(resources)
        self.follow = follow
        self.now = clock
        self.began = clock()
        self._entries: dict[tuple[str, str], Entry] = {}
        self._paces: deque[tuple[float, int, int]] = deque([(self.began, 0, 0)])

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_one(self) -> bool:
        """It is about one account, or none."""
        return len(self._entries) <= len(self.resources)

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return self.now() - self.began

    def expect(self, targets: Sequence[Target]) -> None:
        """These are the accounts from now on."""
        now = self.now()
        entries: dict[tuple[str, str], Entry] = {}
        for target in targets:
            for resource in self.resources:
                key = (target.id, resource)
                known = self._entries.get(key) or Entry(target.id, target.email, resource, target.active, now, now)
                known.active = target.active
                entries[key] = known
        self._entries = entries

    def take(self, event: EngineEvent) -> Entry | None:
        """Take note of an event; gives whose it is, if that one is still there."""
        entry = self._entries.get((event.account, event.resource))
        if entry is None:
            return None
        if event.kind == "started":
            entry.started(self.now(), event.report)
        elif event.kind == "page":
            entry.went_on(event.report)
        else:
            entry.ended(self.now(), event, follow=self.follow)
        return entry

    def label(self, entry: Entry) -> str:
        """Whose it is; and what, when there are several resources."""
        name = entry.email or entry.account
        return f"{name}, {entry.resource}" if len(self.resources) > 1 else name

    def totals(self) -> Totals:
        states: dict[str, set[State]] = {}
        records = pages = 0
        now = oldest = self.now()
        for entry in self:
            report = entry.report
            records += report.records + report.tombstones
            pages += report.pages
            if entry.active:
                states.setdefault(entry.account, set()).add(entry.state)
                settled = entry.state == "done" and not self.follow
                dead = entry.standing is not None and entry.standing.standing != "retrying"
                if not settled and not dead:
                    oldest = min(oldest, entry.fresh)
        accounts: Counter[State] = Counter(_together(mine) for mine in states.values())
        return Totals(accounts, records, pages, now - oldest)

    def pace(self, totals: Totals) -> tuple[float, float]:
        """Records and pages per second of late."""
        now = self.now()
        self._paces.append((now, totals.records, totals.pages))
        while len(self._paces) > 2 and now - self._paces[1][0] >= PACE_OVER:
            self._paces.popleft()
        since, records, pages = self._paces[0]
        elapsed = max(now - since, 1e-3)
        # Accounts that are no more take theirs with them.
        return max(0, totals.records - records) / elapsed, max(0, totals.pages - pages) / elapsed


def _reason(error: Exception) -> str:
    """Without the id of the request, which is another one each time."""
    if not isinstance(error, ApiError):
        return one_line(str(error)) or type(error).__name__
    code = f" [{error.code}]" if error.code else ""
    return one_line(f"{error.status}{code} {error.message}")


def _together(states: set[State]) -> State:
    """How an account stands, by its resources."""
    return next(state for state in WORST_FIRST if state in states)
