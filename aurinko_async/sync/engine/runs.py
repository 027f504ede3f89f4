"""One run of one unit: makes its sync, watches it, and says what became of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import define, field

from aurinko_async.auth import Credentials
from aurinko_async.client import AurinkoClient
from aurinko_async.sync.containers import ContainerSync
from aurinko_async.sync.engine.agenda import Unit
from aurinko_async.sync.engine.plans import ResourcePlan, Runnable
from aurinko_async.sync.engine.values import EngineOptions
from aurinko_async.sync.store import EngineStore
from aurinko_async.sync.values import SyncReport

PATIENCE = 2
"""Questions in a row whether the API is ready, before the sync makes room for others that wait."""


@define(eq=False)
class Run:
    """A sync under way.

    Attributes:
        may_prefetch: Whether a page ahead is to be fetched, asked before each.
        makes_room: Whether somebody waits for its place, asked when it has had its share of pages.
        page: Told when one more page is in.
        unready: It made room for others before the API was ready.
    """

    unit: Unit
    auth: Credentials = field(repr=False)
    options: EngineOptions
    may_prefetch: Callable[[], bool]
    makes_room: Callable[[], bool]
    page: Callable[[SyncReport], None]
    report: SyncReport = field(factory=SyncReport)
    unready: bool = False
    _starts: int = 0
    _stopped: bool = False
    _sync: Runnable | None = None

    def stop(self) -> None:
        """End it at the next page boundary."""
        self._stopped = True
        if self._sync is not None:
            self._sync.stop()

    async def perform(self, plan: ResourcePlan, client: AurinkoClient, store: EngineStore, now: datetime) -> SyncReport:
        """Run it. What it was done with before it made room is in the unit for the next run."""
        unit = self.unit
        sync = self._sync = plan.sync(
            client.with_auth(self.auth),
            unit.account,
            now,
            skip=unit.done,
            store=store,
            progress=self._told,
            prefetch=self.may_prefetch,
            lease_wait=self.options.lease_wait,
        )
        if self._stopped:
            sync.stop()
        try:
            self.report = await sync.run()
        finally:
            self._sync = None
        unit.done = frozenset()
        if isinstance(sync, ContainerSync) and not self.report.complete:
            unit.done = sync.skip | {name for name, report in sync.reports.items() if report.complete}
        return self.report

    def _told(self, report: SyncReport) -> None:
        one_more = report.pages > self.report.pages
        self.report = report
        self._starts = self._starts + 1 if report.phase == "starting" else 0
        if report.pages >= self.options.slice_pages and self.makes_room():
            self.stop()
        elif self._starts > PATIENCE and self.makes_room():
            self._give_way()
        if one_more:
            self.page(report)

    def _give_way(self) -> None:
        self.unready = True
        if isinstance(self._sync, ContainerSync):
            self._sync.put_off()
        else:
            self.stop()
