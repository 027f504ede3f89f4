"""Rules 1 to 5 of delta sync, each against the sandbox over a socket, in memory and in a real file."""

import asyncio
from typing import Any

import pytest

from aurinko_async import AurinkoClient
from aurinko_async.errors import (
    ServerError,
    StoreError,
)
from aurinko_async.sandbox import Account, Fault, Sandbox
from aurinko_async.sync import DeltaSync, SyncReport
from support.clock import FakeClock
from support.delta import DAY, MESSAGES, PAGE, checkpoint_of, pages_served
from support.mirror import differences

# --- the whole


async def test_a_mailbox_is_mirrored_completely_and_then_incrementally(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any
) -> None:
    first = await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []
    assert (first.added, first.scan, first.complete, first.generation) == (MESSAGES, True, True, 1)

    ids = list(account.mail.messages)
    account.mail.update(ids[3], subject="changed")
    account.mail.remove(ids[5])
    account.mail.add(subject="new")
    account.mail.trash(ids[7])
    sandbox.requests.clear()
    second = await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []
    assert (second.added, second.updated, second.deleted, second.scan) == (1, 2, 1, False)
    assert pages_served(sandbox, "updated") == 1

    third = await aurinko.email.delta(store=store).run()
    assert (third.added, third.updated, third.deleted) == (0, 0, 0)


async def test_progress_tells_each_step(aurinko: AurinkoClient, store: Any) -> None:
    seen: list[SyncReport] = []
    await aurinko.email.delta(store=store, progress=seen.append).run()
    assert list(dict.fromkeys(report.phase for report in seen)) == ["starting", "deleted", "updated", "sweep", "done"]
    assert [report.added for report in seen] == sorted(report.added for report in seen)
    assert seen[-1].complete


# --- rule 1: never ahead


class Refusing:
    """A store whose commits fail from the n-th on."""

    def __init__(self, store: Any, after: int) -> None:
        self._store, self._left = store, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, lease: Any, commit: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise StoreError("the disk is full")
        return await self._store.commit(lease, commit)


async def test_rule_1_never_ahead(aurinko: AurinkoClient, account: Account, store: Any) -> None:
    with pytest.raises(StoreError):
        await aurinko.email.delta(store=Refusing(store, after=4)).run()  # type: ignore[arg-type]
    before = await checkpoint_of(store)
    assert await store.count(str(account.id)) == 2 * PAGE
    assert before.updated.page is not None
    await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []


async def test_rule_1_a_page_handed_over_is_saved_only_after_the_loop_body(
    aurinko: AurinkoClient, account: Account, store: Any
) -> None:
    seen: list[str] = []
    async for batch in aurinko.email.delta(store=store):
        seen += [message.id or "" for message in batch.updated]
        if len(seen) == 3 * PAGE:
            break
    again: list[str] = []
    # The loop above is left in real time; by this clock waiting for that takes none.
    async for batch in aurinko.email.delta(store=store, lease_wait=1e9):
        again += [message.id or "" for message in batch.updated]
    assert again[:PAGE] == seen[2 * PAGE :]
    assert set(seen) | set(again) == set(account.mail.messages)
    assert len(again) == MESSAGES - 2 * PAGE


# --- rule 2: resumes inside a chain


@pytest.mark.parametrize("after", range(7))
async def test_rule_2_resumes_inside_a_chain(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any, after: int
) -> None:
    sandbox.faults.add(Fault("status", status=503, times=2, after=after, path="email.sync.updated"))
    with pytest.raises(ServerError):
        await aurinko.email.delta(store=store).run()
    assert await store.count(str(account.id)) == after * PAGE
    sandbox.requests.clear()
    report = await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []
    one_more_round = 1 if after else 0
    assert pages_served(sandbox, "updated") == 7 - after + one_more_round
    assert report.generation == 1


async def test_stop_ends_at_a_page_boundary_and_the_next_run_resumes(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any
) -> None:
    def stop(report: SyncReport) -> None:
        if report.added >= 2 * PAGE:
            sync.stop()

    sync: DeltaSync[Any, Any] = aurinko.email.delta(store=store, progress=stop)
    report = await sync.run()
    assert (report.complete, report.added) == (False, 2 * PAGE)
    report = await aurinko.email.delta(store=store).run()
    assert (report.complete, report.added) == (True, MESSAGES - 2 * PAGE)
    assert await differences(store, account) == []


async def test_a_cancelled_run_leaves_nothing_behind_and_resumes(
    aurinko: AurinkoClient, account: Account, store: Any
) -> None:
    for turns in range(1, 400, 13):
        run = asyncio.ensure_future(aurinko.email.delta(store=store).run())
        for _ in range(turns):
            await asyncio.sleep(0)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
        assert not [name for name in names if name.startswith(("_Run", "Session", "EmailS", "DeltaSync"))]
    await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []


# --- rule 3: both streams


async def test_rule_3_a_record_deleted_and_restored_between_the_drains_stays(
    aurinko: AurinkoClient, account: Account, store: Any
) -> None:
    await aurinko.email.delta(store=store).run()
    victim, other, *_ = account.mail.messages
    account.mail.update(other, subject="so that updated has something to give")

    def between_the_drains(report: SyncReport) -> None:
        if report.phase == "updated" and victim not in done:
            done.append(victim)
            account.mail.remove(victim)
            account.mail.restore(victim)

    done: list[str] = []
    await aurinko.email.delta(store=store, progress=between_the_drains, prefetch=False).run()
    assert done
    await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []
    account.mail.remove(victim)
    await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []


async def test_rule_3_exactly_one_token_is_sent(aurinko: AurinkoClient, sandbox: Sandbox, store: Any) -> None:
    await aurinko.email.delta(store=store).run()
    await aurinko.email.delta(store=store).run()
    for served in sandbox.requests:
        if served.operation in ("email.sync.updated", "email.sync.deleted"):
            assert len({"deltaToken", "pageToken"} & set(served.query)) == 1
    streams = [served.operation for served in sandbox.requests if "sync." in str(served.operation)]
    assert streams[-2:] == ["email.sync.deleted", "email.sync.updated"]


# --- rule 4: expiry, rule 5: sweep


@pytest.mark.parametrize("kind", ["delta_expired", "delta_invalid"])
@pytest.mark.parametrize("stream", ["deleted", "updated"])
async def test_rule_4_a_rejected_delta_token_starts_a_new_generation(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any, kind: Any, stream: str
) -> None:
    await aurinko.email.delta(store=store).run()
    ids = list(account.mail.messages)
    account.mail.remove(ids[0])
    account.mail.update(ids[1], subject="changed")
    sandbox.faults.add(Fault(kind, path=f"email.sync.{stream}"))
    report = await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []
    assert (report.generation, report.scan) == (2, True)


async def test_rule_4_a_rejected_page_token_falls_back_once_to_its_delta_token(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any
) -> None:
    sandbox.faults.add(Fault("page_invalid", after=3, path="email.sync.updated"))
    report = await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []
    assert report.generation == 1
    assert sum(served.operation == "email.sync.start" for served in sandbox.requests) == 2


async def test_rule_4_page_tokens_rejected_twice_start_a_new_generation(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any
) -> None:
    sandbox.faults.add(Fault("page_invalid", times=2, after=2, path="email.sync.updated"))
    report = await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []
    assert report.generation == 2


async def test_rule_4_the_new_generation_is_durable_before_anything_of_it(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any
) -> None:
    await aurinko.email.delta(store=store).run()
    account.expire_cursors()
    # The first page of the new scan is applied, the next fails for good.
    sandbox.faults.add(Fault("status", status=500, times=2, after=2, path="email.sync.updated"))
    with pytest.raises(ServerError):
        await aurinko.email.delta(store=store).run()
    assert (await checkpoint_of(store)).generation == 2
    gone = list(account.mail.messages)[2]
    account.mail.remove(gone)
    await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []


async def test_rule_5_what_was_deleted_in_the_gap_is_swept(
    aurinko: AurinkoClient, account: Account, store: Any
) -> None:
    await aurinko.email.delta(store=store).run()
    for record_id in list(account.mail.messages)[::3]:
        account.mail.remove(record_id)
    account.expire_cursors()
    await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []


async def test_rule_5_a_sweep_keeps_to_its_window(
    aurinko: AurinkoClient, account: Account, clock: FakeClock, store: Any
) -> None:
    await aurinko.email.delta(store=store).run()
    messages = account.mail.messages
    edge = clock.now - 30 * DAY
    near = account.mail.add(subject="at the edge", received_at=edge + DAY / 2)
    await aurinko.email.delta(store=store).run()
    times = {message.id: message.received_at for message in await store.messages(str(account.id))}
    old = [record_id for record_id, time in times.items() if time.timestamp() < edge]
    new = [record_id for record_id, time in times.items() if time.timestamp() > edge + 2 * DAY]
    assert len(old) > 5
    assert len(new) > 5
    for record_id in (old[0], new[0], near):
        account.mail.remove(record_id)
    report = await aurinko.email.delta(store=store, days_within=30).run()
    assert report.generation == 2
    assert await differences(store, account) == [f"ghost {old[0]}"]
    assert set(old[1:]) < set(messages)


async def test_rule_5_no_sweep_after_an_incomplete_scan(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any
) -> None:
    await aurinko.email.delta(store=store).run()
    account.expire_cursors()
    sandbox.faults.add(Fault("status", status=500, times=2, after=3, path="email.sync.updated"))
    with pytest.raises(ServerError):
        await aurinko.email.delta(store=store).run()
    assert await store.count(str(account.id)) == MESSAGES
    assert (await checkpoint_of(store)).scanning
    await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []
    assert not (await checkpoint_of(store)).scanning


async def test_rule_5_other_start_parameters_begin_a_new_generation(
    aurinko: AurinkoClient, account: Account, store: Any
) -> None:
    assert (await aurinko.email.delta(store=store, days_within=10).run()).generation == 1
    assert (await aurinko.email.delta(store=store, days_within=10).run()).generation == 1
    assert (await aurinko.email.delta(store=store).run()).generation == 2
    assert await differences(store, account) == []
    assert (await aurinko.email.delta(store=store, body_type="text").run()).generation == 3
