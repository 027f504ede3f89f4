"""What an error means for the sync of a resource of an account: pure."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from aurinko_async.errors import (
    ApiError,
    AurinkoError,
    CursorRejected,
    DecodeError,
    LeaseHeld,
    LeaseLost,
    PagingError,
    ProviderTimeout,
    RateLimited,
    ServerError,
    StoreError,
    SyncError,
    SyncNotReady,
    TokenDead,
    TokenRefreshFailed,
    TransportError,
    Unauthorized,
)
from aurinko_async.sync.store import Standing

FIRST: Final = 2.0
"""Seconds before the first repetition; each one doubles it."""
LONGEST: Final = 600.0
"""Seconds between repetitions of what heals by itself, at the most: what the vendor's own retries grow to."""
RECHECK: Final = 3600.0
"""Seconds until what hardly heals by itself is looked at again."""
BUSY: Final = 15.0
"""Seconds between questions whether another engine is done, at the most."""
DOUBTS: Final = 3
"""How often an answer that makes no sense is taken for an accident."""
LONGEST_REASON: Final = 300

_PASSES: Final = (
    TransportError,
    RateLimited,
    ServerError,
    ProviderTimeout,
    TokenRefreshFailed,
    SyncNotReady,
    StoreError,
)
_STRANGE: Final = (SyncError, PagingError, DecodeError, CursorRejected, Unauthorized)


@frozen
class Verdict:
    """How it stands, why, and in how many seconds, but not in less than the `least`, to try again.

    Without a standing it is another's turn: no failure.
    """

    standing: Standing | None
    reason: str
    delay: float
    least: float = 0.0


def judge(error: BaseException, failures: int) -> Verdict:
    """What to make of an error, after so many failures in a row, this one included."""
    if isinstance(error, LeaseHeld | LeaseLost):
        return Verdict(None, _told(error), min(2.0**failures, BUSY))
    backoff = min(FIRST * 2.0 ** min(failures - 1, 20), LONGEST)
    least = min(error.retry_after or 0.0, RECHECK) if isinstance(error, ApiError) else 0.0
    if isinstance(error, TokenDead):
        return Verdict("needs_reauth", _told(error), RECHECK)
    if isinstance(error, _PASSES) or (isinstance(error, _STRANGE) and failures <= DOUBTS):
        return Verdict("retrying", _told(error), max(backoff, least), least)
    if isinstance(error, Unauthorized):
        return Verdict("needs_reauth", _told(error), RECHECK)
    return Verdict("failed", _told(error), RECHECK)


def _told(error: BaseException) -> str:
    what = " ".join(str(error).split())
    told = f"{type(error).__name__}: {what}" if what else type(error).__name__
    if not isinstance(error, AurinkoError):
        told = f"unexpected {told}"
    return told if len(told) <= LONGEST_REASON else told[:LONGEST_REASON] + "…"
