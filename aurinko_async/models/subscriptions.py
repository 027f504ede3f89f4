"""Webhook subscriptions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from aurinko_async._types import UNSET
from aurinko_async.models._model import Opt, model


class SubscriptionFilter(StrEnum):
    """What a subscription leaves out; the API may know others."""

    WITHOUT_DRAFTS = "withoutDrafts"


class DetailLevel(StrEnum):
    """How much a notification tells; the API may know others.

    Only the vendor's own SDK has it: `SIGNAL` says that something changed, `STATUS` also what.
    """

    SIGNAL = "signal"
    STATUS = "status"


@model
class SubscriptionRequest:
    """What to be notified of, and where.

    Attributes:
        resource: Such as `/email/messages`, `/email/tracking`, `/calendars/primary/events`, `/contacts`,
            `/tasklists/default/tasks`.
        notification_url: Where notifications are posted. It is challenged while the subscription is made, so it must
            answer already.
        filters: Some of `SubscriptionFilter`.
        detail_level: One of `DetailLevel`; not in the vendor's reference.
    """

    resource: Opt[str] = UNSET
    notification_url: Opt[str] = UNSET
    filters: Opt[list[str]] = UNSET
    detail_level: Opt[str] = UNSET


@model
class Subscription:
    """A webhook subscription.

    Attributes:
        active: Whether notifications are sent.
        fail_since: Since when notifications could not be delivered.
        fail_description: Why.
        filters: Some of `SubscriptionFilter`.
        detail_level: One of `DetailLevel`; not in the vendor's reference.
    """

    id: int | None = None
    resource: str | None = None
    notification_url: str | None = None
    active: bool | None = None
    fail_since: datetime | None = None
    fail_description: str | None = None
    disabled_by_billing: bool | None = None
    filters: list[str] | None = None
    detail_level: str | None = None
