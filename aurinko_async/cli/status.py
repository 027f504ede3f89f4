"""`aurinko status`: how the mirrors in a SQLite file stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from attrs import frozen

from aurinko_async.cli import options, words
from aurinko_async.cli.mirror import mirror
from aurinko_async.cli.running import execute
from aurinko_async.errors import StoreError
from aurinko_async.sync import SyncState
from aurinko_async.sync.checkpoint import Checkpoint


def status(*, db: options.Db = options.DEFAULT_DB, as_json: options.Json = False, debug: options.Debug = False) -> None:
    """Show what a mirror holds, how far its sync got, and when it was last saved."""
    execute(lambda _: _status(db, as_json), as_json=as_json, debug=debug)


class NoMirror(StoreError):
    """There is no file, and looking makes none."""


def _existing(db: Path) -> Path:
    if not db.exists():
        raise NoMirror(f"{db} does not exist: `aurinko sync --db {db}` makes it")
    return db


async def _status(db: Path, as_json: bool) -> int:
    async with mirror(_existing(db)) as store:
        standings = [Standing.of(state) for state in await store.status()]
    if as_json:
        document = {"database": str(db), "accounts": [standing.to_json() for standing in standings]}
        typer.echo(json.dumps(document, indent=2))
        return 0
    now = datetime.now(UTC)
    typer.echo(str(db) if standings else f"{db}: nothing was synced yet")
    for standing in standings:
        for line in standing.lines(now):
            typer.echo(line)
    return 0


@frozen
class Standing:
    """One checkpoint: `scanning` in a full scan, `resumable` inside a chain of pages."""

    state: SyncState
    generation: int
    scanning: bool
    resumable: bool

    @classmethod
    def of(cls, state: SyncState) -> Standing:
        checkpoint = Checkpoint.from_json(state.checkpoint)
        mid_chain = checkpoint.deleted.page is not None or checkpoint.updated.page is not None
        return cls(state, checkpoint.generation, checkpoint.scanning, mid_chain)

    @property
    def summary(self) -> str:
        if self.scanning:
            return f"full scan {self.generation} is not complete: the next run resumes it"
        if self.resumable:
            return f"an update is not complete: the next run resumes it (full scan {self.generation} is)"
        return f"full scan {self.generation} is complete: the next run fetches what changed"

    def to_json(self) -> dict[str, Any]:
        key, finished = self.state.key, self.state.finished_at
        return {
            "account": key.account,
            "resource": key.resource,
            "container": key.container,
            "consumer": key.consumer,
            "live": self.state.live,
            "deleted": self.state.deleted,
            "generation": self.generation,
            "scan_complete": not self.scanning,
            "mid_chain": self.resumable,
            "saved_at": self.state.saved_at.isoformat(),
            "finished_at": finished.isoformat() if finished else None,
        }

    def lines(self, now: datetime) -> Iterator[str]:
        """For people."""
        key, finished = self.state.key, self.state.finished_at
        parts = [f"account {key.account}", key.resource, key.container, key.consumer and f"consumer {key.consumer}"]
        yield ", ".join(part for part in parts if part)
        if not key.consumer:
            yield f"  {words.count(self.state.live, 'record')}, {self.state.deleted:,} deleted"
        yield f"  {self.summary}"
        yield f"  last saved {words.ago(self.state.saved_at, now)}"
        yield f"  last complete {words.ago(finished, now) if finished else 'never'}"
