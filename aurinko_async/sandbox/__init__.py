"""A simulated Aurinko server: accounts, mailboxes, delta tokens, pages and faults on demand, over a real socket.

Nothing is imported until a name is used, so that the pytest plugin costs nothing to those who do not ask for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aurinko_async.sandbox.account import Account
    from aurinko_async.sandbox.faults import Fault, FaultKind
    from aurinko_async.sandbox.mailbox import Mailbox
    from aurinko_async.sandbox.server import Sandbox, Served

__all__ = ["Account", "Fault", "FaultKind", "Mailbox", "Sandbox", "Served"]

_HOMES = {
    "Account": "account",
    "Fault": "faults",
    "FaultKind": "faults",
    "Mailbox": "mailbox",
    "Sandbox": "server",
    "Served": "server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
