"""The sandbox's booking of groups, with the app's credentials, over a bare socket."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aurinko_async.sandbox import Account, Sandbox
from support.agenda import NOW
from support.bare import segment
from support.clock import FakeClock
from support.strict import Strict, strict

PROFILES = "/v1/book/group/profiles"
RESERVATIONS = "/v1/book/group/reservations"
MONDAY = "2026-09-28"
NOBODY = 12345


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=4, messages=0, events=0, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture
def people(sandbox: Sandbox) -> list[Account]:
    return sandbox.accounts


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Strict]:
    secret = b64encode(f"{sandbox.client_id}:{sandbox.client_secret}".encode()).decode()
    async with strict(sandbox, Authorization=f"Basic {secret}") as client:
        yield client


async def profile(client: Strict, **settings: Any) -> str:
    """Make a profile for the hour from seven to eight UTC on one Monday, and give its path."""
    hours = [{"dayOfWeek": "monday", "workingIntervals": [{"start": "07:00:00", "end": "08:00:00"}]}]
    week = {"daySchedules": hours, "timezone": "UTC"}
    body = {"name": "team", "workHours": week, "timeAvailableFor": "P8D", "clientOrgId": "org 1", **settings}
    answer = await client.post(PROFILES, body)
    assert answer.status == 200, answer.content
    return f"{PROFILES}/{answer.json['id']}"


async def attach(client: Strict, path: str, *accounts: Account, **groups: tuple[str, list[Account]]) -> None:
    if accounts:
        body: dict[str, Any] = {"accountIds": [account.id for account in accounts]}
        assert (await client.post(f"{path}/attachAccounts", body)).json == {"status": "Ok"}
    for ext_id, (required, members) in groups.items():
        group = {"extId": ext_id, "accountIds": [account.id for account in members], "required": required}
        assert (await client.post(f"{path}/attachGroups", {"groups": [group]})).json == {"status": "Ok"}


async def offered(client: Strict, path: str, **query: Any) -> list[tuple[str, list[int], list[str]]]:
    items = (await client.get(f"{path}/meeting", **query)).json["items"]
    return [(item["start"][11:16], item["accountIds"], item["groupXids"]) for item in items]


def busy(account: Account, start: str) -> str:
    return account.calendars.add(start=f"{MONDAY}T{start}:00Z")


def meeting(start: str, **more: Any) -> dict[str, Any]:
    return {"time": {"start": f"{MONDAY}T{start}:00Z"}, **more}


async def test_a_profile_of_a_group_has_a_life(client: Strict, sandbox: Sandbox, people: list[Account]) -> None:
    path = await profile(client)
    made = (await client.get(path)).json
    assert (made["name"], made["clientOrgId"]) == ("team", "org 1")
    assert (await client.send("PATCH", path, json={"clientOrgId": None})).json == {"status": "Ok"}
    assert "clientOrgId" not in (await client.get(path)).json
    assert (await client.get(PROFILES)).json["totalSize"] == 1
    assert (await client.post(PROFILES, {"name": "team"})).json["code"] == "alreadyExists"
    async with strict(sandbox, people[0]) as account:
        assert (await account.get(path)).status == 401
        assert (await account.get(f"/v1/book/account/profiles/{made['id']}")).status == 404
        assert (await account.post("/v1/book/account/profiles", {"name": "team"})).status == 400
    assert (await client.send("DELETE", path)).json == {"status": "Ok"}
    assert (await client.get(path)).status == 404


async def test_accounts_and_groups_come_and_go(client: Strict, people: list[Account]) -> None:
    path = await profile(client)
    one, two, three, four = people
    await attach(client, path, one, two, one)
    await attach(client, path, three)
    page = (await client.get(f"{path}/attachAccounts", limit=2)).json
    assert page == {
        "offset": 0,
        "totalSize": 3,
        "done": False,
        "records": [{"accountIds": [one.id]}, {"accountIds": [two.id]}],
    }
    await client.post(f"{path}/detachAccounts", {"accountIds": [one.id, three.id, NOBODY]})
    assert (await client.get(f"{path}/attachAccounts")).json["records"] == [{"accountIds": [two.id]}]
    await attach(client, path, sales=("all", [one]), support=("one", [three, four]))
    await attach(client, path, sales=("one", [two]))
    groups = (await client.get(f"{path}/attachGroups")).json["records"]
    assert groups == [
        {"extId": "sales", "accountIds": [one.id, two.id], "required": "one"},
        {"extId": "support", "accountIds": [three.id, four.id], "required": "one"},
    ]
    gone = [{"extId": "sales", "accountIds": [one.id]}, {"extId": "support"}, {"extId": "nobody"}]
    await client.post(f"{path}/detachGroups", {"groups": gone})
    groups = (await client.get(f"{path}/attachGroups")).json["records"]
    assert groups == [{"extId": "sales", "accountIds": [two.id], "required": "one"}]
    assert (await client.post(f"{path}/attachAccounts", {"accountIds": [one.id, NOBODY]})).status == 404
    assert (await client.post(f"{path}/attachGroups", {"groups": [{"accountIds": [one.id]}]})).status == 400
    assert (await client.get(f"{path}/attachAccounts")).json["totalSize"] == 1
    assert (await client.get(f"{PROFILES}/1/attachAccounts")).status == 404


async def test_one_is_enough_or_all_are_required(client: Strict, people: list[Account]) -> None:
    path = await profile(client)
    assert await offered(client, path) == []
    one, two, three, four = people
    await attach(client, path, one, two)
    busy(one, "07:00")
    assert await offered(client, path) == [("07:00", [two.id], []), ("07:30", [one.id, two.id], [])]
    assert await offered(client, path, required="one") == await offered(client, path)
    assert await offered(client, path, required="all") == [("07:30", [one.id, two.id], [])]
    await attach(client, path, pair=("all", [three, four]), spare=("one", [three, four]))
    busy(three, "07:30")
    assert await offered(client, path, required="all") == []
    assert await offered(client, path) == [
        ("07:00", [two.id], ["pair", "spare"]),
        ("07:30", [one.id, two.id], ["spare"]),
    ]
    four.deleted = True
    assert await offered(client, path) == [("07:00", [two.id], ["spare"]), ("07:30", [one.id, two.id], [])]


async def test_one_account_hosts_or_all_of_them(client: Strict, people: list[Account]) -> None:
    path = await profile(client, subject="With {{name}}")
    one, two, *_ = people
    await attach(client, path, one, two)
    guest = {"schedulerInfo": {"name": "Ann", "email": "ann@example.com"}}
    booked = (await client.post(f"{path}/meeting", meeting("07:00", **guest), required="one")).json
    assert booked == {"created": True, "id": booked["id"]}
    assert list(one.calendars.events()) == [booked["id"]]
    assert list(two.calendars.events()) == []
    taken = await client.post(f"{path}/meeting", meeting("07:00", **guest), required="all")
    assert taken.json["code"] == "booking.timeNotAvailable"
    booked = (await client.post(f"{path}/meeting", meeting("07:30", **guest), required="all")).json
    mine = one.calendars.events()[booked["id"]]
    (theirs,) = two.calendars.events().values()
    for event in (mine, theirs):
        assert event["subject"] == "With Ann"
        assert event["organizer"]["emailAddress"]["address"] == one.email
        invited = [attendee["emailAddress"]["address"] for attendee in event["meetingInfo"]["attendees"]]
        assert invited == [two.email, "ann@example.com"]
    assert (mine["iCalUid"], mine["globalId"]) == (theirs["iCalUid"], theirs["globalId"])
    assert await offered(client, path, required="all") == []
    assert await offered(client, path) == [("07:00", [two.id], [])]


async def test_who_hosts_can_be_said(client: Strict, people: list[Account]) -> None:
    path = await profile(client)
    one, two, three, four = people
    await attach(client, path, one, two, sales=("one", [three, four]), board=("all", [three, four]))
    busy(three, "07:00")
    wrong = [
        meeting("07:00", accountIds=[three.id]),
        meeting("07:00", groupXids=["nobody"]),
        meeting("07:00", groupXids=["board"]),
    ]
    for body in wrong:
        assert (await client.post(f"{path}/meeting", body)).status == 400
    booked = (await client.post(f"{path}/meeting", meeting("07:00", groupXids=["sales"]))).json
    assert (booked["groupXid"], list(four.calendars.events())) == ("sales", [booked["id"]])
    booked = (await client.post(f"{path}/meeting", meeting("07:30", groupXids=["board"], accountIds=[two.id]))).json
    assert booked["groupXid"] == "board"
    assert list(two.calendars.events()) == [booked["id"]]
    assert [len(account.calendars.events()) for account in people] == [0, 1, 2, 2]


async def test_reservations_hold_for_everybody_they_are_with(
    client: Strict, sandbox: Sandbox, people: list[Account], clock: FakeClock
) -> None:
    path = await profile(client)
    one, two, *_ = people
    await attach(client, path, one, two)
    body = meeting("07:00", email="ann@example.com")
    held = (await client.post(f"{path}/meeting", body, required="all", reserveForMinutes=5)).json
    assert await offered(client, path) == [("07:30", [one.id, two.id], [])]
    where = f"{RESERVATIONS}/{held['ReservationId']}"
    async with strict(sandbox, one) as account:
        assert (await account.post(f"/v1/book/account/reservations/{held['ReservationId']}/confirm")).status == 404
    confirmed = (await client.post(f"{where}/confirm")).json
    assert (confirmed["id"] in one.calendars.events(), len(two.calendars.events())) == (True, 1)
    held = (await client.post(f"{path}/meeting", meeting("07:30"), reserveForMinutes=5)).json
    assert (await client.send("DELETE", f"{RESERVATIONS}/{held['ReservationId']}")).json == {"status": "Ok"}
    held = (await client.post(f"{path}/meeting", meeting("07:30"), reserveForMinutes=5)).json
    clock.now += 300
    assert (await client.post(f"{RESERVATIONS}/{held['ReservationId']}/confirm")).status == 404


async def test_which_profiles_are_available(client: Strict, people: list[Account]) -> None:
    one, two, *_ = people
    paths = [await profile(client, name=name) for name in ("first", "second", "empty")]
    first, second, _ = [int(path.rpartition("/")[2]) for path in paths]
    await attach(client, paths[0], one)
    await attach(client, paths[1], one, two)
    busy(one, "07:00")
    path = f"{PROFILES}/dynamic/availability"
    soon = {"timeMin": f"{MONDAY}T07:00:00Z", "timeMax": f"{MONDAY}T07:30:00Z"}
    later = {"timeMin": f"{MONDAY}T07:00:00Z", "timeMax": f"{MONDAY}T08:00:00Z"}
    assert (await client.post(path, soon)).json == {"profileIds": [second]}
    assert (await client.post(path, soon | {"required": "all"})).json == {"profileIds": []}
    assert (await client.post(path, later)).json == {"profileIds": [first, second]}
    chosen = later | {"profileIds": [first, NOBODY], "profileNames": ["empty"]}
    assert (await client.post(path, chosen)).json == {"profileIds": [first]}
    assert (await client.post(path, later | {"timeMax": later["timeMin"]})).status == 400


async def test_the_public_books_a_group(client: Strict, sandbox: Sandbox, people: list[Account]) -> None:
    path = await profile(client, name="Büro + Co")
    await attach(client, path, people[1])
    public = f"/v1/book/{segment(sandbox.client_id)}/{segment('Büro + Co')}/meeting"
    async with strict(sandbox) as anybody:
        page = (await anybody.get(public, required="all")).json
        assert page["items"][0]["accountIds"] == [people[1].id]
        booked = (await anybody.post(public, meeting("07:00"))).json
    assert list(people[1].calendars.events()) == [booked["id"]]


async def test_a_profile_with_nobody_in_it_cannot_be_booked(client: Strict) -> None:
    path = await profile(client)
    assert (await client.post(f"{path}/meeting", meeting("07:00"))).json["code"] == "booking.timeNotAvailable"
