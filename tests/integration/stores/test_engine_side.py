"""What every store keeps for an engine: wishes for syncs, and how accounts fare."""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve

from aurinko_async.sync.store import AccountState, Mark
from support.rows import NOW, Store

FINE = AccountState(account="42", resource="email", standing="ok", since=NOW)


class TestMarks:
    async def test_a_wish_is_open_until_it_is_settled(self, store: Store) -> None:
        assert await store.marks() == []
        mark = await store.mark("42", "email")
        assert (mark.account, mark.resource) == ("42", "email")
        assert await store.marks() == [mark]
        await store.settle(mark)
        assert await store.marks() == []
        await store.settle(mark)

    async def test_the_oldest_is_first(self, store: Store) -> None:
        marks = [await store.mark(account, resource) for account in ("9", "42") for resource in ("email", "calendar")]
        assert await store.marks() == marks
        await store.settle(marks[1])
        assert await store.marks() == [marks[0], *marks[2:]]

    async def test_a_wish_that_came_since_stays_open(self, store: Store) -> None:
        first = await store.mark("42", "email")
        second = await store.mark("42", "email")
        assert second.serial > first.serial
        await store.settle(first)
        assert await store.marks() == [second]
        await store.settle(second)
        assert await store.marks() == []

    async def test_serials_grow_after_all_was_settled(self, store: Store) -> None:
        serials = []
        for _ in range(3):
            mark = await store.mark("42", "email")
            serials.append(mark.serial)
            await store.settle(mark)
        assert serials == sorted({*serials})
        late = await store.mark("42", "email")
        await store.settle(Mark("42", "email", serials[-1]))
        assert await store.marks() == [late]


class TestStandings:
    async def test_the_last_word_is_kept(self, store: Store) -> None:
        assert await store.standings() == []
        await store.note(FINE)
        worse = evolve(FINE, standing="retrying", reason="503", since=NOW + timedelta(hours=1), until=NOW)
        await store.note(worse)
        assert await store.standings() == [worse]
        await store.note(FINE)
        assert await store.standings() == [FINE]

    async def test_they_are_by_account_and_resource(self, store: Store) -> None:
        states = [
            evolve(FINE, account=account, resource=resource)
            for account, resource in (("9", "email"), ("42", "tasks"), ("42", "email"))
        ]
        for state in states:
            await store.note(state)
        assert await store.standings() == states[::-1]

    async def test_a_reason_that_no_database_takes_does_no_harm(self, store: Store) -> None:
        await store.note(evolve(FINE, standing="failed", reason="cut \ud83d\0"))
        (state,) = await store.standings()
        assert state.standing == "failed"
        assert state.reason.startswith("cut ")
