"""Sync machines with one defect each."""

from typing import Any

from attrs import evolve

from aurinko_async.sync.checkpoint import Checkpoint, Cursor, merge
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
    Sweep,
    Swept,
    SyncMachine,
    TokenRejected,
    Waited,
)

NOTHING: frozenset[str] = frozenset()


class Loose(SyncMachine):
    """The machine without its table: what a defect does must show in what becomes of the data. No defect itself."""

    def handle(self, event: Event) -> Action:
        steps: dict[type[Event], Any] = {
            Started: self._started,
            Waited: self._waited,
            PageArrived: self._page_arrived,
            TokenRejected: self._token_rejected,
            Delivered: self._delivered,
            Saved: self._saved,
            Swept: self._swept,
        }
        self._state = steps[type(event)](self._state, event)
        return self._state.action


def sweep(checkpoint: Checkpoint) -> Action:
    if not checkpoint.scanning:
        return Done()
    return Sweep(checkpoint.generation, checkpoint.window, evolve(checkpoint, scanning=False))


# --- never ahead


class SavesFirst(Loose):
    """Saves a page's checkpoint, then delivers the page."""

    kept: Deliver | None = None

    def handle(self, event: Event) -> Action:
        if self.kept is not None and isinstance(event, Saved):
            self._state = evolve(self._state, action=self.kept)
            self.kept = None
            return self._state.action
        action = super().handle(Saved() if isinstance(event, Delivered) else event)
        if isinstance(action, Deliver):
            self.kept = action
            self._state = evolve(self._state, action=Save(action.checkpoint))
        return self._state.action


class NewGenerationNotDurable(Loose):
    """Goes on with the tokens of a start before they are saved."""

    def _started(self, state: Any, event: Started) -> Any:
        new = super()._started(state, event)
        return evolve(new, action=new.after_save, after_save=None) if isinstance(new.action, Save) else new


# --- resumes inside a chain


class PageTokenDropped(Loose):
    """Takes a page for the whole chain."""

    @staticmethod
    def _advance(cursor: Cursor, event: PageArrived) -> Cursor:
        return Cursor(event.next_delta or cursor.delta)


class PageTokenNotSaved(Loose):
    """Knows the page token only until the next crash."""

    def handle(self, event: Event) -> Action:
        action = super().handle(event)
        if isinstance(action, Save):
            kept = action.checkpoint
            kept = evolve(kept, deleted=Cursor(kept.deleted.delta), updated=Cursor(kept.updated.delta))
            self._state = evolve(self._state, action=Save(kept))
        return self._state.action


class EmptyPageEndsTheChain(Loose):
    """Stops at a page without records."""

    def _page_arrived(self, state: Any, event: PageArrived) -> Any:
        checkpoint = state.checkpoint
        if event.ids or event.next_delta or state.action.stream == "deleted":
            return super()._page_arrived(state, event)
        return evolve(state, action=Save(checkpoint), after_save=sweep(checkpoint))


class DrainsDeletedOnResume(Loose):
    """Drains deleted again before it finishes an open chain of updated."""

    def _resume(self, checkpoint: Checkpoint) -> FetchPage:
        return self._fetch("deleted", checkpoint)


class DrainsDeletedOnFallback(Loose):
    """Drains deleted again when the page token at which it resumed in updated is rejected."""

    def _token_rejected(self, state: Any, event: TokenRejected) -> Any:
        new = super()._token_rejected(state, event)
        again = isinstance(new.action, FetchPage) and new.action.stream == "updated"
        return evolve(new, action=self._fetch("deleted", new.checkpoint)) if again else new


class ResumedRoundIsTheLast(Loose):
    """Takes a round that resumed inside a chain for one that has all that was done before it began."""

    resumed = False


class OnlyUpdatedIsResumed(Loose):
    """Takes a round that resumed inside a chain of deleted for one that has all that was done before it began."""

    @property
    def resumed(self) -> bool:
        return super().resumed and self._inside

    def __init__(self, checkpoint: Checkpoint | None, *args: Any) -> None:
        super().__init__(checkpoint, *args)
        self._inside = checkpoint is not None and checkpoint.updated.page is not None


class OneMoreRoundAfterAStart(Loose):
    """Does not see that a new generation has all that was done before it."""

    def _started(self, state: Any, event: Started) -> Any:
        return evolve(super()._started(state, event), resumed=state.resumed)


# --- both streams


class DeletedSkipped(Loose):
    """Never asks for deletions."""

    @staticmethod
    def _fetch(stream: Any, checkpoint: Checkpoint) -> FetchPage:
        return SyncMachine._fetch("updated", checkpoint)


class UpdatedSkipped(Loose):
    """Never asks for updates."""

    def _next_step(self, stream: Any, checkpoint: Checkpoint) -> Action:
        following = super()._next_step(stream, checkpoint)
        goes_on = not isinstance(following, FetchPage) or following.stream == stream
        return following if goes_on else sweep(checkpoint)


class UpdatedFirst(Loose):
    """Drains updated, then deleted."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        if isinstance(self.action, FetchPage) and self.checkpoint is not None:
            self._state = evolve(self._state, action=self._fetch("updated", self.checkpoint))

    def _started(self, state: Any, event: Started) -> Any:
        new = super()._started(state, event)
        first = self._fetch("updated", new.checkpoint) if isinstance(new.action, Save) else None
        return evolve(new, after_save=first)

    def _next_step(self, stream: Any, checkpoint: Checkpoint) -> Action:
        if (checkpoint.deleted if stream == "deleted" else checkpoint.updated).page:
            return self._fetch(stream, checkpoint)
        return self._fetch("deleted", checkpoint) if stream == "updated" else sweep(checkpoint)


class CursorsSwapped(Loose):
    """Sends each stream the other's token."""

    @staticmethod
    def _fetch(stream: Any, checkpoint: Checkpoint) -> FetchPage:
        other = SyncMachine._fetch("updated" if stream == "deleted" else "deleted", checkpoint)
        return evolve(other, stream=stream)


class TokensOfAStartSwapped(Loose):
    """Keeps the token of each stream as the other's."""

    def _started(self, state: Any, event: Started) -> Any:
        return super()._started(state, evolve(event, updated=event.deleted, deleted=event.updated))


# --- late tombstones


class NothingSettled(Loose):
    """Believes every tombstone."""

    @staticmethod
    def _doubtful(checkpoint: Checkpoint, ids: tuple[str, ...]) -> tuple[str, ...]:
        return ()


class EarlierRoundsForgotten(Loose):
    """Doubts only what came live in the round before."""

    def _moved(self, checkpoint: Checkpoint, stream: Any, event: PageArrived) -> Checkpoint:
        return super()._moved(evolve(checkpoint, recent=NOTHING) if stream == "updated" else checkpoint, stream, event)


class RoundBeforeForgotten(Loose):
    """Doubts only what came live in rounds before the one before."""

    def _moved(self, checkpoint: Checkpoint, stream: Any, event: PageArrived) -> Checkpoint:
        new = super()._moved(checkpoint, stream, event)
        return evolve(new, recent=checkpoint.recent) if stream == "updated" and not new.updated.page else new


class TooManyAreForgotten(Loose):
    """Takes what it remembers of earlier rounds for all, after a round with too many ids."""

    def _moved(self, checkpoint: Checkpoint, stream: Any, event: PageArrived) -> Checkpoint:
        new = super()._moved(checkpoint, stream, event)
        return evolve(new, recent=checkpoint.recent) if new.recent is None else new


class TooManyAreNone(Loose):
    """Takes too many ids to remember for none."""

    @staticmethod
    def _doubtful(checkpoint: Checkpoint, ids: tuple[str, ...]) -> tuple[str, ...]:
        return SyncMachine._doubtful(evolve(checkpoint, recent=checkpoint.recent or NOTHING), ids)


class OnlyTheLastPageSeen(Loose):
    """Remembers the ids of one page, not of the round."""

    def _moved(self, checkpoint: Checkpoint, stream: Any, event: PageArrived) -> Checkpoint:
        return super()._moved(evolve(checkpoint, seen=NOTHING) if stream == "updated" else checkpoint, stream, event)


class LastPageNotSeen(Loose):
    """Remembers the ids of all pages but the last."""

    def _moved(self, checkpoint: Checkpoint, stream: Any, event: PageArrived) -> Checkpoint:
        new = super()._moved(checkpoint, stream, event)
        recent = merge(checkpoint.recent, checkpoint.seen)
        return evolve(new, recent=recent) if stream == "updated" and not new.updated.page else new


# --- expiry


class NoFallback(Loose):
    """Starts again at once when a page token is rejected."""

    def _token_rejected(self, state: Any, event: TokenRejected) -> Any:
        return super()._token_rejected(evolve(state, fell_back=frozenset({"deleted", "updated"})), event)


class FallbackWithoutDelta(Loose):
    """Has nothing but the page token to fall back to."""

    @staticmethod
    def _advance(cursor: Cursor, event: PageArrived) -> Cursor:
        token = event.next_delta or event.next_page or ""
        return Cursor(token, event.next_page)


class FallsBackForever(Loose):
    """Does not remember that it fell back."""

    def _token_rejected(self, state: Any, event: TokenRejected) -> Any:
        return evolve(super()._token_rejected(evolve(state, fell_back=NOTHING), event), fell_back=NOTHING)


class FallbackSkipsTheStream(Loose):
    """Goes on with updated when deleted falls back."""

    def _token_rejected(self, state: Any, event: TokenRejected) -> Any:
        new = super()._token_rejected(state, event)
        if isinstance(new.action, FetchPage):
            return evolve(new, action=self._fetch("updated", new.checkpoint))
        return new


class OldTokenKept(Loose):
    """Keeps the old deleted token in the new generation."""

    def _started(self, state: Any, event: Started) -> Any:
        new = super()._started(state, event)
        if state.checkpoint is None or not isinstance(new.action, Save):
            return new
        kept = evolve(new.checkpoint, deleted=state.checkpoint.deleted)
        return evolve(new, checkpoint=kept, action=Save(kept), after_save=self._fetch("deleted", kept))


class OtherParamsIgnored(Loose):
    """Goes on with the checkpoint of other start parameters."""

    def __init__(self, checkpoint: Checkpoint | None, params: Any, bounds: Any) -> None:
        super().__init__(checkpoint, checkpoint.params if checkpoint else params, bounds)


# --- sweep


class GenerationNotIncreased(Loose):
    """A new start, the old number."""

    def _started(self, state: Any, event: Started) -> Any:
        new = super()._started(state, event)
        if state.checkpoint is None or not isinstance(new.action, Save):
            return new
        kept = evolve(new.checkpoint, generation=state.checkpoint.generation)
        return evolve(new, checkpoint=kept, action=Save(kept))


class NeverSweeps(Loose):
    """Ends a scan without the sweep."""

    def _next_step(self, stream: Any, checkpoint: Checkpoint) -> Action:
        following = super()._next_step(stream, checkpoint)
        return Done() if isinstance(following, Sweep) else following


class SweepsBeforeTheScan(Loose):
    """Sweeps between the streams."""

    def _next_step(self, stream: Any, checkpoint: Checkpoint) -> Action:
        if stream == "deleted" and not checkpoint.deleted.page and checkpoint.scanning:
            return sweep(checkpoint)
        return super()._next_step(stream, checkpoint)

    def _swept(self, state: Any, event: Swept) -> Any:
        new = super()._swept(state, event)
        return evolve(new, after_save=self._fetch("updated", new.checkpoint))


class ResumedScanIsComplete(Loose):
    """Takes the page at which it resumes for the end of the scan."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        if self.resumed and self.checkpoint and self.checkpoint.updated.page and self.checkpoint.scanning:
            self._state = evolve(self._state, action=sweep(self.checkpoint))


class FallbackEndsTheScan(Loose):
    """Closes the scan when its page token is rejected."""

    def _token_rejected(self, state: Any, event: TokenRejected) -> Any:
        new = super()._token_rejected(state, event)
        closed = isinstance(new.action, FetchPage) and new.action.stream == "updated"
        return evolve(new, checkpoint=evolve(new.checkpoint, scanning=False)) if closed else new


class SweepsEverything(Loose):
    """Does not keep to the window."""

    def _next_step(self, stream: Any, checkpoint: Checkpoint) -> Action:
        following = super()._next_step(stream, checkpoint)
        return evolve(following, window=(None, None)) if isinstance(following, Sweep) else following


class ScanNeverClosed(Loose):
    """Sweeps after every round."""

    def _swept(self, state: Any, event: Swept) -> Any:
        new = super()._swept(state, event)
        return evolve(new, action=Save(evolve(new.checkpoint, scanning=True)))


# --- bounds


class RestartsForever(Loose):
    """Does not count its restarts."""

    def _token_rejected(self, state: Any, event: TokenRejected) -> Any:
        return super()._token_rejected(evolve(state, restarts=0), event)


class WaitsForever(Loose):
    """Does not count its waits."""

    def _started(self, state: Any, event: Started) -> Any:
        return super()._started(evolve(state, waits=0), event)


MUTANTS = [found for found in globals().values() if isinstance(found, type) and issubclass(found, Loose)][1:]
NO_HARM_TO_THE_DATA = {
    NewGenerationNotDurable,  # the first page of deletions saves it in time
    PageTokenNotSaved,  # repeats the chain after a crash
    NoFallback,  # scans where falling back would do
    FallbackWithoutDelta,  # likewise
    FallsBackForever,
    DrainsDeletedOnFallback,  # the chain is opened anew, as of after it
    OneMoreRoundAfterAStart,
    SweepsBeforeTheScan,  # rows are gone for a while, then back
    SweepsEverything,  # what is outside the window may go or stay
    ScanNeverClosed,
}
"""Only the rules can tell these: the outcome is right in the end."""
