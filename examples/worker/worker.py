"""Mailboxes synced by procrastinate's workers, on any number of machines, into one PostgreSQL database.

    pip install 'aurinko-async[postgres,worker]'
    export DATABASE_URL=postgresql://me@host/mail AURINKO_CLIENT_ID=... AURINKO_CLIENT_SECRET=...
    python worker.py schema     # once
    python worker.py            # on each machine

Every five minutes one of the workers puts a job in the queue for each account. A job syncs one account, and the store
sees to it that no two do the same at a time. A web app may defer `sync_account` for an account that it has news of.
"""

import asyncio
import os
import sys
from contextlib import suppress

from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued

from aurinko_async import AurinkoClient, PostgresStore, application_accounts
from aurinko_async.errors import LeaseHeld, TransportError

DATABASE = os.environ.get("DATABASE_URL", "")

app = App(connector=PsycopgConnector(conninfo=DATABASE))


class Shared:
    """What all jobs of a worker use: one connection pool to the API, one to the database."""

    aurinko: AurinkoClient
    store: PostgresStore


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="all accounts")
async def sync_accounts(timestamp: int = 0) -> None:
    async for account in application_accounts(Shared.aurinko):
        with suppress(AlreadyEnqueued):
            await sync_account.configure(queueing_lock=f"account {account.id}").defer_async(account_id=account.id)


@app.task(retry=RetryStrategy(max_attempts=5, exponential_wait=5, retry_exceptions={TransportError, LeaseHeld}))
async def sync_account(account_id: str) -> None:
    aurinko = Shared.aurinko.for_account(account_id)
    await aurinko.email.delta(store=Shared.store).run()
    await aurinko.contacts.delta(store=Shared.store).run()


async def main() -> None:
    async with app.open_async(), AurinkoClient.from_env() as aurinko, PostgresStore(DATABASE) as store:
        Shared.aurinko, Shared.store = aurinko, store
        await app.run_worker_async(concurrency=8)


async def make_schema() -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


if __name__ == "__main__":
    asyncio.run(make_schema() if sys.argv[1:] == ["schema"] else main())
