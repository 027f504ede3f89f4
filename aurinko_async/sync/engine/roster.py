"""Who is to be synced: the accounts that the provider names, and the wishes for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final

from aurinko_async.auth import Credentials
from aurinko_async.client import AurinkoClient
from aurinko_async.sync.engine.agenda import HEAD_START, Agenda, Unit
from aurinko_async.sync.engine.values import AccountProvider, SyncAccount
from aurinko_async.sync.store import Mark

GAP: Final = 1.0
"""Seconds from one run to the next that a wish begins: a burst of wishes is answered by few."""


async def application_accounts(client: AurinkoClient) -> AsyncIterator[SyncAccount]:
    """List the active accounts of the application whose credentials the client has.

    For an engine: `accounts=lambda: application_accounts(client)`.
    """
    async for account in client.accounts.list():
        if account.id is not None and account.active is not False:
            yield SyncAccount(str(account.id), client.for_account(account.id).credentials)


class Roster:
    """The accounts with their credentials, and a unit on the agenda for each of their resources."""

    def __init__(self, provider: AccountProvider, resources: Iterable[str], agenda: Agenda) -> None:
        self._provider = provider
        self._resources = tuple(resources)
        self._agenda = agenda
        self._accounts: dict[str, SyncAccount] = {}
        self._wondered: dict[tuple[str, str], int] = {}

    def __getitem__(self, account: str) -> SyncAccount:
        return self._accounts[account]

    def has(self, account: str, auth: Credentials) -> bool:
        """Whether these are an account's credentials still."""
        return account in self._accounts and self._accounts[account].auth == auth

    @property
    def changes(self) -> bool:
        """Whether to ask for the accounts again is of any use."""
        return callable(self._provider)

    async def ask(self, now: float) -> list[Unit]:
        """Ask for the accounts; gives the units that are no more. New credentials may heal what fails: it is due."""
        found: dict[str, SyncAccount] = {}
        if callable(self._provider):
            async for account in self._provider():
                found[account.id] = account
        else:
            found = {account.id: account for account in self._provider}
        gone = [unit for unit in self._agenda if unit.account not in found]
        for unit in gone:
            self._agenda.remove(unit)
        for account in found.values():
            before = self._accounts.get(account.id)
            for resource in self._resources:
                known = self._agenda.get(account.id, resource)
                if known is None:
                    self._agenda.add(account.id, resource, now)
                elif before is not None and before.auth != account.auth and known.failures and not known.running:
                    self._agenda.put(known, min(known.due, now))
        self._accounts = found
        return gone

    def wish(self, mark: Mark, now: float) -> bool:
        """Take note of a wish; gives whether it is for an account that nobody has named so far."""
        unit = self._agenda.get(mark.account, mark.resource)
        if unit is None:
            return self._wonder(mark)
        if mark.serial <= unit.settled or (unit.wish is not None and mark.serial <= unit.wish.serial):
            return False
        unit.wish = mark
        # What is repeated after a failure keeps to its intervals; news of a dead account may be that it lives again.
        heals = (unit.failures or unit.busy) and unit.standing not in ("needs_reauth", "failed")
        due = max(now, unit.began + GAP)
        if not unit.running and not heals and due - HEAD_START < unit.rank:
            self._agenda.put(unit, due, head_start=HEAD_START)
        return False

    def _wonder(self, mark: Mark) -> bool:
        key = (mark.account, mark.resource)
        new = mark.resource in self._resources and self._wondered.get(key, 0) < mark.serial
        if new:
            self._wondered[key] = mark.serial
        return new
