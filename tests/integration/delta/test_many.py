"""Many syncs at once on one client: few pages in memory, nobody waits for who is slowed down, nothing is kept."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from aurinko_async import AccountAuth, AurinkoClient, Limits, MemoryStore
from aurinko_async.models._row import Row
from aurinko_async.sync import DeltaSync
from aurinko_async.sync.store import Applied, Commit, Lease
from support.driven import DrivenClock
from support.server import Answer, Arrived, Server, failing, reply, serve

PLACES = 3
PAGES = 4
"""Of each account, with two messages each."""

START = reply({"ready": True, "syncUpdatedToken": "u", "syncDeletedToken": "d"})


def page(number: int) -> Answer:
    records = [{"id": f"{number}{letter}"} for letter in "ab"]
    token = {"nextPageToken": f"p{number + 1}"} if number + 1 < PAGES else {"nextDeltaToken": "u2"}
    return reply({"records": records, **token})


def answer_to(request: Arrived) -> Answer:
    if request.method == "POST":
        return START
    if request.path.endswith("/deleted"):
        return reply({"records": [], "nextDeltaToken": "d2"})
    return page(int(request.query.removeprefix("pageToken=p")) if "pageToken" in request.query else 0)


def updated(server: Server) -> int:
    """How many pages were asked for."""
    return sum(request.path.endswith("/updated") for request in server.requests)


class Slow(MemoryStore):
    """Keeps nothing, and may take its time for that."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.Event()

    async def commit(self, lease: Lease, commit: Commit) -> Applied:
        if commit.rows:
            await self.ready.wait()
        return Applied(added=len(commit.rows))


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serve() as running:

        async def answer(request: Arrived, writer: asyncio.StreamWriter) -> object:
            return await answer_to(request)(request, writer)

        running.default = answer
        yield running


@pytest.fixture
def clock() -> DrivenClock:
    return DrivenClock()


@pytest.fixture
async def client(server: Server, clock: DrivenClock) -> AsyncIterator[AurinkoClient]:
    limits = Limits(in_flight=PLACES, per_second=10_000)
    async with AurinkoClient(AccountAuth("t"), base_url=server.url, limits=limits, clock=clock) as made:
        yield made


def mirror(client: AurinkoClient, store: Slow, account: str, **options: Any) -> DeltaSync[Any, Any]:
    return client.with_auth(AccountAuth(f"token {account}")).email.delta(store=store, account=account, **options)


def free(client: AurinkoClient) -> bool:
    gates = client._shared.gates
    return gates.pages.idle and gates._window.idle


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("prefetch", [True, False])
async def test_however_many_mirror_few_pages_wait_for_their_store(
    client: AurinkoClient, server: Server, prefetch: bool
) -> None:
    store = Slow()
    syncs = [mirror(client, store, str(number), prefetch=prefetch) for number in range(10)]
    work = [asyncio.ensure_future(sync.run()) for sync in syncs]
    await server.until(lambda: updated(server) >= PLACES)
    await turns(20)
    assert updated(server) == PLACES
    store.ready.set()
    reports = await asyncio.gather(*work)
    assert [report.added for report in reports] == [2 * PAGES] * 10
    assert updated(server) == PAGES * 10
    assert free(client)


async def test_who_is_slowed_down_keeps_no_mirror_waiting(
    client: AurinkoClient, server: Server, clock: DrivenClock
) -> None:
    store, slowed, again = Slow(), set[str | None](), server.default
    store.ready.set()

    async def answer(request: Arrived, writer: asyncio.StreamWriter) -> object:
        who = request.header("Authorization")
        if "slow" in (who or "") and who not in slowed and request.path.endswith("/updated"):
            slowed.add(who)
            return await failing(429, Retry_After="30")(request, writer)
        return await again(request, writer)

    server.default = answer
    waiting = [asyncio.ensure_future(mirror(client, store, f"slow {n}").run()) for n in range(2 * PLACES)]
    await server.until(lambda: len(slowed) == 2 * PLACES)
    assert (await mirror(client, store, "another").run()).added == 2 * PAGES
    assert not any(one.done() for one in waiting)
    while not all(one.done() for one in waiting):
        await clock.go_on(clock.now + 60.0)
        await turns(1)
    assert [one.result().added for one in waiting] == [2 * PAGES] * 2 * PLACES
    assert free(client)


async def test_a_page_that_was_fetched_ahead_in_vain_gives_its_place_back(
    client: AurinkoClient, server: Server
) -> None:
    work = asyncio.ensure_future(mirror(client, Slow(), "1").run())
    await server.until(lambda: client._shared.gates.pages.used == 2 and client._shared.gates._window.idle)
    await turns(5)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert updated(server) == 2
    assert free(client)


@pytest.mark.parametrize("prefetch", [True, False])
@pytest.mark.parametrize("asked", range(1, 30, 2))
async def test_a_mirror_that_is_cancelled_gives_its_places_back(
    client: AurinkoClient, server: Server, asked: int, prefetch: bool
) -> None:
    store = Slow()
    if asked % 4 == 1:
        store.ready.set()
    work = [asyncio.ensure_future(mirror(client, store, str(n), prefetch=prefetch).run()) for n in range(6)]
    for _ in range(200):
        if len(server.requests) >= asked or all(one.done() for one in work):
            break
        await asyncio.sleep(0)
    for _ in range(2):
        for one in work:
            one.cancel()
        await asyncio.sleep(0)
    await asyncio.gather(*work, return_exceptions=True)
    assert free(client)
    store.ready.set()
    assert (await mirror(client, store, "7").run()).added == 2 * PAGES


async def test_a_mirror_that_fails_gives_its_places_back(client: AurinkoClient, server: Server) -> None:
    again = server.default

    async def answer(request: Arrived, writer: asyncio.StreamWriter) -> object:
        if "pageToken=p2" in request.query:
            return await failing(403)(request, writer)
        return await again(request, writer)

    server.default = answer
    store = Slow()
    store.ready.set()
    work = [mirror(client, store, str(number)).run() for number in range(2 * PLACES)]
    results = await asyncio.gather(*work, return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["Forbidden"] * 2 * PLACES
    assert free(client)


async def test_what_is_handed_over_keeps_no_mirror_waiting(client: AurinkoClient) -> None:
    store = Slow()
    store.ready.set()
    async with asyncio.timeout(5):
        seen = 0
        async for _ in client.email.delta():
            seen += 1
            for number in range(PLACES + 1):
                report = await mirror(client, store, f"{seen} {number}").run()
                assert report.added == 2 * PAGES
    assert seen > PAGES


async def test_a_page_is_not_kept_once_it_is_saved(client: AurinkoClient, server: Server) -> None:
    alive: list[int] = []

    def rows() -> Iterator[object]:
        return (thing for thing in gc.get_objects() if type(thing) is Row)

    class Counting(Slow):
        async def commit(self, lease: Lease, commit: Commit) -> Applied:
            alive.append(sum(1 for _ in rows()))
            return await super().commit(lease, commit)

    store = Counting()
    store.ready.set()
    before = sum(1 for _ in rows())
    await mirror(client, store, "1", prefetch=False).run()
    assert max(alive) - before == 2
    assert sum(1 for _ in rows()) == before
