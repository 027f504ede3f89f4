"""The sandbox in place of Aurinko, so that the app runs without credentials. A real app has nothing of this."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from connections import Connections
from settings import Settings

from aurinko_async.sandbox import Sandbox

LETTERS = (
    (
        "Dinner by the river?",
        "Noor Haddad <noor@example.com>",
        "There is a new place by the river. Thursday at <b>19:30</b>?",
    ),
    ("Signed contract", "Priya Raman <priya@example.com>", "All signed. Thank you for being so quick about it!"),
    (
        "Your order has been shipped",
        "Parcelo <news@parcelo.example>",
        "It will be with you <b>tomorrow before noon</b>.",
    ),
    ("Photos from the offsite", "Tomás Rivera <tomas@example.com>", "My favourite is the one with the canoe."),
)
FRESH = 7 * 86400
"""Seconds after which a restart makes the mailboxes up anew, so that there is mail of today."""


class Demo:
    """A sandbox that is the same one after a restart: its mailboxes, and the letters that visitors sent themselves."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        born = float(connections.kept("sandbox.born", str(time.time())))
        if time.time() - born > FRESH:
            born = time.time()
            connections.keep("sandbox.born", str(born))
        self._sent: list[dict[str, str | float]] = json.loads(connections.kept("sandbox.sent", "[]"))
        self.sandbox = Sandbox(accounts=3, messages=300, events=0, born=born, webhooks="auto")
        for connection in connections.all():
            while self.sandbox.accounts[-1].id < int(connection.account):
                self.sandbox.add_account(connection.service, email=connection.email, name=connection.name)
        for letter in self._sent:
            self._deliver(letter)

    @asynccontextmanager
    async def running(self, settings: Settings) -> AsyncIterator[Settings]:
        """Start it; gives the settings with which it is Aurinko."""
        async with self.sandbox as aurinko:
            yield replace(
                settings,
                client_id=aurinko.client_id,
                client_secret=aurinko.client_secret,
                signing_secret=aurinko.signing_secret,
                base_url=aurinko.url,
            )

    def send(self, account: str) -> None:
        """Let a letter arrive in a mailbox."""
        subject, sender, words = LETTERS[len(self._sent) % len(LETTERS)]
        body = f"<p>Hello,</p><p>{words}</p><p>Best wishes</p>"
        letter = {"account": account, "subject": subject, "from": sender, "body": body, "at": time.time()}
        self._sent.append(letter)
        self._connections.keep("sandbox.sent", json.dumps(self._sent))
        self._deliver(letter)

    def expire(self, account: str) -> None:
        """Let the provider turn the account away until it is authorised again."""
        self._account(account).token_status = "dead"

    def _deliver(self, letter: dict[str, str | float]) -> None:
        self._account(str(letter["account"])).mail.add(
            subject=str(letter["subject"]), body=str(letter["body"]), from_=letter["from"], received_at=letter["at"]
        )

    def _account(self, account: str):
        return next(one for one in self.sandbox.accounts if str(one.id) == account)
