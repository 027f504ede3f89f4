"""Paginators: all records once and in order, one page ahead, and nothing left behind."""

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from itertools import pairwise
from typing import Any, TypeVar

import pytest

from aurinko_async import AccountAuth, AurinkoClient, Limits
from aurinko_async.errors import DecodeError, RepeatedPageToken, ServerError
from aurinko_async.models.pages import TokenPage
from aurinko_async.pagination import OFFSET_WINDOW, OffsetPaginator, TokenPaginator
from support.lists import Chain, Counted, chain
from support.server import Arrived, reply, serve, silence
from support.talking import talk

E = TypeVar("E", bound=Exception)

FEW = Limits(in_flight=2, per_second=10_000)
"""With more lists than that, none has the room to look ahead."""


async def turns(number: int = 10) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def collected(iterator: AsyncIterator[int]) -> list[int]:
    return [record async for record in iterator]


async def broken_off(iterator: AsyncIterator[int], kind: type[E]) -> tuple[list[int], E]:
    """What came, and the error that ended it."""
    seen: list[int] = []
    try:
        async for record in iterator:
            seen.append(record)  # noqa: PERF401 (a comprehension would keep nothing of what came before the error)
    except kind as error:
        return seen, error
    raise AssertionError(f"no {kind.__name__} came after {seen}")


def of(source: Chain) -> TokenPaginator[int]:
    return TokenPaginator(source.fetch)


class TestTokens:
    async def test_all_records_in_order(self) -> None:
        source = chain([1, 2], [3], [4, 5])
        assert await collected(aiter(of(source))) == [1, 2, 3, 4, 5]
        assert source.asked == [None, "p1", "p2"]

    async def test_nothing_is_fetched_before_it_is_asked_for(self) -> None:
        source = chain([1])
        paginator = of(source)
        aiter(paginator)
        paginator.pages()
        await turns()
        assert source.asked == []

    async def test_awaited_it_is_the_first_page(self) -> None:
        source = chain([1, 2], [3])
        paginator = of(source)
        page = await paginator
        await turns()
        assert page.records == [1, 2]
        assert paginator.next_token == "p1"
        assert source.asked == [None]

    async def test_by_pages(self) -> None:
        source = chain([1, 2], [], [3])
        assert [page.records async for page in of(source).pages()] == [[1, 2], [], [3]]

    async def test_an_empty_page_is_not_the_end(self) -> None:
        assert await collected(aiter(of(chain([], [], [1], [], [2])))) == [1, 2]

    async def test_the_next_token_is_that_of_the_page_handed_over(self) -> None:
        paginator = of(chain([1], [2], [3]))
        tokens = []
        async for _ in paginator.pages():
            await turns()
            tokens.append(paginator.next_token)
        assert tokens == ["p1", "p2", None]

    async def test_it_goes_on_where_it_was_left(self) -> None:
        source = chain([1], [2], [3])
        assert await collected(aiter(TokenPaginator(source.fetch, "p1"))) == [2, 3]

    async def test_each_loop_starts_anew(self) -> None:
        source = chain([1], [2])
        paginator = of(source)
        assert await collected(aiter(paginator)) == await collected(aiter(paginator)) == [1, 2]

    async def test_exactly_one_page_is_fetched_ahead(self) -> None:
        source = chain(*([number] for number in range(5)))
        async with aclosing(of(source).pages()) as pages:
            for handed_over in range(1, 5):
                await anext(pages)
                await turns(30)
                assert len(source.asked) == handed_over + 1
                assert source.running == 0

    async def test_it_is_fetched_while_the_caller_works(self) -> None:
        source = chain([1], [2])
        source.before["p1"] = asyncio.Event()
        seen: list[int] = []

        async def work() -> None:
            async for record in of(source):
                seen.append(record)  # noqa: PERF401 (it is looked at while the loop runs)

        task = asyncio.ensure_future(work())
        await turns()
        assert (seen, source.running) == ([1], 1)
        source.before["p1"].set()
        await task
        assert seen == [1, 2]

    async def test_nothing_is_fetched_ahead_that_may_not_be(self) -> None:
        source, allowed = chain(*([number] for number in range(5))), [False, True, False, False]
        paginator = TokenPaginator(source.fetch, may_look_ahead=lambda: allowed.pop(0))
        seen, asked = list[int](), list[int]()
        async for record in paginator:
            await turns()
            seen.append(record)
            asked.append(len(source.asked))
        assert seen == [0, 1, 2, 3, 4]
        assert asked == [1, 3, 3, 4, 5]

    async def test_a_page_that_fails_costs_none_of_those_before(self) -> None:
        source = chain([1], [2], [3])
        source.failing["p2"] = ServerError(500, "no")
        paginator = of(source)
        seen, _ = await broken_off(aiter(paginator), ServerError)
        assert seen == [1, 2]
        assert paginator.next_token == "p2"
        source.failing.clear()
        assert await collected(aiter(TokenPaginator(source.fetch, paginator.next_token))) == [3]

    @pytest.mark.parametrize("length", [1, 2, 3, 7])
    @pytest.mark.parametrize("tail", [0, 1, 4])
    async def test_a_chain_that_runs_in_a_circle_ends(self, tail: int, length: int) -> None:
        number = tail + length
        source = chain(*([page] for page in range(number + 1)), end=f"p{tail + 1}")
        seen, _ = await broken_off(aiter(of(source)), RepeatedPageToken)
        assert set(seen) == set(range(number + 1)), "a page was not handed over at all"
        assert len(source.asked) <= 4 * (number + 1)

    async def test_unreadable_records_cost_only_themselves(self) -> None:
        errors = [DecodeError("no", path=f"records[{number}]") for number in range(3)]
        source = Chain(
            pages={
                None: TokenPage(records=[1], errors=(errors[0], errors[1]), next_page_token="p1"),
                "p1": TokenPage(records=[2, 3], errors=(errors[2],), next_page_token="p2"),
                "p2": TokenPage(records=[4]),
            }
        )
        seen, error = await broken_off(aiter(of(source)), DecodeError)
        assert seen == [1, 2, 3, 4]
        assert error is errors[0]
        assert error.__notes__ == ["also records[1]: no", "also records[2]: no"]
        assert [len(page.errors) async for page in of(source).pages()] == [2, 1, 0]


class TestLeaving:
    """Left early, a loop leaves nothing running; the fixture of every test looks for tasks."""

    @pytest.fixture(params=["tokens", "offsets"])
    def source(self, request: pytest.FixtureRequest) -> Chain | Counted:
        if request.param == "tokens":
            source: Chain | Counted = chain(*([number] for number in range(9)))
            source.before |= {f"p{number}": asyncio.Event() for number in range(2, 9)}
        else:
            source = Counted(records=list(range(90)))
            source.before |= {number: asyncio.Event() for number in range(20, 90, 10)}
        return source

    def paginator(self, source: Chain | Counted) -> Any:
        return of(source) if isinstance(source, Chain) else OffsetPaginator(source.fetch, limit=10)

    async def left(self, source: Chain | Counted) -> None:
        await turns()
        assert source.running == 0
        assert source.cancelled >= 1, "the test left when nothing was under way"

    async def second_page(self, pages: AsyncGenerator[Any, None]) -> None:
        await anext(pages)
        await anext(pages)
        await turns()

    async def test_by_break(self, source: Chain | Counted) -> None:
        number = 0
        async for _ in self.paginator(source).pages():
            await turns()
            number += 1
            if number == 2:
                break
        await self.left(source)

    async def test_by_break_out_of_the_records(self, source: Chain | Counted) -> None:
        async for record in self.paginator(source):
            if record == (1 if isinstance(source, Chain) else 15):
                await turns()
                break
        await self.left(source)

    async def test_by_an_exception(self, source: Chain | Counted) -> None:
        async def work() -> None:
            async for record in self.paginator(source):
                if record == (1 if isinstance(source, Chain) else 15):
                    await turns()
                    raise KeyError

        with pytest.raises(KeyError):
            await work()
        await self.left(source)

    async def test_by_closing(self, source: Chain | Counted) -> None:
        pages = self.paginator(source).pages()
        await self.second_page(pages)
        await pages.aclose()
        assert source.running == 0

    @pytest.mark.parametrize("where", ["waiting for a page", "in the body of the loop"])
    async def test_by_cancellation(self, source: Chain | Counted, where: str) -> None:
        async def work() -> None:
            number = 0
            async for _ in self.paginator(source).pages():
                number += 1
                if number == 2 and where == "in the body of the loop":
                    await asyncio.Event().wait()

        task = asyncio.ensure_future(work())
        await turns(30)
        assert source.running >= 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await self.left(source)

    async def test_what_failed_unseen_is_not_complained_about(
        self, source: Chain | Counted, caplog: pytest.LogCaptureFixture
    ) -> None:
        source.failing |= {"p1": ServerError(500, "no"), 10: ServerError(500, "no")}
        async for _ in self.paginator(source).pages():
            await turns()
            break
        await turns()
        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def offsets(source: Counted, **options: Any) -> OffsetPaginator[int]:
    return OffsetPaginator(source.fetch, **options)


class TestOffsets:
    async def test_all_records_in_order(self) -> None:
        source = Counted(records=list(range(130)))
        assert await collected(aiter(offsets(source))) == list(range(130))
        assert source.asked == [0, 50, 100]

    async def test_awaited_it_is_the_first_page(self) -> None:
        source = Counted(records=list(range(130)))
        page = await offsets(source, limit=20)
        await turns()
        assert (page.records, page.total_size) == (list(range(20)), 130)
        assert source.asked == [0]

    async def test_from_an_offset_by_a_limit(self) -> None:
        source = Counted(records=list(range(30)))
        assert await collected(aiter(offsets(source, offset=7, limit=10))) == list(range(7, 30))
        assert source.asked == [7, 17, 27]

    async def test_an_empty_list(self) -> None:
        source = Counted()
        assert await collected(aiter(offsets(source))) == []
        assert source.asked == [0]

    async def test_a_bounded_window(self) -> None:
        source = Counted(records=list(range(200)))
        source.before |= {number: asyncio.Event() for number in range(10, 200, 10)}
        task = asyncio.ensure_future(collected(aiter(offsets(source, limit=10))))
        await turns(30)
        assert source.running == OFFSET_WINDOW
        for event in source.before.values():
            event.set()
            await turns()
        assert await task == list(range(200))
        assert source.peak == OFFSET_WINDOW

    async def test_answers_out_of_order_are_handed_over_in_order(self) -> None:
        source = Counted(records=list(range(50)))
        source.before |= {number: asyncio.Event() for number in range(10, 50, 10)}
        task = asyncio.ensure_future(collected(aiter(offsets(source, limit=10))))
        await turns()
        for number in (40, 20, 30, 10):
            source.before[number].set()
            await turns()
        assert await task == list(range(50))

    async def test_nothing_is_fetched_before_the_first_page_was_taken(self) -> None:
        source = Counted(records=list(range(50)))
        async with aclosing(offsets(source, limit=10).pages()) as pages:
            await anext(pages)
            await turns(30)
            assert source.asked == [0]

    @pytest.mark.parametrize(
        ("done", "total"),
        [
            ("said", "known"),
            ("said", "unknown"),
            ("said", "of the page only"),
            ("said", "nothing"),
            ("not said", "known"),
            ("not said", "unknown"),
        ],
    )
    @pytest.mark.parametrize(
        "size",
        [
            pytest.param(lambda offset, limit: 7, id="the server caps the limit"),
            pytest.param(lambda offset, limit: 3 if offset == 0 else limit, id="a short first page"),
            pytest.param(lambda offset, limit: 3 if 20 <= offset < 30 else limit, id="a short page in between"),
            pytest.param(lambda offset, limit: limit if offset < 20 else 4, id="a cap from there on"),
            pytest.param(lambda offset, limit: 1 + offset % 5, id="pages of any size"),
        ],
    )
    async def test_pages_of_another_size_lose_and_repeat_nothing(self, size: Any, done: str, total: str) -> None:
        source = Counted(records=list(range(83)), size=size)
        if done == "not said":
            source.done = lambda is_last: None
        if total != "known":
            wrong: dict[str, int | None] = {"unknown": None, "of the page only": 10, "nothing": 0}
            source.total = lambda length: wrong[total]
        assert await collected(aiter(offsets(source, limit=10))) == list(range(83))
        assert source.running == 0

    async def test_an_answer_that_says_it_is_the_last_is(self) -> None:
        source = Counted(records=list(range(30)), total=lambda length: 1000)
        assert await collected(aiter(offsets(source, limit=10))) == list(range(30))

    async def test_a_list_that_is_counted_too_high_ends_with_an_empty_page(self) -> None:
        source = Counted(records=list(range(30)), total=lambda length: 1000, done=lambda is_last: None)
        assert await collected(aiter(offsets(source, limit=10))) == list(range(30))
        assert len(source.asked) <= 3 + 2 * OFFSET_WINDOW

    async def test_unreadable_records_count(self) -> None:
        source = Counted(records=list(range(40)), unreadable=frozenset({3, 9, 12, 25}))
        seen, error = await broken_off(aiter(offsets(source, limit=10)), DecodeError)
        assert seen == [number for number in range(40) if number not in source.unreadable]
        assert error.path == "3"
        assert source.asked == [0, 10, 20, 30]

    async def test_a_page_that_fails_costs_none_of_those_before(self) -> None:
        source = Counted(records=list(range(50)))
        source.failing[30] = ServerError(500, "no")
        seen, _ = await broken_off(aiter(offsets(source, limit=10)), ServerError)
        assert seen == list(range(30))


class TestOverTheWire:
    async def test_by_token(self) -> None:
        pages = [{"records": [{"id": f"m{n}"}], "nextPageToken": f"t/{n}="} for n in range(3)]
        del pages[2]["nextPageToken"]
        async with talk(*map(reply, pages)) as it:
            listed = it.client.email.messages.list(q="a b", native_properties=["x", "y"])
            assert [message.id async for message in listed] == ["m0", "m1", "m2"]
            base = "/v1/email/messages?q=a%20b&nativeProperties=x&nativeProperties=y"
            assert [request.target for request in it.server.requests] == [
                base,
                f"{base}&pageToken=t%2F0%3D",
                f"{base}&pageToken=t%2F1%3D",
            ]

    async def test_by_offset(self) -> None:
        def page(offset: int, size: int) -> Any:
            return reply(
                {
                    "records": [{"id": n} for n in range(offset, offset + size)],
                    "offset": offset,
                    "totalSize": 5,
                    "done": offset + size == 5,
                }
            )

        async with talk(page(0, 2), page(2, 2), page(4, 1)) as it:
            listed = it.client.subscriptions.list(limit=2, include_inactive=True)
            assert [subscription.id async for subscription in listed] == [0, 1, 2, 3, 4]
            assert [request.target for request in it.server.requests] == [
                f"/v1/subscriptions?includeInactive=true&limit=2&offset={offset}" for offset in (0, 2, 4)
            ]

    async def test_a_page_ahead_is_cancelled_on_the_wire_too(self) -> None:
        async with talk(reply({"records": [{"id": "m"}], "nextPageToken": "t"}), silence) as it:
            async for _ in it.client.email.messages.list():
                await it.server.until(lambda: len(it.server.requests) == 2)
                break
            await it.server.until(lambda: it.server.open == 0)
            assert it.client._shared.gates._window.idle

    async def test_nothing_is_fetched_ahead_while_others_have_most_of_the_places(self) -> None:
        pages = [reply({"records": [{"id": f"m{n}"}], "nextPageToken": f"t{n}"}) for n in range(2)]
        async with talk(*pages, reply({"records": []}), limits=Limits(in_flight=4, per_account=4)) as it:
            gates = it.client._shared.gates
            others = [await gates.enter(f"account {n}") for n in range(3)]
            asked = list[int]()
            async for message in it.client.email.messages.list():
                await asyncio.sleep(0.005)
                asked.append(len(it.server.requests))
                if message.id == "m0":
                    others[0].leave()
            assert asked == [1, 3]
            others[1].leave()
            others[2].leave()

    @pytest.mark.skipif(sys.version_info >= (3, 12), reason="from 3.12 on, the `yield` of an async generator allocates")
    async def test_pages_that_are_dropped_at_once_are_never_walked_by_the_collector(self) -> None:
        """A page makes enough objects for a collection, of itself and now and then of all that lives, if anything is
        allocated while it is there; with many lists at once that was a third of all work."""
        person = {"name": "Ann", "address": "ann@example.com"}
        message = {"id": "m", "from": person, "to": [person], "cc": [person], "sysLabels": ["inbox"], "keywords": []}
        pages, lists = 10, 8
        bodies = [{"records": [message] * 150, **({"nextPageToken": f"t{n}"} if n else {})} for n in range(pages)]
        walked = 0

        async def answer(request: Arrived, writer: asyncio.StreamWriter) -> None:
            left = int(request.target.rpartition("t")[2]) if "pageToken" in request.target else pages
            await replies[left - 1](request, writer)

        async def read(number: int) -> None:
            async for page in client.with_auth(AccountAuth(f"token {number}")).email.messages.list().pages():
                assert len(page.records) == 150
                del page

        def walk(phase: str, info: dict[str, int]) -> None:
            nonlocal walked
            walked += phase == "start"

        replies = [reply(body) for body in bodies]
        threshold = gc.get_threshold()
        async with serve() as server, AurinkoClient(AccountAuth("t"), base_url=server.url, limits=FEW) as client:
            server.default = answer
            await read(0)
            gc.set_threshold(700, 10, 10)
            gc.callbacks.append(walk)
            try:
                async with asyncio.TaskGroup() as group:
                    for number in range(lists):
                        group.create_task(read(number))
            finally:
                gc.callbacks.remove(walk)
                gc.set_threshold(*threshold)
        assert walked < pages * lists / 2


def test_the_helpers_names_are_in_order() -> None:
    source = chain([1], [2], [3])
    assert all(source.pages[a].next_page_token == b for a, b in pairwise(source.pages))
