"""The rules of delta sync, each against the sandbox over a socket, with a store in memory and one in a real file."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aurinko_async import AccountAuth, AurinkoClient, MemoryStore, RetryPolicy, SQLiteStore
from aurinko_async.errors import (
    AurinkoError,
    ConfigError,
    CursorConflict,
    CursorMissing,
    InvalidInput,
    LeaseLost,
    MalformedBody,
    RepeatedPageToken,
    ServerError,
    StoreError,
    SyncNotReady,
    TooManyEmptyPages,
    TooManyRestarts,
    Unauthorized,
)
from aurinko_async.sandbox import Account, Fault, Sandbox
from aurinko_async.sync import Bounds, DeltaSync, SyncReport
from aurinko_async.sync.checkpoint import Checkpoint
from support.clock import FakeClock
from support.mirror import differences

PAGE = 20
MESSAGES = 130
DAY = 86_400.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(
        accounts=3, messages=MESSAGES, seed=7, page_size=PAGE, ready_after=1, clock=clock.time
    ) as running:
        yield running


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def aurinko(sandbox: Sandbox, account: Account, clock: FakeClock) -> AsyncIterator[AurinkoClient]:
    retry = RetryPolicy(attempts=2)
    async with AurinkoClient(AccountAuth(account.token), base_url=sandbox.url, retry=retry, clock=clock) as client:
        yield client


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    if request.param == "memory":
        yield MemoryStore()
    else:
        async with SQLiteStore(tmp_path / "mirror.db") as opened:
            yield opened


def pages_served(sandbox: Sandbox, stream: str) -> int:
    return sum(served.operation == f"email.sync.{stream}" and served.status == 200 for served in sandbox.requests)


async def checkpoint_of(store: Any) -> Checkpoint:
    (state,) = [state for state in await store.status() if not state.key.consumer]
    return Checkpoint.from_json(state.checkpoint)


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
    async for batch in aurinko.email.delta(store=store):
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


# --- rule 6: bounded


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("never_ready", times=None), SyncNotReady),
        (Fault("repeat_page_token", times=None, path="email.sync.updated"), RepeatedPageToken),
        (Fault("empty_pages", times=None, path="email.sync.updated"), TooManyEmptyPages),
        (Fault("both_tokens", times=None, path="email.sync.updated"), CursorConflict),
        (Fault("neither_token", times=None, path="email.sync.deleted"), CursorMissing),
        (Fault("delta_expired", times=None, path="email.sync.updated"), TooManyRestarts),
        (Fault("html", times=None, path="email.sync.updated"), MalformedBody),
        (Fault("truncated", times=None, path="email.sync.updated"), MalformedBody),
        (Fault("status", status=401, times=None, path="email.sync.updated"), Unauthorized),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else value.__name__,
)
async def test_rule_6_bounded(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any, fault: Fault, error: type[Exception]
) -> None:
    sandbox.faults.add(fault)
    bounds = Bounds(waits=5, empty_pages=10)
    with pytest.raises(error):
        await aurinko.email.delta(store=store, bounds=bounds).run()
    assert len(sandbox.requests) < 40
    sandbox.faults.clear()
    await aurinko.email.delta(store=store, bounds=bounds).run()
    assert await differences(store, account) == []


async def test_rule_6_an_empty_page_with_a_next_token_is_not_the_end(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any
) -> None:
    sandbox.faults.add(Fault("empty_pages", times=3, after=2, path="email.sync.updated"))
    await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []


# --- rule 7: partial records


@pytest.fixture
async def imap(sandbox: Sandbox, clock: FakeClock) -> AsyncIterator[tuple[AurinkoClient, Account]]:
    (account,) = [account for account in sandbox.accounts if account.service_type == "IMAP"]
    async with AurinkoClient(AccountAuth(account.token), base_url=sandbox.url, clock=clock) as client:
        yield client, account


async def test_rule_7_hydration_fetches_what_is_omitted(imap: tuple[AurinkoClient, Account], store: Any) -> None:
    aurinko, account = imap
    await aurinko.email.delta(store=store).run()
    partial = await store.messages(str(account.id), limit=1)
    assert partial[0].omitted
    assert partial[0].body is None

    await aurinko.email.delta(store=store, body_type="html", hydrate=True).run()
    assert await differences(store, account) == []


async def test_rule_7_a_partial_record_never_erases_a_fuller_one(
    imap: tuple[AurinkoClient, Account], store: Any
) -> None:
    aurinko, account = imap
    await aurinko.email.delta(store=store, hydrate=True).run()
    assert await differences(store, account) == []
    some = list(account.mail.messages)[4]
    account.mail.update(some, subject="changed")
    await aurinko.email.delta(store=store).run()
    assert await differences(store, account) == []


# --- rule 8: one writer (the older is refused)


async def test_rule_8_a_sync_that_was_taken_over_saves_nothing_more(
    aurinko: AurinkoClient, account: Account, store: Any
) -> None:
    overtaken = asyncio.Event()

    def overtake(report: SyncReport) -> None:
        if report.added:
            overtaken.set()

    older = asyncio.ensure_future(aurinko.email.delta(store=store, progress=overtake).run())
    await overtaken.wait()
    await aurinko.email.delta(store=store).run()
    with pytest.raises(LeaseLost):
        await older
    assert await differences(store, account) == []


# --- own database, bad input


async def test_a_caller_with_a_database_of_its_own_is_exact_under_crashes(
    aurinko: AurinkoClient, account: Account
) -> None:
    rows: dict[str, int] = {}
    checkpoint: str | None = None

    async def sync_until(crash: int | None) -> None:
        nonlocal checkpoint
        steps = 0
        async for batch in aurinko.email.delta(checkpoint=checkpoint):
            steps += 1
            if steps == crash:
                return
            for message in batch.updated:
                rows[message.id or ""] = batch.generation
            for tombstone in batch.deleted:
                rows.pop(tombstone.id or "", None)
            if batch.sweep:
                for record_id in [i for i, generation in rows.items() if generation < batch.sweep.generation]:
                    del rows[record_id]
            checkpoint = batch.checkpoint

    for crash in (1, 2, 3, 5, None):
        await sync_until(crash)
    assert set(rows) == set(account.mail.messages)
    for record_id in list(account.mail.messages)[::4]:
        account.mail.remove(record_id)
    account.expire_cursors()
    for crash in (1, 2, 4, 9, None):
        await sync_until(crash)
    assert set(rows) == set(account.mail.messages)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda email: email.delta(days_within=0), InvalidInput),
        (lambda email: email.delta(body_type="htlm"), InvalidInput),
        (lambda email: email.delta(store=MemoryStore(), checkpoint="{}"), ConfigError),
        (lambda email: email.delta().run(), ConfigError),
        (lambda email: email.delta(checkpoint="{}").__aiter__().__anext__(), InvalidInput),
    ],
)
async def test_bad_input_is_refused_before_any_request(
    aurinko: AurinkoClient, sandbox: Sandbox, make: Callable[[Any], Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await make(aurinko.email)
    assert sandbox.requests == []


async def test_a_day_of_changes_under_random_faults(
    aurinko: AurinkoClient, account: Account, sandbox: Sandbox, store: Any, clock: FakeClock
) -> None:
    rng = random.Random(11)
    kinds: list[dict[str, Any]] = [
        {"kind": "status", "status": 429, "retry_after": 1},
        {"kind": "status", "status": 502},
        {"kind": "reset"},
        {"kind": "reset_in_body"},
        {"kind": "truncated"},
        {"kind": "delta_expired"},
        {"kind": "page_invalid"},
        {"kind": "delta_invalid"},
    ]
    for kind in kinds:
        sandbox.faults.add(Fault(**kind, times=None, probability=0.04, path="email.sync.*"))
    client = aurinko.with_options(retry=RetryPolicy(attempts=4))
    for _ in range(25):
        for _ in range(rng.randrange(6)):
            live = list(account.mail.messages)
            chosen = rng.choice(live)
            what = rng.randrange(4)
            if what == 0:
                account.mail.add(subject=f"new {clock.now}")
            elif what == 1:
                account.mail.update(chosen, subject=f"changed {clock.now}")
            else:
                account.mail.remove(chosen)
                if what == 3:
                    account.mail.restore(chosen)
        clock.now += timedelta(hours=1).total_seconds()
        with suppress(AurinkoError):
            await client.email.delta(store=store, bounds=Bounds(restarts=5)).run()
    sandbox.faults.clear()
    await client.email.delta(store=store).run()
    assert await differences(store, account) == []
    assert sum(sandbox.faults.injected.values()) > 10


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
        options = {"store": store} if mode == "hand over" else {"checkpoint": place}
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
