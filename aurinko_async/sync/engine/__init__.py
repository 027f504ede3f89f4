"""Many accounts over a client, in one process."""

from typing import TYPE_CHECKING

from aurinko_async._lazy import lazy

if TYPE_CHECKING:
    from aurinko_async.sync.engine.engine import SyncEngine
    from aurinko_async.sync.engine.plans import CalendarPlan, ContactsPlan, EmailPlan, ResourcePlan, TasksPlan
    from aurinko_async.sync.engine.roster import application_accounts
    from aurinko_async.sync.engine.values import AccountProvider, EngineEvent, EngineOptions, EngineReport, SyncAccount

__all__ = [
    "AccountProvider",
    "CalendarPlan",
    "ContactsPlan",
    "EmailPlan",
    "EngineEvent",
    "EngineOptions",
    "EngineReport",
    "ResourcePlan",
    "SyncAccount",
    "SyncEngine",
    "TasksPlan",
    "application_accounts",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "engine": "SyncEngine",
            "plans": "CalendarPlan ContactsPlan EmailPlan ResourcePlan TasksPlan",
            "roster": "application_accounts",
            "values": "AccountProvider EngineEvent EngineOptions EngineReport SyncAccount",
        },
    )
