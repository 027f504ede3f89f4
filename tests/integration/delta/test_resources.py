"""Calendars, contacts and task lists are synced by the rules that mail is synced by."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aurinko_async import AccountAuth, AurinkoClient, MemoryStore, SQLiteStore
from aurinko_async.errors import InvalidInput
from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.sync import DeltaSync
from support.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=1, messages=1, seed=5, page_size=20, clock=clock.time) as running:
        yield running


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def aurinko(sandbox: Sandbox, account: Account, clock: FakeClock) -> AsyncIterator[AurinkoClient]:
    async with AurinkoClient(AccountAuth(account.token), base_url=sandbox.url, clock=clock) as client:
        yield client


async def handed_over(sync: DeltaSync[Any, Any], mirror: dict[str, Any], checkpoint: list[str]) -> None:
    """What a caller with a database of its own does with the batches."""
    async for batch in sync:
        mirror.update({record.id: (record, batch.generation) for record in batch.updated})
        for tombstone in batch.deleted:
            mirror.pop(tombstone.id, None)
        if batch.sweep:
            for record_id in [i for i, (_, generation) in mirror.items() if generation < batch.sweep.generation]:
                del mirror[record_id]
        checkpoint[:] = [batch.checkpoint]


async def test_contacts(aurinko: AurinkoClient, account: Account) -> None:
    mirror: dict[str, Any] = {}
    place: list[str] = []
    records = account.contacts.records
    await handed_over(aurinko.contacts.delta(), mirror, place)
    assert set(mirror) == set(records)

    first, second, third, *_ = records
    account.contacts.remove(first)
    account.contacts.update(second, nickName="Zoë")
    account.contacts.add(name={"displayName": "New"})
    await handed_over(aurinko.contacts.delta(checkpoint=place[0]), mirror, place)
    assert set(mirror) == set(account.contacts.records)
    assert mirror[second][0].nick_name == "Zoë"

    account.contacts.remove(third)
    account.expire_cursors()
    await handed_over(aurinko.contacts.delta(checkpoint=place[0]), mirror, place)
    assert set(mirror) == set(account.contacts.records)


async def test_tasks(aurinko: AurinkoClient, account: Account) -> None:
    task_list = (await aurinko.task_lists.list()).records[0].id or ""
    mirror: dict[str, Any] = {}
    place: list[str] = []
    tasks = account.task_lists.tasks
    await handed_over(aurinko.task_lists.delta(task_list), mirror, place)
    assert set(mirror) == set(tasks(task_list))

    gone, back, *_ = tasks(task_list)
    account.task_lists.remove(gone)
    account.task_lists.remove(back)
    account.task_lists.restore(back)
    await handed_over(aurinko.task_lists.delta(task_list, checkpoint=place[0]), mirror, place)
    assert set(mirror) == set(tasks(task_list))


def live(events: Mapping[str, Any]) -> set[str]:
    return {
        record_id for record_id, event in events.items() if (event.get("occurrenceInfo") or {}).get("type") != "deleted"
    }


async def test_events_and_their_cancelled_occurrences(
    aurinko: AurinkoClient, account: Account, clock: FakeClock
) -> None:
    now = datetime.fromtimestamp(clock.now, UTC)
    calendar = (await aurinko.calendars.list()).records[0].id or ""
    window = {"time_min": now - timedelta(days=3650), "time_max": now + timedelta(days=3650)}
    mirror: dict[str, Any] = {}
    place: list[str] = []
    await handed_over(aurinko.calendars.delta(calendar, **window), mirror, place)
    assert set(mirror) == live(account.calendars.events(calendar))
    assert all(
        (event.occurrence_info is None or event.occurrence_info.type != "deleted") for event, _ in mirror.values()
    )

    gone, *_ = live(account.calendars.events(calendar))
    account.calendars.remove(calendar, gone)
    await handed_over(aurinko.calendars.delta(calendar, checkpoint=place[0], **window), mirror, place)
    assert set(mirror) == live(account.calendars.events(calendar))


async def test_an_occurrence_that_was_taken_out_of_its_series_is_kept_as_deleted(
    aurinko: AurinkoClient, account: Account, clock: FakeClock
) -> None:
    now, far = datetime.fromtimestamp(clock.now, UTC), timedelta(days=3650)
    calendar = account.calendars.ids[0]
    series = account.calendars.add(
        calendar,
        subject="daily",
        start=_at(now),
        end=_at(now + timedelta(hours=1)),
        recurrence={"ical": {"rules": ["RRULE:FREQ=DAILY;COUNT=5"]}},
    )
    out = account.calendars.cancel_occurrence(calendar, series, now + timedelta(days=1))
    store = MemoryStore()
    await aurinko.calendars.delta(calendar, time_min=now - far, time_max=now + far, store=store).run()
    of_account = {"account": str(account.id), "calendar_id": calendar}
    assert out not in {event.id for event in await store.events(**of_account)}
    (kept,) = [event for event in await store.events(**of_account, include_deleted=True) if event.id == out]
    assert kept.occurrence_info is not None
    assert (kept.occurrence_info.master_id, kept.occurrence_info.type) == (series, "deleted")


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_all_four_are_mirrored_side_by_side(
    aurinko: AurinkoClient, account: Account, tmp_path: Path, clock: FakeClock, kind: str
) -> None:
    now = datetime.fromtimestamp(clock.now, UTC)
    calendar = (await aurinko.calendars.list()).records[0].id or ""
    task_list = (await aurinko.task_lists.list()).records[0].id or ""
    async with MemoryStore() if kind == "memory" else SQLiteStore(tmp_path / "mirror.db") as store:
        for _ in range(2):
            await aurinko.email.delta(store=store).run()
            await aurinko.contacts.delta(store=store).run()
            await aurinko.task_lists.delta(task_list, store=store).run()
            span = timedelta(days=3650)
            await aurinko.calendars.delta(calendar, time_min=now - span, time_max=now + span, store=store).run()
            counts = {state.key.resource: state.live for state in await store.status()}
            assert counts == {
                "email": len(account.mail.messages),
                "contacts": len(account.contacts.records),
                "tasks": len(account.task_lists.tasks(task_list)),
                "calendar": len(live(account.calendars.events(calendar))),
            }
            account.contacts.add(name={"displayName": "New"})
            account.expire_cursors()
            account.task_lists.remove(next(iter(account.task_lists.tasks(task_list))))


async def test_a_narrower_range_sweeps_only_inside_it(
    aurinko: AurinkoClient, account: Account, clock: FakeClock
) -> None:
    now = datetime.fromtimestamp(clock.now, UTC)
    calendar = (await aurinko.calendars.list()).records[0].id or ""
    store = MemoryStore()
    far = timedelta(days=3650)
    await aurinko.calendars.delta(calendar, time_min=now - far, time_max=now + far, store=store).run()
    inside = account.calendars.add(calendar, subject="inside", start=_at(now), end=_at(now + timedelta(hours=1)))
    outside = account.calendars.add(
        calendar, subject="outside", start=_at(now - timedelta(days=90)), end=_at(now - timedelta(days=90, hours=-1))
    )
    await aurinko.calendars.delta(calendar, time_min=now - far, time_max=now + far, store=store).run()
    (before,) = [state.live for state in await store.status()]
    account.calendars.remove(calendar, inside)
    account.calendars.remove(calendar, outside)
    near = timedelta(days=30)
    await aurinko.calendars.delta(calendar, time_min=now - near, time_max=now + near, store=store).run()
    (after,) = [state.live for state in await store.status()]
    assert before - after == 1


def _at(time: datetime) -> dict[str, Any]:
    return {"dateTime": msgspec.to_builtins(time), "timezone": "UTC"}


async def test_bad_windows_are_refused_at_once(aurinko: AurinkoClient, sandbox: Sandbox) -> None:
    now = datetime.now(UTC)
    with pytest.raises(InvalidInput):
        aurinko.calendars.delta("primary", time_min=now, time_max=now)
    with pytest.raises(InvalidInput):
        aurinko.calendars.delta("primary", time_min=datetime(2026, 1, 1), time_max=now)
    with pytest.raises(InvalidInput):
        aurinko.task_lists.delta("default", skip_completed_before_date=datetime(2026, 1, 1))
    assert sandbox.requests == []
