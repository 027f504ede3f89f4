"""Short words to play a sync machine by hand."""

from typing import Any

import pytest

from aurinko_async.sync.checkpoint import Checkpoint, Cursor, Params
from aurinko_async.sync.machine import (
    Action,
    Bounds,
    Deliver,
    Delivered,
    Event,
    FetchPage,
    PageArrived,
    Save,
    Saved,
    Started,
    SyncMachine,
)

PARAMS: Params = {"daysWithin": 30}
WINDOW = ("2026-01-01T00:00:00Z", None)
STARTED = Started(True, "u0", "d0", WINDOW)
START = Checkpoint(PARAMS, 1, WINDOW, Cursor("d1"), Cursor("u0"), True, frozenset(), frozenset())
SCAN = Checkpoint(PARAMS, 1, WINDOW, Cursor("d1"), Cursor("u0", "p3"), True, frozenset(), frozenset())
QUIET = Checkpoint(PARAMS, 1, WINDOW, Cursor("d1"), Cursor("u1"), False, frozenset(), frozenset())


def page(*ids: str, to: str | None = None, delta: str | None = None) -> PageArrived:
    return PageArrived(list(ids), ids, to, delta)


def machine(checkpoint: Checkpoint | None = None, params: Params = PARAMS, **bounds: int) -> SyncMachine:
    return SyncMachine(checkpoint, params, Bounds(**bounds))


def play(sync: SyncMachine, *events: Event) -> Action:
    for event in events:
        sync.handle(event)
    return sync.action


def settle_page(sync: SyncMachine, event: PageArrived) -> Action:
    """A page through delivery and save, if it has records; what comes then."""
    action = sync.handle(event)
    return play(sync, Delivered(), Saved()) if isinstance(action, Deliver) else play(sync, Saved())


def fetch(stream: Any, *, delta: str | None = None, page: str | None = None) -> FetchPage:
    return FetchPage(stream, delta, page)


def saved(sync: SyncMachine) -> Checkpoint:
    assert isinstance(sync.action, Save)
    return sync.action.checkpoint


def refuse(sync: SyncMachine, event: Event, error: type[Exception]) -> None:
    """The event is an error and changes nothing."""
    before = sync.action, sync.checkpoint, sync.lookahead, sync.finishes
    with pytest.raises(error):
        sync.handle(event)
    assert (sync.action, sync.checkpoint, sync.lookahead, sync.finishes) == before
