"""All calendars, or all task lists, of an account in one call."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aurinko_async import AccountAuth, AurinkoClient, MemoryStore, RetryPolicy, SQLiteStore
from aurinko_async.errors import Forbidden, LeaseHeld, MalformedBody, NotFound, ServerError, TokenDead
from aurinko_async.sandbox import Account, Fault, Sandbox
from aurinko_async.sync import SyncKey, SyncReport
from aurinko_async.sync.containers import ContainerSync
from support.bare import segment
from support.clock import FakeClock
from support.everything import mismatches


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=2, messages=1, events=20, seed=5, page_size=5, clock=clock.time) as running:
        yield running


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def aurinko(sandbox: Sandbox, account: Account, clock: FakeClock) -> AsyncIterator[AurinkoClient]:
    auth, retry = AccountAuth(account.token), RetryPolicy(attempts=1)
    async with AurinkoClient(auth, base_url=sandbox.url, clock=clock, retry=retry) as client:
        yield client


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "mirror.db") as opened:
        yield opened


def tasks(client: AurinkoClient, store: Any, **options: Any) -> ContainerSync:
    return client.task_lists.delta_all(store=store, **options)


def calendars(client: AurinkoClient, store: Any, clock: FakeClock, **options: Any) -> ContainerSync:
    now = datetime.fromtimestamp(clock.now, UTC)
    wide = {"time_min": now - timedelta(days=3650), "time_max": now + timedelta(days=3650)}
    return client.calendars.delta_all(store=store, with_shared=True, **wide, **options)  # type: ignore[arg-type]


def path_of(list_id: str, tail: str = "/sync*") -> str:
    return f"*/tasklists/{segment(list_id)}{tail}"


async def titles(store: Any, account: Account) -> set[str]:
    found = store.iterate_raw(str(account.id), resource="tasks")
    return {msgspec.json.decode(raw)["title"] async for _, raw in found}


# --- discovery


async def test_all_calendars_and_all_task_lists(
    aurinko: AurinkoClient, store: Any, account: Account, clock: FakeClock
) -> None:
    sync = calendars(aurinko, store, clock)
    report = await sync.run()
    assert report.complete
    assert set(sync.reports) == set(account.calendars.ids)
    assert report.added == sum(part.added for part in sync.reports.values()) > 20
    assert (await tasks(aurinko, store).run()).complete
    assert await mismatches(store, account, ["calendar", "tasks"]) == []

    account.calendars.add("primary", subject="new")
    account.calendars.add(account.calendars.create({"name": "Another"}).id, subject="there")
    account.task_lists.add("first", list_id=account.task_lists.create_list("Another"))
    await calendars(aurinko, store, clock).run()
    await tasks(aurinko, store).run()
    assert await mismatches(store, account, ["calendar", "tasks"]) == []


async def test_a_list_that_is_gone_is_emptied_and_comes_back(
    aurinko: AurinkoClient, store: Any, account: Account, sandbox: Sandbox
) -> None:
    gone = account.task_lists.create_list("Soon gone")
    account.task_lists.add("buried", list_id=gone)
    await tasks(aurinko, store).run()
    assert "buried" in await titles(store, account)
    kept = account.task_lists._lists[gone]
    account.task_lists.remove_list(gone)
    await tasks(aurinko, store).run()
    assert "buried" not in await titles(store, account)
    assert await mismatches(store, account, ["tasks"]) == []
    (state,) = [state for state in await store.status() if state.key.container == gone]
    assert (state.live, state.deleted) == (0, 1)

    sandbox.requests.clear()
    await tasks(aurinko, store).run()
    assert not any(served.operation == "task_lists.get" for served in sandbox.requests), "it is known to be gone"

    account.task_lists._lists[gone] = kept
    account.task_lists.add("dug out", list_id=gone)
    await tasks(aurinko, store).run()
    assert {"buried", "dug out"} <= await titles(store, account)
    assert await mismatches(store, account, ["tasks"]) == []


async def test_a_list_that_we_may_not_see_any_more_is_emptied(
    aurinko: AurinkoClient, store: Any, account: Account, sandbox: Sandbox
) -> None:
    gone = account.task_lists.create_list("Shared no more")
    account.task_lists.add("secret", list_id=gone)
    await tasks(aurinko, store).run()
    account.task_lists.remove_list(gone)
    sandbox.faults.add(Fault("status", status=403, path=path_of(gone, "")))
    assert (await tasks(aurinko, store).run()).complete
    assert "secret" not in await titles(store, account)


async def test_a_list_of_lists_that_is_short_by_mistake_empties_nothing(
    aurinko: AurinkoClient, store: Any, account: Account
) -> None:
    await tasks(aurinko, store).run()
    before = await titles(store, account)
    lists = account.task_lists._lists
    hidden = dict(list(lists.items())[1:])
    everything = account.task_lists.all
    account.task_lists.all = lambda: [one for one in everything() if one.id not in hidden]  # type: ignore[method-assign]
    report = await tasks(aurinko, store).run()
    assert report.deleted == 0
    assert await titles(store, account) == before


@pytest.mark.parametrize("fault", ["truncated", "html"])
async def test_a_list_of_lists_that_cannot_be_read_empties_nothing(
    aurinko: AurinkoClient, store: Any, account: Account, sandbox: Sandbox, fault: Any
) -> None:
    await tasks(aurinko, store).run()
    before = await titles(store, account)
    sandbox.faults.add(Fault(fault, path="task_lists.list"))
    with pytest.raises(MalformedBody):
        await tasks(aurinko, store).run()
    assert await titles(store, account) == before


async def test_whether_a_list_is_gone_is_not_guessed_from_an_error(
    aurinko: AurinkoClient, store: Any, account: Account, sandbox: Sandbox
) -> None:
    gone = account.task_lists.create_list("Soon gone")
    account.task_lists.add("buried", list_id=gone)
    await tasks(aurinko, store).run()
    account.task_lists.remove_list(gone)
    sandbox.faults.add(Fault("status", status=503, path=path_of(gone, "")))
    with pytest.raises(ServerError):
        await tasks(aurinko, store).run()
    assert "buried" in await titles(store, account)
    await tasks(aurinko, store).run()
    assert "buried" not in await titles(store, account)


# --- failures


async def test_one_that_fails_does_not_keep_the_others(
    aurinko: AurinkoClient, store: Any, account: Account, sandbox: Sandbox
) -> None:
    first, second, third, *_ = account.task_lists.records
    sandbox.faults.add(
        Fault("status", status=403, path=path_of(first)), Fault("status", status=404, path=path_of(third))
    )
    gone = account.task_lists.create_list("Gone")
    sync = tasks(aurinko, store)
    with pytest.raises(Forbidden) as caught:
        await sync.run()
    assert [note.split(":")[0] for note in caught.value.__notes__] == ["also NotFound"]
    assert sync.reports[second].complete
    account.task_lists.remove_list(gone)
    await sync.run()
    assert await mismatches(store, account, ["tasks"]) == []


async def test_what_concerns_the_whole_account_ends_the_run_at_once(
    aurinko: AurinkoClient, store: Any, account: Account, sandbox: Sandbox
) -> None:
    first = next(iter(account.task_lists.records))
    sandbox.faults.add(Fault("status", status=401, code="token.dead", path=path_of(first)))
    sync = tasks(aurinko, store)
    with pytest.raises(TokenDead):
        await sync.run()
    assert len(sync.reports) <= 1


async def test_a_lease_that_another_holds_does_not_keep_the_others(
    aurinko: AurinkoClient, store: Any, account: Account
) -> None:
    first, *others = account.task_lists.records
    lease, _ = await store.begin(SyncKey(str(account.id), "tasks", first))
    sync = tasks(aurinko, store, lease_wait=0.0)
    with pytest.raises(LeaseHeld):
        await sync.run()
    assert all(sync.reports[other].complete for other in others)
    await store.release(lease)
    assert (await sync.run()).complete
    assert await mismatches(store, account, ["tasks"]) == []


async def test_one_that_vanishes_while_it_is_read_is_no_ghost(
    aurinko: AurinkoClient, store: Any, account: Account
) -> None:
    *_, last = account.task_lists.records
    account.task_lists.add_many(12, list_id=last)

    def vanish(report: SyncReport) -> None:
        if last in account.task_lists.records and last in sync.reports and sync.reports[last].pages:
            account.task_lists.remove_list(last)

    sync = tasks(aurinko, store, progress=vanish)
    with pytest.raises(NotFound):
        await sync.run()
    assert (await tasks(aurinko, store).run()).complete
    assert await mismatches(store, account, ["tasks"]) == []


# --- parts of a pass


def one_page(client: AurinkoClient, store: Any, **options: Any) -> ContainerSync:
    sync: ContainerSync = tasks(client, store, progress=lambda report: sync.stop() if report.pages else None, **options)
    return sync


async def test_passes_in_parts_cover_all_and_end(
    aurinko: AurinkoClient, store: Any, account: Account, sandbox: Sandbox
) -> None:
    """As the engine does it: stop after one page, go on with what is not done."""
    for name in "abcdef":
        account.task_lists.add_many(7, list_id=account.task_lists.create_list(name))
    done: frozenset[str] = frozenset()
    runs, over = 0, False
    while not over:
        sync = one_page(aurinko, store, skip=done)
        over = (await sync.run()).complete
        done |= {name for name, part in sync.reports.items() if part.complete}
        runs += 1
    assert 10 < runs < 100
    assert done == set(account.task_lists.records)
    assert await mismatches(store, account, ["tasks"]) == []
    pages = [served.query["pageToken"] for served in sandbox.requests if "pageToken" in served.query]
    assert max(pages.count(token) for token in pages) <= 2


async def test_a_part_that_meets_a_failure_says_so_when_the_pass_ends(
    aurinko: AurinkoClient, store: Any, account: Account, sandbox: Sandbox
) -> None:
    first, *others = account.task_lists.records
    sandbox.faults.add(Fault("status", times=None, status=403, path=path_of(first)))
    sync = one_page(aurinko, store)
    assert not (await sync.run()).complete
    rest = tasks(aurinko, store, skip={name for name, part in sync.reports.items() if part.complete})
    with pytest.raises(Forbidden):
        await rest.run()
    assert all(rest.reports[other].complete for other in others)


async def test_one_that_is_put_off_does_not_keep_the_others(
    aurinko: AurinkoClient, store: Any, account: Account, sandbox: Sandbox
) -> None:
    first, *others = account.task_lists.records
    never = Fault("never_ready", times=None, path=path_of(first))
    sandbox.faults.add(never)
    starts: list[str] = []

    def impatient(report: SyncReport) -> None:
        starts.append(report.phase)
        if starts[-4:] == ["starting"] * 4:
            sync.put_off()

    sync = tasks(aurinko, store, progress=impatient)
    report = await sync.run()
    assert not report.complete
    assert not sync.reports[first].complete
    assert all(sync.reports[other].complete for other in others)
    sandbox.faults.remove(never)
    assert (await tasks(aurinko, store).run()).complete
    assert await mismatches(store, account, ["tasks"]) == []


async def test_stop_before_it_begins_does_nothing(
    aurinko: AurinkoClient, store: Any, account: Account, clock: FakeClock
) -> None:
    sync = calendars(aurinko, store, clock)
    sync.stop()
    assert not (await sync.run()).complete
    assert await store.count(str(account.id), resource="calendar") == 0


async def test_what_is_skipped_is_left_as_it_is(aurinko: AurinkoClient, store: Any, account: Account) -> None:
    first, second, *_ = account.task_lists.records
    await tasks(aurinko, store).run()
    account.task_lists.add("here", list_id=first)
    account.task_lists.add("there", list_id=second)
    sync = tasks(aurinko, store, skip=[first])
    assert (await sync.run()).complete
    assert first not in sync.reports
    assert "here" not in await titles(store, account)
    assert "there" in await titles(store, account)


async def test_progress_is_of_all_together(aurinko: AurinkoClient, store: Any, account: Account) -> None:
    seen: list[SyncReport] = []
    report = await tasks(aurinko, store, progress=seen.append).run()
    assert [one.added for one in seen] == sorted(one.added for one in seen)
    assert seen[-1].added == report.added == sum(len(account.task_lists.tasks(i)) for i in account.task_lists.records)
