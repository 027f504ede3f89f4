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


SEARCH = {"timeMin": "2027-10-03T00:00:00Z", "timeMax": "2027-10-05T00:00:00Z", "durationMinutes": 60}


@pytest.fixture
def attendees(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Two accounts that are free from nine to ten and from two to three (UTC) on a Monday, and a stranger."""
    one, two = sandbox.accounts[:2]
    one.calendars.clear()
    two.calendars.clear()
    one.calendars.add(start="2027-10-04T07:00:00Z", end="2027-10-04T09:00:00Z")
    two.calendars.add(start="2027-10-04T10:00:00Z", end="2027-10-04T14:00:00Z")
    return [{"email": one.email}, {"email": two.email}, {"email": "stranger@example.com"}]


async def suggested(client: Strict, attendees: list[dict[str, Any]], **request: Any) -> list[str]:
    body = {**SEARCH, "attendees": attendees, **request}
    items = (await client.post("/v1/calendars/suggestMeetingTimes", body)).json["items"]
    return [item["start"][8:16] for item in items]


async def test_meeting_times_for_everybody(client: Strict, attendees: list[dict[str, Any]]) -> None:
    found = (await client.post("/v1/calendars/suggestMeetingTimes", {**SEARCH, "attendees": attendees})).json
    assert found["items"] == [
        {"start": "2027-10-04T09:00:00Z", "end": "2027-10-04T10:00:00Z"},
        {"start": "2027-10-04T14:00:00Z", "end": "2027-10-04T15:00:00Z"},
    ]
    assert ["error" in row for row in found["attendees"]] == [False, False, True]


async def test_attendees_may_bring_their_own_times(client: Strict, attendees: list[dict[str, Any]]) -> None:
    hour = [{"start": "2027-10-04T09:00:00Z", "end": "2027-10-04T10:00:00Z"}]
    guest = {"email": "guest@example.com"}
    assert await suggested(client, [*attendees, {**guest, "busyIntervals": hour}]) == ["04T14:00"]
    assert await suggested(client, [*attendees, {**guest, "freeIntervals": hour}]) == ["04T09:00"]
    assert await suggested(client, [guest]) == []


async def test_what_a_search_says_of_its_times(client: Strict, attendees: list[dict[str, Any]]) -> None:
    assert await suggested(client, attendees, bufferBetweenMinutes=15) == []
    hourly = await suggested(client, attendees, freeStatuses=["free", "busy"], availabilityStep=60)
    assert hourly == [f"04T{hour:02}:00" for hour in range(7, 15)]
    exact: dict[str, Any] = {"dateStartInclusive": "2027-10-03", "dateEndInclusive": "2027-10-03"}
    exact["hours"] = [{"start": "08:00:00", "end": "09:00:00"}]
    sunday = {"timeMax": "2027-10-04T00:00:00Z", "availabilityIntervals": {"intervals": [exact]}}
    assert await suggested(client, attendees, **sunday) == ["03T06:00"]


NINE = {"daySchedules": [{"dayOfWeek": "monday", "workingIntervals": [{"start": "9"}]}]}
HALF: dict[str, Any] = {"email": "x@example.com", "busyIntervals": [{"start": "2027-10-04T09:00:00Z"}]}
WRONG: list[dict[str, Any]] = [
    {"durationMinutes": 0},
    {"durationMinutes": None},
    {"availabilityStep": 0},
    {"bufferBetweenMinutes": -1},
    {"timeMax": SEARCH["timeMin"]},
    {"timeMax": "2029-10-04T00:00:00Z"},
    {"defaultTimezone": "Mars/Base"},
    {"attendees": [HALF]},
    {"attendees": [{"workHours": NINE, "busyIntervals": []}]},
]


@pytest.mark.parametrize("change", WRONG)
async def test_meeting_times_that_nobody_can_find(sandbox: Sandbox, change: dict[str, Any]) -> None:
    async with strict(sandbox, sandbox.accounts[0]) as client:
        assert (await client.post("/v1/calendars/suggestMeetingTimes", {**SEARCH, **change})).status == 400
