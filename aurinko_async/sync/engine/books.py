"""What the end of a run means for its unit: how it stands from now on, and when it is due again."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from attrs import frozen

from aurinko_async.errors import AurinkoError
from aurinko_async.sync.engine.agenda import Unit
from aurinko_async.sync.engine.roster import GAP
from aurinko_async.sync.engine.values import EngineOptions
from aurinko_async.sync.engine.verdict import FIRST, LONGEST, judge
from aurinko_async.sync.engine.waiting import Time, spread
from aurinko_async.sync.store import AccountState, EngineStore, Standing
from aurinko_async.sync.values import SyncReport

logger = logging.getLogger("aurinko_async")


@frozen
class Books:
    """Keeps how each unit stands. `follow`: every unit is due again after each run, for ever."""

    store: EngineStore
    time: Time
    options: EngineOptions
    follow: bool

    async def succeeded(self, unit: Unit, report: SyncReport) -> float:
        """A run raised nothing; gives the seconds until the next one."""
        unit.paused = not report.complete
        if unit.paused and not report.generation:
            # The API was not ready yet, and others were waiting.
            unit.unready += 1
            return min(FIRST * 2.0 ** min(unit.unready, 20), LONGEST)
        unit.failures = unit.unready = 0
        if unit.paused:
            return 0.0
        if unit.taken is not None:
            await self.store.settle(unit.taken)
            unit.settled = unit.taken.serial
        if unit.wish is unit.taken:
            unit.wish = None
        await self._stand(unit, "ok", "", None)
        return spread(self.options.poll) if unit.wish is None else GAP

    async def failed(self, unit: Unit, error: Exception) -> float:
        """A run raised an error; gives the seconds until the next one."""
        if not isinstance(error, AurinkoError):
            logger.error("the sync of %s of an account failed unexpectedly", unit.resource, exc_info=error)
        unit.failures += 1
        unit.paused, unit.done = False, frozenset()
        verdict = judge(error, unit.failures)
        delay = spread(verdict.delay)
        if verdict.standing is not None:
            await self._stand(unit, verdict.standing, verdict.reason, delay)
        elif not self.follow and unit.failures >= self.options.attempts:
            await self._stand(unit, "retrying", verdict.reason, delay)
        return delay

    def is_over(self, unit: Unit) -> bool:
        """Whether the unit has no further run to come."""
        if self.follow:
            return unit.gone
        if unit.failures:
            return unit.gone or unit.standing in ("needs_reauth", "failed") or unit.failures >= self.options.attempts
        return unit.gone or (not unit.paused and unit.wish is None)

    def state(self, unit: Unit) -> AccountState:
        """How a unit stands that has stood somehow."""
        assert unit.standing is not None
        late = timedelta(seconds=max(0.0, unit.due - self.time.now))
        return AccountState(
            account=unit.account,
            resource=unit.resource,
            standing=unit.standing,
            reason=unit.reason,
            since=datetime.fromtimestamp(unit.since, UTC),
            until=None if unit.standing == "ok" else self.time.date + late,
        )

    async def _stand(self, unit: Unit, standing: Standing, reason: str, delay: float | None) -> None:
        if standing == unit.standing == "ok":
            return
        if standing != unit.standing:
            unit.since = self.time.clock.time()
        unit.standing, unit.reason, unit.due = standing, reason, self.time.now + (delay or 0.0)
        try:
            await self.store.note(self.state(unit))
        except AurinkoError as error:
            # It is for people only; a database that is gone shows in the commits.
            logger.warning("how an account fares could not be kept: %s", type(error).__name__)
