"""How mirrors stand: by checkpoint, by account and resource, and all together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, Self

from attrs import frozen

from aurinko_async.cli import words
from aurinko_async.cli.board import NOUNS
from aurinko_async.cli.exits import one_line
from aurinko_async.sync import SyncState
from aurinko_async.sync.checkpoint import Checkpoint
from aurinko_async.sync.store import AccountState

WORST_FIRST: Final = ("needs_reauth", "failed", "retrying", "unfinished", "ok")


@frozen
class Key:
    """One checkpoint: `scanning` in a full scan, `resumable` inside a chain of pages, `retired` for good."""

    state: SyncState
    generation: int
    scanning: bool
    resumable: bool
    retired: bool

    @classmethod
    def of(cls, state: SyncState) -> Self:
        checkpoint = Checkpoint.from_json(state.checkpoint)
        mid_chain = checkpoint.deleted.page is not None or checkpoint.updated.page is not None
        return cls(state, checkpoint.generation, checkpoint.scanning, mid_chain, checkpoint.retired)

    @property
    def summary(self) -> str:
        if self.retired:
            return "the API has it no longer"
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


@frozen(kw_only=True)
class Row:
    """A resource of an account, all its containers together.

    Attributes:
        keys: Its mirror's checkpoints; none when no sync got as far as that.
        fares: How it fares with the engine; `None` when none has synced it.
    """

    account: str
    resource: str
    keys: tuple[Key, ...]
    fares: AccountState | None

    @property
    def standing(self) -> str:
        """Failing goes before unfinished: it says why."""
        if self.fares is not None and self.fares.standing != "ok":
            return self.fares.standing
        return "ok" if self.finished_at is not None else "unfinished"

    @property
    def fails(self) -> bool:
        return self.standing not in ("ok", "unfinished")

    @property
    def reason(self) -> str:
        return one_line(self.fares.reason) if self.fares is not None else ""

    @property
    def live(self) -> int:
        return sum(key.state.live for key in self.keys)

    @property
    def deleted(self) -> int:
        return sum(key.state.deleted for key in self.keys)

    @property
    def finished_at(self) -> datetime | None:
        """When the one that was complete the longest ago was."""
        times = [key.state.finished_at for key in self.keys if not key.retired]
        known = [time for time in times if time is not None]
        return min(known) if known and len(known) == len(times) else None

    def lag(self, now: datetime) -> float | None:
        """Seconds since it was complete."""
        return None if self.finished_at is None else max(0.0, (now - self.finished_at).total_seconds())

    def next_try(self, now: datetime) -> str:
        """`next try in 5 min`; when that time is over nothing runs that would try it."""
        until = self.fares.until if self.fares is not None else None
        if not self.fails or until is None:
            return ""
        left = (until - now).total_seconds()
        return f"next try in {words.rough(left)}" if left > 0 else "the next run tries it"

    def to_json(self, now: datetime) -> dict[str, Any]:
        fares, finished, lag = self.fares, self.finished_at, self.lag(now)
        return {
            "account": self.account,
            "resource": self.resource,
            "live": self.live,
            "deleted": self.deleted,
            "standing": self.standing,
            "reason": self.reason,
            "since": fares.since.isoformat() if fares else None,
            "next_try_at": fares.until.isoformat() if fares and fares.until else None,
            "last_complete_at": finished.isoformat() if finished else None,
            "lag_seconds": None if lag is None else round(lag, 3),
        }


@frozen
class Overview:
    """All that was asked about, the worst first."""

    keys: Sequence[Key]
    rows: Sequence[Row]
    now: datetime

    @classmethod
    def of(cls, keys: Iterable[Key], fares: Iterable[AccountState], now: datetime, *, failed: bool) -> Self:
        """`failed`: only those whose sync fails."""
        by_place: dict[tuple[str, str], list[Key]] = {}
        found = {(one.account, one.resource): one for one in fares}
        for key in keys:
            if not key.state.key.consumer:
                by_place.setdefault((key.state.key.account, key.state.key.resource), []).append(key)
        rows = [
            Row(account=place[0], resource=place[1], keys=tuple(by_place.get(place, ())), fares=found.get(place))
            for place in sorted({*by_place, *found})
        ]
        rows = sorted((row for row in rows if row.fails or not failed), key=lambda row: WORST_FIRST.index(row.standing))
        shown = {(row.account, row.resource) for row in rows}
        return cls(
            [key for key in keys if not failed or (key.state.key.account, key.state.key.resource) in shown], rows, now
        )

    @property
    def standings(self) -> dict[str, int]:
        counts = Counter(row.standing for row in self.rows)
        return {standing: counts[standing] for standing in reversed(WORST_FIRST)}

    @property
    def accounts(self) -> int:
        return len({row.account for row in self.rows})

    @property
    def lag(self) -> float | None:
        """The longest of those that do not fail; of the others it only grows."""
        return max((lag for row in self.rows if not row.fails and (lag := row.lag(self.now)) is not None), default=None)

    def summary(self) -> Iterator[str]:
        """For people, in two lines or three."""
        counts = ", ".join(f"{number:,} {standing}" for standing, number in self.standings.items() if number)
        yield f"{words.count(self.accounts, 'account')}: {counts}"
        records: Counter[str] = Counter()
        for row in self.rows:
            records[NOUNS.get(row.resource, "record")] += row.live
        parts = [words.count(number, noun) for noun, number in records.items()]
        yield ", ".join(parts) + ("" if self.lag is None else f"; last complete {words.rough(self.lag)} ago or less")

    def to_json(self) -> dict[str, Any]:
        return {
            "totals": {
                "accounts": self.accounts,
                "standings": self.standings,
                "live": sum(row.live for row in self.rows),
                "deleted": sum(row.deleted for row in self.rows),
                "lag_seconds": None if self.lag is None else round(self.lag, 3),
            },
            "resources": [row.to_json(self.now) for row in self.rows],
            "accounts": [key.to_json() for key in self.keys],
        }


def detail(overview: Overview) -> Iterator[str]:
    """Every checkpoint, and why a sync fails."""
    for key in overview.keys:
        yield from key.lines(overview.now)
    for row in overview.rows:
        if row.fails:
            yield f"account {row.account}, {row.resource}: {row.standing}: {row.reason}"
            assert row.fares is not None
            again = row.next_try(overview.now)
            yield f"  since {words.ago(row.fares.since, overview.now)}" + (f"; {again}" if again else "")
