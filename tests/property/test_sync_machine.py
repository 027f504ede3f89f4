"""The sync machine against a hostile world: nothing is lost, nothing comes back, everything ends."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aurinko_async.errors import PagingError, RepeatedPageToken, SyncNotReady, TooManyRestarts
from aurinko_async.models.pages import PageChain
from aurinko_async.sync.checkpoint import Checkpoint, Cursor
from aurinko_async.sync.machine import (
    Action,
    Bounds,
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
from support.sync_world import MODES, Simulation, pairs, tapes

TAPES = st.binary(min_size=60, max_size=240)
EVENTS = ("crash", "flicker", "delete", "update_all", "expire_pages", "expire_deltas")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(tape=TAPES)
@example(tape=b"")
def test_converges_whatever_happens(tape: bytes) -> None:
    """Crashes, expiries, changes at any step: each complete round has all that was done before it began."""
    Simulation(tape).play()


def test_converges_in_the_same_lives_every_time() -> None:
    for tape in tapes(1600):
        Simulation(tape).play()


@pytest.mark.parametrize("as_opened", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_any_two_events_at_any_two_steps(mode: str, as_opened: bool) -> None:
    for script in pairs(EVENTS, first=13, later=6 if mode == "hand over" and not as_opened else 3):
        try:
            Simulation(mode=mode, script=script, as_opened=as_opened).play()
        except AssertionError as broken:
            broken.add_note(f"script: {script}")
            raise


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("step", range(1, 13))
def test_a_crash_at_every_step_again_and_again(mode: str, step: int) -> None:
    """A run gets on when it lives for seven steps: a page of each stream, the sweep, their saves."""
    simulation = Simulation(mode=mode, script=dict.fromkeys(range(step, 40 * step, step), "crash"))
    complete = [simulation.run() for _ in range(30)]
    assert any(complete) or step < 7
    simulation.play()


# --- an API that does not get anywhere

BOUNDS = Bounds(waits=4, restarts=2, empty_pages=6)
TOKENS = 8
Answer = tuple[str, int, bool]
ANSWERS: st.SearchStrategy[Answer] = st.tuples(
    st.sampled_from(("page", "page", "page", "delta", "rejected", "both", "neither")),
    st.integers(0, TOKENS - 1),
    st.booleans(),
)


def _performer(answers: list[Answer], opening: dict[str, Answer], not_ready: int) -> Callable[[Action], Event]:
    """An API whose page tokens lead anywhere, in circles too: a token always gives the same answer."""
    asked = 0

    def perform(action: Action) -> Event:
        nonlocal asked
        if isinstance(action, StartSync):
            asked += 1
            return Started(asked > not_ready, "u", "d")
        if isinstance(action, FetchPage):
            kind, to, has = opening[action.stream] if action.page is None else answers[int(action.page)]
            if kind == "rejected":
                return TokenRejected()
            page = str(to) if kind in ("page", "both") else None
            return PageArrived([], ("x",) if has else (), page, "n" if kind in ("delta", "both") else None)
        events: dict[type[Any], Event] = {Wait: Waited(), Deliver: Delivered(), Save: Saved(), Sweep: Swept()}
        return events[type(action)]

    return perform


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    answers=st.lists(ANSWERS, min_size=TOKENS, max_size=TOKENS),
    opening=st.fixed_dictionaries({"deleted": ANSWERS, "updated": ANSWERS}),
    not_ready=st.integers(0, 8),
    resumes=st.booleans(),
)
def test_every_run_ends(answers: list[Answer], opening: dict[str, Answer], not_ready: int, resumes: bool) -> None:
    """With a result or an error of its own, and the error changes nothing."""
    saved = Checkpoint({}, 1, (None, None), Cursor("d", "0"), Cursor("u", "1"), True, None, None) if resumes else None
    machine = SyncMachine(saved, {}, BOUNDS)
    perform = _performer(answers, opening, not_ready)
    fetches = steps = 0
    while not isinstance(action := machine.action, Done):
        steps += 1
        fetches += isinstance(action, FetchPage)
        event = perform(action)
        try:
            machine.handle(event)
        except (PagingError, SyncNotReady, TooManyRestarts):
            assert machine.action is action
            break
    generations, streams, openings = BOUNDS.restarts + 1, 2, 2
    assert fetches <= generations * streams * openings * 3 * (TOKENS + 1)
    assert steps <= 4 * fetches + 2 * BOUNDS.waits + 4 * generations


@settings(max_examples=300, deadline=None, derandomize=True)
@given(lead=st.integers(0, 40), circle=st.integers(1, 40))
def test_a_circle_of_page_tokens_is_noticed(lead: int, circle: int) -> None:
    """Within a few times its length; a chain without one never raises."""
    chain, taken = PageChain(), 0
    try:
        for taken in range(1000):
            chain = chain.step(str(taken if taken < lead else lead + (taken - lead) % circle))
    except RepeatedPageToken:
        assert lead + circle <= taken < 3 * (lead + circle) + 2
    else:
        raise AssertionError("not noticed")
    chain = PageChain()
    for token in range(lead * circle):
        chain = chain.step(str(token))
