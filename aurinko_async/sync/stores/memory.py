"""A store that forgets when the process ends: for tests, and for mirrors that are cheap to fetch again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from types import TracebackType
from typing import Any, Self

from attrs import evolve, frozen

from aurinko_async.errors import LeaseHeld, LeaseLost
from aurinko_async.models._row import Row
from aurinko_async.models._stored import clean
from aurinko_async.sync.store import AccountState, Applied, Commit, Lease, Mark, SyncKey, SyncState
from aurinko_async.sync.stores._merge import by_id, completed
from aurinko_async.sync.stores._mirror import Mirror, Query
from aurinko_async.sync.stores._tables import Table, table_of, window


@frozen
class _Record:
    row: Row[Any]
    generation: int
    time: str | None
    deleted_at: datetime | None = None


@frozen(kw_only=True)
class _Place:
    fence: int
    held: bool = False
    checkpoint: str | None = None
    saved_at: datetime | None = None
    finished_at: datetime | None = None


_Records = dict[str, _Record]


class MemoryStore(Mirror):
    """Keep mirrors and checkpoints in memory."""

    def __init__(self) -> None:
        self._places: dict[SyncKey, _Place] = {}
        self._tables: dict[tuple[str, ...], _Records] = {}
        self._marks: dict[tuple[str, str], Mark] = {}
        self._serial = 0
        self._standings: dict[tuple[str, str], AccountState] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for key, place in self._places.items():
            self._places[key] = evolve(place, held=False)

    async def begin(self, key: SyncKey) -> tuple[Lease, str | None]:
        """Take a key; gives its last checkpoint.

        Raises:
            LeaseHeld: another sync has it.
            ConfigError: its resource cannot be mirrored.
        """
        table_of(key)
        name = _cleaned(key)
        place = self._places.get(name, _Place(fence=0))
        if place.held:
            raise LeaseHeld(
                f"another sync of account {key.account} ({key.resource}) runs: let it end, or stop it, then try again"
            )
        self._places[name] = evolve(place, fence=place.fence + 1, held=True)
        return Lease(key, place.fence + 1), place.checkpoint

    async def release(self, lease: Lease) -> None:
        """Give a key back. One that was given back already is left alone."""
        name = _cleaned(lease.key)
        place = self._places.get(name)
        if place is not None and place.fence == lease.fence:
            self._places[name] = evolve(place, held=False)

    async def commit(self, lease: Lease, commit: Commit) -> Applied:
        """Apply it, or raise and change nothing.

        Raises:
            LeaseLost: the key was released.
        """
        name = _cleaned(lease.key)
        place = self._places.get(name)
        if place is None or place.fence != lease.fence or not place.held:
            raise LeaseLost(f"this sync of account {lease.key.account} gave its place back; this commit was not saved")
        table = table_of(lease.key)
        # Nothing is assigned before all is computed: an error on the way changes nothing.
        changes, applied = ({}, Applied()) if table is None else _changes(table, self._of(lease.key), commit)
        place = evolve(place, checkpoint=commit.checkpoint, saved_at=commit.at)
        self._places[name] = evolve(place, finished_at=commit.at) if commit.finished else place
        if table is not None:
            self._tables.setdefault((table.name, *table.owner(lease.key)), {}).update(changes)
        return applied

    async def unseen(self, lease: Lease, generation: int, since: datetime | None, until: datetime | None) -> list[str]:
        """The ids of live rows with an older generation that have no time, or one in [since, until)."""
        records = self._of(lease.key)
        found = _older(records, generation, window(since, until), timeless=True)
        return sorted(found)

    async def containers(self, account: str, resource: str) -> list[str]:
        """The containers of a resource that the mirror has a checkpoint of, sorted."""
        wanted = (clean(account), clean(resource), "")
        return sorted(
            key.container
            for key, place in self._places.items()
            if (key.account, key.resource, key.consumer) == wanted and place.checkpoint is not None
        )

    async def status(self) -> list[SyncState]:
        """How every key stands that has been saved once."""
        states: list[SyncState] = []
        for key, place in self._places.items():
            if place.checkpoint is not None and place.saved_at is not None:
                records = self._of(key).values()
                live = sum(record.deleted_at is None for record in records)
                states.append(
                    SyncState(
                        key=key,
                        checkpoint=place.checkpoint,
                        live=live,
                        deleted=len(records) - live,
                        saved_at=place.saved_at,
                        finished_at=place.finished_at,
                    )
                )
        return sorted(states, key=lambda state: _order(state.key))

    async def mark(self, account: str, resource: str) -> Mark:
        """Wish for a sync. One that is open keeps its place, and gets a greater serial."""
        self._serial += 1
        name = (clean(account), clean(resource))
        self._marks[name] = Mark(*name, self._serial)
        return Mark(account, resource, self._serial)

    async def marks(self) -> list[Mark]:
        """The wishes that are open, oldest first."""
        return list(self._marks.values())

    async def settle(self, mark: Mark) -> None:
        """Drop a wish, unless another came since (a greater serial)."""
        name = (clean(mark.account), clean(mark.resource))
        latest = self._marks.get(name)
        if latest is not None and latest.serial <= mark.serial:
            del self._marks[name]

    async def note(self, state: AccountState) -> None:
        """Keep how a resource of an account fares, over what was kept of it."""
        name = (clean(state.account), clean(state.resource))
        self._standings[name] = evolve(state, account=name[0], resource=name[1], reason=clean(state.reason))

    async def standings(self) -> list[AccountState]:
        """How the accounts fare, by account and resource."""
        return [self._standings[name] for name in sorted(self._standings)]

    async def _raw(self, table: Table, account: str, container: str | None, record_id: str) -> bytes | None:
        for _, records in self._held(table, account, container):
            record = records.get(clean(record_id))
            if record is not None and record.deleted_at is None:
                return record.row.raw
        return None

    async def _count(self, table: Table, account: str, container: str | None) -> int:
        held = self._held(table, account, container)
        return sum(record.deleted_at is None for _, records in held for record in records.values())

    async def _find(self, query: Query) -> list[bytes]:
        found = [
            (query.table.value(record.row, query.order), record_id, record.row.raw)
            for _, records in self._held(query.table, query.account, query.container)
            for record_id, record in records.items()
            if (query.include_deleted or record.deleted_at is None) and _matches(record.row, query)
        ]
        found.sort(key=itemgetter(1))
        found.sort(key=lambda entry: entry[0] or "", reverse=query.descending)
        found.sort(key=lambda entry: entry[0] is None)
        end = None if query.limit is None else query.offset + query.limit
        return [raw for _, _, raw in found[query.offset : end]]

    async def _after(
        self, table: Table, account: str, after: tuple[str, str], limit: int, deleted: bool
    ) -> list[tuple[str, str, bytes]]:
        found = (
            (container, record_id, record.row.raw)
            for container, records in self._held(table, account, None)
            for record_id, record in records.items()
            if (record.deleted_at is not None) is deleted and (container, record_id) > after
        )
        return sorted(found, key=itemgetter(0, 1))[:limit]

    def _of(self, key: SyncKey) -> _Records:
        table = table_of(key)
        return {} if table is None else self._tables.get((table.name, *table.owner(key)), {})

    def _held(self, table: Table, account: str, container: str | None) -> Iterator[tuple[str, _Records]]:
        """The records of an account by container, which is empty where the table has none."""
        owner, wanted = clean(account), container and clean(container)
        for (name, of, *rest), records in sorted(self._tables.items(), key=itemgetter(0)):
            held = rest[0] if rest else ""
            if (name, of) == (table.name, owner) and (wanted is None or held == wanted):
                yield held, records


def _cleaned(key: SyncKey) -> SyncKey:
    """The key as every store has it."""
    return SyncKey(*map(clean, _order(key)))


def _order(key: SyncKey) -> tuple[str, str, str, str]:
    return key.account, key.resource, key.container, key.consumer


def _matches(row: Row[Any], query: Query) -> bool:
    def value(name: str) -> Any:
        return query.table.value(row, name)

    if not all(value(name) == (clean(sought) if isinstance(sought, str) else sought) for name, sought in query.equals):
        return False
    if not all(clean(sought) in (value(name) or ()) for name, sought in query.contains):
        return False
    if not query.bounded or query.time is None:
        return True
    low, high = window(query.since, query.until)
    time = value(query.time)
    return time is not None and low <= time < high


def _changes(table: Table, records: _Records, commit: Commit) -> tuple[_Records, Applied]:
    changes: _Records = {}
    rows = by_id(table.searched, commit.rows)
    for tombstone in commit.deleted:
        record_id = clean(tombstone.id or "")
        before = records.get(record_id)
        if before is not None and before.deleted_at is None and record_id not in rows and record_id not in changes:
            changes[record_id] = evolve(before, deleted_at=tombstone.timestamp or commit.at)
    deleted, added = len(changes), 0
    for record_id, row in rows.items():
        before = records.get(record_id)
        added += before is None or before.deleted_at is not None
        whole = row if before is None or not row.omitted else completed(table.searched, row, before.row.raw)
        changes[record_id] = _Record(whole, commit.generation, _time(table, whole))
    for record_id, row in by_id(table.searched, commit.deleted_rows).items():
        if record_id not in records and record_id not in changes:
            changes[record_id] = _Record(row, commit.generation, _time(table, row), deleted_at=commit.at)
    if commit.sweep is not None:
        after = {**records, **changes}
        timeless = commit.sweep == (None, None)
        for record_id in _older(after, commit.generation, window(*commit.sweep), timeless=timeless):
            changes[record_id] = evolve(after[record_id], deleted_at=commit.at)
            deleted += 1
    return changes, Applied(added, len(rows) - added, deleted)


def _time(table: Table, row: Row[Any]) -> str | None:
    return None if table.time is None else table.value(row, table.time)


def _older(records: _Records, generation: int, bounds: tuple[str, str], *, timeless: bool) -> Iterable[str]:
    low, high = bounds
    for record_id, record in records.items():
        if record.deleted_at is None and record.generation < generation:
            inside = timeless if record.time is None else low <= record.time < high
            if inside:
                yield record_id
