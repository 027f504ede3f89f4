"""The sandbox's series: ranges, occurrences, exceptions, over a bare socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from aurinko_async.sandbox import Account, Sandbox
from support.agenda import NOW, PRIMARY, WIDE, at, create, event, patch, url, weekly
from support.bare import bare, segment
from support.clock import FakeClock
from support.strict import Strict, strict


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=3, messages=0, events=40, page_size=20, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture(params=["Google", "Office365", "IMAP"])
def account(sandbox: Sandbox, request: pytest.FixtureRequest) -> Account:
    return next(account for account in sandbox.accounts if account.service_type == request.param)


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[Strict]:
    async with strict(sandbox, account) as client:
        yield client


async def test_a_range_expands_series_in_order_and_pages(client: Strict) -> None:
    records = await client.walk(
        f"{PRIMARY}/events/range", timeMin="2026-09-01T00:00:00Z", timeMax="2026-11-01T00:00:00Z"
    )
    starts = [record["start"].get("dateTime", record["start"].get("dateOnly")) for record in records]
    assert len(records) > 60
    assert len({record["id"] for record in records}) == len(records)
    assert {record["recurrenceType"] for record in records} == {"single", "occurrence"}
    types = {record["occurrenceInfo"]["type"] for record in records if "occurrenceInfo" in record}
    assert types == {"regular", "modified"}
    days = [start[:10] for start in starts]
    assert min(days) >= "2026-08-29"
    assert all(later >= earlier or later[:8] == earlier[:8] for earlier, later in pairwise(days))
    for record in records[::9]:
        whole = (await client.get(url(record["id"]))).json
        kept = record.keys() - {"omitted", "meetingInfo"}
        assert {name: record[name] for name in kept} == {name: whole[name] for name in kept}


async def test_the_bounds_of_a_range_are_exclusive(client: Strict, account: Account) -> None:
    calendar = account.calendars.create({"name": "empty"}).id
    path = f"/v1/calendars/{segment(calendar)}/events/range"
    ids = [
        account.calendars.add(calendar, start=f"2026-10-01T{hour:02}:00:00Z", end=f"2026-10-01T{hour + 1:02}:00:00Z")
        for hour in (8, 9, 10)
    ]
    query = {"timeMin": "2026-10-01T09:00:00Z", "timeMax": "2026-10-01T10:00:00.999Z"}
    assert [record["id"] for record in await client.walk(path, **query)] == [ids[1]]
    query = {"timeMin": "2026-10-01T10:59:59+02:00", "timeMax": "2026-10-01T12:00:01+02:00"}
    assert [record["id"] for record in await client.walk(path, **query)] == ids
    for wrong in (query | {"timeMax": query["timeMin"]}, query | {"timeMax": "2026-09-01T00:00:00Z"}):
        assert (await client.get(path, **wrong)).status == 400
    page = (await client.get(f"{PRIMARY}/events/range", **WIDE)).json
    token = page["nextPageToken"]
    assert (await client.get(f"{PRIMARY}/events/range", **WIDE, pageToken=token)).status == 200
    assert (await client.get(f"{PRIMARY}/events/range", **query, pageToken=token)).json["message"] == (
        "Page token is invalid"
    )
    assert (await client.get(path, **WIDE, pageToken=token)).status == 400


async def test_a_series_keeps_its_local_time_when_the_clocks_change(client: Strict) -> None:
    body = event(start=at("2026-10-15T09:00:00+02:00"), end=at("2026-10-15T10:00:00+02:00"), recurrence=weekly())
    made = await create(client, body)
    window = {"timeMin": "2026-10-01T00:00:00Z", "timeMax": "2027-01-01T00:00:00Z"}
    mine = [one for one in await client.walk(f"{PRIMARY}/events/range", **window) if one["iCalUid"] == made["iCalUId"]]
    assert [one["start"]["dateTime"].replace("+02:00", "").replace("+01:00", "") for one in mine[:3]] in (
        ["2026-10-15T09:00:00", "2026-10-22T09:00:00", "2026-10-29T09:00:00"],
        ["2026-10-15T07:00:00Z", "2026-10-22T07:00:00Z", "2026-10-29T08:00:00Z"],
    )
    assert len(mine) == 6
    assert made["record"]["recurrenceType"] == "master"
    assert made["record"]["recurrence"]["ical"]["rules"] == ["RRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=6"]


async def test_one_occurrence_is_changed_and_one_deleted(client: Strict) -> None:
    made = await create(client, event(recurrence=weekly()))
    master = made["id"]
    path = url(master, "/occurrences/")
    first, second, third = [(await client.get(path + day)).json for day in ("2026-10-01", "2026-10-08", "2026-10-15")]
    assert (await client.get(path + segment("2026-10-08T09:00:00+02:00"))).json == second
    assert second["occurrenceInfo"]["type"] == "regular"
    assert second["occurrenceInfo"]["masterId"] == master
    changed = await patch(client, second, {"subject": "moved", "start": at("2026-10-08T09:30:00+02:00")})
    assert changed["id"] == second["id"]
    moved = (await client.get(path + "2026-10-08")).json
    assert moved == changed["record"]
    assert (moved["recurrenceType"], moved["occurrenceInfo"]["type"]) == ("occurrence", "modified")
    assert moved["occurrenceInfo"]["originalStart"] == second["start"]
    assert moved["occurrenceInfo"]["start"] == moved["start"] != second["start"]
    assert (await client.send("DELETE", url(third["id"]))).status == 200
    assert (await client.get(path + "2026-10-15")).status == 404
    assert (await client.get(url(third["id"]))).status == 404
    series = (await client.get(url(master, "/series"))).json
    assert [one["id"] for one in series["modifiedOccurrences"]] == [second["id"]]
    assert [one["id"] for one in series["deletedOccurrences"]] == [third["id"]]
    assert series["recurrence"] == (await client.get(url(master))).json["recurrence"]
    window = {"timeMin": "2026-09-30T00:00:00Z", "timeMax": "2026-10-20T00:00:00Z"}
    found = [one["id"] for one in await client.walk(f"{PRIMARY}/events/range", **window)]
    assert [one for one in found if one in (first["id"], second["id"], third["id"])] == [first["id"], second["id"]]
    refused = {"recurrence": weekly()}
    answer = await client.send("PATCH", url(second["id"]), json=refused, headers={"If-Match": changed["etag"]})
    assert answer.status == 400


async def test_one_occurrence_of_an_invitation_is_answered(client: Strict, account: Account) -> None:
    host = {"emailAddress": {"address": "host@example.com"}}
    start = at("2026-10-01T09:00:00+02:00")
    master = account.calendars.add(start=start, recurrence="FREQ=DAILY", attendees=[account.email], organizer=host)
    one = (await client.get(url(master, "/occurrences/2026-10-02"))).json
    await client.send("PUT", url(one["id"], "/response"), json={"response": "declined"})
    after = (await client.get(url(one["id"]))).json
    assert (after["occurrenceInfo"]["type"], after["meetingInfo"]["response"]) == ("modified", "declined")
    assert (await client.get(url(master))).json["meetingInfo"]["response"] == "accepted"


async def test_occurrences_that_are_not(client: Strict) -> None:
    made = await create(client, event(recurrence=weekly()))
    single = await create(client, event())
    for ost in ("2026-10-02", "2026-11-12", "2026-10-08T09:00:01+02:00"):
        assert (await client.get(url(made["id"], f"/occurrences/{segment(ost)}"))).status == 404
    assert (await client.get(url(made["id"], "/occurrences/yesterday"))).status == 400
    assert (await client.get(url(single["id"], "/occurrences/2026-10-01"))).status == 404
    assert (await client.get(url(single["id"], "/series"))).status == 404
    assert (await client.get(url("nothing", "/series"))).status == 404
    occurrence = (await client.get(url(made["id"], "/occurrences/2026-10-08"))).json["id"]
    assert (await client.get(url(occurrence[:-1]))).status == 404


async def test_an_all_day_series(client: Strict) -> None:
    days = {"start": {"dateOnly": "2028-02-29"}, "end": {"dateOnly": "2028-03-01"}}
    made = await create(client, event(**days, recurrence={"simple": {"pattern": {"frequency": "yearly"}}}))
    assert made["record"]["recurrence"]["simple"]["range"]["type"] == "unbounded"
    found = (await client.get(url(made["id"], "/occurrences/2032-02-29"))).json
    assert (found["start"], found["end"]) == ({"dateOnly": "2032-02-29"}, {"dateOnly": "2032-03-01"})
    for ost in ("2029-02-28", "2032-02-29T00:00:00Z"):
        assert (await client.get(url(made["id"], f"/occurrences/{segment(ost)}"))).status == 404


async def test_an_ical_series_with_exdates(client: Strict) -> None:
    rules = ["RRULE:FREQ=DAILY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20261002T090000"]
    made = await create(client, event(recurrence={"ical": {"rules": rules}}))
    recurrence = made["record"]["recurrence"]
    assert (recurrence["original"], recurrence["ical"]["rules"]) == ("ical", rules)
    assert len(recurrence["simple"]["range"]["patternExclusions"]) == 1
    assert (await client.get(url(made["id"], "/occurrences/2026-10-02"))).status == 404
    assert (await client.get(url(made["id"], "/occurrences/2026-10-03"))).status == 200
    changed = await patch(client, made, {"recurrence": recurrence, "subject": "read, changed, written"})
    assert changed["record"]["recurrence"] == recurrence


async def test_find_by_ical_uids(client: Strict, sandbox: Sandbox, account: Account) -> None:
    series = await create(client, event(recurrence=weekly()))
    single = await create(client, event())
    occurrence = (await client.get(url(series["id"], "/occurrences/2026-10-08"))).json
    await patch(client, occurrence, {"subject": "moved"})
    uids = [segment(series["iCalUId"]), segment(single["iCalUId"])]
    async with bare(sandbox, account) as plain:
        found = await plain.get(f"{PRIMARY}/events/find?iCalUId={uids[0]}&iCalUId={uids[1]}")
    assert sorted(one["id"] for one in found.json["records"]) == sorted([series["id"], occurrence["id"], single["id"]])
    assert (await client.get(f"{PRIMARY}/events/find", iCalUId="nobody")).json == {"length": 0, "records": []}
    assert (await client.get(f"{PRIMARY}/events/find")).status == 400


async def test_deleting_and_moving_a_series(client: Strict, account: Account) -> None:
    made = await create(client, event(recurrence=weekly()))
    occurrence = (await client.get(url(made["id"], "/occurrences/2026-10-08"))).json
    await patch(client, occurrence, {"subject": "special"})
    shifted = {"start": at("2026-10-01T11:00:00+02:00"), "end": at("2026-10-01T12:00:00+02:00")}
    changed = await patch(client, made, shifted)
    assert occurrence["id"] not in account.calendars.events()
    assert (await client.get(url(occurrence["id"]))).status == 404
    single = await patch(client, changed, {"recurrence": None})
    assert single["record"]["recurrenceType"] == "single"
    assert (await client.get(url(made["id"], "/series"))).status == 404


async def test_what_lists_leave_out(client: Strict, account: Account) -> None:
    people = [f"p{number}@example.com" for number in range(9)]
    id_ = account.calendars.add(start="2026-10-01T09:00:00Z", description="<p>x</p>", attendees=people)
    window = {"timeMin": "2026-10-01T09:00:00Z", "timeMax": "2026-10-01T09:01:00Z"}
    listed = next(one for one in await client.walk(f"{PRIMARY}/events/range", **window) if one["id"] == id_)
    whole = (await client.get(url(id_))).json
    assert whole["omitted"] == []
    assert len(whole["meetingInfo"]["attendees"]) == 9
    match account.service_type:
        case "Google":
            assert listed == whole
        case "Office365":
            assert listed["omitted"] == ["attendees"]
            assert "attendees" not in listed["meetingInfo"]
        case _:
            assert listed["omitted"] == ["description", "attachments"]
            assert listed.keys().isdisjoint(listed["omitted"])
