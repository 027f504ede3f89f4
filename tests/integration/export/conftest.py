"""A SQLite mirror of all that one account of a sandbox has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
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
    """A mirror and what it mirrors. The sandbox of one that does not change is gone."""

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


PROVIDERS = ("Google", "Office365", "IMAP")


@asynccontextmanager
async def mirrored(number: int, db: Path, *, messages: int = 40, events: int = 25) -> AsyncGenerator[Synced, None]:
    async with Sandbox(messages=messages, events=events, ready_after=0, page_size=50) as sandbox:
        account = sandbox.accounts[number]
        assert account.service_type == PROVIDERS[number]
        async with (
            AurinkoClient(AccountAuth(account.token), base_url=sandbox.url) as client,
            SQLiteStore(db) as store,
        ):
            made = Synced(account, store, db, client)
            await made.sync()
            yield made


@pytest.fixture(scope="session", params=PROVIDERS)
def account(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Account, Path]:
    """An account of a sandbox that is gone, and what was mirrored of it."""
    db = tmp_path_factory.mktemp("mirror") / "mirror.db"

    async def made() -> Account:
        async with mirrored(PROVIDERS.index(request.param), db) as synced:
            return synced.account

    return asyncio.run(made()), db


@pytest.fixture
async def synced(account: tuple[Account, Path]) -> AsyncIterator[Synced]:
    """A mirror to read, of each provider; nothing in it changes."""
    of, db = account
    async with SQLiteStore(db, read_only=True) as store, AurinkoClient(AccountAuth("none")) as client:
        yield Synced(of, store, db, client)


@pytest.fixture
async def changing(tmp_path: Path) -> AsyncIterator[Synced]:
    """A small mirror whose account can change."""
    async with mirrored(0, tmp_path / "mirror.db", messages=5, events=5) as made:
        yield made
