"""Whose turn it is: the longest due first, and nobody is forgotten."""

import tracemalloc
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aurinko_async.sync.engine.agenda import HEAD_START, Agenda, Unit


def taken(agenda: Agenda, now: float) -> list[str]:
    """All that are due, in the order of their turns."""
    units: list[str] = []
    while unit := agenda.take(now):
        units.append(unit.account)
    return units


def agenda_of(**due: float) -> Agenda:
    agenda = Agenda()
    for account, when in due.items():
        agenda.add(account, "email", when)
    return agenda


def test_the_longest_due_goes_first_and_what_is_not_due_does_not_go() -> None:
    assert taken(agenda_of(b=2.0, d=40.0, a=1.0, c=3.0), 3.0) == ["a", "b", "c"]


def test_a_wish_passes_the_routine_but_not_for_ever() -> None:
    agenda = agenda_of(old=0.0, routine=50.0, news=1000.0)
    unit = agenda.get("news", "email")
    assert unit is not None
    agenda.put(unit, 50.0, head_start=HEAD_START)
    assert taken(agenda, 60.0) == ["old", "news", "routine"]


def test_wishes_without_end_do_not_starve_the_routine() -> None:
    """One place, and two accounts with news all the time."""
    agenda = agenda_of(busy=0.0, busier=0.0, routine=0.5)
    turns: list[str] = []
    for second in range(120):
        unit = agenda.take(float(second))
        if unit is not None:
            turns.append(unit.account)
            agenda.put(unit, second + 1.0, head_start=0.0 if unit.account == "routine" else HEAD_START)
    assert turns.count("routine") >= 2
    assert turns.index("routine") <= HEAD_START + 2


def test_a_mailbox_that_makes_room_goes_behind_all_that_wait() -> None:
    agenda = agenda_of(huge=0.0, a=1.0, b=2.0)
    unit = agenda.take(10.0)
    assert unit is not None
    assert unit.account == "huge"
    assert agenda.is_waiting(10.0)
    agenda.put(unit, 10.0)
    assert taken(agenda, 10.0) == ["a", "b", "huge"]
    assert not agenda.is_waiting(10.0)


def test_what_is_taken_or_removed_does_not_come_again() -> None:
    agenda = agenda_of(a=0.0, b=0.0)
    first = agenda.take(0.0)
    second = agenda.get("b", "email")
    assert first is not None
    assert second is not None
    assert first.running
    agenda.remove(second)
    assert second.gone
    assert (agenda.take(0.0), agenda.is_waiting(0.0), agenda.next_due()) == (None, False, None)
    assert agenda.accounts == 1
    assert "b" not in agenda


def test_an_account_counts_once_whatever_it_has() -> None:
    agenda = Agenda()
    units = [agenda.add("a", resource, 0.0) for resource in ("email", "tasks")]
    assert agenda.accounts == 1
    agenda.remove(units[0])
    assert "a" in agenda
    agenda.remove(units[1])
    assert agenda.accounts == 0


def test_entries_that_were_overtaken_do_not_pile_up() -> None:
    agenda = agenda_of(**{f"a{number}": 0.0 for number in range(10)})
    units = list(agenda)
    tracemalloc.start()
    for turn in range(20_000):
        agenda.put(units[turn % 10], 1000.0 + turn)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 50_000
    assert len(taken(agenda, 1e9)) == 10


def test_ten_thousand_accounts_are_small() -> None:
    agenda = Agenda()
    tracemalloc.start()
    for number in range(10_000):
        for resource in ("email", "calendar", "contacts", "tasks"):
            agenda.add(f"account {number}", resource, float(number % 300))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used / 40_000 < 1024


STEP = st.tuples(
    st.sampled_from(["put", "wish", "take", "drop", "add"]), st.integers(0, 5), st.integers(0, 40), st.integers(0, 20)
)


@given(st.lists(STEP, max_size=80))
@settings(deadline=None)
def test_it_does_what_a_plain_list_does(steps: list[Any]) -> None:
    agenda, units = Agenda(), dict[str, Unit]()
    # Account -> due, rank, and the order in which they were put.
    model: dict[str, tuple[float, float, int]] = {}
    now = 0.0
    for order, (what, number, later, passed) in enumerate(steps):
        now += passed
        account = f"a{number}"
        if what == "add" and account not in units:
            units[account] = agenda.add(account, "email", now + later)
            model[account] = (now + later, now + later, order)
        elif what in ("put", "wish") and account in units:
            ahead = HEAD_START if what == "wish" else 0.0
            agenda.put(units[account], now + later, head_start=ahead)
            model[account] = (now + later, now + later - ahead, order)
        elif what == "drop" and account in units:
            agenda.remove(units.pop(account))
            model.pop(account, None)
        due = [(rank, since, name) for name, (when, rank, since) in model.items() if when <= now]
        assert agenda.is_waiting(now) == bool(due)
        if what == "take":
            unit = agenda.take(now)
            assert (unit and unit.account) == (min(due)[2] if due else None)
            if unit:
                del model[unit.account]
        coming = [when for when, _, _ in model.values() if when > now]
        assert agenda.next_due() in ((min(coming),) if coming else (None,))
