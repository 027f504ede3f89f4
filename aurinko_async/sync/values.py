"""What goes into a sync and what comes out of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Generic, Protocol, TypeVar

from attrs import field, frozen

from aurinko_async.errors import DecodeError
from aurinko_async.models._row import Record
from aurinko_async.models.mail import SyncStatus
from aurinko_async.models.pages import DeltaPage
from aurinko_async.sync.checkpoint import Params, Window
from aurinko_async.sync.machine import Bounds
from aurinko_async.sync.store import Deletion, SyncStore

R = TypeVar("R", bound=Record)
D = TypeVar("D", bound=Deletion)


class SyncSource(Protocol[R, D]):
    """The API as a sync sees it: one container of one resource, its records as `R`."""

    @property
    def key(self) -> tuple[str, str]:
        """The resource and the container."""
        ...

    @property
    def params(self) -> Params:
        """The start parameters."""
        ...

    def window(self, now: datetime) -> Window:
        """What a scan begun now covers."""
        ...

    @property
    def slack(self) -> tuple[timedelta, timedelta]:
        """How far before and after an edge of the window it is uncertain whether a record lies inside.

        What a scan did not see there is looked up before it is swept.
        """
        ...

    def is_tombstone(self, record: R) -> bool:
        """Whether a record of the updated stream says that it is gone."""
        ...

    def tombstone(self, record_id: str) -> D:
        """A tombstone for an id that is found to be gone."""
        ...

    async def start(self) -> SyncStatus: ...
    async def updated(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[R]: ...
    async def deleted(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[D]: ...
    def get(self, record_id: str, /) -> Awaitable[R]: ...


@frozen
class SweepOrder:
    """Remove what you have of older generations than `generation` with a time inside `since` and `until`.

    A complete scan did not see it; spare what came as unreadable in `Batch.errors`: it is there. `None` is unbounded.
    Near the edges of a window providers round: look up what lies within a day of them before you remove it.
    """

    generation: int
    since: datetime | None
    until: datetime | None


@frozen(kw_only=True)
class Batch(Generic[R, D]):
    """One step of a sync, to be applied as a whole.

    Attributes:
        updated: Records to insert or replace by id.
        deleted: Tombstones; unknown ids do no harm.
        deleted_records: Those of `deleted` that the API still describes: an occurrence that was taken out of a series.
        generation: Mark what you store with it; a sweep goes by it.
        checkpoint: JSON. Save it in the transaction that saves the records, pass it back as `checkpoint=`.
        sweep: Set on the last batch of a full scan.
        errors: Records of this page that could not be read, each with its id where that could be.
    """

    updated: tuple[R, ...] = ()
    deleted: tuple[D, ...] = ()
    deleted_records: tuple[R, ...] = ()
    generation: int
    checkpoint: str = field(repr=False)
    sweep: SweepOrder | None = None
    errors: tuple[DecodeError, ...] = ()


@frozen(kw_only=True)
class SyncReport:
    """What a run did, or has done so far.

    Attributes:
        phase: `starting`, `deleted`, `updated`, `sweep` or `done`.
        generation: The generation it worked in; 0 before the first start.
        scan: It is (part of) a full scan, not an increment.
        pages, records, tombstones: What came from the API.
        added, updated, deleted: What changed in the store.
        complete: The run came to its end: all that was done before it began is in. `False` after `stop()`.
        errors: Records that could not be read.
    """

    phase: str = "starting"
    generation: int = 0
    scan: bool = False
    pages: int = 0
    records: int = 0
    tombstones: int = 0
    added: int = 0
    updated: int = 0
    deleted: int = 0
    complete: bool = False
    errors: tuple[DecodeError, ...] = ()

    def __add__(self, other: SyncReport) -> SyncReport:
        """Both together, as of the other's phase; complete when both are."""
        return SyncReport(
            phase=other.phase,
            generation=max(self.generation, other.generation),
            scan=self.scan or other.scan,
            pages=self.pages + other.pages,
            records=self.records + other.records,
            tombstones=self.tombstones + other.tombstones,
            added=self.added + other.added,
            updated=self.updated + other.updated,
            deleted=self.deleted + other.deleted,
            complete=self.complete and other.complete,
            errors=self.errors + other.errors,
        )


LEASE_WAIT: Final = 10.0
"""Seconds to wait for another sync of the same container: longer than one takes to end, and than most take at all."""


@frozen(kw_only=True)
class SyncOptions:
    """What all faces of a sync share."""

    account: str | None = None
    store: SyncStore | None = None
    checkpoint: str | None = None
    consumer: str = "default"
    hydrate: bool = False
    prefetch: bool | Callable[[], bool] = True
    lease_wait: float = LEASE_WAIT
    bounds: Bounds = field(factory=Bounds)
    progress: Callable[[SyncReport], None] | None = None
