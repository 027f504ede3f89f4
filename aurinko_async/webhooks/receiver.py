"""What becomes of a request to a webhook: bytes in, answer out, whatever web framework is around it.

The vendor stops sending a notification again only at 200 and at 422, and 422 deletes the subscription. So 200 is said
when the handler is done and never before, 422 never, and what may go well next time is 503.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeAlias
from urllib.parse import parse_qsl

from attrs import field, frozen

from aurinko_async.errors import ConfigError, DecodeError, SignatureRejected
from aurinko_async.webhooks.notification import Notification, parse_notification
from aurinko_async.webhooks.signature import REPLAY_WINDOW, Headers, Verifier

# A notification has some 200 bytes per item; the vendor does not say how many it sends at once.
MAX_BODY = 2**20
# What fits into the largest body if each item is as small as it can be read.
MAX_ITEMS = 10_000
# A body is one small packet; who sends it in drops holds a connection and its memory.
BODY_SECONDS = 10.0
# How many notifications are with the handler at once; what comes beyond is sent again by the vendor.
CAPACITY = 64
# The vendor gives a challenge 30 s and names no limit for notifications: answer well before that.
HANDLER_SECONDS = 20.0
# Signatures that are remembered, some 200 bytes each.
DEDUPE = 10_000
# A hint only: the vendor waits 1, 2, 4, ... s whatever we say.
_RETRY_AFTER = "5"
# The vendor does not say how long its tokens are; those seen are below 100.
_MAX_TOKEN = 1024
_LOG = logging.getLogger("aurinko_async.webhooks")

Handler: TypeAlias = Callable[[Notification], Awaitable[object]]
"""Takes a notification durably and returns; what it raises makes the vendor send the notification again."""


@frozen
class WebhookResponse:
    """The answer to send: its status is 200, 503, or a 4xx other than 422."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


class Notifiable(Protocol):
    """What a sync engine has to have."""

    async def notify(self, account: str, resource: str | None = None) -> None:
        """Have a resource of an account synced soon: email, calendar, contacts, tasks; None is all of them."""
        ...


def notify_engine(engine: Notifiable) -> Handler:
    """Make the handler that has a sync engine sync what notifications are about."""

    async def handle(notification: Notification) -> None:
        if notification.account_id is None:
            _LOG.warning("a notification names no account; nothing is synced")
            return
        key = notification.sync_key
        if notification.lifecycle_event:
            await engine.notify(str(notification.account_id), None)
        elif key is not None:
            await engine.notify(str(notification.account_id), key[0])

    return handle


class WebhookReceiver:
    """Answers the vendor's requests: verifies them, answers challenges, hands notifications to a handler.

    A notification is acknowledged when the handler has returned. One that comes again (the same bytes) is acknowledged
    without the handler once that went well, and shares its result while it runs. What is remembered is lost when the
    process ends, and other processes do not know of it: handlers see some notifications twice.

    Args:
        signing_secrets: The application's signing secret, or all that are valid now.
        handler: Called for each notification. It is cancelled when it takes too long.
        replay_window: How old a request may be, in seconds. Redeliveries keep the time of the first attempt.
        dedupe: How many notifications are remembered; 0 is none.
        max_body: Bytes that a body may have.
        body_timeout: Seconds that the adapters wait for a whole body; None is no limit.
        max_items: Payloads that a notification may have.
        capacity: How many notifications the handler has at once at most; others are answered 503.
        handler_timeout: Seconds that the handler may take; None is no limit.
        clock: Seconds since the epoch.

    Raises:
        ConfigError: there is no signing secret, or an option that cannot work.
    """

    def __init__(
        self,
        signing_secrets: str | bytes | Iterable[str | bytes],
        handler: Handler,
        *,
        replay_window: float = REPLAY_WINDOW,
        dedupe: int = DEDUPE,
        max_body: int = MAX_BODY,
        body_timeout: float | None = BODY_SECONDS,
        max_items: int = MAX_ITEMS,
        capacity: int = CAPACITY,
        handler_timeout: float | None = HANDLER_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._verifier = Verifier(signing_secrets, replay_window=replay_window)
        if not callable(handler):
            raise ConfigError("handler must be an async function of one notification")
        if min(max_body, max_items, capacity) < 1 or dedupe < 0:
            raise ConfigError("max_body, max_items and capacity must be at least 1, dedupe at least 0")
        for name, seconds in (("handler_timeout", handler_timeout), ("body_timeout", body_timeout)):
            if seconds is not None and not seconds > 0:
                raise ConfigError(f"{name} must be more than 0 seconds")
        self.max_body = max_body
        self.body_timeout = body_timeout
        self._handler = handler
        self._dedupe = dedupe
        self._max_items = max_items
        self._capacity = capacity
        self._timeout = handler_timeout
        self._clock = clock
        self._running: dict[str, asyncio.Future[bool]] = {}
        self._done: OrderedDict[str, None] = OrderedDict()

    async def handle(self, method: str, query: str | bytes, headers: Headers, body: bytes) -> WebhookResponse:
        """Answer one request. Nothing is raised but the cancellation of the caller.

        Args:
            method: As it came.
            query: The query string as it came, without the question mark.
            headers: Names and values, `str` or `bytes`: pairs as they came, or a mapping that loses none.
            body: The bytes as they came; more than `max_body + 1` of them need not be read.
        """
        try:
            return await self._handle(method, query, headers, body)
        except Exception as error:
            return self._failed(error)

    async def _handle(self, method: str, query: str | bytes, headers: Headers, body: bytes) -> WebhookResponse:
        if method != "POST":
            return _answer(405, "webhooks are posted", Allow="POST")
        if len(body) > self.max_body:
            return _answer(413, "the body is too large")
        try:
            signature = self._verifier.verify(headers, body, now=self._clock())
        except SignatureRejected as error:
            _LOG.info("refused a webhook: %s", error)
            return _answer(401, str(error))
        if not body:
            return _challenge(query)
        try:
            notification = parse_notification(body)
        except DecodeError as error:
            _LOG.warning("cannot read a notification: %s", error.path or type(error).__name__)
            return _answer(400, "the body is not a notification")
        if len(notification.payloads or ()) > self._max_items:
            return _answer(413, "the notification has too many payloads")
        return await self._once(signature, notification)

    async def _once(self, signature: str, notification: Notification) -> WebhookResponse:
        """Run the handler, unless it did or does with the very same notification."""
        if signature in self._done:
            return _answer(200, "")
        running = self._running.get(signature)
        if running is not None:
            # Shielded: whoever waits may go, and the others still want the result.
            return _answer(200, "") if await asyncio.shield(running) else _later("the first attempt failed")
        if len(self._running) >= self._capacity:
            _LOG.warning("refused a webhook: %d are being handled", self._capacity)
            return _later("there are too many at once")
        result = self._running[signature] = asyncio.get_running_loop().create_future()
        taken = False
        try:
            await self._run(notification)
            taken = True
            self._remember(signature)
        except Exception as error:
            return self._failed(error)
        finally:
            del self._running[signature]
            result.set_result(taken)
        return _answer(200, "")

    async def _run(self, notification: Notification) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await self._handler(notification)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Not the request was cancelled, but something that the handler waited for.
            raise RuntimeError("what the handler waited for was cancelled") from error

    def _remember(self, signature: str) -> None:
        self._done[signature] = None
        while len(self._done) > self._dedupe:
            self._done.popitem(last=False)

    def _failed(self, error: Exception) -> WebhookResponse:
        # The words of the error may hold what no log should.
        _LOG.error("a webhook was not handled: %s", type(error).__name__)
        _LOG.debug("a webhook was not handled", exc_info=error)
        return _later("the notification was not handled")


def _challenge(query: str | bytes) -> WebhookResponse:
    """Prove that this is the receiver that it claims to be, and say nothing else that came from outside."""
    text = query.decode("latin-1") if isinstance(query, bytes) else query
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return _answer(400, "the query cannot be read")
    tokens = [value for name, value in pairs if name == "validationToken"]
    if len(tokens) != 1:
        return _answer(400, "there is neither a notification nor a challenge with one token")
    token = tokens[0]
    if not 0 < len(token) <= _MAX_TOKEN or not token.isascii() or not token.isprintable():
        return _answer(400, "the challenge has no token that could be answered")
    return _answer(200, token)


def too_slow() -> WebhookResponse:
    """Answer who did not send the whole body in time."""
    return _answer(408, "the body did not arrive in time", Connection="close")


def _later(words: str) -> WebhookResponse:
    return _answer(503, words, **{"Retry-After": _RETRY_AFTER})


def _answer(status: int, words: str, **headers: str) -> WebhookResponse:
    # A browser must not take a token for a page.
    fixed = {"Content-Type": "text/plain", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return WebhookResponse(status, {**fixed, **headers}, words.encode())
