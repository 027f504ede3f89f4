"""The sync machine by itself: its table, the order of its steps."""

import copy
from itertools import product
from typing import Any, get_args

import pytest
from attrs import evolve

from aurinko_async.errors import (
    MachineError,
    RepeatedPageToken,
    TooManyRestarts,
)
from aurinko_async.sync import checkpoint as checkpoint_module
from aurinko_async.sync.checkpoint import Checkpoint, Cursor
from aurinko_async.sync.machine import (
    TABLE,
    Action,
    Deliver,
    Delivered,
    Done,
    Event,
    FetchPage,
    Save,
    Saved,
    Started,
    Swept,
    SyncMachine,
    TokenRejected,
    Waited,
)
from support.sync_play import (
    PARAMS,
    QUIET,
    SCAN,
    START,
    STARTED,
    WINDOW,
    fetch,
    machine,
    page,
    play,
    refuse,
    saved,
    settle_page,
)

ACTIONS, EVENTS = get_args(Action), get_args(Event)
Step = tuple[type[Action], type[Event], type[Action]]

# --- the table

SAMPLES: tuple[Event, ...] = (
    STARTED,
    Started(False),
    Waited(),
    page("a", to="p1"),
    page("a", delta="n1"),
    page(to="p2"),
    page(delta="n2"),
    TokenRejected(),
    Delivered(),
    Saved(),
    Swept(),
)


def explore() -> tuple[dict[type[Action], SyncMachine], set[Step]]:
    """A machine that stands at every action, and all steps that machines took on the way."""
    found: dict[type[Action], SyncMachine] = {}
    steps: set[Step] = set()
    front = [machine(), machine(START), machine(SCAN), machine(QUIET)]
    for _ in range(14):
        following: dict[Any, SyncMachine] = {}
        for sync, event in product(front, SAMPLES):
            found.setdefault(type(sync.action), sync)
            if (type(sync.action), type(event)) not in TABLE:
                continue
            successor = copy.copy(sync)
            try:
                action = successor.handle(event)
            except (RepeatedPageToken, TooManyRestarts):
                continue
            steps.add((type(sync.action), type(event), type(action)))
            alike = type(action), getattr(action, "stream", None), successor.lookahead, successor.finishes
            following.setdefault(alike, successor)
        front = list(following.values())
    return found, steps


STANDS_AT, STEPS = explore()


def test_every_action_is_reached() -> None:
    assert set(STANDS_AT) == set(ACTIONS)


def test_every_listed_target_is_reached_and_no_other() -> None:
    assert {(action, event, to) for (action, event), targets in TABLE.items() for to in targets} == STEPS


@pytest.mark.parametrize(
    ("action", "event"),
    [(action, event) for action, event in product(ACTIONS, SAMPLES) if (action, type(event)) not in TABLE],
    ids=lambda part: getattr(part, "__name__", type(part).__name__),
)
def test_what_the_table_does_not_list_is_an_error_and_changes_nothing(action: type[Action], event: Event) -> None:
    refuse(copy.copy(STANDS_AT[action]), event, MachineError)


def test_the_table_knows_every_event_and_every_action_but_the_last() -> None:
    assert {event for _, event in TABLE} == set(EVENTS)
    assert {action for action, _ in TABLE} == set(ACTIONS) - {Done}


def test_a_step_to_what_the_table_does_not_list_is_refused() -> None:
    class Jumps(SyncMachine):
        def _waited(self, state: Any, _: Waited) -> Any:
            return evolve(state, action=Done())

    sync = Jumps(None, PARAMS)
    sync.handle(Started(False))
    refuse(sync, Waited(), MachineError)


# --- 1. never ahead


def test_a_page_is_delivered_before_its_checkpoint_is_saved() -> None:
    sync = machine(SCAN)
    deliver = sync.handle(page("a", to="p4"))
    assert isinstance(deliver, Deliver)
    assert (deliver.stream, deliver.records) == ("updated", ["a"])
    assert sync.handle(Delivered()) == Save(deliver.checkpoint)
    assert deliver.checkpoint.updated == Cursor("u0", "p4")
    assert sync.handle(Saved()) == fetch("updated", page="p4")


def test_a_page_without_records_is_saved_and_not_delivered() -> None:
    sync = machine(SCAN)
    assert isinstance(sync.handle(page(delta="d2")), Save)


def test_nothing_of_a_new_generation_comes_before_it_is_durable() -> None:
    sync = machine()
    assert isinstance(sync.handle(STARTED), Save)
    assert saved(sync) == Checkpoint(
        PARAMS, 1, WINDOW, Cursor("d0"), Cursor("u0"), True, recent=frozenset(), seen=frozenset()
    )
    assert sync.handle(Saved()) == fetch("deleted", delta="d0")


def test_a_crash_between_start_and_save_starts_the_same_generation_again() -> None:
    sync = machine(evolve(START, generation=4))
    play(sync, TokenRejected(), STARTED)
    assert saved(sync).generation == 5
    again = machine(evolve(START, generation=4))
    play(again, TokenRejected(), Started(True, "u9", "d9", WINDOW))
    assert (saved(again).generation, saved(again).updated) == (5, Cursor("u9"))


# --- 2. resumes inside a chain


def test_resumes_at_the_saved_page() -> None:
    assert machine(evolve(QUIET, deleted=Cursor("d1", "p9"))).action == fetch("deleted", page="p9")
    assert machine(evolve(QUIET, updated=Cursor("u1", "p9"))).action == fetch("updated", page="p9")


def test_the_place_in_one_stream_does_not_move_the_other() -> None:
    sync = machine(START)
    sync.handle(page("a", to="p9"))
    assert sync.checkpoint == evolve(START, deleted=Cursor("d1", "p9"))
    sync = machine(SCAN)
    sync.handle(page(to="p9"))
    assert sync.checkpoint == evolve(SCAN, updated=Cursor("u0", "p9"))


def test_finishes_an_open_chain_of_updated_and_leaves_deleted_to_the_next_round() -> None:
    """Its pages may be as of when it was opened: a tombstone must not be taken before the record that it is for."""
    sync = machine(evolve(SCAN, scanning=False))
    assert settle_page(sync, page("a", to="p4")) == fetch("updated", page="p4")
    assert settle_page(sync, page("b", delta="u1")) == Done()
    assert sync.checkpoint is not None
    assert (sync.checkpoint.deleted, sync.checkpoint.updated) == (SCAN.deleted, Cursor("u1"))
    assert machine(sync.checkpoint).action == fetch("deleted", delta="d1")


def test_a_fallback_of_updated_leaves_deleted_to_the_next_round_too() -> None:
    sync = machine(evolve(SCAN, scanning=False))
    assert sync.handle(TokenRejected()) == fetch("updated", delta="u0")
    assert settle_page(sync, page(delta="u1")) == Done()


def test_never_drains_deleted_while_a_chain_of_updated_is_open() -> None:
    sync = machine(evolve(SCAN, deleted=Cursor("d1", "p9")))
    assert sync.action == fetch("updated", page="p3")
    settle_page(sync, page(delta="u1"))
    play(sync, Swept(), Saved())
    assert machine(sync.checkpoint).action == fetch("deleted", page="p9")


@pytest.mark.parametrize("inside", ["deleted", "updated"])
def test_tells_that_a_round_resumed_inside_a_chain(inside: str) -> None:
    assert not any(machine(checkpoint).resumed for checkpoint in (None, START, QUIET))
    sync = machine(evolve(QUIET, **{inside: Cursor("x1", "p9")}))
    assert sync.resumed
    assert isinstance(sync.handle(TokenRejected()), FetchPage)
    settle_page(sync, page(delta="n1"))
    if inside == "deleted":
        settle_page(sync, page(delta="n2"))
    assert sync.action == Done()
    assert sync.resumed
    assert not machine(sync.checkpoint).resumed


def test_a_round_that_starts_a_new_generation_did_not_resume() -> None:
    sync = machine(SCAN)
    play(sync, TokenRejected(), TokenRejected(), STARTED)
    assert not sync.resumed
    sync = machine(SCAN, {})
    assert not sync.resumed


# --- 3. both streams, deleted first, late tombstones


def test_drains_deleted_then_updated() -> None:
    sync = machine(QUIET)
    asked = []
    for answer in (page("a", to="p1"), page(delta="d2"), page("b", to="p2"), page("c", delta="u2")):
        asked.append(sync.action)
        settle_page(sync, answer)
    assert asked == [
        fetch("deleted", delta="d1"),
        fetch("deleted", page="p1"),
        fetch("updated", delta="u1"),
        fetch("updated", page="p2"),
    ]
    assert sync.action == Done()
    assert sync.checkpoint is not None
    assert (sync.checkpoint.deleted, sync.checkpoint.updated) == (Cursor("d2"), Cursor("u2"))


def round_of(checkpoint: Checkpoint | None, *, live: tuple[str, ...] = (), gone: tuple[str, ...] = ()) -> Any:
    """A whole round; which of the tombstones are settled, and the checkpoint after it."""
    sync = machine(checkpoint)
    deliver = sync.handle(page(*gone, delta="d2"))
    settle = deliver.settle if isinstance(deliver, Deliver) else ()
    play(sync, *([Delivered()] if isinstance(deliver, Deliver) else []), Saved())
    assert settle_page(sync, page(*live, delta="u2")) == Done()
    assert sync.checkpoint is not None
    return settle, Checkpoint.from_json(sync.checkpoint.to_json())


def test_settles_a_tombstone_of_what_came_live_in_the_round_before() -> None:
    _, after = round_of(QUIET, live=("a", "b"))
    assert round_of(after, gone=("x", "b", "a"))[0] == ("b", "a")


def test_settles_a_tombstone_that_lags_by_many_rounds() -> None:
    _, after = round_of(QUIET, live=("a",))
    for at in range(20):
        _, after = round_of(after, live=(f"b{at}",) if at % 2 else ())
    assert round_of(after, gone=("x", "a", "b7"))[0] == ("a", "b7")


def test_forgets_earlier_rounds_when_there_is_no_room_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_module, "RECENT", 3)
    _, after = round_of(QUIET, live=("a", "b"))
    _, after = round_of(after, live=("b", "c"))
    assert round_of(after, gone=("c", "b", "a"))[0] == ("c", "b", "a")
    _, after = round_of(after, live=("d",))
    assert round_of(after, gone=("d", "c", "b", "a"))[0] == ("d",)


def test_settles_a_tombstone_of_what_came_live_before_and_after_a_crash() -> None:
    sync = machine(START)
    settle_page(sync, page(delta="d2"))
    settle_page(sync, page("a", to="p4"))
    sync = machine(sync.checkpoint)
    settle_page(sync, page("b", delta="u1"))
    play(sync, Swept(), Saved())
    assert round_of(sync.checkpoint, gone=("c", "b", "a"))[0] == ("b", "a")


def test_remembers_over_a_fallback_and_forgets_with_a_new_generation() -> None:
    sync = machine(QUIET)
    settle_page(sync, page(delta="d2"))
    settle_page(sync, page("a", to="p4"))
    play(sync, TokenRejected())
    assert sync.checkpoint is not None
    kept = sync.checkpoint.seen
    assert kept
    play(sync, TokenRejected(), STARTED)
    assert (saved(sync).recent, saved(sync).seen) == (frozenset(), frozenset())


def test_settles_every_tombstone_when_there_were_too_many_ids_to_remember(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_module, "RECENT", 2)
    _, after = round_of(QUIET, live=("a", "b"))
    assert round_of(after, gone=("x", "a"))[0] == ("a",)
    _, after = round_of(QUIET, live=("a", "b", "c"))
    assert after.recent is None
    settled, after = round_of(after, gone=("x", "a"))
    assert settled == ("x", "a")
    assert round_of(after, gone=("x",))[0] == ()


def test_too_many_ids_over_several_pages_stay_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_module, "RECENT", 2)
    sync = machine(QUIET)
    settle_page(sync, page(delta="d2"))
    for at, ids in enumerate((("a", "b", "c"), ("d",), ())):
        settle_page(sync, page(*ids, to=f"p{at}"))
        assert sync.checkpoint is not None
        assert sync.checkpoint.seen is None
    settle_page(sync, page(delta="u2"))
    assert sync.checkpoint is not None
    assert (sync.checkpoint.recent, sync.checkpoint.seen) == (None, frozenset())


# --- looking ahead


def test_the_next_page_may_be_fetched_while_one_is_applied() -> None:
    sync = machine(QUIET)
    assert sync.lookahead is None
    sync.handle(page("a", to="p1"))
    assert sync.lookahead == fetch("deleted", page="p1")
    sync.handle(Delivered())
    assert sync.lookahead == fetch("deleted", page="p1") == sync.handle(Saved())
    assert sync.lookahead is None
    sync.handle(page(delta="d2"))
    assert sync.lookahead == fetch("updated", delta="u1")


@pytest.mark.parametrize("checkpoint", [QUIET, START])
def test_after_the_last_page_there_is_nothing_to_fetch(checkpoint: Checkpoint) -> None:
    sync = machine(checkpoint)
    settle_page(sync, page(delta="d2"))
    sync.handle(page("a", delta="u2"))
    assert sync.lookahead is None
    sync.handle(Delivered())
    assert sync.lookahead is None
    assert sync.finishes is (checkpoint is QUIET)


def test_the_save_after_the_sweep_finishes() -> None:
    sync = machine(evolve(SCAN, updated=Cursor("u1")))
    settle_page(sync, page(delta="d2"))
    settle_page(sync, page(delta="u2"))
    assert not sync.finishes
    play(sync, Swept())
    assert sync.finishes
