"""The delta sync as a table: frozen events in, frozen actions out.

Owns the order of the steps, the cursors, the generations and the bounds. Knows no asyncio, no clock, no model and no
log: `driver` performs the actions and tells what happened. The current action is the state; an event that does not fit
it is an error and changes nothing. A crash at any instant loses nothing: start again from the last saved checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, cast

from attrs import evolve, field, frozen

from aurinko_async.errors import (
    CursorConflict,
    CursorMissing,
    MachineError,
    SyncNotReady,
    TooManyEmptyPages,
    TooManyRestarts,
)
from aurinko_async.models.pages import PageChain
from aurinko_async.sync.checkpoint import Checkpoint, Cursor, Params, Stream, Window, digest, merge, remember

# --- actions


@frozen
class StartSync:
    """Ask the API for a new sync with the start parameters."""


@frozen
class Wait:
    """Wait before asking again; `attempt` counts from 1."""

    attempt: int


@frozen
class FetchPage:
    """Fetch a page of a stream with exactly one of its two tokens."""

    stream: Stream
    delta: str | None
    page: str | None


@frozen
class Deliver:
    """Apply a page's records.

    `settle` names the ids of tombstones that may be late: fetch each, 404 means deleted. `checkpoint` is the one that
    the following `Save` saves: a store applies and saves both in one transaction.
    """

    stream: Stream
    records: Any
    settle: tuple[str, ...]
    checkpoint: Checkpoint


@frozen
class Save:
    """Make the checkpoint durable."""

    checkpoint: Checkpoint


@frozen
class Sweep:
    """Remove what is older than `generation` inside `window`: the scan is complete and did not see it."""

    generation: int
    window: Window
    checkpoint: Checkpoint


@frozen
class Done:
    """The round is complete."""


Action: TypeAlias = StartSync | Wait | FetchPage | Deliver | Save | Sweep | Done


# --- events


@frozen
class Started:
    """The API answered the start; when `ready`, with both tokens. `window` is what a scan begun now covers."""

    ready: bool
    updated: str | None = None
    deleted: str | None = None
    window: Window = (None, None)


@frozen
class Waited:
    """The wait is over."""


@frozen
class PageArrived:
    """A page: its records, their ids, and exactly one next token."""

    records: Any
    ids: tuple[str, ...]
    next_page: str | None
    next_delta: str | None


@frozen
class TokenRejected:
    """The API no longer takes the token."""


@frozen
class Delivered:
    """The records are applied."""


@frozen
class Saved:
    """The checkpoint is durable."""


@frozen
class Swept:
    """What the scan did not see is gone."""


Event: TypeAlias = Started | Waited | PageArrived | TokenRejected | Delivered | Saved | Swept

TABLE: Final[Mapping[tuple[type[Action], type[Event]], tuple[type[Action], ...]]] = {
    (StartSync, Started): (Wait, Save),
    (Wait, Waited): (StartSync,),
    (FetchPage, PageArrived): (Deliver, Save),
    (FetchPage, TokenRejected): (FetchPage, StartSync),
    (Deliver, Delivered): (Save,),
    (Save, Saved): (FetchPage, Sweep, Done),
    (Sweep, Swept): (Save,),
}
"""What each event may lead to in each state; `Done` is the end."""


@frozen(kw_only=True)
class Bounds:
    """How long a sync puts up with an API that does not get anywhere.

    Args:
        waits: Answers `ready: false` in a row.
        restarts: New generations in one run.
        empty_pages: Pages without a record in a row.
    """

    waits: int = 60
    restarts: int = 3
    empty_pages: int = 1000


@frozen
class _State:
    action: Action
    checkpoint: Checkpoint | None
    after_save: Action = Done()
    """What a `Save` leads to."""
    waits: int = 0
    restarts: int = 0
    empty_pages: int = 0
    chain: PageChain = field(factory=PageChain)
    resumed: bool = False
    fell_back: frozenset[Stream] = frozenset()


class SyncMachine:
    """One round of a sync: drain deleted, drain updated, sweep after a scan.

    A round that resumes inside a chain of updated only finishes that: its pages may be as of when it was opened, with
    records that are deleted by now. Their tombstones must come after it, in the next round.

    Args:
        checkpoint: The last one saved; `None` starts the first generation.
        params: The start parameters; others than the checkpoint's start a new generation.
        bounds: When to give up.
    """

    def __init__(self, checkpoint: Checkpoint | None, params: Params, bounds: Bounds | None = None) -> None:
        self._params = dict(params)
        self._bounds = bounds or Bounds()
        if checkpoint is None or dict(checkpoint.params) != self._params:
            self._state = _State(StartSync(), checkpoint)
        else:
            self._state = _State(self._resume(checkpoint), checkpoint, resumed=checkpoint.inside)

    @property
    def action(self) -> Action:
        """What to do now."""
        return self._state.action

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Where the sync stands; saved only when a `Save` says so."""
        return self._state.checkpoint

    @property
    def lookahead(self) -> FetchPage | None:
        """The page that will be asked for once the current one is saved: it can be fetched meanwhile."""
        after = self._state.after_save
        saving = isinstance(self._state.action, Deliver | Save)
        return after if saving and isinstance(after, FetchPage) else None

    @property
    def finishes(self) -> bool:
        """The `Save` at hand is the last step of the round."""
        return isinstance(self._state.action, Save) and isinstance(self._state.after_save, Done)

    @property
    def resumed(self) -> bool:
        """The round began inside a chain that was open already: what was done since may come only with the next."""
        return self._state.resumed

    def handle(self, event: Event) -> Action:
        """Take an event; the answer is the next action.

        Raises:
            MachineError: the event does not fit; nothing changed.
            PagingError, SyncError: the sync cannot go on; nothing changed.
        """
        state = self._state
        targets = TABLE.get((type(state.action), type(event)))
        if targets is None:
            raise MachineError(f"{type(event).__name__} does not fit {type(state.action).__name__}")
        transitions: Mapping[type[Event], Any] = {
            Started: self._started,
            Waited: self._waited,
            PageArrived: self._page_arrived,
            TokenRejected: self._token_rejected,
            Delivered: self._delivered,
            Saved: self._saved,
            Swept: self._swept,
        }
        new: _State = transitions[type(event)](state, event)
        if type(new.action) not in targets:
            raise MachineError(f"{type(event).__name__} cannot lead to {type(new.action).__name__}")
        self._state = new
        return new.action

    def _resume(self, checkpoint: Checkpoint) -> FetchPage:
        return self._fetch("updated" if checkpoint.updated.page is not None else "deleted", checkpoint)

    @staticmethod
    def _fetch(stream: Stream, checkpoint: Checkpoint) -> FetchPage:
        cursor = checkpoint.cursor(stream)
        return FetchPage(stream, None, cursor.page) if cursor.page else FetchPage(stream, cursor.delta, None)

    def _started(self, state: _State, event: Started) -> _State:
        if not event.ready:
            if state.waits >= self._bounds.waits:
                raise SyncNotReady(f"the API was not ready after {state.waits + 1} starts; try again later")
            return evolve(state, action=Wait(state.waits + 1), waits=state.waits + 1)
        if not event.updated or not event.deleted:
            raise CursorMissing("the API said ready without giving both tokens")
        checkpoint = Checkpoint(
            params=self._params,
            generation=(state.checkpoint.generation if state.checkpoint else 0) + 1,
            window=event.window,
            deleted=Cursor(event.deleted),
            updated=Cursor(event.updated),
            scanning=True,
            recent=frozenset(),
            seen=frozenset(),
        )
        # The new generation is durable before anything of it is delivered: its marks must not outlive its tokens.
        return evolve(
            state,
            action=Save(checkpoint),
            checkpoint=checkpoint,
            after_save=self._fetch("deleted", checkpoint),
            waits=0,
            empty_pages=0,
            chain=PageChain(),
            resumed=False,
            fell_back=frozenset(),
        )

    def _waited(self, state: _State, _: Waited) -> _State:
        return evolve(state, action=StartSync())

    def _page_arrived(self, state: _State, event: PageArrived) -> _State:
        fetched, checkpoint = cast("FetchPage", state.action), cast("Checkpoint", state.checkpoint)
        stream = fetched.stream
        if event.next_page and event.next_delta:
            raise CursorConflict(f"a page of {stream} has both a next page token and a next delta token")
        if not event.next_page and not event.next_delta:
            raise CursorMissing(f"a page of {stream} has neither a next page token nor a next delta token")
        empty_pages = 0 if event.ids or event.next_delta else state.empty_pages + 1
        if empty_pages > self._bounds.empty_pages:
            raise TooManyEmptyPages(f"{empty_pages} pages of {stream} in a row had no record")
        chain = state.chain.step(event.next_page) if event.next_page else PageChain()
        settle = self._doubtful(checkpoint, event.ids) if stream == "deleted" else ()
        moved = self._moved(checkpoint, stream, event)
        save = Save(moved)
        return evolve(
            state,
            action=Deliver(stream, event.records, settle, moved) if event.ids else save,
            checkpoint=moved,
            after_save=self._next_step(stream, moved),
            empty_pages=empty_pages,
            chain=chain,
        )

    def _moved(self, checkpoint: Checkpoint, stream: Stream, event: PageArrived) -> Checkpoint:
        if stream == "deleted":
            return evolve(checkpoint, deleted=self._advance(checkpoint.deleted, event))
        updated, seen = self._advance(checkpoint.updated, event), remember(checkpoint.seen, event.ids)
        if updated.page is None:
            return evolve(checkpoint, updated=updated, recent=merge(checkpoint.recent, seen), seen=frozenset())
        return evolve(checkpoint, updated=updated, seen=seen)

    @staticmethod
    def _advance(cursor: Cursor, event: PageArrived) -> Cursor:
        return Cursor(event.next_delta) if event.next_delta else Cursor(cursor.delta, event.next_page)

    @staticmethod
    def _doubtful(checkpoint: Checkpoint, ids: tuple[str, ...]) -> tuple[str, ...]:
        """The tombstones that may be late: their ids came live in an earlier round."""
        live = checkpoint.recent
        return ids if live is None else tuple(record_id for record_id in ids if digest(record_id) in live)

    def _next_step(self, stream: Stream, checkpoint: Checkpoint) -> Action:
        if checkpoint.cursor(stream).page is not None:
            return self._fetch(stream, checkpoint)
        if stream == "deleted":
            return self._fetch("updated", checkpoint)
        if checkpoint.scanning:
            return Sweep(checkpoint.generation, checkpoint.window, evolve(checkpoint, scanning=False))
        return Done()

    def _token_rejected(self, state: _State, _: TokenRejected) -> _State:
        fetched, checkpoint = cast("FetchPage", state.action), cast("Checkpoint", state.checkpoint)
        stream = fetched.stream
        if fetched.page is not None and stream not in state.fell_back:
            if stream == "deleted":
                back = evolve(checkpoint, deleted=Cursor(checkpoint.deleted.delta))
            else:
                back = evolve(checkpoint, updated=Cursor(checkpoint.updated.delta))
            return evolve(
                state,
                action=self._fetch(stream, back),
                checkpoint=back,
                empty_pages=0,
                chain=PageChain(),
                fell_back=state.fell_back | {stream},
            )
        if state.restarts >= self._bounds.restarts:
            raise TooManyRestarts(f"the API rejected the cursors of {state.restarts + 1} starts in a row")
        return evolve(state, action=StartSync(), restarts=state.restarts + 1)

    def _delivered(self, state: _State, _: Delivered) -> _State:
        return evolve(state, action=Save(cast("Deliver", state.action).checkpoint))

    def _saved(self, state: _State, _: Saved) -> _State:
        return evolve(state, action=state.after_save, after_save=Done())

    def _swept(self, state: _State, _: Swept) -> _State:
        swept = cast("Sweep", state.action).checkpoint
        return evolve(state, action=Save(swept), checkpoint=swept, after_save=Done())
