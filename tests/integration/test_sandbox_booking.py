"""The sandbox's booking, with an account and in public, over a bare socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from aurinko_async.sandbox import Account, Fault, Sandbox
from support.agenda import DAY, NOW
from support.bare import segment
from support.clock import FakeClock
from support.strict import Strict, strict

PROFILES = "/v1/book/account/profiles"
RESERVATIONS = "/v1/book/account/reservations"
TODAY = "2026-09-21"
MONDAY = "2026-09-28"
"""A week after `NOW`, which is 16:13 in Berlin."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=2, messages=0, events=0, page_size=50, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[Strict]:
    async with strict(sandbox, account) as client:
        yield client


async def profile(client: Strict, **settings: Any) -> Any:
    answer = await client.post(PROFILES, {"name": "demo", **settings})
    assert answer.status == 200, answer.content
    return answer.json


async def times(client: Strict, path: str, **query: Any) -> list[str]:
    """Walk all pages and stretches, and give the starts."""
    found: list[str] = []
    while True:
        page = (await client.get(path, **query)).json
        found += [item["start"] for item in page["items"]]
        if "nextPageToken" in page:
            query["pageToken"] = page["nextPageToken"]
        elif "nextFromDate" in page:
            query.pop("pageToken", None)
            query["fromDate"] = page["nextFromDate"]
        else:
            return found


def hours(day: str, start: str, end: str, zone: str = "Europe/Berlin") -> dict[str, Any]:
    schedule = {"dayOfWeek": day, "workingIntervals": [{"start": start, "end": end}]}
    return {"daySchedules": [schedule], "timezone": zone}


def meeting(start: str, **more: Any) -> dict[str, Any]:
    return {"time": {"start": start}, **more}


# Profiles.


async def test_a_profile_has_a_life(client: Strict, sandbox: Sandbox) -> None:
    made = await profile(client, id=1, subject="Demo", context="{}", bufferBetweenMinutes=5, timeAvailableFor="30D")
    assert made["id"] > 2**31
    assert (made["durationMinutes"], made["availabilityStep"], made["startAfterMinutes"]) == (30, 30, 60)
    path = f"{PROFILES}/{made['id']}"
    assert (await client.get(path)).json == made
    changes = {"subject": None, "durationMinutes": 45, "id": 7, "colour": "red"}
    assert (await client.send("PATCH", path, json=changes)).json == {"status": "Ok"}
    changed = (await client.get(path)).json
    assert changed == {name: value for name, value in made.items() if name != "subject"} | {"durationMinutes": 45}
    for number in range(3):
        await profile(client, name=f"more {number}")
    page = (await client.get(PROFILES, limit=2, offset=1)).json
    assert (page["totalSize"], page["offset"], page["done"], len(page["records"])) == (4, 1, False, 2)
    async with strict(sandbox, sandbox.accounts[1]) as other:
        assert (await other.get(path)).status == 404
        assert (await other.get(PROFILES)).json["records"] == []
    assert (await client.send("DELETE", path)).json == {"status": "Ok"}
    assert (await client.get(path)).status == 404
    assert (await client.send("DELETE", path)).status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "taken"},
        {"durationMinutes": 0},
        {"durationMinutes": "30"},
        {"availabilityStep": 7},
        {"bufferBetweenMinutes": -1},
        {"startAfterMinutes": -1},
        {"timeAvailableFor": "four weeks"},
        {"timeAvailableFor": "P"},
        {"startTime": "2026-10-01T00:00:00Z", "endTime": "2026-10-01T00:00:00Z"},
        {"workHours": {"timezone": "Mars/Base"}},
        {"workHours": {"daySchedules": [{"dayOfWeek": "moonday"}]}},
        {"workHours": hours("monday", "9:00", "10:00:00")},
        {"workHours": hours("monday", "10:00:00", "09:00:00")},
        {"workHours": hours("monday", "10:00:00", "25:00:00")},
        {"workHours": hours("monday", "24:00:00", "24:00:00")},
        {"availabilityIntervals": {"intervals": [{"dateStartInclusive": "2026-10-02", "dateEndInclusive": TODAY}]}},
        {"availabilityIntervals": {"intervals": [{"dateStartInclusive": "2026-10-02"}]}},
    ],
)
async def test_profiles_that_make_no_sense(client: Strict, wrong: dict[str, Any]) -> None:
    await profile(client, name="taken")
    made = await profile(client)
    assert (await client.post(PROFILES, {"name": "new", **wrong})).status == 400
    assert (await client.send("PATCH", f"{PROFILES}/{made['id']}", json=wrong)).status == 400
    assert (await client.get(f"{PROFILES}/{made['id']}")).json == made
    assert (await client.get(PROFILES)).json["totalSize"] == 2


# Times.


async def test_times_are_the_work_hours_to_come(client: Strict) -> None:
    path = f"{PROFILES}/{(await profile(client))['id']}/meeting"
    page = (await client.get(path, limit=1)).json
    assert page["items"] == [{"start": "2026-09-22T07:00:00Z", "end": "2026-09-22T07:30:00Z"}]
    assert (page["startTime"], page["endTime"]) == ("2026-09-21T15:13:20Z", "2026-10-19T14:13:20Z")
    assert (page["durationMinutes"], page["timeAvailableFor"], page["subject"]) == (30, "P4W", "demo")
    found = await times(client, path)
    assert len(found) == 19 * 16 + 14
    assert found[:3] == ["2026-09-22T07:00:00Z", "2026-09-22T07:30:00Z", "2026-09-22T08:00:00Z"]
    assert not any(start.startswith(("2026-09-26", "2026-09-27")) for start in found)
    assert found[-1] == "2026-10-19T13:30:00Z"


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 7},
        {"intervalLength": "P1W"},
        {"intervalLength": "P10D", "limit": 33},
        {"intervalLength": "P1M", "fromDate": "2020-01-01"},
        {"intervalLength": "1D"},
    ],
)
async def test_however_it_is_walked_the_times_are_the_same(client: Strict, query: dict[str, Any]) -> None:
    path = f"{PROFILES}/{(await profile(client))['id']}/meeting"
    assert await times(client, path, **query) == await times(client, path)


async def test_stretches_of_times(client: Strict) -> None:
    path = f"{PROFILES}/{(await profile(client))['id']}/meeting"
    page = (await client.get(path, fromDate=MONDAY, intervalLength="P2D")).json
    assert (len(page["items"]), page["nextFromDate"]) == (32, "2026-09-30")
    assert page["items"][0]["start"] == f"{MONDAY}T07:00:00Z"
    later = (await client.get(path, fromDate=MONDAY, offset=30, intervalLength="P2D")).json
    assert later["items"] == page["items"][30:]
    assert (await client.get(path, fromDate="9999-12-31", intervalLength="P999Y")).json["items"] == []
    token = (await client.get(path, limit=2)).json["nextPageToken"]
    assert len((await client.get(path, pageToken=token, limit=2)).json["items"]) == 2
    other = f"{PROFILES}/{(await profile(client, name='other'))['id']}/meeting"
    wrong: list[tuple[str, dict[str, Any]]] = [
        (path, {"pageToken": token, "limit": 3}),
        (path, {"pageToken": "nonsense"}),
        (other, {"pageToken": token}),
        (path, {"limit": 0}),
        (path, {"offset": -1}),
        (path, {"intervalLength": "P0D"}),
        (path, {"intervalLength": "soon"}),
        (path, {"fromDate": "tomorrow"}),
        (path, {"required": "some"}),
    ]
    for where, query in wrong:
        assert (await client.get(where, **query)).status == 400
    assert (await client.get(f"{PROFILES}/1/meeting")).status == 404


async def test_what_a_profile_says_of_its_times(client: Strict, account: Account) -> None:
    late = {"hours": [{"start": "23:00:00", "end": "24:00:00"}]}
    exact = {"dateStartInclusive": "2026-10-03", "dateEndInclusive": "2026-10-04", **late}
    account.calendars.add(start="2026-10-06T00:45:00Z", end="2026-10-06T00:50:00Z")
    made = await profile(
        client,
        durationMinutes=25,
        bufferBetweenMinutes=10,
        availabilityStep=20,
        startTime="2026-10-01T00:00:00Z",
        endTime="2026-11-03T00:00:00Z",
        timeAvailableFor="P1Y",
        workHours=hours("monday", "20:15:00", "22:00:00", "America/New_York"),
        availabilityIntervals={"intervals": [exact]},
    )
    assert await times(client, f"{PROFILES}/{made['id']}/meeting") == [
        *("2026-10-04T03:00:00Z", "2026-10-04T03:20:00Z", "2026-10-05T03:00:00Z", "2026-10-05T03:20:00Z"),
        *("2026-10-06T01:15:00Z", "2026-10-06T01:35:00Z"),
        *("2026-10-13T00:15:00Z", "2026-10-13T00:35:00Z", "2026-10-13T00:55:00Z", "2026-10-13T01:15:00Z"),
        *("2026-10-13T01:35:00Z", "2026-10-20T00:15:00Z", "2026-10-20T00:35:00Z", "2026-10-20T00:55:00Z"),
        *("2026-10-20T01:15:00Z", "2026-10-20T01:35:00Z", "2026-10-27T00:15:00Z", "2026-10-27T00:35:00Z"),
        *("2026-10-27T00:55:00Z", "2026-10-27T01:15:00Z", "2026-10-27T01:35:00Z"),
    ]


async def test_hours_follow_the_clocks_and_the_person(client: Strict, account: Account) -> None:
    path = f"{PROFILES}/{(await profile(client, timeAvailableFor='P8W'))['id']}/meeting"
    found = await times(client, path)
    assert f"{MONDAY}T07:00:00Z" in found
    assert "2026-10-26T08:00:00Z" in found
    assert "2026-10-26T07:30:00Z" not in found
    account.work_hours = hours("sunday", "10:00:00", "10:30:00", "Europe/Lisbon")
    assert (await times(client, path))[:2] == ["2026-09-27T09:00:00Z", "2026-10-04T09:00:00Z"]


async def test_faults_fit_pages_of_times(sandbox: Sandbox, client: Strict) -> None:
    path = f"{PROFILES}/{(await profile(client))['id']}/meeting"
    whole = await times(client, path)
    sandbox.faults.add(Fault("empty_pages", times=2, after=1, path="booking.profiles.meeting_times"))
    sandbox.faults.add(Fault("empty_pages", times=1, path="booking.profiles.meeting_times"))
    assert await times(client, path) == whole
    assert sandbox.faults.injected["empty_pages"] == 3


# Meetings and reservations.


async def test_a_meeting_takes_its_time(client: Strict, account: Account) -> None:
    made = await profile(
        client,
        subject="{{name}} & Demo",
        description="<p>{{comments}}</p><a href='{{ openMeetingUrl }}'>{{rescheduleToken}}</a>",
        location="Köln",
        openMeetingUrl="https://example.com/?a=1",
        startConference=True,
    )
    path = f"{PROFILES}/{made['id']}/meeting"
    page = (await client.get(path)).json
    assert [field["name"] for field in page["additionalFields"]] == ["name", "comments"]
    body = meeting(
        f"{MONDAY}T07:30:00Z",
        schedulerInfo={"name": "Ann Lee", "email": "ann@example.com"},
        substitutionData={"comments": "à bientôt"},
    )
    booked = (await client.post(path, body)).json
    assert booked == {"created": True, "id": booked["id"]}
    event = account.calendars.events()[booked["id"]]
    assert (event["subject"], event["location"]) == ("Ann Lee & Demo", "Köln")
    assert "<p>à bientôt</p><a href='https://example.com/?a=1'>reschedule-" in event["description"]
    assert event["start"]["dateTime"] == f"{MONDAY}T09:30:00+02:00"
    assert event["end"]["dateTime"] == f"{MONDAY}T10:00:00+02:00"
    assert [one["emailAddress"]["address"] for one in event["meetingInfo"]["attendees"]] == ["ann@example.com"]
    assert event["meetingInfo"]["onlineMeetingProvider"] == "hangoutsMeet"
    found = await times(client, path, fromDate=MONDAY)
    assert found[:2] == [f"{MONDAY}T07:00:00Z", f"{MONDAY}T08:00:00Z"]
    again = await client.post(path, body)
    assert (again.status, again.json["code"]) == (400, "booking.timeNotAvailable")
    account.calendars.remove("primary", booked["id"])
    assert (await client.post(path, body)).json["created"] is True


async def test_times_that_cannot_be_booked(client: Strict) -> None:
    made = await profile(client, description="{{comments}}")
    path = f"{PROFILES}/{made['id']}/meeting"
    good = meeting(f"{MONDAY}T07:00:00Z", substitutionData={"comments": "x"})
    wrong: list[dict[str, Any]] = [
        {},
        meeting(f"{MONDAY}T07:00:00Z"),
        good | meeting(f"{MONDAY}T07:10:00Z"),
        good | meeting(f"{MONDAY}T05:00:00Z"),
        good | meeting("2026-09-27T07:00:00Z"),
        good | meeting("2026-09-21T14:00:00Z"),
        good | meeting("2028-09-25T07:00:00Z"),
        good | {"time": {"start": f"{MONDAY}T07:00:00Z", "end": f"{MONDAY}T08:00:00Z"}},
        good | {"time": {"start": f"{MONDAY}T07:00:00"}},
    ]
    for body in wrong:
        assert (await client.post(path, body)).status == 400
    assert (await client.post(path, good, reserveForMinutes=0)).status == 400
    exact = {"time": {"start": f"{MONDAY}T09:00:00+02:00", "end": f"{MONDAY}T09:30:00+02:00"}}
    assert (await client.post(path, good | exact)).json["created"] is True


async def test_without_an_email_nobody_is_invited(client: Strict, account: Account) -> None:
    path = f"{PROFILES}/{(await profile(client))['id']}/meeting"
    booked = (await client.post(path, meeting(f"{MONDAY}T07:00:00Z", name="Bob"))).json
    event = account.calendars.events()[booked["id"]]
    assert event["subject"] == "demo"
    assert "meetingInfo" not in event
    booked = (await client.post(path, meeting(f"{MONDAY}T08:00:00Z", name="Bob", email="bob@example.com"))).json
    assert account.calendars.events()[booked["id"]]["meetingInfo"]["attendees"][0]["emailAddress"]["name"] == "Bob"


async def test_a_reservation_holds_until_it_expires(client: Strict, account: Account, clock: FakeClock) -> None:
    path = f"{PROFILES}/{(await profile(client))['id']}/meeting"
    body = meeting(f"{MONDAY}T07:00:00Z", email="ann@example.com")
    held = (await client.post(path, body, reserveForMinutes=10)).json
    assert (held["created"], held.keys()) == (False, {"created", "ReservationId"})
    assert held["ReservationId"] > 2**31
    assert list(account.calendars.events()) == []
    assert f"{MONDAY}T07:00:00Z" not in await times(client, path)
    assert (await client.post(path, body)).json["code"] == "booking.timeNotAvailable"
    clock.now += 601
    assert f"{MONDAY}T07:00:00Z" in await times(client, path)
    late = f"{RESERVATIONS}/{held['ReservationId']}"
    assert (await client.post(f"{late}/confirm")).status == 404
    assert (await client.send("DELETE", late)).status == 404


async def test_a_reservation_is_confirmed_or_given_back(client: Strict, sandbox: Sandbox, account: Account) -> None:
    path = f"{PROFILES}/{(await profile(client))['id']}/meeting"
    one, two = [
        (await client.post(path, meeting(f"{MONDAY}T{hour}:00:00Z"), reserveForMinutes=10)).json["ReservationId"]
        for hour in ("07", "08")
    ]
    async with strict(sandbox, sandbox.accounts[1]) as other:
        assert (await other.post(f"{RESERVATIONS}/{one}/confirm")).status == 404
    confirmed = (await client.post(f"{RESERVATIONS}/{one}/confirm")).json
    assert account.calendars.events()[confirmed["id"]]["start"]["dateTime"] == f"{MONDAY}T09:00:00+02:00"
    assert (await client.post(f"{RESERVATIONS}/{one}/confirm")).status == 404
    assert (await client.send("DELETE", f"{RESERVATIONS}/{two}")).json == {"status": "Ok"}
    assert f"{MONDAY}T08:00:00Z" in await times(client, path)
    assert len(account.calendars.events()) == 1


async def test_a_deleted_profile_lets_go_of_its_reservations(client: Strict) -> None:
    made, other = await profile(client), await profile(client, name="other")
    path = f"{PROFILES}/{made['id']}/meeting"
    held = (await client.post(path, meeting(f"{MONDAY}T07:00:00Z"), reserveForMinutes=10)).json["ReservationId"]
    assert f"{MONDAY}T07:00:00Z" not in await times(client, f"{PROFILES}/{other['id']}/meeting")
    await client.send("DELETE", f"{PROFILES}/{made['id']}")
    assert f"{MONDAY}T07:00:00Z" in await times(client, f"{PROFILES}/{other['id']}/meeting")
    assert (await client.post(f"{RESERVATIONS}/{held}/confirm")).status == 404


# The public.


async def test_anybody_books_by_the_name_of_a_profile(client: Strict, sandbox: Sandbox, account: Account) -> None:
    made = await profile(client, name="Démo / 30%")
    path = f"/v1/book/{segment(sandbox.client_id)}/{segment('Démo / 30%')}/meeting"
    async with strict(sandbox) as anybody:
        assert await times(anybody, path) == await times(client, f"{PROFILES}/{made['id']}/meeting")
        booked = (await anybody.post(path, meeting(f"{MONDAY}T07:00:00Z", email="ann@example.com"))).json
        assert booked["id"] in account.calendars.events()
        held = (await anybody.post(path, meeting(f"{MONDAY}T08:00:00Z"), reserveForMinutes=5)).json
        for wrong in (path.replace(segment(sandbox.client_id), "nobody"), path.replace("30%25", "31%25")):
            assert (await anybody.get(wrong)).status == 404
        assert (await anybody.get(f"{PROFILES}/{made['id']}/meeting")).status == 401
    assert (await client.post(f"{RESERVATIONS}/{held['ReservationId']}/confirm")).status == 200


async def test_nobody_is_bookable_without_an_account(client: Strict, sandbox: Sandbox, account: Account) -> None:
    await profile(client)
    path = f"/v1/book/{segment(sandbox.client_id)}/demo/meeting"
    account.token_status = "dead"
    async with strict(sandbox) as anybody:
        assert (await anybody.get(path)).json["items"] == []
        assert (await anybody.post(path, meeting(f"{MONDAY}T07:00:00Z"))).status == 400


async def test_a_window_moves_with_the_clock(client: Strict, clock: FakeClock) -> None:
    path = f"{PROFILES}/{(await profile(client, startAfterMinutes=24 * 60))['id']}/meeting"
    assert (await times(client, path))[0] == "2026-09-22T14:30:00Z"
    clock.now += 7 * DAY
    assert (await times(client, path))[0] == "2026-09-29T14:30:00Z"
