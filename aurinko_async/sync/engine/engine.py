"""`SyncEngine`: who is to be synced, when, and what became of it."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

from attrs import evolve

from aurinko_async._session import SystemClock
from aurinko_async._types import Clock
from aurinko_async.client import AurinkoClient
from aurinko_async.errors import AurinkoError, ConfigError, Forbidden, Unauthorized
from aurinko_async.sync.engine.agenda import HEAD_START, Agenda, Unit
from aurinko_async.sync.engine.books import Books
from aurinko_async.sync.engine.events import Events
from aurinko_async.sync.engine.plans import RESOURCES, ResourcePlan, plans_of
from aurinko_async.sync.engine.roster import GAP, Roster
from aurinko_async.sync.engine.runs import Run
from aurinko_async.sync.engine.values import (
    STANDINGS,
    AccountProvider,
    EngineEvent,
    EngineOptions,
    EngineReport,
    EventKind,
)
from aurinko_async.sync.engine.waiting import Time, spread
from aurinko_async.sync.store import EngineStore, Mark, Standing
from aurinko_async.sync.values import SyncReport

FEW: Final = 4
"""Syncs at once with which each may fetch a page ahead: with more of them the others' requests fill the gaps."""

UNLISTED: Final = "the accounts could not be listed"

logger = logging.getLogger("aurinko_async")


class SyncEngine:
    """Keeps a mirror of many accounts, each resource of each account on its own.

        engine = SyncEngine(client, store, accounts=provider, resources=["email", "calendar"])
        report = await engine.run()          # all of them once
        await engine.follow()                # until engine.stop()
        async with engine: ...               # follow in the background, as in a web app's lifespan

    What one account fails with is its own: it is repeated with growing intervals, and the others go on. The longest
    waiting goes first, and a sync that has had its share of pages makes room. Everything resumes where it was, after
    `stop`, a crash, or a failure of the database. Several engines may share a database: what one of them is syncing
    the others leave alone.

    Args:
        client: Its connection pool and limits are used; each account's credentials come from `accounts`.
        store: Keeps the mirror, the checkpoints, the wishes of `notify`, and how each account fares.
        accounts: Who is to be synced: a list, or a function that is asked again now and then.
        resources: Names (`email`, `calendar`, `contacts`, `tasks`) or plans such as `EmailPlan(days_within=90)`.
        options: How much at once, and how often.
        clock: Another notion of time, for tests.

    Raises:
        ConfigError: a resource that cannot be synced.
    """

    def __init__(
        self,
        client: AurinkoClient,
        store: EngineStore,
        *,
        accounts: AccountProvider,
        resources: Sequence[str | ResourcePlan] = RESOURCES,
        options: EngineOptions | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._client = client
        self._store = store
        self._provider = accounts
        self._plans = plans_of(resources)
        self._options = options or EngineOptions()
        self._time = Time(clock or SystemClock())
        self._events = Events()
        self._news, self._ask_again = asyncio.Event(), asyncio.Event()
        self._background: asyncio.Task[EngineReport] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._working = self._stopping = False
        self._reset(follow=False)

    def _reset(self, *, follow: bool) -> None:
        self._agenda = Agenda()
        self._roster = Roster(self._provider, self._plans, self._agenda)
        self._books = Books(self._store, self._time, self._options, follow)
        self._runs: dict[Unit, Run] = {}
        self._total = SyncReport()

    # --- its life

    async def run(self) -> EngineReport:
        """Sync every account once, and give how it went. What fails is repeated a few times first.

        Raises:
            AurinkoError: the accounts could not be listed. What a single account fails with is in the report.
        """
        return await self._operate(follow=False)

    async def follow(self, *, signals: bool = False) -> EngineReport:
        """Sync every account again and again, and at once when `notify` tells of news, until `stop`.

        Args:
            signals: Let SIGINT and SIGTERM stop it, as long as it runs; in the main thread. Without it no signal is
                touched.

        Raises:
            ConfigError, Unauthorized, Forbidden: the accounts cannot be listed with these credentials.
        """
        with _signals(self.stop if signals else None):
            return await self._operate(follow=True)

    def stop(self) -> None:
        """End `run` or `follow` at the next page boundaries, within `EngineOptions.stop_within` seconds."""
        if self._working:
            self._stopping = True
            if self._asking is not None:
                self._asking.cancel()
            for run in self._runs.values():
                run.stop()
            self._news.set()

    async def __aenter__(self) -> Self:
        self._background = asyncio.create_task(self.follow())
        self._background.add_done_callback(_complain)
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        background, self._background = self._background, None
        if background is not None:
            self.stop()
            await background

    async def notify(self, account: str | int, resource: str | None = None) -> None:
        """Wish for a sync, because there is news. Durable when it returns: a crash after it loses nothing.

        Any number of wishes while a sync runs begin one more, which begins after the last of them. It works without
        the engine running, too: the next one to run finds the wish in the store.

        Args:
            resource: `email`, `calendar`, ...; `None` is all of the account's. What is not synced is ignored.

        Raises:
            StoreError: the wish could not be kept: say so to whoever brought the news.
        """
        for name in self._plans if resource is None else [resource]:
            if name in self._plans:
                self._wish(await self._store.mark(str(account), name))

    def refresh(self) -> None:
        """Ask for the accounts again soon, because one has come, gone, or changed its credentials."""
        self._ask_again.set()

    def progress(self) -> AsyncGenerator[EngineEvent, None]:
        """Go through what happens from now on, until the engine ends. Who is slow misses the oldest events.

        A cancelled `anext`, as by `asyncio.wait_for`, ends the iteration: put a time limit around a task that iterates.
        """
        return self._events.listen()

    @property
    def report(self) -> EngineReport:
        """How it stands now."""
        counts: Counter[Standing] = Counter(unit.standing for unit in self._agenda if unit.standing)
        complete = all(unit.standing == "ok" and not unit.paused for unit in self._agenda)
        return EngineReport(
            accounts=self._agenda.accounts,
            standings={standing: counts[standing] for standing in STANDINGS},
            troubled=tuple(self._books.state(unit) for unit in self._agenda if unit.standing not in ("ok", None)),
            total=evolve(self._total, phase="done", complete=complete),
            complete=complete,
        )

    # --- its work

    async def _operate(self, *, follow: bool) -> EngineReport:
        if self._working:
            raise ConfigError("the engine is running already")
        self._working = True
        self._reset(follow=follow)
        self._events.open()
        try:
            await self._begin()
            async with asyncio.TaskGroup() as group:
                keepers = [group.create_task(work()) for work in (self._keep_accounts, self._keep_wishes) if follow]
                await self._dispatch(group)
                for keeper in keepers:
                    keeper.cancel()
            return self.report
        finally:
            self._working = self._stopping = False
            self._events.close()

    async def _dispatch(self, group: asyncio.TaskGroup) -> None:
        """Start what is due, as long as there is room, until there is nothing more to come."""
        tasks: set[asyncio.Task[None]] = set()
        while not self._stopping:
            while len(self._runs) < self._options.concurrency and (unit := self._agenda.take(self._time.now)):
                run = self._runs[unit] = Run(
                    unit,
                    self._roster[unit.account].auth,
                    self._options,
                    self._may_prefetch,
                    self._is_crowded,
                    self._tell_page(unit),
                )
                task = group.create_task(self._perform(run))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            due = self._agenda.next_due()
            if not self._books.follow and not self._runs and due is None:
                return
            full = len(self._runs) >= self._options.concurrency
            await self._time.until(self._news, None if full or due is None else due - self._time.now)
        await self._wind_down(tasks)

    async def _wind_down(self, tasks: set[asyncio.Task[None]]) -> None:
        late = asyncio.ensure_future(self._time.sleep(self._options.stop_within))
        try:
            while tasks and not late.done():
                await asyncio.wait([late, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            rest = [late, *tasks]
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

    async def _perform(self, run: Run) -> None:
        unit = run.unit
        unit.began = self._time.now
        if not unit.paused:
            unit.taken = unit.wish
        self._tell(unit, "started", run.report)
        failure: Exception | None = None
        try:
            report = await run.perform(self._plans[unit.resource], self._client, self._store, self._time.date)
            delay = await self._books.succeeded(unit, report, unready=run.unready and not report.pages)
        except Exception as error:
            failure = error
            delay = await self._books.failed(unit, error)
            if not self._roster.has(unit.account, run.auth):
                # It has other credentials by now.
                delay = 0.0
        finally:
            self._total = evolve(self._total + run.report, errors=())
            unit.running = False
            del self._runs[unit]
            self._news.set()
        if not self._books.is_over(unit):
            self._agenda.put(unit, self._time.now + delay, head_start=HEAD_START if unit.wish else 0.0)
        self._tell(unit, "paused" if unit.paused else "ended", run.report, failure)

    def _may_prefetch(self) -> bool:
        return len(self._runs) <= FEW and not self._is_crowded()

    def _is_crowded(self) -> bool:
        return self._agenda.is_waiting(self._time.now)

    # --- accounts and wishes

    async def _begin(self) -> None:
        """Ask who is to be synced; `stop` ends that too."""
        self._asking = asking = asyncio.ensure_future(self._first_accounts())
        try:
            await asking
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._stopping or (task is not None and task.cancelling()):
                raise
        finally:
            self._asking = None

    async def _first_accounts(self) -> None:
        try:
            await self._ask_accounts()
        except Exception as error:
            if not self._books.follow or isinstance(error, ConfigError | Unauthorized | Forbidden):
                raise
            _log(UNLISTED, error)
            self._ask_again.set()

    async def _keep_accounts(self) -> None:
        pause = GAP
        while self._roster.changes:
            wanted = await self._time.until(self._ask_again, spread(self._options.accounts_every))
            before = self._agenda.accounts
            listed = await _tried(UNLISTED, self._ask_accounts)
            # Wishes for an account that nobody names must not have all of them listed again and again.
            fruitless = not listed or (wanted and self._agenda.accounts == before)
            pause = min(2 * pause, self._options.accounts_every) if fruitless else GAP
            await self._time.sleep(pause)
            if not listed:
                self._ask_again.set()

    async def _ask_accounts(self) -> None:
        for unit in await self._roster.ask(self._time.now):
            if unit in self._runs:
                self._runs[unit].stop()
        await self._read_wishes()
        self._news.set()

    async def _keep_wishes(self) -> None:
        while True:
            await self._time.sleep(spread(self._options.marks_every))
            await _tried("the wishes could not be read", self._read_wishes)

    async def _read_wishes(self) -> None:
        for mark in await self._store.marks():
            self._wish(mark)

    def _wish(self, mark: Mark) -> None:
        if self._roster.wish(mark, self._time.now):
            self._ask_again.set()
        self._news.set()

    # --- telling

    def _tell_page(self, unit: Unit) -> Callable[[SyncReport], None]:
        return lambda report: self._tell(unit, "page", report)

    def _tell(self, unit: Unit, kind: EventKind, report: SyncReport, error: Exception | None = None) -> None:
        if self._events.wanted:
            state = self._books.state(unit) if kind == "ended" and unit.standing else None
            event = EngineEvent(
                account=unit.account,
                resource=unit.resource,
                kind=kind,
                report=report,
                state=state,
                error=error,
                at=self._time.date,
            )
            self._events.tell(event)


async def _tried(what: str, work: Callable[[], Awaitable[None]]) -> bool:
    """Whether it could be done. The provider is the user's: it may raise anything, and the mailboxes go on."""
    try:
        await work()
    except Exception as error:
        _log(what, error)
        return False
    return True


def _log(what: str, error: Exception) -> None:
    unexpected = None if isinstance(error, AurinkoError) else error
    logger.warning("%s: %s; trying again", what, type(error).__name__, exc_info=unexpected)


def _complain(background: asyncio.Task[EngineReport]) -> None:
    """Say at once that the engine of `async with` is dead; leaving it raises the same."""
    if not background.cancelled() and (error := background.exception()) is not None:
        logger.error("the sync engine ended with an error", exc_info=error)


@contextmanager
def _signals(stop: Callable[[], None] | None) -> Generator[None]:
    loop = asyncio.get_running_loop()

    def told(*_: object) -> None:
        if stop is not None:
            loop.call_soon_threadsafe(stop)

    if stop is not None and threading.current_thread() is not threading.main_thread():
        raise ConfigError("signals reach the main thread only: run the engine there, or call stop()")
    # Not the loop's own handlers: those forget whose they replace.
    before = {number: signal.signal(number, told) for number in (signal.SIGINT, signal.SIGTERM) if stop}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
