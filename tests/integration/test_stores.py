"""What every store promises. One contract for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aurinko_async.errors import ConfigError, InvalidInput, LeaseHeld, LeaseLost
from aurinko_async.models.rows import Row
from aurinko_async.sync.store import Applied, Lease, SyncKey
from aurinko_async.sync.stores import MemoryStore, SQLiteStore
from support.rows import KEY, NOW, commit, gone, of_json, row

Store = MemoryStore | SQLiteStore
DAY = timedelta(days=1)


@pytest.fixture(params=["memory", "sqlite", "sqlite in memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    path = ":memory:" if request.param == "sqlite in memory" else tmp_path / "mirror.db"
    async with MemoryStore() if request.param == "memory" else SQLiteStore(path) as opened:
        yield opened


@pytest.fixture
async def lease(store: Store) -> Lease:
    return (await store.begin(KEY))[0]


async def ids(store: Store, account: str = "42", **query: Any) -> list[str | None]:
    return [message.id for message in await store.messages(account, **query)]


async def checkpoint_of(store: Store, lease: Lease) -> str | None:
    """Give the key back and take it again."""
    await store.release(lease)
    return (await store.begin(lease.key))[1]


class Unreadable:
    """Columns that fail when a store is half-way through a commit."""

    id, omitted, deleted = "bad", None, None

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


async def test_an_account_id_that_is_no_text_is_refused_with_the_way_out(store: Store) -> None:
    for ask in (store.messages, store.count):
        with pytest.raises(InvalidInput, match=r"int: str\(account.id\)"):
            await ask(42)  # type: ignore[arg-type]


def test_a_store_tells_its_path() -> None:
    assert repr(SQLiteStore("mirror.db")) == "SQLiteStore('mirror.db')"


class TestPlaces:
    async def test_a_key_begins_without_a_checkpoint_and_goes_on_from_its_last(self, store: Store) -> None:
        lease, checkpoint = await store.begin(KEY)
        assert checkpoint is None
        await store.commit(lease, commit(checkpoint='{"at": 1}'))
        await store.commit(lease, commit(checkpoint='{"at": 2}'))
        assert await checkpoint_of(store, lease) == '{"at": 2}'

    async def test_a_commit_after_the_release_is_refused_and_changes_nothing(self, store: Store) -> None:
        stale, _ = await store.begin(KEY)
        await store.commit(stale, commit(row("a"), checkpoint="1"))
        await store.release(stale)
        with pytest.raises(LeaseLost, match="42"):
            await store.commit(stale, commit(row("b"), checkpoint="2"))
        holder, _ = await store.begin(KEY)
        assert holder.fence > stale.fence
        with pytest.raises(LeaseLost, match="42"):
            await store.commit(stale, commit(row("b"), checkpoint="2", deleted=[gone("a")], sweep=(None, None)))
        assert await ids(store) == ["a"]
        assert await store.commit(holder, commit(row("c"), checkpoint="3")) == Applied(added=1)
        assert await checkpoint_of(store, holder) == "3"

    async def test_a_key_that_is_held_is_refused_until_it_is_released(self, store: Store) -> None:
        lease, _ = await store.begin(KEY)
        await store.commit(lease, commit(row("a"), checkpoint="1"))
        with pytest.raises(LeaseHeld, match="42"):
            await store.begin(KEY)
        assert await store.commit(lease, commit(row("b"), checkpoint="2")) == Applied(added=1)
        await store.release(lease)
        assert (await store.begin(KEY))[1] == "2"
        with pytest.raises(LeaseHeld):
            await store.begin(KEY)

    async def test_a_key_is_released_once_and_by_its_holder_only(self, store: Store) -> None:
        first, _ = await store.begin(KEY)
        await store.release(first)
        second, _ = await store.begin(KEY)
        for lease in (first, Lease(KEY, second.fence + 1), Lease(SyncKey("7", "email"), 1)):
            await store.release(lease)
        with pytest.raises(LeaseHeld):
            await store.begin(KEY)
        assert await store.commit(second, commit(row("a"))) == Applied(added=1)

    async def test_keys_are_held_apart(self, store: Store) -> None:
        keys = [
            KEY,
            SyncKey("7", "email"),
            SyncKey("42", "calendar", "c1"),
            SyncKey("42", "calendar", "c2"),
            SyncKey("42", "email", consumer="search"),
        ]
        leases = [(await store.begin(key))[0] for key in keys]
        for lease in leases:
            await store.commit(lease, commit(checkpoint="1"))
        await store.release(leases[0])
        for key in keys[1:]:
            with pytest.raises(LeaseHeld):
                await store.begin(key)

    async def test_of_many_that_begin_at_once_one_has_the_key(self, store: Store) -> None:
        begun = await asyncio.gather(*(store.begin(KEY) for _ in range(10)), return_exceptions=True)
        (given,) = [it for it in begun if isinstance(it, tuple)]
        assert sum(isinstance(it, LeaseHeld) for it in begun) == 9
        assert await store.commit(given[0], commit(row("a"))) == Applied(added=1)

    async def test_a_begin_that_is_cancelled_holds_nothing(self, store: Store) -> None:
        for turns in range(6):
            task = asyncio.create_task(store.begin(KEY))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            begun = (await asyncio.gather(task, return_exceptions=True))[0]
            if isinstance(begun, tuple):
                await store.release(begun[0])
        await store.begin(KEY)

    async def test_containers_are_those_with_a_checkpoint_of_the_mirror(self, store: Store) -> None:
        for container in ("c2", "c1", "c10", "\u00e9"):
            lease, _ = await store.begin(SyncKey("42", "calendar", container))
            await store.commit(lease, commit(checkpoint="1"))
        others = (
            SyncKey("42", "tasks", "t1"),
            SyncKey("7", "calendar", "c3"),
            SyncKey("42", "calendar", "c4", consumer="x"),
        )
        for key in others:
            lease, _ = await store.begin(key)
            await store.commit(lease, commit(checkpoint="1"))
        await store.begin(SyncKey("42", "calendar", "c5"))
        assert await store.containers("42", "calendar") == ["c1", "c10", "c2", "\u00e9"]
        assert await store.containers("7", "tasks") == []

    async def test_a_lease_that_nobody_gave_is_refused(self, store: Store) -> None:
        with pytest.raises(LeaseLost):
            await store.commit(Lease(KEY, 1), commit(row("a")))
        assert await store.count("42") == 0

    async def test_accounts_are_apart(self, store: Store) -> None:
        first, _ = await store.begin(SyncKey("1", "email"))
        second, _ = await store.begin(SyncKey("2", "email"))
        await store.commit(first, commit(row("a", subject="one"), row("b"), checkpoint="1"))
        await store.commit(second, commit(row("a", subject="two"), checkpoint="2"))
        await store.commit(second, commit(generation=2, deleted=[gone("b")], sweep=(None, None)))
        assert (await store.count("1"), await store.count("2"), await store.count("3")) == (2, 0, 0)
        assert await store.unseen(first, 9, None, None) == ["a", "b"]
        assert await checkpoint_of(store, first) == "1"

    async def test_a_consumer_keeps_its_place_and_touches_no_record(self, store: Store, lease: Lease) -> None:
        await store.commit(lease, commit(row("a"), checkpoint="mirror"))
        reader, checkpoint = await store.begin(SyncKey("42", "email", consumer="search"))
        assert checkpoint is None
        everything = commit(row("b"), checkpoint="search", generation=9, deleted=[gone("a")], sweep=(None, None))
        assert await store.commit(reader, everything) == Applied()
        assert await store.unseen(reader, 99, None, None) == []
        assert await ids(store) == ["a"]
        assert await checkpoint_of(store, lease) == "mirror"
        assert await checkpoint_of(store, reader) == "search"

    async def test_what_cannot_be_mirrored_can_still_be_handed_over(self, store: Store) -> None:
        with pytest.raises(ConfigError, match="iterate over the batches"):
            await store.begin(SyncKey("42", "drive", "d1"))
        lease, _ = await store.begin(SyncKey("42", "drive", "d1", consumer="search"))
        assert await store.commit(lease, commit(checkpoint="1")) == Applied()

    async def test_the_status_tells_how_each_key_stands(self, store: Store, lease: Lease) -> None:
        reader, _ = await store.begin(SyncKey("42", "email", consumer="search"))
        await store.begin(SyncKey("7", "email"))
        assert await store.status() == []
        await store.commit(lease, commit(row("a"), row("b"), row("c"), deleted=[gone("a")], finished=True))
        await store.commit(lease, commit(checkpoint="2", deleted=[gone("b")], at=NOW + DAY))
        await store.commit(reader, commit(checkpoint="3"))
        mirror, search = await store.status()
        assert (mirror.key, mirror.checkpoint, mirror.live, mirror.deleted) == (KEY, "2", 2, 1)
        assert (mirror.saved_at, mirror.finished_at) == (NOW + DAY, NOW)
        assert (search.key, search.live, search.deleted, search.finished_at) == (reader.key, 0, 0, None)


class TestRecords:
    async def test_a_record_is_added_once_and_then_updated(self, store: Store, lease: Lease) -> None:
        assert await store.commit(lease, commit(row("a"), row("b"))) == Applied(added=2)
        assert await store.commit(lease, commit(row("b", subject="new"), row("c"))) == Applied(added=1, updated=1)
        message = await store.get("42", "b")
        assert message is not None
        assert message.subject == "new"

    async def test_the_last_of_two_in_one_page_wins(self, store: Store, lease: Lease) -> None:
        assert await store.commit(lease, commit(row("a", subject="1"), row("a", subject="2"))) == Applied(added=1)
        assert await store.raw("42", "a") == b'{"id": "a", "subject": "2"}'

    async def test_a_tombstone_deletes_once(self, store: Store, lease: Lease) -> None:
        await store.commit(lease, commit(row("a"), row("b")))
        tombstones = [gone("a", NOW - DAY), gone("a"), gone("unknown"), gone("")]
        assert await store.commit(lease, commit(deleted=tombstones)) == Applied(deleted=1)
        assert await store.commit(lease, commit(deleted=tombstones)) == Applied()
        assert (await store.get("42", "a"), await store.raw("42", "a")) == (None, None)
        assert await ids(store) == ["b"]
        assert sorted(await ids(store, include_deleted=True)) == ["a", "b"]

    async def test_what_comes_back_is_live_again(self, store: Store, lease: Lease) -> None:
        await store.commit(lease, commit(row("a")))
        await store.commit(lease, commit(deleted=[gone("a")]))
        assert await store.commit(lease, commit(row("a", subject="back"))) == Applied(added=1)
        assert await ids(store) == ["a"]
        assert await store.commit(lease, commit(deleted=[gone("a")])) == Applied(deleted=1)

    async def test_a_record_wins_over_a_tombstone_of_the_same_commit(self, store: Store, lease: Lease) -> None:
        assert await store.commit(lease, commit(row("a"), deleted=[gone("a")])) == Applied(added=1)
        assert await store.commit(lease, commit(row("a"), deleted=[gone("a")])) == Applied(updated=1)
        assert await ids(store) == ["a"]

    async def test_a_partial_record_erases_nothing(self, store: Store, lease: Lease) -> None:
        await store.commit(lease, commit(row("a", body="whole", threadId="t", subject="1"), row("b")))
        partial = row("a", subject="2", omitted=["body", "threadId"])
        assert await store.commit(lease, commit(partial, row("new", omitted=["body"]))) == Applied(added=1, updated=1)
        message = await store.get("42", "a")
        assert message is not None
        assert (message.subject, message.body, message.thread_id, message.omitted) == ("2", "whole", "t", [])
        assert await ids(store, thread_id="t") == ["a"]
        assert await store.raw("42", "new") == b'{"id": "new", "omitted": ["body"]}'

    async def test_a_partial_record_completes_itself_from_a_deleted_one(self, store: Store, lease: Lease) -> None:
        await store.commit(lease, commit(row("a", body="whole")))
        await store.commit(lease, commit(deleted=[gone("a")]))
        await store.commit(lease, commit(row("a", omitted=["body"])))
        message = await store.get("42", "a")
        assert message is not None
        assert message.body == "whole"

    async def test_a_whole_record_replaces_all(self, store: Store, lease: Lease) -> None:
        await store.commit(lease, commit(row("a", body="old", subject="old")))
        await store.commit(lease, commit(of_json(b'{"id":"a"}')))
        assert await store.raw("42", "a") == b'{"id":"a"}'

    @pytest.mark.parametrize(
        "raw",
        [
            b' {\n\t"id" : "a" , "size":1.0E+2, "n":12345678901234567890123, "x":0.10 } ',
            '{"id":"a","subject":"\u00e9 \U0001f600 \ud55c"}'.encode(),
            b'{"id":"a","subject":"\\u00e9\\/\\u0000","body":"a\\u0000b"}',
            b'{"id":"a","subject":"\\ud83d cut"}',
            b'{"id":"a","body":"\xff\xfe"}',
            b'{"id":"a","subject":"1","subject":"2","receivedAt":"yesterday"}',
            b'{"id":"a","receivedAt":"0001-01-01T00:00:00+14:00","sentAt":"9999-12-31T23:59:59.999999-12:00"}',
            b'{"id":"a","body":"' + b"x" * 1_000_000 + b'"}',
        ],
    )
    async def test_the_json_is_kept_byte_for_byte(self, store: Store, lease: Lease, raw: bytes) -> None:
        await store.commit(lease, commit(of_json(raw)))
        assert await store.raw("42", "a") == raw
        assert [record async for record in store.iterate_raw("42")] == [("a", raw)]
        # And whatever it is, it is in nobody's way.
        assert await ids(store) == [message.id async for message in store.iterate("42")] == ["a"]

    async def test_ids_that_no_database_takes_do_no_harm(self, store: Store, lease: Lease) -> None:
        assert await store.commit(lease, commit(of_json(b'{"id":"\\ud83d"}'), row("\0"))) == Applied(added=1)
        assert await store.raw("42", "\ud83d") is not None
        assert await store.commit(lease, commit(deleted=[gone("\ud83d")])) == Applied(deleted=1)

    async def test_a_commit_that_fails_half_way_changes_nothing(self, store: Store, lease: Lease) -> None:
        await store.commit(lease, commit(row("a", subject="old"), row("b"), checkpoint="1"))
        broken = Row(b"{}", Unreadable())
        changes = commit(row("a", subject="new"), row("c"), broken, checkpoint="2", deleted=[gone("b")], finished=True)
        with pytest.raises(RuntimeError):
            await store.commit(lease, changes)
        assert await store.raw("42", "a") == b'{"id": "a", "subject": "old"}'
        assert sorted(await ids(store)) == ["a", "b"]
        assert [(state.checkpoint, state.finished_at) for state in await store.status()] == [("1", None)]
        assert await store.commit(lease, commit(row("c"), checkpoint="3")) == Applied(added=1)


class TestSweeps:
    @pytest.fixture
    async def lease(self, store: Store) -> Lease:
        """An older generation of a timeless record and of some that are one to four days old; `new` was seen again."""
        lease, _ = await store.begin(KEY)
        old = [row("timeless"), *(row(f"day{day}", received=day) for day in range(1, 5)), row("new", received=2)]
        await store.commit(lease, commit(*old, row("dead", received=2)))
        await store.commit(lease, commit(row("new", received=2), generation=2, deleted=[gone("dead")]))
        return lease

    @pytest.mark.parametrize(
        ("since", "until", "swept"),
        [
            (None, None, {"timeless", "day1", "day2", "day3", "day4"}),
            (3, None, {"day1", "day2", "day3"}),
            (None, 3, {"day4"}),
            (3, 1, {"day2", "day3"}),
            (0, None, set[str]()),
        ],
    )
    async def test_a_sweep_removes_what_its_scan_should_have_seen(
        self, store: Store, lease: Lease, since: int | None, until: int | None, swept: set[str]
    ) -> None:
        window = tuple(None if days is None else NOW - days * DAY for days in (since, until))
        applied = await store.commit(lease, commit(generation=2, sweep=window))
        assert applied == Applied(deleted=len(swept))
        assert {"timeless", "day1", "day2", "day3", "day4", "new"} - set(await ids(store)) == swept
        assert await store.commit(lease, commit(generation=2, sweep=window)) == Applied()

    async def test_what_the_commit_itself_brings_is_not_swept(self, store: Store, lease: Lease) -> None:
        changes = commit(row("day1", received=1), generation=2, deleted=[gone("day2")], sweep=(None, None))
        assert await store.commit(lease, changes) == Applied(updated=1, deleted=4)
        assert await ids(store) == ["day1", "new"]

    @pytest.mark.parametrize(
        ("since", "until", "unseen"),
        [
            (None, None, ["day1", "day2", "day3", "day4", "timeless"]),
            (3, 2, ["day3", "timeless"]),
            (2, None, ["day1", "day2", "timeless"]),
        ],
    )
    async def test_the_unseen_are_the_older_ones_in_the_window_and_the_timeless(
        self, store: Store, lease: Lease, since: int | None, until: int | None, unseen: list[str]
    ) -> None:
        bounds = [None if days is None else NOW - days * DAY for days in (since, until)]
        assert await store.unseen(lease, 2, *bounds) == unseen
        assert await store.unseen(lease, 1, *bounds) == []


class TestQuestions:
    @pytest.fixture(autouse=True)
    async def _mail(self, store: Store, lease: Lease) -> None:
        await store.commit(
            lease,
            commit(
                row("b", received=2, threadId="t1", sysLabels=["inbox", "unread"]),
                row("c", received=3, threadId="t1", sysLabels=["sent"]),
                row("a", received=1, sysLabels=["inbox"], threadId="t2"),
                row("sent", sentAt=(NOW - 1.5 * DAY).isoformat(), sysLabels=None),
                row("timeless"),
                row("dead", received=2.5, threadId="t1", sysLabels=["inbox"]),
            ),
        )
        await store.commit(lease, commit(deleted=[gone("dead")]))

    async def test_messages_are_newest_first(self, store: Store) -> None:
        assert await ids(store) == ["a", "sent", "b", "c", "timeless"]
        assert await ids(store, include_deleted=True) == ["a", "sent", "b", "dead", "c", "timeless"]
        assert await ids(store, "nobody") == []

    async def test_messages_are_filtered(self, store: Store) -> None:
        assert await ids(store, label="inbox") == ["a", "b"]
        assert await ids(store, label="INBOX") == []
        assert await ids(store, label='","') == []
        assert await ids(store, thread_id="t1") == ["b", "c"]
        assert await ids(store, thread_id="t1", label="inbox", include_deleted=True) == ["b", "dead"]

    async def test_a_window_has_its_first_instant_and_not_its_last(self, store: Store) -> None:
        assert await ids(store, since=NOW - 2 * DAY) == ["a", "sent", "b"]
        assert await ids(store, until=NOW - 2 * DAY) == ["c"]
        assert await ids(store, since=NOW - 3 * DAY, until=NOW - 1.5 * DAY) == ["b", "c"]

    async def test_messages_come_in_pages(self, store: Store) -> None:
        assert await ids(store, limit=2) == ["a", "sent"]
        assert await ids(store, limit=2, offset=2) == ["b", "c"]
        assert await ids(store, offset=4) == ["timeless"]
        assert await ids(store, limit=0) == []

    @pytest.mark.parametrize("query", [{"since": NOW.replace(tzinfo=None)}, {"limit": -1}, {"offset": -1}])
    async def test_a_question_without_sense_is_refused(self, store: Store, query: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput):
            await store.messages("42", **query)

    async def test_single_messages_and_counts(self, store: Store) -> None:
        assert await store.count("42") == 5
        assert await store.get("42", "nothing") is None
        assert await store.get("nobody", "a") is None
        assert await store.raw("42", "timeless") == b'{"id": "timeless"}'

    async def test_an_iteration_has_all_live_records_once_while_a_sync_writes(self, store: Store, lease: Lease) -> None:
        await store.commit(lease, commit(*(row(f"m{number:04}") for number in range(500))))
        seen = []
        async for message in store.iterate("42"):
            seen.append(message.id)
            if message.id == "m0000":
                await store.commit(lease, commit(row("m0000", subject="again"), deleted=[gone("m0499")]))
        assert seen == ["a", "b", "c", *(f"m{number:04}" for number in range(499)), "sent", "timeless"]

    async def test_many_accounts_at_once(self, store: Store) -> None:
        async def sync(account: str) -> None:
            lease, _ = await store.begin(SyncKey(account, "email"))
            for page in range(5):
                await store.commit(lease, commit(*(row(f"{page}-{n}") for n in range(10)), checkpoint=str(page)))

        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(sync(f"a{number}"))
        states = [state for state in await store.status() if state.key.account != "42"]
        assert [(state.live, state.checkpoint) for state in states] == [(50, "4")] * 20
