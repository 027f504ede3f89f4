"""What an engine syncs of each resource, and how its sync is made for one account."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, Protocol
from zlib import crc32

from attrs import field, frozen

from aurinko_async._types import at_least
from aurinko_async.client import AurinkoClient
from aurinko_async.errors import ConfigError
from aurinko_async.sync.values import SyncReport

PERIOD: Final = timedelta(days=30)
"""How long the range of a calendar or of completed tasks stays as it is: another one costs a full scan."""
_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)


class Runnable(Protocol):
    """A sync that mirrors into a store: `DeltaSync` or `ContainerSync`."""

    async def run(self) -> SyncReport: ...
    def stop(self) -> None: ...


class ResourcePlan(Protocol):
    """What of a resource is synced."""

    resource: ClassVar[str]

    def sync(
        self, client: AurinkoClient, account: str, now: datetime, *, skip: Collection[str], **shared: Any
    ) -> Runnable:
        """The sync of an account, without the containers in `skip`; `shared` are what all `delta` methods take."""
        ...


@frozen(kw_only=True)
class EmailPlan:
    """Mail; the arguments are those of `client.email.delta`."""

    resource: ClassVar[str] = "email"
    days_within: int | None = field(default=None, validator=at_least(1, or_none=True))
    body_type: str | None = None
    hydrate: bool = False

    def sync(
        self, client: AurinkoClient, account: str, now: datetime, *, skip: Collection[str], **shared: Any
    ) -> Runnable:
        return client.email.delta(
            days_within=self.days_within, body_type=self.body_type, hydrate=self.hydrate, account=account, **shared
        )


@frozen(kw_only=True)
class CalendarPlan:
    """The events of all calendars, at least from so many days back to so many days ahead.

    The range moves on once in 30 days, for each account on another day.
    """

    resource: ClassVar[str] = "calendar"
    past_days: int = field(default=90, validator=at_least(0))
    future_days: int = field(default=365, validator=at_least(1))
    with_shared: bool | None = None
    hydrate: bool = False

    def sync(
        self, client: AurinkoClient, account: str, now: datetime, *, skip: Collection[str], **shared: Any
    ) -> Runnable:
        anchor = anchored(now, account)
        return client.calendars.delta_all(
            time_min=anchor - timedelta(days=self.past_days),
            time_max=anchor + PERIOD + timedelta(days=self.future_days),
            with_shared=self.with_shared,
            skip=skip,
            hydrate=self.hydrate,
            account=account,
            **shared,
        )


@frozen(kw_only=True)
class ContactsPlan:
    """The address book."""

    resource: ClassVar[str] = "contacts"
    hydrate: bool = False

    def sync(
        self, client: AurinkoClient, account: str, now: datetime, *, skip: Collection[str], **shared: Any
    ) -> Runnable:
        return client.contacts.delta(hydrate=self.hydrate, account=account, **shared)


@frozen(kw_only=True)
class TasksPlan:
    """The tasks of all lists.

    With `completed_days`, those that were completed longer ago, give or take 30 days, are left out.
    """

    resource: ClassVar[str] = "tasks"
    completed_days: int | None = field(default=None, validator=at_least(0, or_none=True))
    hydrate: bool = False

    def sync(
        self, client: AurinkoClient, account: str, now: datetime, *, skip: Collection[str], **shared: Any
    ) -> Runnable:
        days = self.completed_days
        since = None if days is None else anchored(now, account) - timedelta(days=days)
        return client.task_lists.delta_all(
            skip_completed_before_date=since, skip=skip, hydrate=self.hydrate, account=account, **shared
        )


_DEFAULTS: Final[tuple[ResourcePlan, ...]] = (EmailPlan(), CalendarPlan(), ContactsPlan(), TasksPlan())
RESOURCES: Final = tuple(plan.resource for plan in _DEFAULTS)
"""The resources that can be synced, by name."""


def plans_of(resources: Sequence[str | ResourcePlan]) -> dict[str, ResourcePlan]:
    """The plans by resource; a name stands for its default plan.

    Raises:
        ConfigError: none, an unknown name, or one twice.
    """
    if isinstance(resources, str) or not resources:
        raise ConfigError(f"resources must be a list with at least one of {', '.join(RESOURCES)} or a plan")
    defaults = {plan.resource: plan for plan in _DEFAULTS}
    plans: dict[str, ResourcePlan] = {}
    for entry in resources:
        if isinstance(entry, str) and entry not in defaults:
            raise ConfigError(f"{entry!r} cannot be synced: {', '.join(RESOURCES)} can")
        plan = defaults[entry] if isinstance(entry, str) else entry
        if plan.resource in plans:
            raise ConfigError(f"{plan.resource} is among the resources twice")
        plans[plan.resource] = plan
    return plans


def anchored(now: datetime, account: str) -> datetime:
    """The last instant, at most 30 days ago, at which this account's ranges moved on."""
    first = _EPOCH + timedelta(seconds=crc32(account.encode("utf-8", "surrogatepass")) % int(PERIOD.total_seconds()))
    return first + (now - first) // PERIOD * PERIOD
