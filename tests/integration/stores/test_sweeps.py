"""What every store promises about sweeps: what a full scan did not see goes, inside its window."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aurinko_async.sync.store import Applied, Lease
from support.rows import KEY, NOW, Store, commit, gone, ids, row

DAY = timedelta(days=1)


@pytest.fixture
async def lease(store: Store) -> Lease:
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
    store: Store, lease: Lease, since: int | None, until: int | None, swept: set[str]
) -> None:
    window = tuple(None if days is None else NOW - days * DAY for days in (since, until))
    applied = await store.commit(lease, commit(generation=2, sweep=window))
    assert applied == Applied(deleted=len(swept))
    assert {"timeless", "day1", "day2", "day3", "day4", "new"} - set(await ids(store)) == swept
    assert await store.commit(lease, commit(generation=2, sweep=window)) == Applied()


async def test_what_the_commit_itself_brings_is_not_swept(store: Store, lease: Lease) -> None:
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
    store: Store, lease: Lease, since: int | None, until: int | None, unseen: list[str]
) -> None:
    bounds = [None if days is None else NOW - days * DAY for days in (since, until)]
    assert await store.unseen(lease, 2, *bounds) == unseen
    assert await store.unseen(lease, 1, *bounds) == []
