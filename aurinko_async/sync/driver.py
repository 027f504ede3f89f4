"""Performs the sync machine's actions: fetches, delivers, saves. All faces of `DeltaSync` run on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, Final, Generic, Literal, TypeAlias, cast

import backoff
from attrs import asdict, define

from aurinko_async._limits import Gates
from aurinko_async._types import Clock
from aurinko_async.errors import (
    ConfigError,
    CursorRejected,
    DecodeError,
    LeaseHeld,
    MalformedBody,
    NotFound,
)
from aurinko_async.models._row import Row
from aurinko_async.models.pages import DeltaPage
from aurinko_async.sync.ahead import Ahead
from aurinko_async.sync.checkpoint import Checkpoint
from aurinko_async.sync.machine import (
    Action,
    Deliver,
    Delivered,
    Done,
    Event,
    FetchPage,
    PageArrived,
    Save,
    Saved,
    Started,
    StartSync,
    Sweep,
    Swept,
    SyncMachine,
    TokenRejected,
    Wait,
    Waited,
)
from aurinko_async.sync.store import Commit, Lease, SyncKey, SyncStore
from aurinko_async.sync.stores._settled import settled
from aurinko_async.sync.values import Batch, D, R, SweepOrder, SyncOptions, SyncReport, SyncSource

READY_WAIT: Final = 10.0
"""Seconds between two questions for `ready`, at the most."""
LOOK_UPS: Final = 4
"""Single records fetched at once, as many as one account may have in flight by default."""

Mode: TypeAlias = Literal["mirror", "hand over", "own database"]


@define
class _Context:
    """What a `DeltaSync` and its runs share."""

    account: Callable[[], Awaitable[str]]
    clock: Clock
    gates: Gates
    options: SyncOptions
    stopping: bool = False


class DeltaSync(Generic[R, D]):
    """The delta sync of one container of one account. Made by `client.email.delta(...)` and its like.

    * `await sync.run()` mirrors into the store: each page's records and its checkpoint in one transaction.
    * `async for batch in sync` hands each page over. With a store, the store keeps the checkpoint: it is saved when the
      loop body has ended, so a crash repeats at most one batch. Without one, `batch.checkpoint` is yours to save.

    Raises (while running):
        SyncError, PagingError, ApiError, TransportError, StoreError: the run ended; the next one resumes.
    """

    def __init__(
        self,
        models: SyncSource[R, D],
        rows: SyncSource[Any, D],
        *,
        account: Callable[[], Awaitable[str]],
        clock: Clock,
        gates: Gates,
        options: SyncOptions,
    ) -> None:
        if options.store is not None and options.checkpoint is not None:
            raise ConfigError("give either a store, which keeps the checkpoint, or a checkpoint of your own")
        if not options.consumer:
            # Its place would be the mirror's, which would then skip what was handed over.
            raise ConfigError("the name of the consumer is empty")
        self._models = models
        self._rows = rows
        self._context = _Context(account, clock, gates, options)

    def stop(self) -> None:
        """End the run at the next page boundary: what was fetched is saved, and the next run resumes there.

        A run that waits for the API to be ready ends with that wait. It holds for this object: make another to go on.
        """
        self._context.stopping = True

    async def run(self) -> SyncReport:
        """Mirror into the store: what was deleted, what was updated, and the sweep after a full scan.

        When it is complete the mirror has all that was done before it began, also where it resumed an earlier run.
        """
        if self._context.options.store is None:
            raise ConfigError("run() mirrors into a store: pass store=, or iterate over the batches")
        run = _Run(self._context, self._rows, "mirror")
        async with aclosing(run.batches()) as batches:
            async for _ in batches:
                pass
        return run.report

    def __aiter__(self) -> AsyncIterator[Batch[R, D]]:
        mode: Mode = "own database" if self._context.options.store is None else "hand over"
        return _Run(self._context, self._models, mode).batches()


class _Run(Generic[R, D]):
    """One run in one mode: a round, and one more after a round that an earlier run began."""

    def __init__(self, context: _Context, source: SyncSource[R, D], mode: Mode) -> None:
        self._context = context
        self._source = source
        self._mode: Mode = mode
        self._options = context.options
        self._clock = context.clock
        self._lease: Lease | None = None
        self._pending: Batch[R, D] | None = None
        self._handed: Checkpoint | None = None
        self._told: dict[str, Any] = asdict(SyncReport(), recurse=False)

    @property
    def report(self) -> SyncReport:
        return SyncReport(**self._told)

    async def batches(self) -> AsyncGenerator[Batch[R, D], None]:
        # A page that is handed over takes no place: how long it is in the caller's hands must not keep others waiting.
        ahead = Ahead(self._fetch, self._context.gates.pages if self._mode == "mirror" else None)
        try:
            machine = self._round(await self._begin())
            action = machine.action
            while not isinstance(action, Done):
                self._observe(action, machine.checkpoint)
                event: Event
                if isinstance(action, Deliver | Sweep):
                    batch = await self._batch(action)
                    if self._mode == "mirror":
                        self._pending = batch
                    else:
                        self._handed = action.checkpoint
                        yield batch
                    # Not to be kept while the next page is waited for: with many syncs at once that is many pages.
                    del batch
                    event = Delivered() if isinstance(action, Deliver) else Swept()
                elif isinstance(action, Save):
                    if self._mode == "own database" and self._handed != action.checkpoint:
                        yield Batch(generation=action.checkpoint.generation, checkpoint=action.checkpoint.to_json())
                    await self._save(action, finished=machine.finishes and not machine.resumed)
                    event = Saved()
                else:
                    event = await self._perform(action, ahead)
                action = machine.handle(event)
                if machine.lookahead and not self._context.stopping and self._may_prefetch():
                    ahead.start(machine.lookahead)
                if self._context.stopping and (isinstance(event, Saved) or isinstance(action, Wait)):
                    break
                if isinstance(action, Done) and machine.resumed:
                    machine = self._round(machine.checkpoint)
                    action = machine.action
            self._tell(complete=isinstance(action, Done) and not machine.resumed, phase="done")
        finally:
            try:
                await ahead.close()
            finally:
                if self._lease is not None and self._options.store is not None:
                    await self._options.store.release(self._lease)

    def _may_prefetch(self) -> bool:
        prefetch = self._options.prefetch
        return prefetch() if callable(prefetch) else prefetch and self._context.gates.roomy

    def _round(self, checkpoint: Checkpoint | None) -> SyncMachine:
        return SyncMachine(checkpoint, self._source.params, self._options.bounds)

    async def _begin(self) -> Checkpoint | None:
        text, store = self._options.checkpoint, self._options.store
        if store is not None:
            resource, container = self._source.key
            consumer = "" if self._mode == "mirror" else self._options.consumer
            key = SyncKey(await self._context.account(), resource, container, consumer)
            self._lease, text = await self._leased(store, key)
        return Checkpoint.from_json(text) if text else None

    async def _leased(self, store: SyncStore, key: SyncKey) -> tuple[Lease, str | None]:
        waited, wait = 0.0, 0.05
        while True:
            try:
                return await _begun(store, key)
            except LeaseHeld:
                if waited >= self._options.lease_wait:
                    raise
            wait = min(wait * 2, 1.0, self._options.lease_wait - waited)
            await self._clock.sleep(wait)
            waited += wait

    async def _perform(self, action: Action, ahead: Ahead) -> Event:
        if isinstance(action, StartSync):
            window = self._source.window(self._now())
            status = await self._source.start()
            return Started(bool(status.ready), status.sync_updated_token, status.sync_deleted_token, window)
        if isinstance(action, Wait):
            await self._clock.sleep(backoff.full_jitter(min(0.5 * 2 ** min(action.attempt, 10), READY_WAIT)))
            return Waited()
        assert isinstance(action, FetchPage)
        try:
            page = await ahead.take(action)
        except CursorRejected:
            return TokenRejected()
        ids = [record.id or "" for record in page.records]
        ids += [error.record_id or "" for error in page.errors]
        return PageArrived(page, tuple(ids), page.next_page_token, page.next_delta_token)

    async def _fetch(self, action: FetchPage) -> DeltaPage[Any]:
        fetch = self._source.deleted if action.stream == "deleted" else self._source.updated
        return await fetch(delta_token=action.delta, page_token=action.page)

    # --- batches

    async def _batch(self, action: Deliver | Sweep) -> Batch[R, D]:
        made = await (self._of_sweep(action) if isinstance(action, Sweep) else self._of_page(action))
        if made.errors:
            self._count(errors=made.errors)
        return made

    async def _of_page(self, action: Deliver) -> Batch[R, D]:
        page: DeltaPage[Any] = action.records
        generation, checkpoint = action.checkpoint.generation, action.checkpoint.to_json()
        if action.stream == "deleted":
            live, errors = await self._look_up(action.settle)
            there = {record.id for record in live} | {error.record_id for error in errors}
            gone = tuple(tombstone for tombstone in page.records if tombstone.id not in there)
            return Batch(
                updated=live, deleted=gone, generation=generation, checkpoint=checkpoint, errors=page.errors + errors
            )
        dead = tuple(filter(self._source.is_tombstone, page.records))
        live = tuple(page.records)
        if dead:
            # Of a record that is listed twice the last word counts.
            last = {record.id: record for record in page.records}
            dead = tuple(r for r in dead if last[r.id] is r)
            buried = {r.id for r in dead}
            live = tuple(r for r in page.records if not self._source.is_tombstone(r) and r.id not in buried)
        live, errors = await self._hydrated(live) if self._options.hydrate else (live, ())
        return Batch(
            updated=live,
            deleted=tuple(self._source.tombstone(record.id) for record in dead),
            deleted_records=dead,
            generation=generation,
            checkpoint=checkpoint,
            errors=page.errors + errors,
        )

    async def _of_sweep(self, action: Sweep) -> Batch[R, D]:
        since, until = (None if bound is None else datetime.fromisoformat(bound) for bound in action.window)
        if self._mode != "mirror" or (since is None and until is None):
            order = SweepOrder(action.generation, since, until)
            return Batch(generation=action.generation, checkpoint=action.checkpoint.to_json(), sweep=order)
        assert self._options.store is not None
        assert self._lease is not None
        before, after = self._source.slack
        zones = [(since - before, since + after)] if since else []
        zones += [(until - after, until + after)] if until else []
        doubtful: dict[str, None] = {}
        for zone in zones:
            doubtful |= dict.fromkeys(await self._options.store.unseen(self._lease, action.generation, *zone))
        live, errors = await self._look_up(doubtful)
        there = {record.id for record in live} | {error.record_id for error in errors}
        gone = tuple(self._source.tombstone(record_id) for record_id in doubtful if record_id not in there)
        order = SweepOrder(action.generation, since and since + after, until and until - after)
        return Batch(
            updated=live,
            deleted=gone,
            generation=action.generation,
            checkpoint=action.checkpoint.to_json(),
            sweep=order,
            errors=errors,
        )

    async def _hydrated(self, records: tuple[R, ...]) -> tuple[tuple[R, ...], tuple[DecodeError, ...]]:
        found, errors = await self._look_up(record.id for record in records if record.omitted and record.id)
        full = {record.id: record for record in found}
        return tuple(full.get(record.id, record) for record in records), errors

    async def _look_up(self, ids: Iterable[str]) -> tuple[tuple[R, ...], tuple[DecodeError, ...]]:
        """Fetch single records, a few at once, with the errors of those that are there and cannot be read.

        Those that are gone are left out, and those that no URL can name.
        """
        turns = asyncio.Semaphore(LOOK_UPS)

        async def get(record_id: str) -> R | DecodeError | None:
            async with turns:
                try:
                    record = await self._source.get(record_id)
                except NotFound:
                    return None
                except MalformedBody:
                    raise
                except DecodeError as error:
                    return DecodeError(error.args[0], path=error.path, record_id=record_id)
                return None if self._source.is_tombstone(record) else record

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(get(record_id)) for record_id in ids if record_id.strip()]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        results = [task.result() for task in tasks]
        errors = tuple(result for result in results if isinstance(result, DecodeError))
        live = tuple(result for result in results if result is not None and not isinstance(result, DecodeError))
        return live, errors

    # --- saving

    async def _save(self, action: Save, *, finished: bool) -> None:
        if self._options.store is None or self._lease is None:
            return
        batch, self._pending = self._pending, None
        checkpoint = action.checkpoint
        if batch is None:
            commit = Commit(
                checkpoint=checkpoint.to_json(), generation=checkpoint.generation, at=self._now(), finished=finished
            )
        else:
            commit = Commit(
                checkpoint=batch.checkpoint,
                generation=checkpoint.generation,
                at=self._now(),
                rows=cast("tuple[Row[Any], ...]", batch.updated),
                deleted=batch.deleted,
                deleted_rows=cast("tuple[Row[Any], ...]", batch.deleted_records),
                sweep=None if batch.sweep is None else (batch.sweep.since, batch.sweep.until),
                finished=finished,
            )
        applied = await self._options.store.commit(self._lease, commit)
        if batch is not None:
            self._count(added=applied.added, updated=applied.updated, deleted=applied.deleted)

    # --- telling

    def _observe(self, action: Action, checkpoint: Checkpoint | None) -> None:
        generation = checkpoint.generation if checkpoint else 0
        scan = checkpoint is None or checkpoint.scanning or self._told["scan"]
        if isinstance(action, FetchPage):
            self._tell(phase=action.stream, generation=generation, scan=scan)
        elif isinstance(action, Sweep):
            self._tell(phase="sweep")
        elif isinstance(action, StartSync):
            self._tell(phase="starting", scan=True)
        elif isinstance(action, Deliver):
            page: DeltaPage[Any] = action.records
            count = len(page.records)
            self._count(pages=1, **{"records" if action.stream == "updated" else "tombstones": count})

    def _count(self, **more: Any) -> None:
        self._tell(**{name: self._told[name] + amount for name, amount in more.items()})

    def _tell(self, **changes: Any) -> None:
        self._told.update(changes)
        if self._options.progress is not None:
            self._options.progress(self.report)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), UTC)


async def _begun(store: SyncStore, key: SyncKey) -> tuple[Lease, str | None]:
    """`store.begin`, that leaves nothing held when it is cancelled."""
    begin = asyncio.ensure_future(store.begin(key))
    try:
        return await settled(begin)
    except asyncio.CancelledError:
        if not begin.cancelled() and begin.exception() is None:
            await store.release(begin.result()[0])
        raise
