"""The one door to the wire: every call goes through `Session.request`, and nobody else sends."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from itertools import count
from math import inf
from typing import Any, TypeAlias, TypeVar

import backoff
from attrs import field, frozen

from aurinko_async import _codec
from aurinko_async._limits import AccountGate, Gates, Limits, Window
from aurinko_async._transport import Timeout, Transport
from aurinko_async._types import Call, Clock, Request, Response
from aurinko_async._wire import build_request, parse_response, retry_after
from aurinko_async.auth import Credentials
from aurinko_async.errors import (
    AmbiguousResult,
    ApiError,
    AurinkoError,
    ConfigError,
    ConnectionFailed,
    MalformedBody,
    NotFound,
    RateLimited,
    TransportError,
)
from aurinko_async.retry import RETRIED_STATUSES, GiveUp, Outcome, RetryBudget, RetryPolicy, decide, may_repeat

T = TypeVar("T")

logger = logging.getLogger("aurinko_async")


class SystemClock:
    """The real time."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@frozen
class Attempt:
    """What a hook is told of each request: no id, no query value, no secret.

    Attributes:
        method, path: The operation; the path is the template.
        attempt: Its number within the call, from 1.
        status: The HTTP status; `None` when no answer arrived.
        error: The exception it ended with, if it did.
        waited: Seconds slept before it because of the attempt before.
        elapsed: Seconds from its start to its end.
    """

    method: str
    path: str
    attempt: int
    status: int | None
    error: AurinkoError | None
    waited: float
    elapsed: float


Hook: TypeAlias = Callable[[Attempt], None]


class Shared:
    """What a client and all its views have in common: the pool, the limits, the budget, the clock."""

    def __init__(self, transport: Transport, limits: Limits, budget: int, clock: Clock, hook: Hook | None) -> None:
        self.transport = transport
        self.gates = Gates(limits, clock)
        self.budget = RetryBudget(budget)
        self.clock = clock
        self.hook = hook


@frozen
class _Failed:
    error: AurinkoError
    outcome: Outcome | None
    began: float


@frozen(eq=False)
class Session:
    """One client's or view's way to the API."""

    shared: Shared = field(repr=False)
    auth: Credentials
    base_url: str
    retry: RetryPolicy
    timeout: Timeout

    async def request(self, call: Call[T]) -> T:
        """Perform a call: limits, transport, decoding, and again where that is safe.

        Raises:
            ConfigError, InvalidInput: before anything is sent.
            TransportError, ApiError, DecodeError: the last attempt's failure.
            AmbiguousResult: the answer to something that must not be repeated was lost.
        """
        request = build_request(call, self.base_url, self.auth)
        result = await self._attempt(call, request, 1, 0.0)
        if not isinstance(result, _Failed):
            return result
        return await self._again(call, request, result)

    async def _again(self, call: Call[T], request: Request, failed: _Failed) -> T:
        """What follows a first attempt that failed."""
        clock = self.shared.clock
        began = inf
        maybe_done = False
        for attempt in count(1):
            if maybe_done and call.method == "DELETE" and isinstance(failed.error, NotFound):
                return _codec.decode(call.result, b'{"status":"Ok"}')
            if failed.outcome is None:
                raise failed.error
            began = min(began, failed.began)
            decision = decide(self.retry, call, attempt, failed.outcome, clock.monotonic() - began)
            if isinstance(decision, GiveUp) or self.shared.transport.closed or not self.shared.budget.spend():
                raise self._final(call, failed, attempt)
            maybe_done = maybe_done or (failed.outcome.sent and failed.outcome.status != 429)
            waited = decision.at_least + backoff.full_jitter(decision.jitter)
            # The class of the error and not its words: those are the server's, and may quote an id or a body.
            kind = type(failed.error).__name__
            logger.info("%s %s: %s; attempt %d in %.2f s", call.method, call.path, kind, attempt + 1, waited)
            await clock.sleep(waited)
            result = await self._attempt(call, request, attempt + 1, waited)
            if not isinstance(result, _Failed):
                return result
            failed = result
        raise AssertionError("unreachable")

    async def _attempt(self, call: Call[T], request: Request, attempt: int, waited: float) -> T | _Failed:
        shared = self.shared
        clock = shared.clock
        response: Response | None = None
        failed: _Failed | None = None
        place = await shared.gates.enter(self.auth.account_key, self._places(call))
        try:
            started = clock.monotonic()
            try:
                response = await shared.transport.send(request, self.timeout, place.arrived)
                value = parse_response(call, response)
            except AurinkoError as error:
                failed = self._failure(error, response, place.gate, started)
            else:
                place.gate.speed_up()
                place.keep_page()
                shared.budget.earn()
        finally:
            place.leave()
        if shared.hook is not None or logger.isEnabledFor(logging.DEBUG):
            elapsed = clock.monotonic() - started
            status = response.status if response else None
            failure = failed.error if failed else None
            self._tell(Attempt(call.method, call.path, attempt, status, failure, waited, elapsed))
        return failed or value  # pyright: ignore[reportPossiblyUnboundVariable]

    def _places(self, call: Call[Any]) -> Window | None:
        """Where its page takes a place, which whoever gets the page has to release."""
        return None

    def _failure(self, error: AurinkoError, response: Response | None, gate: AccountGate, started: float) -> _Failed:
        if isinstance(error, ConfigError):
            raise error
        if isinstance(error, TransportError):
            return _Failed(error, Outcome(sent=not isinstance(error, ConnectionFailed)), started)
        if isinstance(error, MalformedBody):
            return _Failed(error, Outcome(), started)
        if not isinstance(error, ApiError):
            return _Failed(error, None, started)
        clock = self.shared.clock
        error.retry_after = retry_after(response.headers, clock.time()) if response else None
        if isinstance(error, RateLimited):
            gate.slow_down(clock.monotonic() + min(error.retry_after or 0.0, self.retry.max_retry_after))
        return _Failed(error, Outcome(error.status, retry_after=error.retry_after), started)

    def _tell(self, it: Attempt) -> None:
        status, elapsed, number = it.status, it.elapsed, it.attempt
        logger.debug("%s %s -> %s in %.3f s (attempt %d)", it.method, it.path, status, elapsed, number)
        if self.shared.hook is None:
            return
        try:
            self.shared.hook(it)
        except Exception:
            # The call may be done: what a hook thinks of it must not lose its result.
            logger.exception("the on_attempt hook failed")

    def _final(self, call: Call[Any], failed: _Failed, attempts: int) -> AurinkoError:
        error, outcome = failed.error, failed.outcome
        if isinstance(error, ApiError | TransportError):
            error.attempts = attempts
        if outcome is None or not outcome.sent or may_repeat(self.retry, call, outcome):
            return error
        if isinstance(error, ApiError):
            error.maybe_processed = error.status in RETRIED_STATUSES
        else:
            ambiguous = AmbiguousResult(
                f"{call.method} {call.path}: {error}; it may have been processed, so it was not sent again: "
                "look whether it was before you send it again",
                method=call.method,
                path=call.path,
            )
            ambiguous.__cause__ = error
            return ambiguous
        return error
