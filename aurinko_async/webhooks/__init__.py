"""Webhooks: verify what arrives, answer challenges, hand notifications to your code, and keep subscriptions alive.

The handler for aiohttp's server is in `aurinko_async.webhooks.aiohttp`.
"""

from typing import TYPE_CHECKING

from aurinko_async._lazy import lazy

if TYPE_CHECKING:
    from aurinko_async.webhooks.asgi import AsgiReceiver
    from aurinko_async.webhooks.notification import (
        CONTACTS,
        MESSAGES,
        TRACKING,
        BookingChange,
        ChangeAttributes,
        ChangeType,
        LifecycleEvent,
        Notification,
        RecordChange,
        events_of,
        parse_notification,
        tasks_of,
    )
    from aurinko_async.webhooks.receiver import Handler, Notifiable, WebhookReceiver, WebhookResponse, notify_engine
    from aurinko_async.webhooks.signature import REPLAY_WINDOW, Verifier, sign
    from aurinko_async.webhooks.subscribing import EnsuredSubscription, ensure_subscriptions

__all__ = [
    "CONTACTS",
    "MESSAGES",
    "REPLAY_WINDOW",
    "TRACKING",
    "AsgiReceiver",
    "BookingChange",
    "ChangeAttributes",
    "ChangeType",
    "EnsuredSubscription",
    "Handler",
    "LifecycleEvent",
    "Notifiable",
    "Notification",
    "RecordChange",
    "Verifier",
    "WebhookReceiver",
    "WebhookResponse",
    "ensure_subscriptions",
    "events_of",
    "notify_engine",
    "parse_notification",
    "sign",
    "tasks_of",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "asgi": "AsgiReceiver",
            "notification": "CONTACTS MESSAGES TRACKING BookingChange ChangeAttributes ChangeType LifecycleEvent "
            "Notification RecordChange events_of parse_notification tasks_of",
            "receiver": "Handler Notifiable WebhookReceiver WebhookResponse notify_engine",
            "signature": "REPLAY_WINDOW Verifier sign",
            "subscribing": "EnsuredSubscription ensure_subscriptions",
        },
    )
