"""One timer for all: what is late is ended, what goes on is not, and a cancellation of somebody else's stays one."""

import asyncio
import time
from typing import Any

import pytest

from aurinko_async._watch import Watch

LONG = 60.0


class Late(Exception):
    pass


async def watched(watch: Watch, doing: Any, *, total: float | None = LONG, read: float | None = None) -> Any:
    """Do something as the transport does it."""
    it = watch.begin(total=total, read=read)
    try:
        return await doing
    except asyncio.CancelledError:
        if watch.end(it):
            raise Late from None
        raise
    finally:
        watch.end(it)


def go_on(watch: Watch) -> None:
    running = watch.current()
    assert running is not None
    running.go_on()


async def test_what_is_late_is_ended_and_the_others_go_on() -> None:
    watch, done = Watch(), asyncio.Event()
    slow = asyncio.ensure_future(watched(watch, done.wait(), total=0.01))
    patient = [asyncio.ensure_future(watched(watch, done.wait(), total=total)) for total in (LONG, None)]
    with pytest.raises(Late):
        await slow
    done.set()
    assert await asyncio.gather(*patient) == [True, True]
    watch.close()


async def test_a_task_that_was_ended_is_not_left_cancelled() -> None:
    watch = Watch()
    with pytest.raises(Late):
        await watched(watch, asyncio.Event().wait(), total=0.005)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_between_two_pieces_no_more_than_read() -> None:
    watch = Watch()

    async def pieces() -> None:
        for _ in range(4):
            go_on(watch)
            await asyncio.sleep(0.02)
        await asyncio.Event().wait()

    began = time.monotonic()
    with pytest.raises(Late):
        await watched(watch, pieces(), read=0.05)
    assert 0.09 <= time.monotonic() - began < 1.0


async def test_pieces_do_not_put_off_the_total() -> None:
    watch = Watch()

    async def pieces() -> None:
        while True:
            go_on(watch)
            await asyncio.sleep(0.001)

    with pytest.raises(Late):
        await watched(watch, pieces(), total=0.02, read=LONG)


async def test_read_counts_from_the_first_piece_on() -> None:
    watch = Watch()
    assert await watched(watch, asyncio.sleep(0.01, "there"), read=0.001) == "there"
    watch.close()


async def test_who_is_cancelled_by_somebody_else_is_cancelled() -> None:
    watch = Watch()
    task = asyncio.ensure_future(watched(watch, asyncio.Event().wait(), total=LONG))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    watch.close()


async def test_who_is_late_and_cancelled_at_once_is_cancelled() -> None:
    watch = Watch()
    task = asyncio.ensure_future(watched(watch, asyncio.Event().wait(), total=0.005))
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    # The watch's own timer runs first in the same turn of the loop: it was set before.
    loop.call_at(watch._rings, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert watch._timer is None


async def test_one_timer_however_many_requests() -> None:
    watch = Watch()
    for _ in range(50):
        await watched(watch, asyncio.sleep(0), total=LONG, read=LONG / 2)
    assert watch._timer is not None
    before = watch._timer
    await watched(watch, asyncio.sleep(0), total=LONG, read=LONG / 2)
    assert watch._timer is before
    watch.close()
    assert watch._timer is None


async def test_the_timer_rings_no_more_once_nothing_is_under_way() -> None:
    watch = Watch()
    await watched(watch, asyncio.sleep(0), total=0.005)
    await asyncio.sleep(0.01)
    assert watch._timer is None
    with pytest.raises(Late):
        await watched(watch, asyncio.Event().wait(), total=0.005)
