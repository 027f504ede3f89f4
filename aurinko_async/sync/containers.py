"""All containers of one resource of an account, mirrored in one call: all its calendars, all its task lists."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from attrs import evolve, frozen

from aurinko_async._types import Clock
from aurinko_async.errors import AurinkoError, BadRequest, DecodeError, Forbidden, NotFound, PagingError, SyncError
from aurinko_async.models.pages import TokenPage
from aurinko_async.sync.checkpoint import Checkpoint
from aurinko_async.sync.driver import DeltaSync
from aurinko_async.sync.store import Commit, SyncKey, SyncStore
from aurinko_async.sync.values import SyncReport

OWN: Final = (NotFound, Forbidden, BadRequest, SyncError, PagingError, DecodeError)
"""What one container can have alone: the others are synced all the same."""


class Named(Protocol):
    """A calendar or a task list."""

    @property
    def id(self) -> str | None: ...


@frozen(kw_only=True)
class Containers:
    """The containers of a resource as the API has them, and how one is synced.

    Attributes:
        lists: The pages of the list of all.
        get: One of them; raises NotFound when it is gone.
        sync: The sync of one, by its id, told the account's id and where to report its progress.
    """

    resource: str
    lists: Callable[[], AsyncGenerator[TokenPage[Any], None]]
    get: Callable[[str], Awaitable[Named]]
    sync: Callable[[str, str, Callable[[SyncReport], None]], DeltaSync[Any, Any]]


class ContainerSync:
    """Mirrors all containers, one after the other. Made by `client.calendars.delta_all(...)` and its like.

    What is new is found by listing. A container that the API no longer has is emptied in the mirror, its records
    marked as deleted. What one container fails with does not keep the others; it is raised when they are done.
    """

    def __init__(
        self,
        containers: Containers,
        store: SyncStore,
        *,
        account: Callable[[], Awaitable[str]],
        clock: Clock,
        progress: Callable[[SyncReport], None] | None = None,
        skip: Collection[str] = (),
    ) -> None:
        self._containers = containers
        self._store = store
        self._account = account
        self._clock = clock
        self._progress = progress
        self.skip = frozenset(skip)
        """Left out."""
        self._current: DeltaSync[Any, Any] | None = None
        self._stopping = False
        self.reports: dict[str, SyncReport] = {}
        """How each container stands in the last run."""

    def stop(self) -> None:
        """End the run at the next page boundary, as `DeltaSync.stop` does."""
        self._stopping = True
        if self._current is not None:
            self._current.stop()

    def put_off(self) -> None:
        """Leave the container at hand at its next page boundary, and go on with the others."""
        if self._current is not None:
            self._current.stop()

    async def run(self) -> SyncReport:
        """Mirror them all.

        Returns:
            What was done in all of them together; `reports` has it apart.

        Raises:
            AurinkoError: the first failure. One that concerns the whole account ends the run at once.
        """
        self.reports = {}
        failures: list[AurinkoError] = []
        account = await self._account()
        listed, whole = await self._listed()
        for container in listed:
            if self._stopping:
                break
            if container in self.skip:
                continue
            try:
                await self._one(account, container)
            except OWN as error:
                failures.append(error)
        if whole and not self._stopping:
            failures += await self._retire(account, listed)
        # One that was stopped tells of failures when it has gone through them all: the next run meets them again.
        if failures and not self._stopping:
            first, *others = failures
            for other in others[:20]:
                first.add_note(f"also {type(other).__name__}: {other}")
            raise first
        complete = not self._stopping and all(report.complete for report in self.reports.values())
        return evolve(self._total(), phase="done", complete=complete)

    async def _listed(self) -> tuple[list[str], bool]:
        """The ids of all containers, and whether none was unreadable."""
        found: dict[str, None] = {}
        whole = True
        async with aclosing(self._containers.lists()) as pages:
            async for page in pages:
                found |= dict.fromkeys(record.id for record in page.records if record.id)
                whole = whole and not page.errors
        return list(found), whole

    async def _one(self, account: str, container: str) -> None:
        def told(report: SyncReport) -> None:
            self.reports[container] = report
            if self._progress is not None:
                self._progress(self._total())

        self._current = self._containers.sync(container, account, told)
        try:
            self.reports[container] = await self._current.run()
        finally:
            self._current = None

    def _total(self) -> SyncReport:
        reports = list(self.reports.values())
        return sum(reports[1:], reports[0]) if reports else SyncReport()

    async def _retire(self, account: str, listed: list[str]) -> list[AurinkoError]:
        """Empty what the mirror has and the API does not; gives what went wrong with single ones."""
        failures: list[AurinkoError] = []
        resource = self._containers.resource
        for container in await self._store.containers(account, resource):
            if container not in listed and not self._stopping:
                try:
                    await self._empty(SyncKey(account, resource, container))
                except OWN as error:
                    failures.append(error)
        return failures

    async def _empty(self, key: SyncKey) -> None:
        lease, text = await self._store.begin(key)
        try:
            checkpoint = Checkpoint.from_json(text) if text else None
            if checkpoint is None or checkpoint.retired or await self._is_there(key.container):
                return
            checkpoint = checkpoint.retire()
            now = datetime.fromtimestamp(self._clock.time(), UTC)
            await self._store.commit(
                lease,
                Commit(
                    checkpoint=checkpoint.to_json(),
                    generation=checkpoint.generation,
                    at=now,
                    sweep=(None, None),
                    finished=True,
                ),
            )
        finally:
            await self._store.release(lease)

    async def _is_there(self, container: str) -> bool:
        """Whether the API has it all the same: a list can be short by mistake. One that we may not see is gone."""
        try:
            await self._containers.get(container)
        except (NotFound, Forbidden):
            return False
        return True
