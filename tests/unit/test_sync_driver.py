"""The driver over an API that is a few lines of Python: what no server of ours would answer."""

import weakref
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pytest

from aurinko_async._limits import Gates, Limits
from aurinko_async.errors import ConfigError, DecodeError, NotFound
from aurinko_async.models._row import Row
from aurinko_async.models.mail import DeletedEmailMessage, EmailMessage, SyncStatus
from aurinko_async.models.pages import DeltaPage
from aurinko_async.sync import DeltaSync
from aurinko_async.sync.checkpoint import Params
from aurinko_async.sync.values import SyncOptions, SyncReport
from support.clock import FakeClock


class Source:
    """One page of each stream per round; single records are all gone."""

    key = ("email", "")
    params: Params = MappingProxyType({})

    def __init__(self, updated: list[EmailMessage], deleted: list[DeletedEmailMessage], *, ready: bool = True) -> None:
        self._updated = updated
        self._deleted = deleted
        self._ready = ready
        self.looked_up: list[str] = []
        self.starts = 0

    def window(self, now: datetime) -> tuple[None, None]:
        return None, None

    def is_tombstone(self, record: EmailMessage) -> bool:
        return False

    async def start(self) -> SyncStatus:
        self.starts += 1
        return SyncStatus(ready=self._ready, sync_updated_token="u", sync_deleted_token="d")

    async def updated(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[EmailMessage]:
        return DeltaPage(records=self._updated, next_delta_token="u")

    async def deleted(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[DeletedEmailMessage]:
        return DeltaPage(records=self._deleted, next_delta_token="d")

    async def get(self, record_id: str) -> EmailMessage:
        self.looked_up.append(record_id)
        raise NotFound(404, "gone")


def sync_of(source: Any, **options: Any) -> DeltaSync[Any, Any]:
    async def account() -> str:
        return "1"

    clock = FakeClock()
    gates = Gates(Limits(), clock)
    return DeltaSync(source, source, account=account, clock=clock, gates=gates, options=SyncOptions(**options))


@pytest.mark.parametrize("blank", [None, "", " "])
async def test_a_tombstone_without_an_id_is_not_looked_up(blank: str | None) -> None:
    """Else the sync would stop at this page in every run: there is no such URL."""
    source = Source([EmailMessage(id="a"), EmailMessage(id=blank, omitted=["body"])], [])
    (*_, last) = [batch async for batch in sync_of(source)]
    source = Source([], [DeletedEmailMessage(id="a"), DeletedEmailMessage(id=blank)])
    batches = [batch async for batch in sync_of(source, checkpoint=last.checkpoint, hydrate=True)]
    assert source.looked_up == ["a"]
    assert [tombstone.id for batch in batches for tombstone in batch.deleted] == ["a", blank]


async def test_stop_ends_a_run_that_waits_for_the_api_to_be_ready() -> None:
    source = Source([], [], ready=False)
    reports: list[SyncReport] = []

    def progress(report: SyncReport) -> None:
        reports.append(report)
        if source.starts == 2:
            sync.stop()

    sync = sync_of(source, progress=progress)
    assert [batch async for batch in sync] == []
    assert source.starts == 3
    assert not reports[-1].complete


class Unreadable(Source):
    """Single records are there, but nobody can read them."""

    async def get(self, record_id: str) -> EmailMessage:
        self.looked_up.append(record_id)
        raise DecodeError("expected str, got int", path="subject")


async def test_a_record_that_cannot_be_looked_up_costs_itself_and_is_not_taken_for_deleted() -> None:
    partial = EmailMessage(id="1", omitted=["body"])
    source = Unreadable([partial], [])
    batches = [batch async for batch in sync_of(source, hydrate=True)]
    assert [batch.updated for batch in batches if batch.updated] == [(partial,)]
    assert [error.record_id for batch in batches for error in batch.errors] == ["1"]

    late = Unreadable([], [DeletedEmailMessage(id="1"), DeletedEmailMessage(id="2")])
    batches = [batch async for batch in sync_of(late, checkpoint=batches[-1].checkpoint)]
    assert late.looked_up == ["1"]
    assert [tombstone.id for batch in batches for tombstone in batch.deleted] == ["2"]
    assert [error.record_id for batch in batches for error in batch.errors] == ["1"]


class Marked(Source):
    """A page says of each record whether it is deleted."""

    def is_tombstone(self, record: EmailMessage) -> bool:
        return bool(record.deleted)

    def tombstone(self, record_id: str) -> DeletedEmailMessage:
        return DeletedEmailMessage(id=record_id)


async def test_of_a_record_that_a_page_lists_twice_the_last_word_counts() -> None:
    """Else what was deleted last would stay as a ghost: a store lets records win over tombstones."""
    words = [("gone", False), ("back", True), ("gone", True), ("back", False), ("kept", False)]
    source = Marked([EmailMessage(id=record_id, deleted=dead) for record_id, dead in words], [])
    batches = [batch async for batch in sync_of(source)]
    assert [record.id for batch in batches for record in batch.updated] == ["back", "kept"]
    assert [tombstone.id for batch in batches for tombstone in batch.deleted] == ["gone"]


async def test_a_consumer_has_a_name() -> None:
    """Without one its place would be the mirror's: the mirror would skip what was handed over."""
    with pytest.raises(ConfigError, match="consumer"):
        sync_of(Source([], []), consumer="")


class _Value:
    """What a row holds, so that it can be seen alive."""


class Paged(Source):
    """Updated has three pages of a record each."""

    def __init__(self) -> None:
        super().__init__([], [])
        self.alive: list[int] = []
        """How many of the records given before there still were, at each question."""
        self._given: list[weakref.ref[_Value]] = []

    async def updated(self, *, delta_token: str | None, page_token: str | None) -> DeltaPage[Any]:
        self.alive.append(sum(given() is not None for given in self._given))
        number = int(page_token or 0)
        value = _Value()
        self._given.append(weakref.ref(value))
        record: Row[Any] = Row(b"{}", f"m{number}", None, None, (value,))
        del value
        if number < 2:
            return DeltaPage(records=[record], next_page_token=str(number + 1))
        return DeltaPage(records=[record], next_delta_token="u")


async def test_a_batch_is_not_kept_while_the_next_page_is_waited_for() -> None:
    source = Paged()
    async for batch in sync_of(source, prefetch=False):
        del batch
    assert source.alive == [0, 0, 0]
