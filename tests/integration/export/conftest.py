"""A SQLite mirror of all that one account of a sandbox has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from attrs import frozen

from aurinko_async import AccountAuth, AurinkoClient
from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.sandbox.calendars.agenda import Agenda
from aurinko_async.sync import SQLiteStore

BEGIN, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@frozen
class Synced:
    """A mirror and what it mirrors."""

    account: Account
    store: SQLiteStore
    db: Path
    client: AurinkoClient

    @property
    def key(self) -> str:
        return str(self.account.id)

    @property
    def agendas(self) -> list[Agenda]:
        """The calendars that a sync of all calendars has: those of groups are not among them."""
        return [agenda for agenda in self.account.calendars if not agenda.group]

    async def sync(self) -> None:
        """Bring the mirror up to date."""
        client, store = self.client, self.store
        await client.email.delta(store=store, account=self.key, hydrate=True).run()
        await client.calendars.delta_all(
            store=store, account=self.key, with_shared=True, time_min=BEGIN, time_max=END, hydrate=True
        ).run()
        await client.contacts.delta(store=store, account=self.key, hydrate=True).run()
        await client.task_lists.delta_all(store=store, account=self.key, hydrate=True).run()


@pytest.fixture(params=["Google", "Office365", "IMAP"])
async def synced(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Synced]:
    number = ["Google", "Office365", "IMAP"].index(request.param)
    async with Sandbox(messages=40, events=25, ready_after=0, page_size=50) as sandbox:
        account = sandbox.accounts[number]
        assert account.service_type == request.param
        async with (
            AurinkoClient(AccountAuth(account.token), base_url=sandbox.url) as client,
            SQLiteStore(tmp_path / "mirror.db") as store,
        ):
            made = Synced(account, store, tmp_path / "mirror.db", client)
            await made.sync()
            yield made
