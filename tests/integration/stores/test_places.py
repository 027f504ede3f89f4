"""What every store promises about places: who has one, what it keeps, what others may do."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from aurinko_async.errors import ConfigError, LeaseHeld, LeaseLost
from aurinko_async.sync.store import Applied, Lease, SyncKey
from support.rows import KEY, NOW, Store, checkpoint_of, commit, gone, ids, row

DAY = timedelta(days=1)


async def test_a_key_begins_without_a_checkpoint_and_goes_on_from_its_last(store: Store) -> None:
    lease, checkpoint = await store.begin(KEY)
    assert checkpoint is None
    await store.commit(lease, commit(checkpoint='{"at": 1}'))
    await store.commit(lease, commit(checkpoint='{"at": 2}'))
    assert await checkpoint_of(store, lease) == '{"at": 2}'


async def test_a_commit_after_the_release_is_refused_and_changes_nothing(store: Store) -> None:
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


async def test_a_key_that_is_held_is_refused_until_it_is_released(store: Store) -> None:
    lease, _ = await store.begin(KEY)
    await store.commit(lease, commit(row("a"), checkpoint="1"))
    with pytest.raises(LeaseHeld, match="42"):
        await store.begin(KEY)
    assert await store.commit(lease, commit(row("b"), checkpoint="2")) == Applied(added=1)
    await store.release(lease)
    assert (await store.begin(KEY))[1] == "2"
    with pytest.raises(LeaseHeld):
        await store.begin(KEY)


async def test_a_key_is_released_once_and_by_its_holder_only(store: Store) -> None:
    first, _ = await store.begin(KEY)
    await store.release(first)
    second, _ = await store.begin(KEY)
    for lease in (first, Lease(KEY, second.fence + 1), Lease(SyncKey("7", "email"), 1)):
        await store.release(lease)
    with pytest.raises(LeaseHeld):
        await store.begin(KEY)
    assert await store.commit(second, commit(row("a"))) == Applied(added=1)


async def test_closing_gives_all_keys_back(store: Store) -> None:
    await store.begin(KEY)
    stale, _ = await store.begin(SyncKey("7", "email"))
    await store.__aexit__(None, None, None)
    await store.release(stale)
    async with store:
        await store.begin(KEY)
        with pytest.raises(LeaseLost):
            await store.commit(stale, commit(row("late")))


async def test_keys_are_held_apart(store: Store) -> None:
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


async def test_of_many_that_begin_at_once_one_has_the_key(store: Store) -> None:
    begun = await asyncio.gather(*(store.begin(KEY) for _ in range(10)), return_exceptions=True)
    (given,) = [it for it in begun if isinstance(it, tuple)]
    assert sum(isinstance(it, LeaseHeld) for it in begun) == 9
    assert await store.commit(given[0], commit(row("a"))) == Applied(added=1)


async def test_a_begin_that_is_cancelled_holds_nothing(store: Store) -> None:
    for turns in range(6):
        task = asyncio.create_task(store.begin(KEY))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        begun = (await asyncio.gather(task, return_exceptions=True))[0]
        if isinstance(begun, tuple):
            await store.release(begun[0])
    await store.begin(KEY)


async def test_containers_are_those_with_a_checkpoint_of_the_mirror(store: Store) -> None:
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


async def test_a_lease_that_nobody_gave_is_refused(store: Store) -> None:
    with pytest.raises(LeaseLost):
        await store.commit(Lease(KEY, 1), commit(row("a")))
    assert await store.count("42") == 0


async def test_accounts_are_apart(store: Store) -> None:
    first, _ = await store.begin(SyncKey("1", "email"))
    second, _ = await store.begin(SyncKey("2", "email"))
    await store.commit(first, commit(row("a", subject="one"), row("b"), checkpoint="1"))
    await store.commit(second, commit(row("a", subject="two"), checkpoint="2"))
    await store.commit(second, commit(generation=2, deleted=[gone("b")], sweep=(None, None)))
    assert (await store.count("1"), await store.count("2"), await store.count("3")) == (2, 0, 0)
    assert await store.unseen(first, 9, None, None) == ["a", "b"]
    assert await checkpoint_of(store, first) == "1"


async def test_a_consumer_keeps_its_place_and_touches_no_record(store: Store, lease: Lease) -> None:
    await store.commit(lease, commit(row("a"), checkpoint="mirror"))
    reader, checkpoint = await store.begin(SyncKey("42", "email", consumer="search"))
    assert checkpoint is None
    everything = commit(row("b"), checkpoint="search", generation=9, deleted=[gone("a")], sweep=(None, None))
    assert await store.commit(reader, everything) == Applied()
    assert await store.unseen(reader, 99, None, None) == []
    assert await ids(store) == ["a"]
    assert await checkpoint_of(store, lease) == "mirror"
    assert await checkpoint_of(store, reader) == "search"


async def test_what_cannot_be_mirrored_can_still_be_handed_over(store: Store) -> None:
    with pytest.raises(ConfigError, match="iterate over the batches"):
        await store.begin(SyncKey("42", "drive", "d1"))
    lease, _ = await store.begin(SyncKey("42", "drive", "d1", consumer="search"))
    assert await store.commit(lease, commit(checkpoint="1")) == Applied()


async def test_the_status_tells_how_each_key_stands(store: Store, lease: Lease) -> None:
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


async def test_names_that_no_database_takes_are_the_same_everywhere(store: Store) -> None:
    key = SyncKey("4\0", "calendar", "\ud800", "\0")
    lease, _ = await store.begin(key)
    with pytest.raises(LeaseHeld):
        await store.begin(SyncKey("4\ufffd", "calendar", "\ufffd", "\ufffd"))
    await store.commit(lease, commit(checkpoint="1"))
    await store.release(lease)
    assert [state.key for state in await store.status()] == [SyncKey("4\ufffd", "calendar", "\ufffd", "\ufffd")]
