"""The sandbox's calendars and their events, over a bare socket; every good answer is held against the contract."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.sandbox.errors import ApiError
from support.agenda import NOW, PRIMARY, WIDE, at, create, event, patch, url
from support.bare import segment
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


# Calendars.


async def test_calendars_and_their_odd_ids(client: Strict, account: Account) -> None:
    own = await client.walk("/v1/calendars")
    everything = await client.walk("/v1/calendars", withShared="true")
    assert [one["accessRole"] for one in own] == ["owner", "owner"]
    assert [one["primary"] for one in own] == [True, False]
    assert {one["accessRole"] for one in everything} == {"owner", "writer", "reader"}
    for one in everything:
        assert (await client.get(f"/v1/calendars/{segment(one['id'])}")).json == one
    assert (await client.get(PRIMARY)).json == own[0]
    assert (await client.get("/v1/calendars/nowhere")).status == 404
    assert any(set("+/#%=") & set(one["id"]) for one in everything)
    assert [one["id"] for one in everything] == [id_ for id_ in account.calendars.ids if "Köln" not in id_][:4]


async def test_calendars_page() -> None:
    async with (
        Sandbox(accounts=1, messages=0, events=0, page_size=1) as sandbox,
        strict(sandbox, sandbox.accounts[0]) as client,
    ):
        assert len(await client.walk("/v1/calendars", withShared="true")) == 4


async def test_groups_have_calendars_with_office365_only(client: Strict, account: Account) -> None:
    groups = await client.walk("/v1/calendars", mode="group")
    if account.service_type == "Office365":
        assert [one["name"] for one in groups] == ["Équipe Köln"]
    else:
        assert groups == await client.walk("/v1/calendars")


async def test_a_calendar_is_made_and_changed(client: Strict) -> None:
    made = (await client.post("/v1/calendars", {"name": "Neu / 新しい", "color": "#ff0000"})).json
    assert (made["color"], made["accessRole"], made["primary"]) == ("#ff0000", "owner", False)
    path = f"/v1/calendars/{segment(made['id'])}"
    changed = (await client.send("PATCH", path, json={"description": "Tag & Nacht"})).json
    assert changed == {**made, "description": "Tag & Nacht"} == (await client.get(path)).json
    assert (await client.post(f"{path}/events", event())).status == 201
    assert (await client.post("/v1/calendars", {"name": "Neu / 新しい"})).status == 400
    assert (await client.post("/v1/calendars", {})).status == 400


async def test_a_calendar_that_may_only_be_read(client: Strict) -> None:
    reader = next(one for one in await client.walk("/v1/calendars", withShared="true") if one["accessRole"] == "reader")
    path = f"/v1/calendars/{segment(reader['id'])}"
    (first, *_) = await client.walk(f"{path}/events/range", **WIDE)
    answers = [
        await client.post(f"{path}/events", event()),
        await client.send("DELETE", f"{path}/events/{segment(first['id'])}"),
        await client.send("PATCH", path, json={"name": "mine"}),
    ]
    assert [(answer.status, answer.json["code"]) for answer in answers] == [(403, "forbidden")] * 3


# Events.


async def test_made_up_events_are_of_every_kind(client: Strict, account: Account) -> None:
    account.calendars.add_many("primary", 60)
    events = list(account.calendars.events().values())
    assert {record["recurrenceType"] for record in events} == {"single", "master", "occurrence"}
    assert any("dateOnly" in record["start"] for record in events)
    assert any(record["attachments"] for record in events)
    assert any("onlineMeetingDetails" in record.get("meetingInfo", {}) for record in events) == (
        account.service_type != "IMAP"
    )
    assert {record["meetingInfo"]["response"] for record in events if "meetingInfo" in record} > {
        "accepted",
        "declined",
    }
    assert len({record["start"]["timezone"] for record in events if "timezone" in record["start"]}) > 3
    assert any(not record["subject"].isascii() for record in events)
    assert any(record["description"].startswith("<html") for record in events)
    for record in events[:10]:
        assert (await client.get(url(record["id"]))).json == record


async def test_the_same_seed_makes_the_same_events() -> None:
    def picture(seed: int) -> list[dict[str, Any]]:
        sandbox = Sandbox(accounts=2, messages=0, events=20, seed=seed, clock=lambda: NOW)
        calendars = sandbox.accounts[1].calendars
        return [dict(calendars.events(calendar_id)) for calendar_id in calendars.ids]

    assert picture(5) == picture(5)
    assert picture(5) != picture(6)


async def test_an_event_is_created_as_told(client: Strict, account: Account) -> None:
    attendees = [
        {"emailAddress": {"name": "Ann Lee", "address": "ann@example.com"}, "type": "optional"},
        {"emailAddress": {"address": "room@example.com"}, "type": "resource"},
    ]
    body = event(
        description="<p>Grüße</p>",
        location="会議室",
        meetingInfo={"attendees": attendees, "onlineMeeting": True, "attendeePermissions": ["seeOthers"]},
        reminder={"useDefault": False, "overrides": [{"minutes": 5}]},
        showAs="tentative",
        sensitivity="private",
        id="mine",
        etag="mine",
        organizer={"emailAddress": {"address": "mallory@example.com"}},
    )
    made = await create(client, body)
    record = made["record"]
    assert record == (await client.get(url(made["id"]))).json == account.calendars.events()[made["id"]]
    assert (record["id"], record["etag"], record["iCalUid"]) == (made["id"], made["etag"], made["iCalUId"])
    assert made["id"] != "mine"
    assert record["organizer"]["emailAddress"]["address"] == account.email
    assert record["calendarId"] == account.calendars.ids[0]
    assert (record["description"], record["location"]) == ("<p>Grüße</p>", "会議室")
    assert (record["showAs"], record["sensitivity"]) == ("tentative", "private")
    assert [one["type"] for one in record["meetingInfo"]["attendees"]] == ["optional", "resource"]
    assert record["reminder"]["overrides"] == [{"minutes": 5}]
    provider = {"Google": "hangoutsMeet", "Office365": "teamsForBusiness"}.get(account.service_type)
    assert made.get("onlineMeetingProvider") == record["meetingInfo"].get("onlineMeetingProvider") == provider
    assert ("onlineMeetingDetails" in made) == (provider is not None)


async def test_the_record_is_only_returned_on_request(client: Strict) -> None:
    made = await create(client, event(), returnRecord="false")
    assert made.keys() == {"id", "etag", "iCalUId", "globalId"}
    assert "record" not in await patch(client, made, {"subject": "x"}, returnRecord="false")


async def test_text_becomes_html(client: Strict) -> None:
    made = await create(client, event(description="a < b"), bodyType="text")
    assert "a &lt; b" in made["record"]["description"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"start": at("2026-10-01T09:00:00+02:00")},
        event(end=at("2026-10-01T08:00:00+02:00")),
        event(end={"dateOnly": "2026-10-02"}),
        event(start={"dateOnly": "2026-10-02"}, end={"dateOnly": "2026-10-02"}),
        event(start={}),
        event(start={"dateOnly": "2026-10-01", "dateTime": "2026-10-01T09:00:00Z"}),
        event(start={"dateTime": "2026-10-01T09:00:00"}),
        event(start=at("0001-01-01T00:00:00Z")),
        event(start={"dateOnly": "9999-12-30"}, end={"dateOnly": "9999-12-31"}),
        event(start=at("2026-10-01T09:00:00Z", "Mars/Base")),
        event(start=at("2026-10-01T09:00:00Z", "../../etc/passwd")),
        event(recurrence={}),
        event(recurrence={"simple": {"pattern": {"frequency": "hourly"}}}),
        event(recurrence={"ical": {"rules": ["RRULE:FREQ=SECONDLY"]}}),
        event(meetingInfo={"attendees": [{"emailAddress": {"name": "nobody"}}]}),
        event(showAs="maybe"),
    ],
)
async def test_events_that_make_no_sense(sandbox: Sandbox, body: dict[str, Any]) -> None:
    async with strict(sandbox, sandbox.accounts[0]) as client:
        before = len(sandbox.accounts[0].calendars.events())
        answer = await client.post(f"{PRIMARY}/events", body)
        assert (answer.status, answer.json["code"]) == (400, "badRequest")
        assert len(sandbox.accounts[0].calendars.events()) == before


async def test_an_update_needs_the_tag_of_what_is_there(client: Strict, clock: FakeClock) -> None:
    made = await create(client, event(description="stays"))
    clock.now += 5
    changed = await patch(client, made, {"subject": "neu", "location": None})
    record = changed["record"]
    assert (record["subject"], record["location"], record["description"]) == ("neu", "", "stays")
    assert record["etag"] == changed["etag"] != made["etag"]
    assert record["lastModifiedTime"] > record["createdTime"]
    missing = await client.send("PATCH", url(made["id"]), json={"subject": "x"})
    assert (missing.status, missing.json["message"]) == (400, "Required header is missing: If-Match")
    stale = await client.send("PATCH", url(made["id"]), json={"subject": "x"}, headers={"If-Match": made["etag"]})
    assert (stale.status, stale.json["code"]) == (412, "preconditionFailed")
    assert (await client.get(url(made["id"]))).json == record
    anything = await client.send("PATCH", url(made["id"]), json={"subject": "x"}, headers={"If-Match": "*"})
    assert anything.json["etag"] not in (made["etag"], changed["etag"])


async def test_a_refused_update_changes_nothing(client: Strict) -> None:
    made = await create(client, event())
    body = {"subject": "x", "end": at("2026-10-01T08:00:00+02:00")}
    answer = await client.send("PATCH", url(made["id"]), json=body, headers={"If-Match": made["etag"]})
    assert answer.status == 400
    assert (await client.get(url(made["id"]))).json == made["record"]


async def test_a_change_of_attendees_keeps_their_answers(client: Strict, account: Account) -> None:
    invited = next(
        record
        for record in account.calendars.events().values()
        if any("response" in one for one in record.get("meetingInfo", {}).get("attendees", ()))
    )
    attendees = invited["meetingInfo"]["attendees"]
    guest = {"emailAddress": {"address": "new@example.com"}}
    changed = await patch(client, invited, {"meetingInfo": {"attendees": [*attendees, guest]}})
    assert changed["record"]["meetingInfo"]["attendees"][:-1] == attendees
    changed = await patch(client, changed, {"meetingInfo": None})
    assert "meetingInfo" not in changed["record"]


async def test_a_delete_is_answered_with_nothing(client: Strict) -> None:
    made = await create(client, event())
    answer = await client.send("DELETE", url(made["id"]), {"notifyAttendees": "false"})
    assert (answer.status, answer.content) == (200, b"")
    assert (await client.get(url(made["id"]))).status == 404
    assert (await client.send("DELETE", url(made["id"]))).status == 404
    assert (await client.get(f"/v1/calendars/nowhere/events/{segment(made['id'])}")).status == 404


async def test_attachments(client: Strict, account: Account) -> None:
    id_ = account.calendars.add(attachments=[{"name": "plan.txt", "mimeType": "text/plain", "content": b"\x00plan"}])
    record = (await client.get(url(id_))).json
    assert record["hasAttachments"] is True
    (file,) = record["attachments"]
    assert (file["name"], file["size"]) == ("plan.txt", 5)
    content = (await client.get(url(id_, f"/attachments/{segment(file['id'])}"))).json["content"]
    assert base64.b64decode(content) == b"\x00plan"
    assert (await client.get(url(id_, "/attachments/none"))).status == 404


async def test_an_invitation_is_answered(client: Strict, account: Account) -> None:
    host = {"emailAddress": {"address": "host@example.com"}}
    id_ = account.calendars.add(attendees=[account.email, "Bob <bob@example.com>"], organizer=host)
    before = (await client.get(url(id_))).json["etag"]
    for response, spelled, shown in (
        ("tentative", "tentitive", "tentative"),
        ("declined", "declined", "free"),
        ("accepted", "accepted", "busy"),
    ):
        body = {"response": response, "comment": "à voir"}
        assert (await client.send("PUT", url(id_, "/response"), json=body)).json == {"status": "Ok"}
        record = (await client.get(url(id_))).json
        me, bob = record["meetingInfo"]["attendees"]
        assert (record["meetingInfo"]["response"], me["response"], me["comment"]) == (response, spelled, "à voir")
        assert "response" not in bob
        assert (record["showAs"], record["etag"] != before) == (shown, True)
    await client.send("PUT", url(id_, "/response"), json={"response": "noResponse"})
    assert "response" not in account.calendars.events()[id_]["meetingInfo"]["attendees"][0]
    assert (await client.send("PUT", url(id_, "/response"), json={"response": "perhaps"})).status == 400
    assert (await client.send("PUT", url(id_, "/response"), json={})).status == 400
    mine = await create(client, event())
    assert (await client.send("PUT", url(mine["id"], "/response"), json={"response": "accepted"})).status == 400


# What tests do.


def test_events_are_added_in_the_words_of_python(account: Account) -> None:
    calendars = account.calendars
    day = calendars.add(start=date(2026, 10, 1), subject="all day")
    assert (calendars.events()[day]["start"], calendars.events()[day]["end"]) == (
        {"dateOnly": "2026-10-01"},
        {"dateOnly": "2026-10-02"},
    )
    days = calendars.add(start="2026-10-01", end=date(2026, 10, 4))
    assert calendars.events()[days]["end"] == {"dateOnly": "2026-10-04"}
    naive = calendars.add(start=at("2026-10-01T09:00:00", "Asia/Tokyo"), end=datetime(2026, 10, 1, 1, tzinfo=UTC))
    start = calendars.events()[naive]["start"]
    assert datetime.fromisoformat(start["dateTime"]) == datetime(2026, 10, 1, tzinfo=UTC)
    assert start["timezone"] == "Asia/Tokyo"
    now = calendars.add(id="mine/%2F", categories=["a"])
    assert datetime.fromisoformat(calendars.events()[now]["start"]["dateTime"]).timestamp() == NOW
    assert (now, calendars.events()[now]["categories"]) == ("mine/%2F", ["a"])
    with pytest.raises(ValueError, match="there is an event with this id"):
        calendars.add(id=now)
    assert len(calendars.add_many(calendars.ids[1], 3)) == 3
    with pytest.raises(ApiError, match="could not be found"):
        calendars.restore("primary", "nothing")
    with pytest.raises(KeyError):
        calendars.events()["nothing"]
    calendars.clear()
    assert (len(calendars.events()), calendars.events().get(now)) == (0, None)
