"""Who wants to be told of what: subscriptions, what became of them, and what waits to be told."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

import msgspec
from attrs import define, field

from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request
from aurinko_async.sandbox.times import iso

if TYPE_CHECKING:
    from aurinko_async.sandbox.account import Account

LifecycleEvent = Literal["error", "active"]
_PLAIN = ("/email/messages", "/email/tracking", "/contacts")
_OF_ONE = re.compile(r"/(calendars|tasklists|booking)/(.+?)(/events|/tasks|)\Z")
_TAILS = {"calendars": "/events", "tasklists": "/tasks", "booking": ""}


@define(eq=False)
class Subscription:
    """One subscription. `topic` is its resource with an alias such as `default` resolved."""

    id: int
    account: Account = field(repr=False)
    resource: str
    topic: str
    notification_url: str
    filters: list[str]
    detail_level: str | None = None
    active: bool = True
    fail_since: float | None = None
    fail_description: str | None = None
    disabled_by_billing: bool = False
    told: LifecycleEvent = field(default="active", repr=False)
    waiting: dict[bytes, Json] = field(factory=lambda: dict[bytes, Json](), repr=False)

    def record(self) -> Json:
        """Give it as the API does."""
        record: Json = {
            "id": self.id,
            "resource": self.resource,
            "notificationUrl": self.notification_url,
            "active": self.active,
            "disabledByBilling": self.disabled_by_billing,
            "filters": list(self.filters),
        }
        if self.fail_since is not None:
            record |= {"failSince": iso(self.fail_since), "failDescription": self.fail_description or ""}
        return record

    def head(self) -> Json:
        """Give what every notification begins with."""
        return {"subscription": self.id, "resource": self.resource, "accountId": self.account.id}

    def take(self, payload: Json, *, draft: bool) -> bool:
        """Let a payload wait for the next notification; tell whether it is one this subscription wants."""
        if not self.active or self.disabled_by_billing or (draft and "withoutDrafts" in self.filters):
            return False
        self.waiting.setdefault(msgspec.json.encode(payload), payload)
        return True


def topic_of(account: Account, resource: str) -> str:
    """Resolve a resource that somebody subscribes to.

    Raises:
        ApiError: 400, nobody can; 404, the account has no such task list or calendar.
    """
    if resource in _PLAIN:
        return resource
    matched = _OF_ONE.fullmatch(resource)
    if matched is None or _TAILS[matched[1]] != matched[3]:
        raise bad_request(f"Cannot subscribe to this resource: {resource}")
    kind, id_, tail = matched.groups()
    if kind == "tasklists":
        id_ = account.task_lists.open(id_ if id_ in account.task_lists.records else unquote(id_)).id
    elif kind == "calendars":
        id_ = account.calendars.agenda(id_ if id_ in account.calendars.ids else unquote(id_)).id
    return f"/{kind}/{id_}{tail}"


def check_url(url: str) -> None:
    """Refuse an address that is not on this machine: a sandbox reaches no further.

    Raises:
        ApiError: 400.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        local = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        parts, local = None, False
    if parts is None or parts.scheme not in ("http", "https") or parts.fragment or min(url) <= " ":
        raise bad_request("notificationUrl is not an absolute URL")
    if not local:
        raise bad_request("The sandbox delivers to loopback addresses only")
