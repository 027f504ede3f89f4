"""What the end of a run means for its unit: how it stands from now on, and when it is due again."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import frozen

from aurinko_async.errors import AurinkoError, LeaseHeld, LeaseLost, SyncNotReady
from aurinko_async.sync.engine.agenda import Unit
from aurinko_async.sync.engine.roster import GAP
from aurinko_async.sync.engine.values import EngineOptions
from aurinko_async.sync.engine.verdict import FIRST, LONGEST, judge
from aurinko_async.sync.engine.waiting import Time, spread
from aurinko_async.sync.store import AccountState, EngineStore, Standing
from aurinko_async.sync.values import SyncReport

UNREADY: Final = 8
"""Runs in a row that end before the API is ready until that is a failure: a quarter of an hour with their intervals."""

logger = logging.getLogger("aurinko_async")


@frozen
class Books:
    """Keeps how each unit stands. `follow`: every unit is due again after each run, for ever."""

    store: EngineStore
    time: Time
    options: EngineOptions
    follow: bool

    async def succeeded(self, unit: Unit, report: SyncReport, *, unready: bool) -> float:
        """A run raised nothing; gives the seconds until the next one. `unready`: it made room for others, because the
        API was not ready, and got nothing.

        Raises:
            SyncNotReady: it was so too often.
            StoreError: the answered wish could not be dropped.
        """
        unit.paused = not report.complete
        if unit.paused and unready:
            unit.unready += 1
            if unit.unready > UNREADY:
                raise SyncNotReady(f"the API was not ready in {unit.unready} runs; try again later")
            return min(FIRST * 2.0**unit.unready, LONGEST)
        if not unit.paused and unit.taken is not None:
            await self.store.settle(unit.taken)
            unit.settled = unit.taken.serial
        unit.failures = unit.busy = unit.unready = 0
        if unit.paused:
            return 0.0
        if unit.wish is unit.taken:
            unit.wish = None
        await self._stand(unit, "ok", "", None)
        return spread(self.options.poll) if unit.wish is None else GAP

    async def failed(self, unit: Unit, error: Exception) -> float:
        """A run raised an error; gives the seconds until the next one."""
        if not isinstance(error, AurinkoError):
            logger.error("the sync of %s of an account failed unexpectedly", unit.resource, exc_info=error)
        unit.paused, unit.done, unit.unready = False, frozenset(), 0
        if isinstance(error, LeaseHeld | LeaseLost):
            unit.busy += 1
            verdict = judge(error, unit.busy)
        else:
            unit.failures, unit.busy = unit.failures + 1, 0
            verdict = judge(error, unit.failures)
        delay = max(spread(verdict.delay), verdict.least)
        if verdict.standing is not None:
            await self._stand(unit, verdict.standing, verdict.reason, delay)
        elif not self.follow and unit.busy >= self.options.attempts:
            await self._stand(unit, "retrying", verdict.reason, delay)
        return delay

    def is_over(self, unit: Unit) -> bool:
        """Whether the unit has no further run to come."""
        if self.follow or unit.gone:
            return unit.gone
        if unit.failures or unit.busy:
            return unit.standing in ("needs_reauth", "failed") or max(unit.failures, unit.busy) >= self.options.attempts
        return not unit.paused and unit.wish is None

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
        if standing == unit.standing == "ok" and unit.noted:
            return
        if standing != unit.standing:
            unit.since = self.time.clock.time()
        unit.standing, unit.reason, unit.due = standing, reason, self.time.now + (delay or 0.0)
        try:
            await self.store.note(self.state(unit))
            unit.noted = True
        except Exception as error:
            # It is for people only; a database that is gone shows in the commits.
            unit.noted = False
            logger.warning("how an account fares could not be kept: %s", type(error).__name__)
