"""Whatever the pages look like and in whichever order they come: every record once, in order."""

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from aurinko_async.errors import RepeatedPageToken
from aurinko_async.pagination import OFFSET_WINDOW, OffsetPaginator, TokenPaginator
from support.lists import Chain, Counted, chain

SIZES = st.lists(st.integers(1, 12), min_size=1, max_size=8)


class Slow(Counted):
    """A counted list whose answers come in any order."""

    chance: random.Random

    async def take(self, what: object) -> None:
        for _ in range(self.chance.randrange(5)):
            await asyncio.sleep(0)
        await super().take(what)


@given(
    length=st.integers(0, 60),
    offset=st.integers(0, 20),
    limit=st.integers(1, 15),
    sizes=SIZES,
    said=st.sampled_from(["both", "total", "done", "neither"]),
    chance=st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_a_counted_list(
    length: int, offset: int, limit: int, sizes: list[int], said: str, chance: random.Random
) -> None:
    source = Slow(records=list(range(length)), size=lambda offset, limit: sizes[offset % len(sizes)])
    source.chance = chance
    if said in ("done", "neither"):
        source.total = lambda length: None
    if said in ("total", "neither"):
        source.done = lambda is_last: None

    async def run() -> list[int]:
        return [record async for record in OffsetPaginator(source.fetch, offset=offset, limit=limit)]

    assert asyncio.run(run()) == list(range(length))[offset:]
    assert source.peak <= OFFSET_WINDOW
    assert source.running == 0


@given(sizes=st.lists(st.integers(0, 4), min_size=1, max_size=20), left_after=st.none() | st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_a_chain_of_pages(sizes: list[int], left_after: int | None) -> None:
    records = iter(range(100))
    pages = [[next(records) for _ in range(size)] for size in sizes]
    source = chain(*pages)
    everything = [record for page in pages for record in page]

    async def run() -> list[int]:
        seen: list[int] = []
        async for record in TokenPaginator(source.fetch):
            seen.append(record)
            if len(seen) == left_after:
                break
        for _ in range(10):
            await asyncio.sleep(0)
        assert source.running == 0
        return seen

    assert asyncio.run(run()) == everything[:left_after]
    assert len(source.asked) == len(set(source.asked))


@given(tail=st.integers(0, 12), length=st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_a_circle_is_noticed_after_every_page_was_seen(tail: int, length: int) -> None:
    pages = tail + length + 1
    source: Chain = chain(*([number] for number in range(pages)), end=f"p{tail + 1}")

    async def run() -> list[int]:
        seen: list[int] = []
        try:
            async for record in TokenPaginator(source.fetch):
                seen.append(record)  # noqa: PERF401 (what came before the error is what matters)
        except RepeatedPageToken:
            return seen
        raise AssertionError("it ended")

    assert set(asyncio.run(run())) == set(range(pages))
    assert len(source.asked) <= 4 * pages
