"""What goes into an engine and what comes out of it."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from attrs import field, frozen

from aurinko_async._types import at_least
from aurinko_async.auth import Credentials
from aurinko_async.errors import InvalidInput
from aurinko_async.sync.store import AccountState, Standing
from aurinko_async.sync.values import SyncReport


def _filled(instance: object, attribute: object, value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"an account's id is a str that is not empty, not {type(value).__name__}: str(account.id)")


@frozen
class SyncAccount:
    """An account to sync, and the credentials that speak for it. They are kept in memory only."""

    id: str = field(validator=_filled)
    auth: Credentials = field(repr=False)


AccountProvider: TypeAlias = Callable[[], AsyncIterable[SyncAccount]] | Sequence[SyncAccount]
"""The accounts: a list, or a function that is asked again now and then, so that accounts may come, go, and change
their credentials."""


@frozen(kw_only=True)
class EngineOptions:
    """How an engine works. All times are in seconds.

    Args:
        concurrency: Syncs at once; each holds at most a page in memory, or two while few are active.
        slice_pages: Pages after which a sync makes room when others wait; it goes on where it was.
        poll: From the end of a sync to the next one of the same, when following; spread by a fifth either way.
        accounts_every: From one question for the accounts to the next, when following.
        marks_every: From one look for wishes that other processes have left in the store to the next.
        attempts: How often a sync is tried before `run` gives it up; following never gives up.
        lease_wait: How long a sync waits in its place while another engine syncs the same.
        stop_within: How long `stop` waits for page boundaries before it cancels.
    """

    concurrency: int = field(default=48, validator=at_least(1))
    slice_pages: int = field(default=50, validator=at_least(1))
    poll: float = field(default=300.0, validator=at_least(0, excluded=True))
    accounts_every: float = field(default=300.0, validator=at_least(0, excluded=True))
    marks_every: float = field(default=2.0, validator=at_least(0, excluded=True))
    attempts: int = field(default=5, validator=at_least(1))
    lease_wait: float = field(default=0.0, validator=at_least(0))
    stop_within: float = field(default=30.0, validator=at_least(0))


EventKind: TypeAlias = Literal["started", "page", "paused", "ended"]


@frozen(kw_only=True)
class EngineEvent:
    """Something that happened to the sync of a resource of an account.

    Attributes:
        kind: `started`; `page`: one more page is in; `paused`: it made room for others; `ended`.
        report: The sync so far.
        state: How it stands, when it has ended.
        error: What it ended with, when it failed.
        at: When, aware.
    """

    account: str
    resource: str
    kind: EventKind
    report: SyncReport
    state: AccountState | None = None
    error: Exception | None = None
    at: datetime


STANDINGS: Final[tuple[Standing, ...]] = ("ok", "retrying", "needs_reauth", "failed")


@frozen(kw_only=True)
class EngineReport:
    """What an engine did.

    Attributes:
        accounts: How many accounts it has.
        standings: How many (account, resource) pairs stand how.
        troubled: Those that do not stand `ok`.
        total: What all syncs together did.
        complete: Every sync came to its end; `False` when it was stopped, or one is troubled.
    """

    accounts: int
    standings: Mapping[Standing, int]
    troubled: tuple[AccountState, ...]
    total: SyncReport = field(repr=False)
    complete: bool
