"""The sandbox's calendar sync, as the contract describes it, over a bare socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest

from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.sandbox.subscriptions import topic_of
from support.agenda import DAY, NOW, PRIMARY
from support.bare import segment
from support.clock import FakeClock
from support.strict import Strict, strict

SYNC = f"{PRIMARY}/sync"
WINDOW = {"timeMin": "2026-09-01T00:00:00Z", "timeMax": "2026-12-01T00:00:00Z"}
BOUNDS = {"time_min": WINDOW["timeMin"], "time_max": WINDOW["timeMax"]}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=3, messages=0, events=60, page_size=10, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[Strict]:
    async with strict(sandbox, account) as client:
        yield client


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in records]


def is_deleted(record: dict[str, Any]) -> bool:
    occurrence: dict[str, Any] = record.get("occurrenceInfo", {})
    return occurrence.get("type") == "deleted"


async def begin(client: Strict, path: str = SYNC, **window: str) -> tuple[str, str]:
    started = await client.begin(path, **(window or WINDOW))
    return started["syncUpdatedToken"], started["syncDeletedToken"]


async def updated(client: Strict, token: str) -> tuple[list[Any], str]:
    return await client.read(f"{SYNC}/updated", token)


async def deleted(client: Strict, token: str) -> tuple[list[Any], str]:
    return await client.read(f"{SYNC}/deleted", token)


async def test_not_ready_first_for_every_calendar_and_window(client: Strict, account: Account) -> None:
    other = f"/v1/calendars/{segment(account.calendars.ids[1])}/sync"
    for path, window in ((SYNC, WINDOW), (SYNC, WINDOW | {"timeMin": "2026-08-01T00:00:00Z"}), (other, WINDOW)):
        assert (await client.post(path, **window)).json == {"ready": False}
        assert (await client.post(path, **window)).json["ready"] is True


async def test_a_window_has_two_ends_the_right_way_round(client: Strict) -> None:
    wrong: tuple[dict[str, str], ...] = (
        {},
        {"timeMin": WINDOW["timeMin"]},
        {"timeMin": WINDOW["timeMax"], "timeMax": WINDOW["timeMin"]},
        {"timeMin": WINDOW["timeMin"], "timeMax": WINDOW["timeMin"]},
        {"timeMin": "2026-09-01T00:00:00", "timeMax": "2026-12-01T00:00:00"},
    )
    for window in wrong:
        assert (await client.post(SYNC, **window)).status == 400
    assert (await client.post("/v1/calendars/nowhere/sync", **WINDOW)).status == 404


async def test_the_first_pass_gives_the_window(client: Strict, account: Account) -> None:
    records, _ = await updated(client, (await begin(client))[0])
    live = account.calendars.events(**BOUNDS)
    assert [record for record in records if not is_deleted(record)] == list(live.values())
    assert 10 < len(live) < len(account.calendars.events())
    assert {record["recurrenceType"] for record in live.values()} == {"single", "master", "occurrence"}
    cancelled = [record for record in records if is_deleted(record)]
    assert cancelled
    for record in cancelled:
        assert record.keys().isdisjoint({"start", "end", "subject"})
        assert record["meetingInfo"] == {"canceled": True}
        assert record["occurrenceInfo"]["masterId"] in live
        assert record["id"] not in live


async def test_the_bounds_are_exclusive(client: Strict, account: Account) -> None:
    calendar = account.calendars.create({"name": "empty"}).id
    add = account.calendars.add
    inside = [
        add(calendar, start="2026-08-31T23:00:00Z", end="2026-09-01T00:00:01Z"),
        add(calendar, start="2026-11-30T23:59:59Z"),
        add(calendar, start="2020-01-01T00:00:00Z", recurrence="FREQ=YEARLY"),
    ]
    add(calendar, start="2026-08-31T23:00:00Z", end="2026-09-01T00:00:00Z")
    add(calendar, start="2026-12-01T00:00:00Z")
    add(calendar, start="2026-01-01T00:00:00Z", recurrence="FREQ=DAILY;COUNT=3")
    path = f"/v1/calendars/{segment(calendar)}/sync"
    records, _ = await client.read(f"{path}/updated", (await begin(client, path))[0])
    assert ids(records) == inside == list(account.calendars.events(calendar, **BOUNDS))


async def test_changes_come_in_their_order_each_record_once(client: Strict, account: Account) -> None:
    calendars = account.calendars
    one, two, three = [calendars.add(start=NOW + number * DAY, subject="old") for number in range(3)]
    first, gone = await begin(client)
    _, token = await updated(client, first)
    calendars.update("primary", one, subject="first time")
    calendars.update("primary", two, location="Köln")
    calendars.remove("primary", three)
    added = calendars.add(start=NOW)
    outside = calendars.add(start="2028-01-01T00:00:00Z")
    calendars.update("primary", one, subject="second time")
    records, after = await updated(client, token)
    assert ids(records) == [two, added, one]
    assert records[2]["subject"] == "second time"
    assert outside not in ids(records)
    assert (await updated(client, after))[0] == []
    tombstones, _ = await deleted(client, gone)
    assert tombstones == [{"id": three, "timestamp": "2026-09-21T14:13:20Z"}]


async def test_what_leaves_the_window_is_told_of(client: Strict, account: Account) -> None:
    id_ = account.calendars.add(start=NOW)
    _, token = await updated(client, (await begin(client))[0])
    away = {"start": "2028-01-01T00:00:00Z", "end": "2028-01-01T01:00:00Z"}
    account.calendars.update("primary", id_, **away)
    records, token = await updated(client, token)
    assert [record["start"]["dateTime"] for record in records] == ["2028-01-01T01:00:00+01:00"]
    account.calendars.update("primary", id_, subject="still known to who has it")
    assert ids((await updated(client, token))[0]) == [id_]
    assert id_ not in ids((await updated(client, (await begin(client))[0]))[0])


async def test_exceptions_and_cancelled_occurrences_come_as_updates(client: Strict, account: Account) -> None:
    calendars = account.calendars
    master = calendars.add(start="2026-09-22T09:00:00+02:00", recurrence="FREQ=DAILY;COUNT=10")
    first, gone = await begin(client)
    _, token = await updated(client, first)
    cancelled = calendars.cancel_occurrence("primary", master, "2026-09-23")
    moved = calendars.cancel_occurrence("primary", master, "2026-09-24T09:00:00+02:00")
    calendars.restore("primary", moved)
    calendars.update("primary", moved, subject="back again")
    assert cancelled not in calendars.events()
    assert calendars.events()[moved]["occurrenceInfo"]["type"] == "modified"
    records, token = await updated(client, token)
    assert [(record["id"], record["occurrenceInfo"]["type"]) for record in records] == [
        (cancelled, "deleted"),
        (moved, "modified"),
    ]
    assert (await deleted(client, gone))[0] == []
    calendars.remove("primary", moved)
    calendars.restore("primary", cancelled)
    records, token = await updated(client, token)
    assert [(record["id"], is_deleted(record)) for record in records] == [(moved, True), (cancelled, False)]
    calendars.remove("primary", master)
    assert set(ids((await deleted(client, gone))[0])) == {master, moved, cancelled}
    assert (await updated(client, token))[0] == []
    calendars.restore("primary", master)
    assert ids((await updated(client, token))[0]) == [master, cancelled, moved]
    assert calendars.events()[cancelled]["subject"] == calendars.events()[master]["subject"]


async def test_changes_during_a_scan_come_with_the_next_delta_token(client: Strict, account: Account) -> None:
    calendars = account.calendars
    order = list(calendars.events(**BOUNDS))
    singles = [id_ for id_, record in calendars.events(**BOUNDS).items() if record["recurrenceType"] == "single"]
    first, gone = await begin(client)
    page = (await client.get(f"{SYNC}/updated", deltaToken=first)).json
    calendars.update("primary", order[0], subject="behind the scan")
    calendars.update("primary", singles[-1], subject="ahead of the scan")
    calendars.remove("primary", singles[-2])
    late = calendars.add(start=NOW)
    records = page["records"]
    while "nextPageToken" in page:
        page = (await client.get(f"{SYNC}/updated", pageToken=page["nextPageToken"])).json
        records += page["records"]
    assert late not in ids(records)
    assert singles[-2] not in ids(records)
    assert ids((await updated(client, page["nextDeltaToken"]))[0]) == [order[0], singles[-1], late]
    assert ids((await deleted(client, gone))[0]) == [singles[-2]]


async def test_tokens_belong_to_a_calendar_and_an_account(sandbox: Sandbox, client: Strict, account: Account) -> None:
    first, gone = await begin(client)
    by_id = f"/v1/calendars/{segment(account.calendars.ids[0])}/sync"
    assert (await client.get(f"{by_id}/updated", deltaToken=first)).status == 200
    other = f"/v1/calendars/{segment(account.calendars.ids[1])}/sync"
    for path, token in ((f"{other}/updated", first), (f"{SYNC}/updated", gone), (f"{SYNC}/deleted", first)):
        answer = await client.get(path, deltaToken=token)
        assert (answer.status, answer.json["code"]) == (400, "token.notValid")
    async with strict(sandbox, sandbox.accounts[1]) as stranger:
        assert (await stranger.get(f"{SYNC}/updated", deltaToken=first)).json["code"] == "token.notValid"


async def test_expired_cursors(client: Strict, account: Account) -> None:
    first, gone = await begin(client)
    page = (await client.get(f"{SYNC}/updated", deltaToken=first)).json["nextPageToken"]
    account.expire_cursors()
    answer = await client.get(f"{SYNC}/updated", pageToken=page)
    assert (answer.status, answer.json["message"]) == (400, "Page token is invalid")
    for stream, token in (("updated", first), ("deleted", gone)):
        answer = await client.get(f"{SYNC}/{stream}", deltaToken=token)
        assert (answer.status, answer.json["code"]) == (410, "syncToken.expired")


async def test_twins_take_each_others_tokens_until_something_happens() -> None:
    def twin() -> Sandbox:
        return Sandbox(accounts=1, messages=0, events=15, page_size=5, born=NOW, clock=lambda: NOW)

    async with twin() as one, strict(one, one.accounts[0]) as client:
        token, _ = await begin(client)
    async with twin() as other, strict(other, other.accounts[0]) as client:
        assert (await client.get(f"{SYNC}/updated", deltaToken=token)).status == 200
        other.accounts[0].calendars.add(start=NOW)
        changed, _ = await begin(client)
    async with twin() as one, strict(one, one.accounts[0]) as client:
        assert (await client.get(f"{SYNC}/updated", deltaToken=changed)).status == 410


async def test_partial_records(sandbox: Sandbox) -> None:
    imap = sandbox.accounts[2]
    async with strict(sandbox, imap) as client:
        records, _ = await updated(client, (await begin(client))[0])
    for record in records:
        if not is_deleted(record):
            assert record["omitted"] == ["description", "attachments"]
            assert record.keys().isdisjoint(record["omitted"])
            assert imap.calendars.events()[record["id"]]["omitted"] == []


def test_subscriptions_know_calendars(sandbox: Sandbox, account: Account) -> None:
    main = account.calendars.ids[0]
    assert topic_of(account, "/calendars/primary/events") == f"/calendars/{main}/events"
    odd = account.calendars.ids[1]
    assert topic_of(account, f"/calendars/{segment(odd)}/events") == topic_of(account, f"/calendars/{odd}/events")


def meddle(account: Account, random: Random) -> None:
    """Do something to the primary calendar."""
    calendars, live = account.calendars, account.calendars.events()
    chosen = random.choice(list(live))
    gone = [entry.id for entry in calendars.primary.ledger if entry.cancelled]
    match random.randrange(7):
        case 0:
            calendars.add_many("primary", 2)
        case 1:
            calendars.update("primary", chosen, subject=f"changed {random.random()}")
        case 2:
            calendars.remove("primary", chosen)
            if random.random() < 0.5:
                calendars.restore("primary", chosen)
        case 3:
            start = NOW + random.randint(-200, 200) * DAY
            calendars.update("primary", chosen, start=start, end=start + 3600)
        case 4 if gone:
            calendars.restore("primary", random.choice(gone))
        case 5:
            calendars.add(start=NOW + random.randint(-60, 60) * DAY, recurrence="FREQ=WEEKLY;COUNT=8")
        case _:
            masters = [id_ for id_, record in live.items() if record["recurrenceType"] == "master"]
            soon = [one for one in calendars.primary.instances(NOW, NOW + 30 * DAY) if one.master is not None]
            if masters and soon:
                calendars.remove("primary", random.choice(soon).id)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_mirror_that_follows_the_rules_equals_the_calendar(client: Strict, account: Account, seed: int) -> None:
    random = Random(seed)
    token, gone = await begin(client)
    mirror: dict[str, Any] = {}
    for _ in range(12):
        tombstones, gone = await deleted(client, gone)
        for tombstone in tombstones:
            mirror.pop(tombstone["id"], None)
        records, token = await updated(client, token)
        for record in records:
            mirror.pop(record["id"], None)
            if not is_deleted(record):
                mirror[record["id"]] = record
        window, everything = account.calendars.events(**BOUNDS), account.calendars.events()
        assert mirror.keys() >= window.keys()
        assert mirror == {id_: everything[id_] for id_ in mirror}
        for _ in range(random.randint(0, 15)):
            meddle(account, random)
