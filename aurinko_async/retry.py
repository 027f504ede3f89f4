"""When a request is made again. Pure: what happened goes in, a decision comes out; the session sleeps and draws."""

from __future__ import annotations

from itertools import islice
from typing import Any, TypeAlias

import backoff
from attrs import field, frozen

from aurinko_async._types import Call, at_least

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


@frozen(kw_only=True)
class RetryPolicy:
    """How often and how long a request is tried. Durations are seconds.

    Args:
        attempts: Requests per call at the most; 1 turns retries off.
        base: The first wait is drawn from 0 to this, the next from 0 to its double, and so on (full jitter).
        max_wait: The cap of that doubling.
        max_retry_after: The cap of a wait that the server asks for with `Retry-After`.
        deadline: No attempt is put off to later than this after the first one began. Waiting for that one to get its
            turn does not count.
        budget: Retries a client may make ahead of its successes, so that an outage is not multiplied.
        repeat_unsafe: Also repeat a POST or PATCH that may have been processed. A send may then be sent twice.
    """

    attempts: int = field(default=5, validator=at_least(1))
    base: float = field(default=0.5, validator=at_least(0))
    max_wait: float = field(default=30.0, validator=at_least(0))
    max_retry_after: float = field(default=120.0, validator=at_least(0))
    deadline: float = field(default=300.0, validator=at_least(0))
    budget: int = field(default=100, validator=at_least(0))
    repeat_unsafe: bool = False


@frozen
class Outcome:
    """How an attempt failed: with a status, or without an answer (`sent` says whether it may have been processed)."""

    status: int | None = None
    sent: bool = True
    retry_after: float | None = None


@frozen
class Retry:
    """Wait `at_least` seconds and a random part of `jitter` seconds, then try again."""

    at_least: float
    jitter: float


@frozen
class GiveUp:
    """Raise what happened."""


Decision: TypeAlias = Retry | GiveUp


def may_repeat(policy: RetryPolicy, call: Call[Any], outcome: Outcome) -> bool:
    """Whether doing it again cannot do it twice, or twice does no harm."""
    if call.method in IDEMPOTENT_METHODS or call.repeatable or policy.repeat_unsafe:
        return True
    return outcome.status == 429 or not outcome.sent


def decide(policy: RetryPolicy, call: Call[Any], attempt: int, outcome: Outcome, elapsed: float) -> Decision:
    """Decide what follows attempt number `attempt` (from 1), `elapsed` seconds after the first one began."""
    retried = outcome.status is None or outcome.status in RETRIED_STATUSES
    if not retried or attempt >= policy.attempts or not may_repeat(policy, call, outcome):
        return GiveUp()
    if outcome.retry_after is not None:
        wait = Retry(min(outcome.retry_after, policy.max_retry_after), 0.0)
    else:
        wait = Retry(0.0, _ceiling(policy, attempt))
    left = policy.deadline - elapsed - wait.at_least
    return Retry(wait.at_least, min(wait.jitter, left)) if left >= 0 else GiveUp()


def _ceiling(policy: RetryPolicy, attempt: int) -> float:
    waits = backoff.expo(base=2, factor=policy.base, max_value=policy.max_wait)
    next(waits)
    return next(islice(waits, attempt - 1, None))


class RetryBudget:
    """Counts a client's retries against its successes: each retry costs one, ten successes earn one back."""

    SUCCESSES_PER_RETRY = 10

    def __init__(self, size: int) -> None:
        self._size = size * self.SUCCESSES_PER_RETRY
        self._left = self._size

    def spend(self) -> bool:
        if self._left < self.SUCCESSES_PER_RETRY:
            return False
        self._left -= self.SUCCESSES_PER_RETRY
        return True

    def earn(self) -> None:
        if self._left < self._size:
            self._left += 1
