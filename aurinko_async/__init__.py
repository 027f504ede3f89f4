"""The asyncio-native Python client for the Aurinko unified mailbox API."""

from typing import TYPE_CHECKING

from aurinko_async._lazy import lazy

if TYPE_CHECKING:
    from aurinko_async._converter import make_converter
    from aurinko_async._limits import Limits
    from aurinko_async._session import Attempt
    from aurinko_async._transport import Timeout
    from aurinko_async._types import UNSET, Unset
    from aurinko_async.auth import (
        AccountAuth,
        AppAuth,
        Credentials,
        ExchangeIdTokenAuth,
        NoAuth,
        UserCookieAuth,
        UserSessionAuth,
    )
    from aurinko_async.client import AurinkoClient
    from aurinko_async.errors import AmbiguousResult, ApiError, AurinkoError, ConfigError, DecodeError
    from aurinko_async.oauth import Grant, OAuthFlow
    from aurinko_async.pagination import OffsetPaginator, TokenPaginator
    from aurinko_async.retry import RetryPolicy
    from aurinko_async.sync import Batch, ContainerSync, DeltaSync, MemoryStore, PostgresStore, SQLiteStore, SyncReport
    from aurinko_async.sync.engine import (
        CalendarPlan,
        ContactsPlan,
        EmailPlan,
        EngineEvent,
        EngineOptions,
        EngineReport,
        SyncAccount,
        SyncEngine,
        TasksPlan,
        application_accounts,
    )

__all__ = [
    "UNSET",
    "AccountAuth",
    "AmbiguousResult",
    "ApiError",
    "AppAuth",
    "Attempt",
    "AurinkoClient",
    "AurinkoError",
    "Batch",
    "CalendarPlan",
    "ConfigError",
    "ContactsPlan",
    "ContainerSync",
    "Credentials",
    "DecodeError",
    "DeltaSync",
    "EmailPlan",
    "EngineEvent",
    "EngineOptions",
    "EngineReport",
    "ExchangeIdTokenAuth",
    "Grant",
    "Limits",
    "MemoryStore",
    "NoAuth",
    "OAuthFlow",
    "OffsetPaginator",
    "PostgresStore",
    "RetryPolicy",
    "SQLiteStore",
    "SyncAccount",
    "SyncEngine",
    "SyncReport",
    "TasksPlan",
    "Timeout",
    "TokenPaginator",
    "Unset",
    "UserCookieAuth",
    "UserSessionAuth",
    "application_accounts",
    "make_converter",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "_converter": "make_converter",
            "_limits": "Limits",
            "_session": "Attempt",
            "_transport": "Timeout",
            "_types": "UNSET Unset",
            "auth": "AccountAuth AppAuth Credentials ExchangeIdTokenAuth NoAuth UserCookieAuth UserSessionAuth",
            "client": "AurinkoClient",
            "errors": "AmbiguousResult ApiError AurinkoError ConfigError DecodeError",
            "models": "",
            "oauth": "Grant OAuthFlow",
            "pagination": "OffsetPaginator TokenPaginator",
            "retry": "RetryPolicy",
            "sync": "Batch ContainerSync DeltaSync MemoryStore PostgresStore SQLiteStore SyncReport",
            "sync.engine": "CalendarPlan ContactsPlan EmailPlan EngineEvent EngineOptions EngineReport SyncAccount "
            "SyncEngine TasksPlan application_accounts",
        },
    )
