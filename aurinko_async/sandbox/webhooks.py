"""Webhooks as the vendor sends them: a challenge, signed notifications, and retries of those that nobody took."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
import msgspec
from attrs import define, field, frozen
from yarl import URL

from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import ApiError, bad_request, not_found
from aurinko_async.sandbox.ledger import ChangeType, Entry, Ledger
from aurinko_async.sandbox.subscriptions import LifecycleEvent, Subscription, check_url, topic_of

if TYPE_CHECKING:
    from aurinko_async.sandbox.account import Account

# The vendor gives a challenge 30 s; for notifications it names no limit, so they have the same.
ANSWER_SECONDS = 30.0
# Retries come after 1, 2, 4, ... s; the vendor lets the interval grow to ten minutes.
LONGEST_WAIT = 600.0
# When failures are persistent the vendor does not say: after a day the subscription is switched off.
PERSISTENT_SECONDS = 86_400.0
# How many changes one notification tells of at most.
_BATCH = 100
# More than 2**31, so that who keeps ids in 32 bits finds out.
_FIRST_ID = 4_000_000_000
# A token ends with what a query must escape.
_TAIL = "%2B+/="


@define(eq=False)
class Notification:
    """A notification on its way. A retry repeats its bytes, its timestamp and its signature."""

    subscription: Subscription
    body: bytes
    due: float
    attempts: int = 0
    headers: dict[str, str] = field(factory=lambda: dict[str, str](), repr=False)
    sending: bool = False


@frozen
class Delivery:
    """One attempt to deliver a notification. `status` is None if there was no answer."""

    subscription: int
    attempt: int
    status: int | None
    body: bytes

    @property
    def json(self) -> Any:
        """The notification."""
        return msgspec.json.decode(self.body)


class Webhooks:
    """The subscriptions of all accounts, and the deliveries to them."""

    def __init__(self, secret: str, clock: Callable[[], float]) -> None:
        self.subscriptions: dict[int, Subscription] = {}
        self.deliveries: list[Delivery] = []
        self.answer_seconds = ANSWER_SECONDS
        self._secret = secret
        self._clock = clock
        self._created = 0
        self._listeners: dict[tuple[int, str], list[Subscription]] = {}
        self._pending: list[Notification] = []
        self._woken = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None

    @property
    def next_due(self) -> float | None:
        """When the next notification is due, on the sandbox's clock; None if none is on its way."""
        if any(subscription.waiting for subscription in self.subscriptions.values()):
            return self._clock()
        return min((one.due for one in self._pending if not one.sending), default=None)

    async def subscribe(self, account: Account, request: Json) -> Subscription:
        """Challenge a receiver and, if it answers as it should, keep the subscription.

        Raises:
            ApiError: 400 or 404.
        """
        resource, url = request.get("resource") or "", request.get("notificationUrl") or ""
        topic = topic_of(account, resource)
        check_url(url)
        await self._challenge(url)
        self._created += 1
        filters: list[str] = list(request.get("filters") or ())
        id_ = _FIRST_ID + self._created
        made = Subscription(id_, account, resource, topic, url, filters, request.get("detailLevel"))
        self.subscriptions[id_] = made
        self._listeners.setdefault((account.id, topic), []).append(made)
        return made

    def of(self, account: Account) -> list[Subscription]:
        """List the subscriptions of an account, dead ones included."""
        return [one for one in self.subscriptions.values() if one.account is account]

    def get(self, account: Account, id_: int) -> Subscription:
        """Give a subscription of an account.

        Raises:
            ApiError: 404, there is none.
        """
        found = self.subscriptions.get(id_)
        if found is None or found.account is not account:
            raise not_found("The subscription could not be found")
        return found

    def remove(self, subscription: Subscription) -> None:
        """Forget a subscription, and what is on its way to it."""
        if self.subscriptions.pop(subscription.id, None) is not None:
            self._listeners[subscription.account.id, subscription.topic].remove(subscription)
        self._drop(subscription)

    def watch(self, account: Account, topic: str, ledger: Ledger[Any]) -> None:
        """Notify of every change of a collection."""
        ledger.watch(partial(self._changed, account, topic))

    def notify(self, account: Account, topic: str, payload: Json, *, draft: bool = False) -> None:
        """Tell those who subscribed to a topic; while the provider turns the account away, nobody learns of changes."""
        if account.token_status != "active":
            return
        for subscription in self._listeners.get((account.id, topic), ()):
            if subscription.take(payload, draft=draft):
                self.wake()

    def wake(self) -> None:
        """Have the automatic delivery look what there is to do."""
        self._woken.set()

    async def deliver(self) -> list[Delivery]:
        """Attempt what is due now, each once and all at the same time, and tell how it went."""
        async with asyncio.TaskGroup() as group:
            attempts = [group.create_task(self._attempt(notification)) for notification in self._take_due()]
        return [attempt.result() for attempt in attempts]

    async def run(self) -> None:
        """Deliver what falls due, when it falls due, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._woken.clear()
                for notification in self._take_due():
                    group.create_task(self._attempt(notification))
                due = self.next_due
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if due is None else due - self._clock()):
                        await self._woken.wait()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _changed(self, account: Account, topic: str, entry: Entry, change: ChangeType) -> None:
        self.notify(account, topic, {"id": entry.id, "changeType": change})

    def _take_due(self) -> list[Notification]:
        now = self._clock()
        for subscription in list(self.subscriptions.values()):
            if subscription.account.deleted:
                self.remove(subscription)
            elif subscription.active:
                self._collect(subscription, now)
        due = [one for one in self._pending if one.due <= now and not one.sending]
        for notification in due:
            notification.sending = True
        return due

    def _collect(self, subscription: Subscription, now: float) -> None:
        account = subscription.account
        if subscription.topic == "/email/messages":
            account.settle()
        state: LifecycleEvent = "active" if account.token_status == "active" else "error"
        if state != subscription.told:
            subscription.told = state
            event: Json = {**subscription.head(), "lifecycleEvent": state}
            if state == "error":
                event["error"] = "Active token is missing"
            self._pending.append(Notification(subscription, msgspec.json.encode(event), now))
        payloads = list(subscription.waiting.values())
        subscription.waiting.clear()
        for start in range(0, len(payloads), _BATCH):
            told = [] if subscription.detail_level == "signal" else payloads[start : start + _BATCH]
            body = msgspec.json.encode({**subscription.head(), "payloads": told})
            self._pending.append(Notification(subscription, body, now))

    async def _attempt(self, notification: Notification) -> Delivery:
        subscription = notification.subscription
        notification.attempts += 1
        notification.headers = notification.headers or self._signed(notification.body)
        headers = {"Content-Type": "application/json", **notification.headers}
        status, problem = None, "The notification URL does not answer"
        try:
            async with asyncio.timeout(self.answer_seconds):
                status, _, _ = await self._post(subscription.notification_url, notification.body, headers)
            problem = f"The notification URL answered {status}"
        except TimeoutError:
            problem = "The notification URL did not answer in time"
        except (aiohttp.ClientError, OSError):
            pass
        finally:
            notification.sending = False
        delivery = Delivery(subscription.id, notification.attempts, status, notification.body)
        self.deliveries.append(delivery)
        self._settle(notification, status, problem)
        return delivery

    def _settle(self, notification: Notification, status: int | None, problem: str) -> None:
        subscription, now = notification.subscription, self._clock()
        if status == 422:
            self.remove(subscription)
        elif status == 200:
            self._pending = [one for one in self._pending if one is not notification]
            subscription.fail_since = subscription.fail_description = None
        else:
            subscription.fail_since = now if subscription.fail_since is None else subscription.fail_since
            subscription.fail_description = problem
            notification.due = now + min(2.0 ** min(notification.attempts - 1, 30), LONGEST_WAIT)
            if now - subscription.fail_since >= PERSISTENT_SECONDS:
                subscription.active = False
                self._drop(subscription)
        self.wake()

    def _drop(self, subscription: Subscription) -> None:
        subscription.waiting.clear()
        self._pending = [one for one in self._pending if one.subscription is not subscription]

    async def _challenge(self, url: str) -> None:
        token = secrets.token_urlsafe(18) + _TAIL
        challenged = f"{url}{'&' if '?' in url else '?'}validationToken={quote(token, safe='')}"
        headers = {"Content-Type": "text/plain; charset=utf-8", **self._signed(b"")}
        try:
            async with asyncio.timeout(self.answer_seconds):
                status, content_type, body = await self._post(challenged, b"", headers, len(token) + 1)
        except TimeoutError as error:
            raise _unproven("it did not answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise _unproven("it does not answer") from error
        if status != 200:
            raise _unproven(f"it answered {status}")
        if content_type != "text/plain":
            raise _unproven(f"it answered with {content_type}")
        if body != token.encode():
            raise _unproven("it did not answer with the token")

    async def _post(self, url: str, body: bytes, headers: Json, limit: int = 0) -> tuple[int, str, bytes]:
        if self._session is None:
            # A connection for each attempt: what a receiver does to one must not touch the next.
            connector = aiohttp.TCPConnector(force_close=True, limit=0)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        target = URL(url, encoded=True)
        async with self._session.post(target, data=body, headers=headers, allow_redirects=False) as response:
            content = bytearray()
            while len(content) < limit and (piece := await response.content.read(limit - len(content))):
                content += piece
            return response.status, response.content_type, bytes(content)

    def _signed(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._clock()))
        return {
            "X-Aurinko-Request-Timestamp": timestamp,
            "X-Aurinko-Signature": sign(self._secret, timestamp, body),
        }


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Sign a request to a receiver."""
    return hmac.digest(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, sha256).hex()


def _unproven(why: str) -> ApiError:
    return bad_request(f"The notification URL could not be validated: {why}")
