"""Where resources and the sync engine meet: `client.email.delta(...)` and its like are made here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar, get_origin

from attrs import evolve, frozen

from aurinko_async._limits import Window
from aurinko_async._session import Session
from aurinko_async._types import Call
from aurinko_async.errors import DecodeError
from aurinko_async.models._row import Row
from aurinko_async.models.pages import DeltaPage
from aurinko_async.resources.account import AccountResource
from aurinko_async.sync.containers import Containers, ContainerSync
from aurinko_async.sync.driver import DeltaSync
from aurinko_async.sync.store import SyncStore
from aurinko_async.sync.values import D, R, SyncOptions, SyncReport, SyncSource

T = TypeVar("T")


@frozen(eq=False)
class RowSession(Session):
    """A session for mirrors: its answers are rows where the resources ask for models, and its pages take places."""

    results: Mapping[Any, Any]

    async def request(self, call: Call[T]) -> T:
        # Not super(): the class that attrs makes for the slots is another than the one written here.
        return await Session.request(self, evolve(call, result=self.results.get(call.result, call.result)))

    def _places(self, call: Call[Any]) -> Window | None:
        return self.shared.gates.pages if get_origin(call.result) is DeltaPage else None


def delta_sync(
    session: Session,
    source: Callable[[Session], SyncSource[R, D]],
    options: SyncOptions,
    *,
    model: type[R],
    columns: type[Any],
) -> DeltaSync[R, D]:
    """A sync of `model`, whose searchable fields in a store are `columns`.

    `source` makes the API's side of it, once over models and once over rows.
    """
    rows = RowSession(
        shared=session.shared,
        auth=session.auth,
        base_url=session.base_url,
        retry=session.retry,
        timeout=session.timeout,
        results={model: Row[columns], DeltaPage[model]: DeltaPage[Row[columns]]},  # type: ignore[valid-type]
    )
    return DeltaSync(
        source(session),
        source(rows),
        account=lambda: account_id(session, options.account),
        clock=session.shared.clock,
        gates=session.shared.gates,
        options=options,
    )


def container_sync(
    session: Session,
    containers: Containers,
    store: SyncStore,
    *,
    account: str | None,
    progress: Callable[[SyncReport], None] | None,
    skip: Collection[str],
) -> ContainerSync:
    """A sync of all containers."""
    return ContainerSync(
        containers,
        store,
        account=lambda: account_id(session, account),
        clock=session.shared.clock,
        progress=progress,
        skip=skip,
    )


async def account_id(session: Session, given: str | None) -> str:
    """The id of the account that the credentials name; a bare token is asked for it."""
    if given is not None:
        return given
    known = getattr(session.auth, "account_id", None)
    if known is None:
        known = (await AccountResource(session).get()).id
    if known is None:
        raise DecodeError("the account has no id", path="id")
    return str(known)
