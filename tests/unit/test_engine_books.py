"""What the end of a run means: when the next one is due, and how it stands until then."""

import math
from typing import Any

import pytest

from aurinko_async import EngineOptions, MemoryStore
from aurinko_async.auth import AccountAuth
from aurinko_async.errors import DecodeError, LeaseHeld, ServerError, SyncNotReady
from aurinko_async.sync import SyncReport
from aurinko_async.sync.engine.agenda import Agenda, Unit
from aurinko_async.sync.engine.books import UNREADY, Books
from aurinko_async.sync.engine.roster import GAP, Roster
from aurinko_async.sync.engine.values import SyncAccount
from aurinko_async.sync.engine.waiting import Time
from support.clock import FakeClock

DONE = SyncReport(complete=True, generation=1)
HALF = SyncReport(complete=False, generation=1)


def books(store: Any = None, *, follow: bool = True, **options: Any) -> Books:
    return Books(store or MemoryStore(), Time(FakeClock()), EngineOptions(**options), follow)


def a_unit() -> Unit:
    return Unit("a", "email", 0.0, 0.0)


async def test_a_pass_that_made_room_goes_on_at_once() -> None:
    unit, kept = a_unit(), books()
    unit.failures = 2
    assert await kept.succeeded(unit, HALF, unready=False) == 0.0
    assert (unit.paused, unit.failures, unit.standing) == (True, 0, None)
    delay = await kept.succeeded(unit, DONE, unready=False)
    assert (unit.paused, unit.standing) == (False, "ok")
    assert 240 <= delay <= 360


async def test_an_api_that_is_not_ready_is_asked_less_and_less_and_then_it_is_a_failure() -> None:
    unit, kept = a_unit(), books()
    delays = [await kept.succeeded(unit, HALF, unready=True) for _ in range(UNREADY)]
    assert delays == sorted(set(delays))
    assert 600 < sum(delays) < 1800
    with pytest.raises(SyncNotReady) as caught:
        await kept.succeeded(unit, HALF, unready=True)
    await kept.failed(unit, caught.value)
    assert (unit.standing, unit.unready, unit.paused, unit.failures) == ("retrying", 0, False, 1)


async def test_waiting_for_another_engine_is_no_failure() -> None:
    unit, kept = a_unit(), books()
    for _ in range(10):
        assert await kept.failed(unit, LeaseHeld("another")) <= 18
    assert (unit.standing, unit.failures) == (None, 0)
    delay = await kept.failed(unit, ServerError(500, "oh"))
    assert (unit.standing, unit.busy) == ("retrying", 0)
    assert delay < 3
    await kept.failed(unit, DecodeError("strange"))
    assert unit.standing == "retrying", "the first strange answer is an accident still"


async def test_since_is_when_it_came_to_stand_so() -> None:
    store, clock = MemoryStore(), FakeClock()
    kept, unit = Books(store, Time(clock), EngineOptions(), True), a_unit()
    began = clock.time()
    for _ in range(3):
        await kept.failed(unit, ServerError(500, "oh"))
        clock.now += 100
    (state,) = await store.standings()
    assert (state.standing, state.since.timestamp()) == ("retrying", began)
    assert state.until is not None
    assert state.until.timestamp() > began + 200
    await kept.succeeded(unit, DONE, unready=False)
    (state,) = await store.standings()
    assert (state.standing, state.reason, state.until) == ("ok", "", None)
    assert state.since.timestamp() == began + 300


@pytest.mark.parametrize(("error", "tries"), [(ServerError(500, "oh"), 4), (LeaseHeld("another"), 4)])
async def test_a_single_run_gives_up_after_so_many_tries(error: Exception, tries: int) -> None:
    unit, kept = a_unit(), books(follow=False, attempts=tries)
    over: list[bool] = []
    for _ in range(tries):
        await kept.failed(unit, error)
        over.append(kept.is_over(unit))
    assert over == [False] * (tries - 1) + [True]
    assert unit.standing == "retrying"


# --- wishes and credentials


async def with_roster(accounts: list[SyncAccount]) -> tuple[Roster, Agenda]:
    agenda = Agenda()

    async def provider() -> Any:
        for account in accounts:
            yield account

    roster = Roster(provider, ["email"], agenda)
    await roster.ask(0.0)
    return roster, agenda


async def test_a_wish_brings_forward_what_waits_but_not_what_heals_by_itself() -> None:
    store = MemoryStore()
    for standing, failures, busy, expected in (
        ("ok", 0, 0, 50.0),
        ("retrying", 2, 0, 600.0),
        ("ok", 0, 2, 600.0),
        ("needs_reauth", 2, 0, 50.0),
        ("failed", 2, 0, 50.0),
    ):
        roster, agenda = await with_roster([SyncAccount("a", AccountAuth("one"))])
        unit = agenda.take(0.0)
        assert unit is not None
        unit.running, unit.began = False, 0.0
        unit.standing, unit.failures, unit.busy = standing, failures, busy  # type: ignore[assignment]
        agenda.put(unit, 600.0)
        roster.wish(await store.mark("a", "email"), 50.0)
        assert unit.due == expected, standing


async def test_wishes_keep_a_gap() -> None:
    store = MemoryStore()
    roster, agenda = await with_roster([SyncAccount("a", AccountAuth("one"))])
    unit = agenda.take(0.0)
    assert unit is not None
    unit.running, unit.began = False, 10.0
    agenda.put(unit, math.inf)
    for _ in range(5):
        roster.wish(await store.mark("a", "email"), 10.1)
    assert unit.due == 10.0 + GAP
    assert agenda.take(10.5) is None


async def test_new_credentials_do_not_cost_a_turn() -> None:
    """Who is healthy keeps its rhythm, who is due keeps its place."""
    accounts = [SyncAccount(name, AccountAuth("one")) for name in "abc"]
    roster, agenda = await with_roster(accounts)
    units = {unit.account: unit for unit in agenda}
    for name, due, failures in (("a", 500.0, 0), ("b", 500.0, 3), ("c", 20.0, 3)):
        units[name].failures = failures
        agenda.put(units[name], due)
    accounts[:] = [SyncAccount(name, AccountAuth("two")) for name in "abc"]
    await roster.ask(100.0)
    assert [units[name].due for name in "abc"] == [500.0, 100.0, 20.0]
