"""A run that resumes inside a chain ends as fresh as its own beginning."""

from typing import Any

import pytest

from aurinko_async import AurinkoClient
from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.sync import DeltaSync, SyncReport
from support.delta import PAGE, checkpoint_of
from support.mirror import differences

# --- a run that resumes inside a chain


async def stopped_in_mid_chain(aurinko: AurinkoClient, store: Any, **options: Any) -> None:
    def stop(report: SyncReport) -> None:
        if report.records >= 2 * PAGE:
            sync.stop()

    sync: DeltaSync[Any, Any] = aurinko.email.delta(store=store, progress=stop, **options)
    assert not (await sync.run()).complete
    assert (await checkpoint_of(store)).updated.page is not None


def change_much(account: Account) -> None:
    """Both what was delivered before the stop and what was not is deleted, changed, restored; something is new."""
    ids = list(account.mail.messages)
    for record_id in ids[::3]:
        account.mail.remove(record_id)
    for record_id in ids[1::6]:
        account.mail.update(record_id, subject="changed")
    for record_id in ids[::9]:
        account.mail.restore(record_id)
    account.mail.add(subject="new")


async def finished(store: Any) -> bool:
    (state,) = await store.status()
    return state.finished_at is not None


@pytest.mark.parametrize("prefetch", [True, False])
async def test_a_run_that_resumed_has_all_that_was_done_before_it_began(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any, prefetch: bool
) -> None:
    await stopped_in_mid_chain(aurinko, store)
    change_much(account)
    before = await store.count(str(account.id))
    sandbox.requests.clear()
    seen: list[SyncReport] = []
    report = await aurinko.email.delta(store=store, prefetch=prefetch, progress=seen.append).run()
    assert await differences(store, account) == []
    assert (report.complete, report.scan, report.generation) == (True, True, 1)
    assert before + report.added - report.deleted == len(account.mail.messages)
    assert (report.pages, report.tombstones > 0) == (max(each.pages for each in seen), True)
    phases = [phase for at, phase in enumerate(each.phase for each in seen) if not at or phase != seen[at - 1].phase]
    assert phases == ["updated", "sweep", "deleted", "updated", "done"]
    assert [each.complete for each in seen] == [False] * (len(seen) - 1) + [True]
    assert await finished(store)


async def test_a_run_that_resumed_in_an_increment_has_all_that_was_done_before_it_began(
    aurinko: AurinkoClient, account: Account, store: Any
) -> None:
    await aurinko.email.delta(store=store).run()
    for record_id in list(account.mail.messages)[: 4 * PAGE]:
        account.mail.update(record_id, subject="changed")
    await stopped_in_mid_chain(aurinko, store)
    change_much(account)
    report = await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []
    assert (report.complete, report.scan) == (True, False)


async def test_a_run_that_resumed_in_deleted_has_all_that_was_done_before_it_began(
    aurinko: AurinkoClient, account: Account, store: Any
) -> None:
    await aurinko.email.delta(store=store).run()
    ids = list(account.mail.messages)
    for record_id in ids[: 3 * PAGE]:
        account.mail.remove(record_id)

    def stop(report: SyncReport) -> None:
        if report.deleted:
            sync.stop()

    sync: DeltaSync[Any, Any] = aurinko.email.delta(store=store, progress=stop)
    assert (await sync.run()).deleted == PAGE
    assert (await checkpoint_of(store)).deleted.page is not None
    for record_id in ids[3 * PAGE : 4 * PAGE]:
        account.mail.remove(record_id)
    report = await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []
    assert (report.complete, report.deleted) == (True, 3 * PAGE)


async def test_stop_ends_a_run_that_resumed_before_its_second_round(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any
) -> None:
    await stopped_in_mid_chain(aurinko, store)
    change_much(account)

    def stop(report: SyncReport) -> None:
        if report.phase == "sweep":
            sync.stop()

    sync: DeltaSync[Any, Any] = aurinko.email.delta(store=store, progress=stop)
    report = await sync.run()
    assert (report.complete, report.phase, report.tombstones) == (False, "done", 0)
    assert not await finished(store)
    report = await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []
    assert report.complete
    assert await finished(store)


@pytest.mark.parametrize("mode", ["hand over", "own database"])
async def test_batches_of_a_run_that_resumed_have_all_that_was_done_before_it_began(
    aurinko: AurinkoClient, account: Account, store: Any, mode: str
) -> None:
    rows: dict[str, int] = {}
    place: str | None = None
    for limit in (2, None):
        options = {"store": store, "lease_wait": 1e9} if mode == "hand over" else {"checkpoint": place}
        taken = 0
        async for batch in aurinko.email.delta(**options):
            if taken == limit:
                break
            taken += bool(batch.updated)
            rows.update(dict.fromkeys((message.id or "" for message in batch.updated), batch.generation))
            for tombstone in batch.deleted:
                rows.pop(tombstone.id or "", None)
            if batch.sweep:
                rows = {record_id: mark for record_id, mark in rows.items() if mark >= batch.sweep.generation}
            place = batch.checkpoint
        if limit:
            assert len(rows) == limit * PAGE
            change_much(account)
    assert set(rows) == set(account.mail.messages)
