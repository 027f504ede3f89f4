"""What every mirror answers about messages."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from aurinko_async.errors import InvalidInput
from aurinko_async.sync.store import Lease, SyncKey
from support.rows import NOW, Store, commit, gone, ids, row

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
async def _mail(store: Store, lease: Lease) -> None:
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


async def test_messages_are_newest_first(store: Store) -> None:
    assert await ids(store) == ["a", "sent", "b", "c", "timeless"]
    assert await ids(store, include_deleted=True) == ["a", "sent", "b", "dead", "c", "timeless"]
    assert await ids(store, "nobody") == []


async def test_messages_are_filtered(store: Store) -> None:
    assert await ids(store, label="inbox") == ["a", "b"]
    assert await ids(store, label="INBOX") == []
    assert await ids(store, label='","') == []
    assert await ids(store, thread_id="t1") == ["b", "c"]
    assert await ids(store, thread_id="t1", label="inbox", include_deleted=True) == ["b", "dead"]


async def test_a_window_has_its_first_instant_and_not_its_last(store: Store) -> None:
    assert await ids(store, since=NOW - 2 * DAY) == ["a", "sent", "b"]
    assert await ids(store, until=NOW - 2 * DAY) == ["c"]
    assert await ids(store, since=NOW - 3 * DAY, until=NOW - 1.5 * DAY) == ["b", "c"]


async def test_messages_come_in_pages(store: Store) -> None:
    assert await ids(store, limit=2) == ["a", "sent"]
    assert await ids(store, limit=2, offset=2) == ["b", "c"]
    assert await ids(store, offset=4) == ["timeless"]
    assert await ids(store, limit=0) == []


@pytest.mark.parametrize("query", [{"since": NOW.replace(tzinfo=None)}, {"limit": -1}, {"offset": -1}])
async def test_a_question_without_sense_is_refused(store: Store, query: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        await store.messages("42", **query)


async def test_single_messages_and_counts(store: Store) -> None:
    assert await store.count("42") == 5
    assert await store.get("42", "nothing") is None
    assert await store.get("nobody", "a") is None
    assert await store.raw("42", "timeless") == b'{"id": "timeless"}'


async def test_an_iteration_has_all_live_records_once_while_a_sync_writes(store: Store, lease: Lease) -> None:
    await store.commit(lease, commit(*(row(f"m{number:04}") for number in range(500))))
    seen = []
    async for message in store.iterate("42"):
        seen.append(message.id)
        if message.id == "m0000":
            await store.commit(lease, commit(row("m0000", subject="again"), deleted=[gone("m0499")]))
    assert seen == ["a", "b", "c", *(f"m{number:04}" for number in range(499)), "sent", "timeless"]


async def test_many_accounts_at_once(store: Store) -> None:
    async def sync(account: str) -> None:
        lease, _ = await store.begin(SyncKey(account, "email"))
        for page in range(5):
            await store.commit(lease, commit(*(row(f"{page}-{n}") for n in range(10)), checkpoint=str(page)))

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(sync(f"a{number}"))
    states = [state for state in await store.status() if state.key.account != "42"]
    assert [(state.live, state.checkpoint) for state in states] == [(50, "4")] * 20


async def test_an_account_id_that_is_no_text_is_refused_with_the_way_out(store: Store) -> None:
    for ask in (store.messages, store.count):
        with pytest.raises(InvalidInput, match=r"int: str\(account.id\)"):
            await ask(42)  # type: ignore[arg-type]


async def test_a_label_that_no_database_takes_is_found(store: Store, lease: Lease) -> None:
    await store.commit(lease, commit(row("a", sysLabels=["in\0box"]), row("b", sysLabels=["\\u0000", "inbox"])))
    assert await ids(store, label="in\0box") == ["a"]
    assert await ids(store, label="\\u0000") == await ids(store, label="inbox") == ["b"]
