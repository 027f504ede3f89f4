"""What every store promises about records: added, updated, deleted, completed, kept byte for byte."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aurinko_async.models._row import Row
from aurinko_async.sync.store import Applied, Lease
from support.rows import NOW, Store, commit, gone, ids, of_json, row

DAY = timedelta(days=1)


class Unreadable(tuple[Any, ...]):
    """Values that fail when a store is half-way through a commit."""

    __slots__ = ()

    def __iter__(self) -> Any:
        raise RuntimeError

    def __getitem__(self, index: Any) -> Any:
        raise RuntimeError


async def test_a_record_is_added_once_and_then_updated(store: Store, lease: Lease) -> None:
    assert await store.commit(lease, commit(row("a"), row("b"))) == Applied(added=2)
    assert await store.commit(lease, commit(row("b", subject="new"), row("c"))) == Applied(added=1, updated=1)
    message = await store.get("42", "b")
    assert message is not None
    assert message.subject == "new"


async def test_the_last_of_two_in_one_page_wins(store: Store, lease: Lease) -> None:
    assert await store.commit(lease, commit(row("a", subject="1"), row("a", subject="2"))) == Applied(added=1)
    assert await store.raw("42", "a") == b'{"id": "a", "subject": "2"}'


async def test_a_tombstone_deletes_once(store: Store, lease: Lease) -> None:
    await store.commit(lease, commit(row("a"), row("b")))
    tombstones = [gone("a", NOW - DAY), gone("a"), gone("unknown"), gone("")]
    assert await store.commit(lease, commit(deleted=tombstones)) == Applied(deleted=1)
    assert await store.commit(lease, commit(deleted=tombstones)) == Applied()
    assert (await store.get("42", "a"), await store.raw("42", "a")) == (None, None)
    assert await ids(store) == ["b"]
    assert sorted(await ids(store, include_deleted=True)) == ["a", "b"]


async def test_a_record_that_comes_as_deleted_is_kept_as_such(store: Store, lease: Lease) -> None:
    await store.commit(lease, commit(row("live"), row("dead")))
    await store.commit(lease, commit(deleted=[gone("dead", NOW - DAY)]))
    dead = [row("live", subject="late"), row("dead", subject="late"), row("new", subject="n"), row("both")]
    page = commit(row("both"), deleted_rows=dead, deleted=[gone(entry.id or "") for entry in dead])
    assert await store.commit(lease, page) == Applied(added=1, deleted=1)
    assert await store.commit(lease, page) == Applied(updated=1)
    assert await ids(store) == ["both"]
    kept = {message.id: message.subject for message in await store.messages("42", include_deleted=True)}
    assert kept == {"live": None, "dead": None, "new": "n", "both": None}
    assert await store.commit(lease, commit(row("new"))) == Applied(added=1)


async def test_what_comes_back_is_live_again(store: Store, lease: Lease) -> None:
    await store.commit(lease, commit(row("a")))
    await store.commit(lease, commit(deleted=[gone("a")]))
    assert await store.commit(lease, commit(row("a", subject="back"))) == Applied(added=1)
    assert await ids(store) == ["a"]
    assert await store.commit(lease, commit(deleted=[gone("a")])) == Applied(deleted=1)


async def test_a_record_wins_over_a_tombstone_of_the_same_commit(store: Store, lease: Lease) -> None:
    assert await store.commit(lease, commit(row("a"), deleted=[gone("a")])) == Applied(added=1)
    assert await store.commit(lease, commit(row("a"), deleted=[gone("a")])) == Applied(updated=1)
    assert await ids(store) == ["a"]


async def test_a_partial_record_erases_nothing(store: Store, lease: Lease) -> None:
    await store.commit(lease, commit(row("a", body="whole", threadId="t", subject="1"), row("b")))
    partial = row("a", subject="2", omitted=["body", "threadId"])
    assert await store.commit(lease, commit(partial, row("new", omitted=["body"]))) == Applied(added=1, updated=1)
    message = await store.get("42", "a")
    assert message is not None
    assert (message.subject, message.body, message.thread_id, message.omitted) == ("2", "whole", "t", [])
    assert await ids(store, thread_id="t") == ["a"]
    assert await store.raw("42", "new") == b'{"id": "new", "omitted": ["body"]}'


async def test_a_partial_record_completes_itself_from_a_deleted_one(store: Store, lease: Lease) -> None:
    await store.commit(lease, commit(row("a", body="whole")))
    await store.commit(lease, commit(deleted=[gone("a")]))
    await store.commit(lease, commit(row("a", omitted=["body"])))
    message = await store.get("42", "a")
    assert message is not None
    assert message.body == "whole"


async def test_a_whole_record_replaces_all(store: Store, lease: Lease) -> None:
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
async def test_the_json_is_kept_byte_for_byte(store: Store, lease: Lease, raw: bytes) -> None:
    await store.commit(lease, commit(of_json(raw)))
    assert await store.raw("42", "a") == raw
    assert [record async for record in store.iterate_raw("42")] == [("a", raw)]
    # And whatever it is, it is in nobody's way.
    assert await ids(store) == [message.id async for message in store.iterate("42")] == ["a"]


async def test_ids_that_no_database_takes_do_no_harm(store: Store, lease: Lease) -> None:
    assert await store.commit(lease, commit(of_json(b'{"id":"\\ud83d"}'), row("\0"))) == Applied(added=1)
    assert await store.raw("42", "\ud83d") is not None
    assert await store.commit(lease, commit(deleted=[gone("\ud83d")])) == Applied(deleted=1)


async def test_a_commit_that_fails_half_way_changes_nothing(store: Store, lease: Lease) -> None:
    await store.commit(lease, commit(row("a", subject="old"), row("b"), checkpoint="1"))
    broken: Row[Any] = Row(b"{}", "bad", None, None, Unreadable())
    changes = commit(row("a", subject="new"), row("c"), broken, checkpoint="2", deleted=[gone("b")], finished=True)
    with pytest.raises(RuntimeError):
        await store.commit(lease, changes)
    assert await store.raw("42", "a") == b'{"id": "a", "subject": "old"}'
    assert sorted(await ids(store)) == ["a", "b"]
    assert [(state.checkpoint, state.finished_at) for state in await store.status()] == [("1", None)]
    assert await store.commit(lease, commit(row("c"), checkpoint="3")) == Applied(added=1)
