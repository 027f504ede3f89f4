"""The sync machine by itself: expiry, the sweep, the bounds."""

import pytest
from attrs import evolve

from aurinko_async.errors import (
    CursorConflict,
    CursorMissing,
    RepeatedPageToken,
    SyncNotReady,
    TooManyEmptyPages,
    TooManyRestarts,
)
from aurinko_async.sync.checkpoint import Checkpoint, Cursor, Params
from aurinko_async.sync.machine import (
    Done,
    Save,
    Saved,
    Started,
    StartSync,
    Sweep,
    Swept,
    TokenRejected,
    Wait,
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

# --- 4. expiry


@pytest.mark.parametrize("stream", ["deleted", "updated"])
def test_a_bad_page_token_falls_back_once_to_its_delta_token(stream: str) -> None:
    sync = machine(evolve(START, deleted=Cursor("d1", "p9")) if stream == "deleted" else SCAN)
    assert sync.handle(TokenRejected()) == fetch(stream, delta="d1" if stream == "deleted" else "u0")
    settle_page(sync, page("a", to="p5"))
    assert sync.handle(TokenRejected()) == StartSync()


def test_each_stream_falls_back_for_itself() -> None:
    sync = machine(evolve(START, deleted=Cursor("d1", "p9")))
    assert sync.handle(TokenRejected()) == fetch("deleted", delta="d1")
    settle_page(sync, page(delta="d2"))
    assert settle_page(sync, page("a", to="p3")) == fetch("updated", page="p3")
    assert sync.handle(TokenRejected()) == fetch("updated", delta="u0")


def test_a_new_generation_may_fall_back_again() -> None:
    sync = machine(SCAN)
    play(sync, TokenRejected(), TokenRejected(), STARTED, Saved(), page(delta="d2"), Saved(), page(to="p1"), Saved())
    assert sync.handle(TokenRejected()) == fetch("updated", delta="u0")


@pytest.mark.parametrize("checkpoint", [QUIET, START])
@pytest.mark.parametrize("stream", ["deleted", "updated"])
def test_a_bad_delta_token_starts_a_new_generation(checkpoint: Checkpoint, stream: str) -> None:
    sync = machine(checkpoint)
    if stream == "updated":
        settle_page(sync, page(delta="d2"))
    assert sync.handle(TokenRejected()) == StartSync()
    play(sync, STARTED)
    fresh = saved(sync)
    assert (fresh.generation, fresh.scanning) == (2, True)
    assert (fresh.deleted, fresh.updated) == (Cursor("d0"), Cursor("u0"))


def test_a_bad_token_leaves_the_durable_checkpoint_alone() -> None:
    """Nothing is saved before the API gave something new."""
    sync = machine(evolve(START, deleted=Cursor("d1", "p9")))
    assert not isinstance(play(sync, TokenRejected()), Save)
    assert not isinstance(play(sync, TokenRejected()), Save)
    assert not isinstance(play(sync, Started(False)), Save)


# --- 5. sweep


def test_sweeps_after_the_last_page_of_a_scan_and_then_closes_it() -> None:
    sync = machine()
    play(sync, STARTED, Saved())
    settle_page(sync, page(delta="d2"))
    for to in ("p1", "p2"):
        assert settle_page(sync, page("a", to=to)) == fetch("updated", page=to)
    sweep = settle_page(sync, page("b", delta="u1"))
    assert isinstance(sweep, Sweep)
    assert (sweep.generation, sweep.window, sweep.checkpoint.scanning) == (1, WINDOW, False)
    assert sync.checkpoint is not None
    assert sync.checkpoint.scanning
    assert sync.handle(Swept()) == Save(sweep.checkpoint)
    assert sync.handle(Saved()) == Done()
    assert sync.checkpoint == sweep.checkpoint


def test_an_increment_is_not_swept() -> None:
    sync = machine(QUIET)
    settle_page(sync, page("a", delta="d2"))
    assert settle_page(sync, page("b", delta="u2")) == Done()


def test_a_resumed_scan_is_swept_after_its_last_page_only() -> None:
    sync = machine(SCAN)
    assert settle_page(sync, page("a", to="p4")) == fetch("updated", page="p4")
    assert isinstance(settle_page(sync, page(delta="u1")), Sweep)


def test_a_scan_that_fell_back_is_swept_after_its_last_page_only() -> None:
    sync = machine(SCAN)
    sync.handle(TokenRejected())
    assert settle_page(sync, page("a", to="p4")) == fetch("updated", page="p4")
    assert isinstance(settle_page(sync, page(delta="u1")), Sweep)


def test_a_crash_before_the_sweep_is_made_good_in_the_next_round() -> None:
    sync = machine(evolve(SCAN, updated=Cursor("u1")))
    settle_page(sync, page(delta="d2"))
    sweep = settle_page(sync, page("a", delta="u2"))
    assert isinstance(sweep, Sweep)
    assert sweep.checkpoint.updated == Cursor("u2")


@pytest.mark.parametrize(
    "params", [{"daysWithin": 7}, {"daysWithin": 90}, {}, {"daysWithin": None}, {**PARAMS, "bodyType": "html"}]
)
@pytest.mark.parametrize("checkpoint", [QUIET, SCAN])
def test_other_start_parameters_start_a_new_generation(checkpoint: Checkpoint, params: Params) -> None:
    sync = machine(checkpoint, params)
    assert sync.action == StartSync()
    play(sync, Started(True, "u5", "d5", (None, None)))
    fresh = Checkpoint(params, 2, (None, None), Cursor("d5"), Cursor("u5"), True, frozenset(), frozenset())
    assert saved(sync) == fresh


def test_the_same_start_parameters_resume() -> None:
    assert machine(Checkpoint.from_json(START.to_json()), {"daysWithin": 30}).action == fetch("deleted", delta="d1")


def test_a_failed_start_keeps_the_generation() -> None:
    """Not ready, then not even tokens: the number is only given with the tokens."""
    sync = machine(QUIET, {})
    play(sync, Started(False), Waited())
    refuse(sync, Started(True), CursorMissing)
    play(sync, STARTED)
    assert saved(sync).generation == 2


# --- 6. bounds


def test_waits_for_ready_so_often_and_no_longer() -> None:
    sync = machine(waits=2)
    assert sync.handle(Started(False)) == Wait(1)
    assert play(sync, Waited(), Started(False)) == Wait(2)
    play(sync, Waited())
    refuse(sync, Started(False), SyncNotReady)
    assert isinstance(sync.handle(STARTED), Save)


def test_each_start_may_wait_anew() -> None:
    sync = machine(waits=1)
    play(sync, Started(False), Waited(), STARTED, Saved(), TokenRejected())
    assert sync.handle(Started(False)) == Wait(1)


def test_restarts_so_often_and_no_longer() -> None:
    sync = machine(restarts=2)
    play(sync, STARTED, Saved())
    for generation in (2, 3):
        play(sync, TokenRejected(), STARTED)
        assert saved(sync).generation == generation
        play(sync, Saved())
    refuse(sync, TokenRejected(), TooManyRestarts)


@pytest.mark.parametrize("circle", [1, 2, 3, 7])
def test_a_circle_of_page_tokens_is_an_error(circle: int) -> None:
    sync = machine(QUIET)
    with pytest.raises(RepeatedPageToken):  # noqa: PT012
        for at in range(6 * circle + 6):
            settle_page(sync, page("a", to=f"p{at % circle}"))


def test_the_streams_and_a_fallback_may_have_the_same_page_tokens() -> None:
    sync = machine(QUIET)
    for answer in (page("a", to="p1"), page(delta="d2"), page("a", to="p1")):
        settle_page(sync, answer)
    sync.handle(TokenRejected())
    assert settle_page(sync, page("a", to="p1")) == fetch("updated", page="p1")


def test_an_empty_page_with_a_next_token_is_not_the_end() -> None:
    sync = machine(QUIET)
    assert settle_page(sync, page(to="p1")) == fetch("deleted", page="p1")


def test_so_many_empty_pages_and_no_more() -> None:
    sync = machine(QUIET, empty_pages=2)
    for ids, to in (((), "a"), ((), "b"), (("x",), "c"), ((), "d"), ((), "e")):
        settle_page(sync, page(*ids, to=to))
    refuse(sync, page(to="f"), TooManyEmptyPages)
    assert settle_page(sync, page(delta="d2")) == fetch("updated", delta="u1")
    for to in ("g", "h"):
        settle_page(sync, page(to=to))
    refuse(sync, page(to="i"), TooManyEmptyPages)


@pytest.mark.parametrize("checkpoint", [SCAN, evolve(START, deleted=Cursor("d1", "p9"))])
def test_empty_pages_count_anew_after_a_fallback_and_after_a_start(checkpoint: Checkpoint) -> None:
    sync = machine(checkpoint, empty_pages=2)
    for chain in range(3):
        for to in ("a", "b"):
            settle_page(sync, page(to=f"{to}{chain}"))
        refuse(sync, page(to="c"), TooManyEmptyPages)
        if sync.handle(TokenRejected()) == StartSync():
            play(sync, STARTED, Saved())


def test_a_page_with_both_next_tokens_or_with_neither_is_an_error() -> None:
    sync = machine(QUIET)
    refuse(sync, page("a", to="p1", delta="d2"), CursorConflict)
    refuse(sync, page("a"), CursorMissing)
    refuse(sync, page("a", to="", delta=""), CursorMissing)
    assert settle_page(sync, page("a", to="", delta="d2")) == fetch("updated", delta="u1")


@pytest.mark.parametrize("tokens", [(None, None), ("u", None), (None, "d"), ("", "d"), ("u", "")])
def test_ready_without_both_tokens_is_an_error(tokens: tuple[str | None, str | None]) -> None:
    refuse(machine(), Started(True, *tokens), CursorMissing)
