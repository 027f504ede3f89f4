"""What each error means for the sync of an account: none is left without a meaning."""

from collections.abc import Iterator

import pytest

from aurinko_async import errors
from aurinko_async.errors import ApiError, AurinkoError
from aurinko_async.sync.engine.verdict import BUSY, DOUBTS, FIRST, LONGEST, LONGEST_REASON, RECHECK, judge

PASSING = {
    "TransportError": "retrying",
    "RateLimited": "retrying",
    "ServerError": "retrying",
    "ProviderTimeout": "retrying",
    "TokenRefreshFailed": "retrying",
    "SyncNotReady": "retrying",
    "StoreError": "retrying",
}
OFTEN = {
    "Unauthorized": "needs_reauth",
    "CursorRejected": "failed",
    "DecodeError": "failed",
    "PagingError": "failed",
    "SyncError": "failed",
}
"""How they stand when they keep coming; before that they may be accidents."""
AT_ONCE = {
    "TokenDead": "needs_reauth",
    "LeaseHeld": None,
    "LeaseLost": None,
    "ConfigError": "failed",
    "AmbiguousResult": "failed",
    "AuthorizationFailed": "failed",
    "SignatureRejected": "failed",
    "BadRequest": "failed",
    "Forbidden": "failed",
    "NotFound": "failed",
    "PreconditionFailed": "failed",
    "ApiError": "failed",
    "AurinkoError": "failed",
}


def classes(root: type[AurinkoError]) -> Iterator[type[AurinkoError]]:
    yield root
    for child in root.__subclasses__():
        yield from classes(child)


ALL = sorted({cls for cls in classes(AurinkoError) if cls.__module__ == errors.__name__}, key=lambda cls: cls.__name__)


def an(cls: type[AurinkoError]) -> AurinkoError:
    if issubclass(cls, ApiError):
        return cls(500, "words")
    if issubclass(cls, errors.AmbiguousResult):
        return cls("words", method="POST", path="/v1")
    return cls("words")


def expected(cls: type[AurinkoError], failures: int) -> str | None:
    """By the nearest class of the tree that a table names."""
    for one in cls.__mro__:
        if one.__name__ in PASSING:
            return PASSING[one.__name__]
        if one.__name__ in OFTEN:
            return "retrying" if failures <= DOUBTS else OFTEN[one.__name__]
        if one.__name__ in AT_ONCE:
            return AT_ONCE[one.__name__]
    raise AssertionError(f"{cls.__name__} has no meaning here")


@pytest.mark.parametrize("failures", [1, DOUBTS, DOUBTS + 1, 50])
@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_every_error_is_judged(cls: type[AurinkoError], failures: int) -> None:
    verdict = judge(an(cls), failures)
    assert verdict.standing == expected(cls, failures)
    assert verdict.reason.startswith(cls.__name__)
    limit = {None: BUSY, "retrying": LONGEST, "needs_reauth": RECHECK, "failed": RECHECK}[verdict.standing]
    assert 0 < verdict.delay <= limit


def test_intervals_grow_up_to_a_limit() -> None:
    delays = [judge(errors.ServerError(503, "busy"), failures).delay for failures in range(1, 1200)]
    assert delays[:3] == [FIRST, 2 * FIRST, 4 * FIRST]
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST


def test_retry_after_is_the_least() -> None:
    error = errors.RateLimited(429, "slow down", retry_after=90.0)
    assert (judge(error, 1).delay, judge(error, 1).least) == (90.0, 90.0)
    assert judge(error, 9).delay > 90.0
    error = errors.RateLimited(429, "slow down", retry_after=1e9)
    assert judge(error, 1).delay == RECHECK


def test_what_nobody_expected_is_a_failure_that_says_so() -> None:
    verdict = judge(KeyError("thing"), 1)
    assert verdict.standing == "failed"
    assert verdict.reason == "unexpected KeyError: 'thing'"


def test_a_reason_is_a_short_line() -> None:
    reason = judge(errors.StoreError("the disk\nis full " * 100), 1).reason
    assert "\n" not in reason
    assert len(reason) == LONGEST_REASON + 1
    assert judge(errors.StoreError(), 1).reason == "StoreError"
