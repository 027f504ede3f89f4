"""Progress: every listener hears all, in order, unless it is slow; none holds the engine up."""

import asyncio
from datetime import UTC, datetime

from aurinko_async.sync import SyncReport
from aurinko_async.sync.engine import EngineEvent
from aurinko_async.sync.engine.events import KEPT, Events


def event(number: int) -> EngineEvent:
    at = datetime(2026, 9, 21, tzinfo=UTC)
    return EngineEvent(account=str(number), resource="email", kind="page", report=SyncReport(), at=at)


async def heard(events: Events) -> list[int]:
    return [int(event.account) async for event in events.listen()]


async def listening(events: Events) -> asyncio.Task[list[int]]:
    task = asyncio.create_task(heard(events))
    await asyncio.sleep(0)
    return task


async def test_all_listeners_hear_all_in_order_and_come_to_an_end() -> None:
    events = Events()
    assert not events.wanted
    first, second = [await listening(events) for _ in range(2)]
    for number in range(5):
        events.tell(event(number))
        await asyncio.sleep(0)
    events.close()
    assert await first == await second == list(range(5))
    assert not events.wanted


async def test_a_slow_listener_misses_the_oldest() -> None:
    events = Events()
    slow = await listening(events)
    for number in range(3 * KEPT):
        events.tell(event(number))
    events.close()
    assert await slow == list(range(2 * KEPT, 3 * KEPT))


async def test_a_listener_ends_though_the_next_run_begins_at_once() -> None:
    events = Events()
    before = await listening(events)
    events.tell(event(1))
    events.close()
    events.open()
    during = await listening(events)
    events.tell(event(2))
    assert await before == [1]
    events.close()
    assert await during == [2]


async def test_whoever_leaves_is_told_no_more() -> None:
    events = Events()
    listener = events.listen()
    first = asyncio.ensure_future(anext(listener))
    await asyncio.sleep(0)
    events.tell(event(7))
    assert (await first).account == "7"
    await listener.aclose()
    assert not events.wanted
