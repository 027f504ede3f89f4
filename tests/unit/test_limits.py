"""Limits: windows are fair and lose no slot, accounts slow down by themselves, the pace is kept."""

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurinko_async._limits import AccountGate, Gates, Limits, Place, Window
from support.clock import FakeClock
from support.virtual import VirtualClock


async def turns(number: int = 5) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def turn(gates: Gates, account: str) -> AsyncIterator[AccountGate]:
    place = await gates.enter(account)
    try:
        yield place.gate
    finally:
        place.leave()


def kept(gates: Gates) -> list[str]:
    """The accounts that could not be forgotten."""
    now = gates._clock.monotonic()
    return [key for key, gate in gates._accounts.items() if not gate.as_new(now)]


class TestWindow:
    async def test_it_holds_as_many_as_its_size(self) -> None:
        window = Window(2)
        tasks = [asyncio.ensure_future(window.acquire()) for _ in range(5)]
        await turns()
        assert [task.done() for task in tasks] == [True, True, False, False, False]
        window.release()
        await turns()
        assert [task.done() for task in tasks] == [True, True, True, False, False]
        assert window.used == 2
        await cancel(*tasks)

    async def test_first_come_first_served(self) -> None:
        window, order = Window(1), list[int]()

        async def one(name: int) -> None:
            await window.acquire()
            order.append(name)
            await turns(name % 3)
            window.release()

        await asyncio.gather(*(one(name) for name in range(20)))
        assert order == list(range(20))
        assert window.idle

    async def test_who_comes_later_does_not_overtake_who_is_being_woken(self) -> None:
        window, order = Window(1), list[str]()
        await window.acquire()

        async def waiter() -> None:
            await window.acquire()
            order.append("waiter")

        task = asyncio.ensure_future(waiter())
        await turns()
        window.release()
        late = asyncio.ensure_future(window.acquire())
        await turns()
        assert order == ["waiter"]
        assert not late.done()
        await cancel(task, late)

    async def test_cancelled_while_waiting_no_slot_is_lost(self) -> None:
        window = Window(1)
        await window.acquire()
        first, second = (asyncio.ensure_future(window.acquire()) for _ in range(2))
        await turns()
        await cancel(first)
        window.release()
        await turns()
        assert second.done()
        assert not second.cancelled()
        window.release()
        assert window.idle

    async def test_cancelled_in_the_moment_of_its_turn_the_slot_goes_to_the_next(self) -> None:
        window = Window(1)
        await window.acquire()
        first, second = (asyncio.ensure_future(window.acquire()) for _ in range(2))
        await turns()
        window.release()
        first.cancel()
        await turns()
        assert first.cancelled()
        assert second.done()
        assert window.used == 1
        window.release()
        assert window.idle

    async def test_a_grown_window_wakes_those_who_wait(self) -> None:
        window = Window(1)
        tasks = [asyncio.ensure_future(window.acquire()) for _ in range(3)]
        await turns()
        window.size = 3.0
        window.wake()
        await turns()
        assert all(task.done() for task in tasks)

    async def test_a_shrunk_window_lets_nobody_in_until_enough_have_left(self) -> None:
        window = Window(4)
        for _ in range(4):
            await window.acquire()
        window.size = 2.0
        task = asyncio.ensure_future(window.acquire())
        for _ in range(2):
            window.release()
            await turns()
            assert not task.done()
        window.release()
        await turns()
        assert task.done()

    @given(st.lists(st.tuples(st.sampled_from(["acquire", "cancel", "release", "turn", "size"]), st.integers(0, 7))))
    @settings(max_examples=60)
    def test_whatever_happens_the_slots_add_up(self, steps: list[tuple[str, int]]) -> None:
        async def run() -> None:
            window, held, tasks = Window(2), 0, list[asyncio.Task[None]]()

            def collect() -> None:
                nonlocal held
                for task in [task for task in tasks if task.done()]:
                    tasks.remove(task)
                    held += not task.cancelled()

            for step, number in steps:
                if step == "acquire":
                    tasks.append(asyncio.ensure_future(window.acquire()))
                elif step == "cancel" and tasks:
                    tasks[number % len(tasks)].cancel()
                elif step == "size":
                    window.size = float(max(1, number))
                    window.wake()
                elif step == "release" and held:
                    window.release()
                    held -= 1
                elif step == "turn":
                    await asyncio.sleep(0)
                collect()
                assert window.used >= held
            await turns()
            collect()
            assert window.used == held
            while held or tasks:
                assert held, f"{len(tasks)} wait for a slot that nobody holds"
                window.release()
                held -= 1
                await turns()
                collect()
            assert window.idle

        asyncio.run(run())


class TestAccounts:
    async def test_each_account_has_its_own_window(self) -> None:
        gates, running = Gates(Limits(per_account=2), FakeClock()), list[str]()
        done = asyncio.Event()

        async def one(account: str) -> None:
            async with turn(gates, account):
                running.append(account)
                await done.wait()

        tasks = [asyncio.ensure_future(one(account)) for account in "aaaabbc"]
        await turns(20)
        assert sorted(running) == list("aabbc")
        done.set()
        await asyncio.gather(*tasks)
        assert sorted(running) == list("aaaabbc")

    async def test_there_is_room_while_half_of_the_places_are_free(self) -> None:
        for places, roomy in ((1, [True]), (2, [True, True]), (5, [True, True, True, False, False])):
            gates, found, taken = Gates(Limits(in_flight=places), FakeClock()), list[bool](), list[Place]()
            for number in range(places):
                found.append(gates.roomy)
                taken.append(await gates.enter(str(number)))
            assert found == roomy
            assert not gates.roomy
            for place in taken:
                place.leave()
            assert gates.roomy

    async def test_an_account_that_waits_holds_no_place_of_the_client(self) -> None:
        gates = Gates(Limits(in_flight=2, per_account=1), FakeClock())
        done, running = asyncio.Event(), list[str]()

        async def one(account: str) -> None:
            async with turn(gates, account):
                running.append(account)
                await done.wait()

        tasks = [asyncio.ensure_future(one(account)) for account in "aaab"]
        await turns(20)
        assert running == ["a", "b"]
        await cancel(*tasks)

    async def test_an_answer_that_is_there_makes_room_before_its_request_leaves(self) -> None:
        gates = Gates(Limits(in_flight=1, per_account=1), FakeClock())
        place = await gates.enter("a")
        same, another = (asyncio.ensure_future(gates.enter(account)) for account in "ab")
        await turns()
        place.arrived()
        await turns()
        assert another.done()
        assert not same.done()
        # Its place is not given twice, and its account's is kept until it leaves.
        place.arrived()
        place.leave()
        await turns()
        assert not same.done()
        (await another).leave()
        (await same).leave()
        assert gates._window.idle
        assert kept(gates) == []

    async def test_a_429_halves_the_window_and_successes_open_it_again(self) -> None:
        clock = FakeClock()
        gates = Gates(Limits(per_account=4), clock)
        sizes = []
        async with turn(gates, "a") as gate:
            for _ in range(3):
                gate.slow_down(clock.now)
                sizes.append(gate.size)
            for _ in range(12):
                gate.speed_up()
                sizes.append(gate.size)
        assert sizes[:3] == [2.0, 1.0, 1.0]
        assert sizes[3:] == sorted(sizes[3:])
        assert sizes[-1] == 4.0
        assert next(number for number, size in enumerate(sizes[3:], 1) if size == 4.0) > 4

    async def test_a_window_that_opens_again_wakes_who_waits(self) -> None:
        gates, running = Gates(Limits(per_account=2), FakeClock()), 0

        async def one() -> None:
            nonlocal running
            async with turn(gates, "a"):
                running += 1
                await asyncio.Event().wait()

        async with turn(gates, "a") as gate:
            gate.slow_down(0.0)
            task = asyncio.ensure_future(one())
            await turns(10)
            assert running == 0
            gate.speed_up()
            await turns(10)
            assert running == 1
            await cancel(task)

    async def test_after_a_429_the_account_waits_and_others_do_not(self) -> None:
        clock = VirtualClock()
        gates, started = Gates(Limits(), clock), dict[str, float]()

        async def one(account: str) -> None:
            async with turn(gates, account):
                started.setdefault(account, clock.now)

        async with turn(gates, "a") as gate:
            gate.slow_down(clock.now + 30.0)
        await asyncio.gather(one("a"), one("b"))
        assert started["a"] == 1030.0
        assert started["b"] < 1000.2

    async def test_a_page_has_its_place_before_its_request_and_after_it(self) -> None:
        gates = Gates(Limits(in_flight=2), FakeClock())
        kept = await gates.enter("a", gates.pages)
        failed = await gates.enter("b", gates.pages)
        kept.keep_page()
        kept.leave()
        waiting = asyncio.ensure_future(gates.enter("c", gates.pages))
        await turns()
        assert not waiting.done()
        (await gates.enter("d")).leave()
        failed.leave()
        (await waiting).leave()
        assert gates.pages.used == 1
        assert gates._window.idle

    async def test_an_account_that_is_slowed_down_waits_without_a_place_for_its_page(self) -> None:
        clock = VirtualClock()
        gates = Gates(Limits(in_flight=1), clock)
        async with turn(gates, "a") as gate:
            gate.slow_down(clock.now + 30.0)
        slowed = asyncio.ensure_future(gates.enter("a", gates.pages))
        (await gates.enter("b", gates.pages)).leave()
        assert clock.now < 1000.2
        (await slowed).leave()
        assert clock.now == 1030.0
        assert gates.pages.idle

    async def test_who_waits_behind_one_that_is_slowed_down_gives_its_page_s_place_back_too(self) -> None:
        clock = VirtualClock()
        gates = Gates(Limits(in_flight=4, per_account=1), clock)
        first = await gates.enter("a", gates.pages)
        others = [asyncio.ensure_future(gates.enter("a", gates.pages)) for _ in range(3)]
        await turns()
        assert gates.pages.used == 4
        first.gate.slow_down(clock.now + 30.0)
        first.leave()
        for place in await asyncio.gather(*(gates.enter(name, gates.pages) for name in "bcde")):
            place.leave()
        assert clock.now < 1000.2
        for other in others:
            (await other).leave()
        assert clock.now >= 1030.0
        assert gates.pages.idle

    async def test_an_account_has_one_gate_however_long_its_page_waits(self) -> None:
        clock = VirtualClock()
        gates = Gates(Limits(in_flight=1, per_account=1, per_second=1e9), clock)
        first = await gates.enter("first", gates.pages)
        waiting = asyncio.ensure_future(gates.enter("a", gates.pages))
        await turns()
        first.arrived()
        for number in range(2 * Gates.ROOM):
            async with turn(gates, f"another-{number}"):
                pass
        async with turn(gates, "a") as gate:
            gate.slow_down(clock.now + 30.0)
            first.leave()
            await turns()
        assert (await waiting).gate is gate
        assert clock.now >= 1030.0

    @pytest.mark.parametrize("stage", ["page", "slowed down", "account", "client"])
    async def test_cancelled_at_any_stage_no_place_for_a_page_is_kept(self, stage: str) -> None:
        clock = VirtualClock()
        gates = Gates(Limits(in_flight=1, per_account=1), clock)
        first = await gates.enter("a", gates.pages if stage == "page" else None)
        if stage == "slowed down":
            first.gate.slow_down(clock.now + 30.0)
        waiting = asyncio.ensure_future(gates.enter("b" if stage in ("page", "client") else "a", gates.pages))
        await turns(3)
        assert not waiting.done()
        await cancel(waiting)
        first.leave()
        assert gates.pages.idle
        assert gates._window.idle

    async def test_a_longer_wait_is_not_cut_short_by_a_shorter_one(self) -> None:
        clock = VirtualClock()
        gates = Gates(Limits(), clock)
        async with turn(gates, "a") as gate:
            gate.slow_down(clock.now + 30.0)
            gate.slow_down(clock.now + 5.0)
        async with turn(gates, "a"):
            assert clock.now == 1030.0

    async def test_forgotten_accounts_leave_no_memory(self) -> None:
        gates = Gates(Limits(per_second=1e9), FakeClock())
        for number in range(20 * Gates.ROOM):
            async with turn(gates, f"account-{number}"):
                pass
        assert len(gates._accounts) <= Gates.ROOM

    async def test_accounts_in_use_are_not_forgotten_however_many(self) -> None:
        many = 3 * Gates.ROOM
        gates = Gates(Limits(per_account=1, in_flight=many, per_second=1e9), FakeClock())
        held = [await gates.enter(f"account-{number}") for number in range(many)]
        waiting = [asyncio.ensure_future(gates.enter(f"account-{number}")) for number in range(many)]
        await turns()
        assert not any(task.done() for task in waiting)
        for place in held:
            place.leave()
        assert [place.gate for place in await asyncio.gather(*waiting)] == [place.gate for place in held]

    async def test_an_account_is_not_forgotten_while_it_is_slowed_down(self) -> None:
        clock = FakeClock()
        gates = Gates(Limits(per_account=2, per_second=1e9), clock)
        async with turn(gates, "a") as gate:
            gate.slow_down(clock.now + 1.0)
        for number in range(Gates.ROOM):
            async with turn(gates, f"another-{number}"):
                pass
        async with turn(gates, "a") as again:
            assert again is gate
            gate.speed_up()
        assert kept(gates) == []

    @pytest.mark.parametrize("stage", ["account", "closed", "client", "pace", "holding"])
    async def test_cancelled_at_any_stage_nothing_is_kept(self, stage: str) -> None:
        clock = VirtualClock()
        limits = Limits(in_flight=1, per_account=1, per_second=1.0 if stage == "pace" else 250.0)
        gates, entered = Gates(limits, clock), list[bool]()

        async def one(account: str) -> None:
            async with turn(gates, account):
                entered.append(True)
                await asyncio.Event().wait()

        if stage == "closed":
            async with turn(gates, "a") as gate:
                gate.slow_down(clock.now + 1.0)
                gate.speed_up()
        if stage == "pace":
            for _ in range(2):
                async with turn(gates, "a"):
                    pass
        others = (
            [asyncio.ensure_future(one({"account": "a", "client": "b"}[stage]))]
            if stage in ("account", "client")
            else []
        )
        await asyncio.sleep(0)
        before = len(entered)
        task = asyncio.ensure_future(one("a"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(entered) == before + (stage == "holding")
        await cancel(task)
        await cancel(*others)
        clock.now += 10
        async with turn(gates, "a"):
            pass
        assert gates._window.idle
        assert kept(gates) == []

    async def test_cancelled_in_the_moment_of_its_turn_the_account_is_forgotten(self) -> None:
        gates = Gates(Limits(per_account=1), FakeClock())

        async def one() -> None:
            async with turn(gates, "a"):
                pass

        async with turn(gates, "a"):
            task = asyncio.ensure_future(one())
            await turns()
        task.cancel()
        await turns()
        assert task.cancelled()
        assert kept(gates) == []


def most_in_a_second(starts: Iterable[float]) -> int:
    times = sorted(starts)
    return max(number - bisect_left(times, time - 1.0 + 1e-9) + 1 for number, time in enumerate(times))


class TestPace:
    async def starts(self, gates: Gates, clock: VirtualClock, pauses: list[float]) -> list[float]:
        """When calls start that come one after another after these pauses, and are answered at once."""
        found: list[float] = []

        async def one(number: int) -> None:
            async with turn(gates, f"account-{number}"):
                found.append(clock.now)

        tasks = []
        for number, pause in enumerate(pauses):
            if pause:
                await clock.sleep(pause)
            tasks.append(asyncio.ensure_future(one(number)))
        await asyncio.gather(*tasks)
        return found

    @pytest.mark.parametrize(("rate", "calls"), [(250.0, 1000), (10.0, 45), (3.7, 20), (1.0, 5)])
    async def test_never_above_the_rate_over_any_second(self, rate: float, calls: int) -> None:
        clock = VirtualClock()
        found = await self.starts(Gates(Limits(per_second=rate), clock), clock, [0.0] * calls)
        assert len(found) == calls
        assert most_in_a_second(found) <= rate
        assert found == sorted(found)

    async def test_less_than_one_a_second(self) -> None:
        clock = VirtualClock()
        found = await self.starts(Gates(Limits(per_second=0.25), clock), clock, [0.0] * 4)
        assert [time - found[0] for time in found] == pytest.approx([0.0, 4.0, 8.0, 12.0])

    async def test_the_rate_is_used(self) -> None:
        clock = VirtualClock()
        found = await self.starts(Gates(Limits(per_second=250), clock), clock, [0.0] * 1000)
        assert found[-1] - found[0] <= 4.0

    async def test_a_few_calls_are_not_held_up(self) -> None:
        clock = VirtualClock()
        found = await self.starts(Gates(Limits(per_second=250), clock), clock, [0.0] * 25)
        assert found[-1] == 1000.0

    async def test_time_without_calls_is_not_saved_up(self) -> None:
        clock = VirtualClock()
        found = await self.starts(Gates(Limits(per_second=20), clock), clock, [0.0] * 30 + [60.0] + [0.0] * 50)
        assert most_in_a_second(found) <= 20

    @given(
        rate=st.sampled_from([1.0, 2.5, 7.0, 40.0]),
        pauses=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.1, 0.4, 0.97, 2.0]), min_size=1, max_size=60),
    )
    @settings(max_examples=25, deadline=None)
    def test_never_above_the_rate_however_calls_come(self, rate: float, pauses: list[float]) -> None:
        async def run() -> None:
            clock = VirtualClock()
            found = await self.starts(Gates(Limits(per_second=rate), clock), clock, pauses)
            assert most_in_a_second(found) <= rate

        asyncio.run(run())
