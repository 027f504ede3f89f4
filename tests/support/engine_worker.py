"""An engine in a process of its own: `python engine_worker.py STORE URL CLIENT_ID SECRET LOG [follow]`."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import Any

from aurinko_async import AppAuth, AurinkoClient, CalendarPlan, EngineOptions, SyncEngine, application_accounts
from aurinko_async.sync import SQLiteStore
from aurinko_async.sync.store import Lease, SyncKey


def open_store(where: str, schema: str = "public") -> Any:
    """The store at a path, or at a PostgreSQL conninfo with `|schema` at its end."""
    if "host=" not in where:
        return SQLiteStore(where)
    from aurinko_async import PostgresStore

    conninfo, _, schema = where.partition("|")
    return PostgresStore(conninfo, schema=schema)


class Watched:
    """A store that writes down who holds what, when: taken after it was, given back before it is."""

    def __init__(self, store: Any, log: str) -> None:
        self._store = store
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def begin(self, key: SyncKey) -> tuple[Lease, str | None]:
        lease, checkpoint = await self._store.begin(key)
        self._note("taken", lease)
        return lease, checkpoint

    async def release(self, lease: Lease) -> None:
        self._note("given", lease)
        await self._store.release(lease)

    def _note(self, what: str, lease: Lease) -> None:
        key = lease.key
        line = (
            f"{time.monotonic()}\t{what}\t{key.account}|{key.resource}|{key.container}\t{lease.fence}\t{os.getpid()}\n"
        )
        os.write(self._log, line.encode())


async def main(where: str, url: str, client_id: str, secret: str, log: str, *mode: str) -> None:
    async with AurinkoClient(AppAuth(client_id, secret), base_url=url) as client, open_store(where) as store:
        engine = SyncEngine(
            client,
            Watched(store, log),
            accounts=lambda: application_accounts(client),
            resources=["email", CalendarPlan(past_days=3650, future_days=3650, with_shared=True), "contacts", "tasks"],
            options=EngineOptions(poll=0.5, marks_every=0.2, concurrency=16),
        )
        report = await (engine.follow(signals=True) if mode else engine.run())
        if not mode:
            assert report.complete, report.troubled


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
