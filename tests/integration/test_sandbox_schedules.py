"""Who is free when in the sandbox, over a bare socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from aurinko_async.sandbox import Account, Sandbox
from support.agenda import NOW
from support.clock import FakeClock
from support.strict import Strict, strict


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=3, messages=0, events=60, page_size=20, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[2]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[Strict]:
    async with strict(sandbox, account) as client:
        yield client


async def test_free_and_busy(sandbox: Sandbox, client: Strict, account: Account) -> None:
    other = next(one for one in sandbox.accounts if one is not account)
    times = {"timeMin": "2027-10-04T00:00:00Z", "timeMax": "2027-10-05T00:00:00Z"}
    other.calendars.clear()
    add = other.calendars.add
    add(start="2027-10-04T08:00:00Z", end="2027-10-04T09:00:00Z", recurrence="FREQ=DAILY;COUNT=2")
    add(start="2027-10-04T12:00:00Z", showAs="outOfOffice")
    add(start="2027-10-04T14:00:00Z", showAs="free")
    called_off = add(start="2027-10-04T15:00:00Z", attendees=["a@example.com"])
    meeting = other.calendars.events()[called_off]["meetingInfo"]
    other.calendars.primary.get(called_off).content["meetingInfo"] = {**meeting, "canceled": True}
    body = {**times, "emails": [other.email.upper(), "stranger@example.com"]}
    known, unknown = (await client.post("/v1/calendars/freeBusy", body)).json["records"]
    assert known["items"] == [
        {"start": "2027-10-04T08:00:00Z", "end": "2027-10-04T09:00:00Z", "status": "busy"},
        {"start": "2027-10-04T12:00:00Z", "end": "2027-10-04T12:30:00Z", "status": "outOfOffice"},
    ]
    assert known["workHours"]["timezone"] == "Europe/Berlin"
    assert unknown == {"email": "stranger@example.com", "error": "The mailbox could not be found"}
    own = (await client.post("/v1/calendars/freeBusy", times)).json["records"]
    assert [row["email"] for row in own] == [account.email]
    other.token_status = "dead"
    assert "error" in (await client.post("/v1/calendars/freeBusy", body)).json["records"][0]
    assert (await client.post("/v1/calendars/freeBusy", {"emails": []})).status == 400


async def test_work_hours(sandbox: Sandbox, client: Strict, account: Account) -> None:
    other = next(one for one in sandbox.accounts if one is not account)
    hours = {"dayOfWeek": "sunday", "workingIntervals": [{"start": "10:00:00", "end": "24:00:00"}]}
    other.work_hours = {"daySchedules": [hours], "timezone": "Asia/Tokyo"}
    body = {"emails": [other.email, "stranger@example.com"]}
    items = (await client.post("/v1/calendars/workHours", body)).json["items"]
    assert items == [{"email": other.email, "workHours": other.work_hours}]
    assert (await client.get("/v1/book/account/workHours")).json == account.work_hours


async def test_meeting_times_for_everybody(sandbox: Sandbox, client: Strict) -> None:
    one, two = sandbox.accounts[:2]
    one.calendars.clear()
    two.calendars.clear()
    one.calendars.add(start="2027-10-04T07:00:00Z", end="2027-10-04T09:00:00Z")
    two.calendars.add(start="2027-10-04T10:00:00Z", end="2027-10-04T14:00:00Z")
    body = {
        "timeMin": "2027-10-03T00:00:00Z",
        "timeMax": "2027-10-05T00:00:00Z",
        "durationMinutes": 60,
        "attendees": [{"email": one.email}, {"email": two.email}, {"email": "stranger@example.com"}],
    }
    found = (await client.post("/v1/calendars/suggestMeetingTimes", body)).json
    assert [item["start"][11:16] for item in found["items"]] == ["09:00", "14:00"]
    assert found["items"][0]["end"] == "2027-10-04T10:00:00Z"
    assert ["error" in row for row in found["attendees"]] == [False, False, True]
    guest = {
        "email": "guest@example.com",
        "busyIntervals": [{"start": "2027-10-04T09:00:00Z", "end": "2027-10-04T10:00:00Z"}],
    }
    found = (
        await client.post("/v1/calendars/suggestMeetingTimes", {**body, "attendees": [*body["attendees"], guest]})
    ).json
    assert [item["start"][11:16] for item in found["items"]] == ["14:00"]
    found = (await client.post("/v1/calendars/suggestMeetingTimes", body | {"bufferBetweenMinutes": 15})).json
    assert found["items"] == []
    only = {"email": "guest@example.com", "freeIntervals": guest["busyIntervals"]}
    found = (
        await client.post("/v1/calendars/suggestMeetingTimes", {**body, "attendees": [*body["attendees"], only]})
    ).json
    assert [item["start"][11:16] for item in found["items"]] == ["09:00"]
    everything = body | {"freeStatuses": ["free", "busy"], "availabilityStep": 60}
    found = (await client.post("/v1/calendars/suggestMeetingTimes", everything)).json
    assert [item["start"][11:16] for item in found["items"]] == [f"{hour:02}:00" for hour in range(7, 15)]
    exact = {
        "dateStartInclusive": "2027-10-03",
        "dateEndInclusive": "2027-10-03",
        "hours": [{"start": "08:00:00", "end": "09:00:00"}],
    }
    on_sunday = {**body, "timeMax": "2027-10-04T00:00:00Z", "availabilityIntervals": {"intervals": [exact]}}
    found = (await client.post("/v1/calendars/suggestMeetingTimes", on_sunday)).json
    assert [item["start"] for item in found["items"]] == ["2027-10-03T06:00:00Z"]


@pytest.mark.parametrize(
    "change",
    [
        {"durationMinutes": 0},
        {"durationMinutes": None},
        {"availabilityStep": 0},
        {"bufferBetweenMinutes": -1},
        {"timeMax": "2027-10-04T00:00:00Z"},
        {"timeMax": "2029-10-04T00:00:00Z"},
        {"defaultTimezone": "Mars/Base"},
        {"attendees": [{"email": "x@example.com", "busyIntervals": [{}]}]},
        {
            "attendees": [
                {
                    "workHours": {"daySchedules": [{"dayOfWeek": "monday", "workingIntervals": [{"start": "9"}]}]},
                    "busyIntervals": [],
                }
            ]
        },
    ],
)
async def test_meeting_times_that_nobody_can_find(sandbox: Sandbox, change: dict[str, Any]) -> None:
    body = {"timeMin": "2027-10-04T00:00:00Z", "timeMax": "2027-10-05T00:00:00Z", "durationMinutes": 30, **change}
    async with strict(sandbox, sandbox.accounts[0]) as client:
        assert (await client.post("/v1/calendars/suggestMeetingTimes", body)).status == 400
