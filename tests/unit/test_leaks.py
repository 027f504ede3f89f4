"""The watch over every test sees what is left behind."""

import asyncio

import aiohttp

from support import leaks
from support.server import serve


async def test_a_task_is_seen() -> None:
    before = asyncio.all_tasks()
    task = asyncio.ensure_future(asyncio.sleep(60))
    [seen] = await leaks.left_behind(before, leaks.opened())
    assert "sleep" in seen
    task.cancel()
    await asyncio.wait({task})
    assert await leaks.left_behind(before, leaks.opened()) == []


async def test_a_task_that_is_about_to_end_is_not_held_against_the_test() -> None:
    before = asyncio.all_tasks()
    task = asyncio.ensure_future(asyncio.sleep(0))
    assert await leaks.left_behind(before, {}) == []
    assert task.done()


async def test_an_open_transport_and_a_listening_socket_are_seen() -> None:
    before = leaks.opened()
    async with serve() as server:
        assert len(await leaks.left_behind(asyncio.all_tasks(), before)) == 1
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await server.until(lambda: server.open == 1)
        assert len(await leaks.left_behind(asyncio.all_tasks(), before)) == 3
        writer.close()
    assert await leaks.left_behind(asyncio.all_tasks(), before) == []


async def test_an_open_session_is_seen() -> None:
    async with aiohttp.ClientSession() as session:
        assert session in leaks.open_sessions()
    assert session not in leaks.open_sessions()
