"""What each operation does, one thin file per domain. An operation that no file serves is answered with 501."""

from __future__ import annotations

from importlib import import_module

_DOMAINS = (
    "accounts",
    "auth",
    "booking",
    "calendars",
    "contacts",
    "events",
    "folders",
    "followups",
    "group_booking",
    "mail",
    "outgoing",
    "schedules",
    "service_accounts",
    "subscriptions",
    "sync",
    "tasks",
    "tracking",
    "users",
)


def register_all() -> None:
    """Let every domain register its handlers."""
    for domain in _DOMAINS:
        import_module(f".{domain}", __name__)
