"""Tracked mail in the sandbox: opens, clicks, replies, bounces, and tracked drafts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from aurinko_async.sandbox import Account, Sandbox
from support.bare import segment
from support.clock import FakeClock
from support.strict import Strict, strict

MESSAGES, TRACKING, EVENTS = "/v1/email/messages", "/v1/email/tracking", "/v1/email/tracking/events"
DRAFTS, DRAFT_TRACKING = "/v1/email/drafts", "/v1/email/draftTracking"
BOTH = {"opens": True, "threadReplies": True}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=2, messages=5, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[Strict]:
    async with strict(sandbox, account) as client:
        yield client


async def send(client: Strict, to: str = "x@example.com", **tracking: Any) -> dict[str, Any]:
    """Send a tracked mail; gives the answer."""
    body = {"to": [{"address": to}], "subject": "Offer", "tracking": {**BOTH, **tracking}}
    sent: dict[str, Any] = (await client.post(MESSAGES, body, returnIds="true")).json
    return sent


def time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


async def test_a_tracked_message(client: Strict, account: Account) -> None:
    sent = await send(client, context="deal/1+=")
    record = (await client.get(f"{TRACKING}/{sent['trackingId']}")).json
    assert record["id"] == int(sent["trackingId"]) > 2**31
    assert (record["messageId"], record["threadId"]) == (sent["id"], sent["threadId"])
    assert record["inetMessageId"] == sent["submittedMessageId"]
    assert (record["context"], record["openCount"], record["hasBounced"]) == ("deal/1+=", 0, False)
    assert record.keys().isdisjoint({"lastActivityTime", "userAgent"})
    for unknown in (f"{TRACKING}/1", f"{TRACKING}/1/events", f"{TRACKING}/1/events/1"):
        assert (await client.get(unknown)).status == 404
    plain = {"to": [{"address": "x@example.com"}], "tracking": {"context": "nothing asked for"}}
    assert "trackingId" not in (await client.post(MESSAGES, plain)).json


async def test_opens_and_clicks(client: Strict, account: Account, clock: FakeClock) -> None:
    tracking_id = (await send(client, context="c"))["trackingId"]
    sent_at = clock.now
    assert account.open_tracked(tracking_id, at=sent_at + 4) is None
    opened = account.open_tracked(tracking_id)
    clock.now += 60
    clicked = account.tracking.click(tracking_id, "https://example.com/?a=1", user_agent="Phone")
    again = account.open_tracked(tracking_id, user_agent="Phone", remote_addr="192.0.2.9")
    events = (await client.get(f"{TRACKING}/{tracking_id}/events")).json
    assert [event["id"] for event in events["records"]] == [again, clicked, opened]
    assert [event["eventType"] for event in events["records"]] == ["open", "click", "open"]
    assert [event.get("openNumber") for event in events["records"]] == [2, None, 1]
    assert datetime.fromisoformat(events["records"][2]["createdAt"]).timestamp() == sent_at + 5
    one = (await client.get(f"{TRACKING}/{tracking_id}/events/{again}")).json
    assert one == events["records"][0]
    assert (one["userAgent"], one["remoteAddr"], one["trackingId"]) == ("Phone", "192.0.2.9", int(tracking_id))
    assert (await client.get(f"{TRACKING}/{tracking_id}/events/1")).status == 404
    record = (await client.get(f"{TRACKING}/{tracking_id}")).json
    assert (record["openCount"], record["userAgent"]) == (2, "Phone")
    assert datetime.fromisoformat(record["lastActivityTime"]).timestamp() == clock.now


async def test_replies_and_bounces_arrive_by_themselves(sandbox: Sandbox, client: Strict, account: Account) -> None:
    other = sandbox.accounts[1]
    sent = await send(client, to=other.email)
    copy = next(id_ for id_, record in other.mail.messages.items() if record["subject"] == "Offer")
    async with strict(sandbox, other) as them:
        await them.post(f"{MESSAGES}/{segment(copy)}/reply", {"body": "Yes"})
    account.mail.add(from_="Mailer-Daemon@example.com", threadId=sent["threadId"], subject="Undeliverable")
    account.mail.add(from_="ann@example.com", subject="something else")
    records = (await client.get(EVENTS)).json["records"]
    assert [event["eventType"] for event in records] == ["replyBounce", "reply"]
    reply = account.mail.messages[records[1]["messageId"]]
    assert (reply["from"]["address"], records[1]["threadId"]) == (other.email, sent["threadId"])
    assert (records[1]["internetMessageId"], records[1]["trackingMessageId"]) == (
        reply["internetMessageId"],
        sent["id"],
    )
    record = (await client.get(f"{TRACKING}/{sent['trackingId']}")).json
    assert record["hasBounced"] is True
    assert "lastRespondedTime" in record
    assert account.tracking.reply(sent["trackingId"])
    assert account.tracking.bounce(sent["trackingId"])
    opens_only = await send(client, threadReplies=False)
    assert account.tracking.reply(opens_only["trackingId"]) is None


async def test_the_list_and_its_filters(client: Strict, account: Account) -> None:
    one, two, three = [(await send(client, context=f"deal-{n}"))["trackingId"] for n in range(3)]
    account.open_tracked(one)
    account.tracking.reply(two)
    await client.post(f"{DRAFT_TRACKING}/create", {"tracking": BOTH}, draftId="d", ignoreNotFound="true")

    async def listed(**query: Any) -> list[str]:
        return [str(record["id"]) for record in (await client.get(TRACKING, **query)).json["records"]]

    assert await listed() == [three, two, one]
    assert len(await listed(showSentOnly="false")) == 4
    assert await listed(withActivityOnly="true") == [one]
    assert await listed(contextContains="l-1") == [two]
    assert await listed(threadId=account.tracking.get(int(three)).thread_id) == [three]
    page = (await client.get(TRACKING, limit=2, offset=1)).json
    assert (page["offset"], page["totalSize"], page["done"]) == (1, 3, True)
    assert (await client.get(TRACKING, limit=2)).json["done"] is False
    assert (await client.get(TRACKING, offset=-1)).status == 400


async def test_events_between_times(client: Strict, account: Account, clock: FakeClock) -> None:
    one = await send(client)
    other = await send(client)
    clock.now += 100
    times: list[float] = []
    for tracking in (one, other, one):
        clock.now += 10.5
        times.append(float(int(clock.now)))
        account.open_tracked(tracking["trackingId"])

    async def counted(**query: Any) -> int:
        total: int = (await client.get(EVENTS, **query)).json["totalSize"]
        return total

    assert await counted() == 3
    assert await counted(**{"from": time(times[0])}) == 2
    assert await counted(to=time(times[1])) == 2
    assert await counted(**{"from": time(times[0]), "to": time(times[1])}) == 1
    assert await counted(threadId=one["threadId"]) == 2
    assert (await client.get(EVENTS, to="yesterday")).status == 400
    assert (await client.get(EVENTS, limit=1)).json["done"] is False


async def test_opens_can_be_ignored(client: Strict, account: Account) -> None:
    sent = await send(client)
    ignore = f"{TRACKING}/ignoreOpenClicks"
    assert (await client.post(ignore, messageId=sent["id"], isIgnored="true")).json == {"status": "Ok"}
    assert account.open_tracked(sent["trackingId"]) is None
    assert (await client.get(f"{TRACKING}/{sent['trackingId']}")).json["ignoreOpenClicks"] is True
    assert (await client.post(ignore, inetMessageId=sent["submittedMessageId"], isIgnored="false")).status == 200
    assert account.open_tracked(sent["trackingId"])
    assert (await client.post(ignore, isIgnored="true")).status == 400
    assert (await client.post(ignore, messageId=sent["id"])).status == 400
    assert (await client.post(ignore, messageId="none", isIgnored="true")).status == 404


async def test_purging_what_one_browser_did(client: Strict, account: Account) -> None:
    one, two = await send(client), await send(client)
    for tracking in (one, two):
        account.open_tracked(tracking["trackingId"], user_agent="Mine")
        account.open_tracked(tracking["trackingId"], user_agent="Theirs")
    purge, mine = f"{TRACKING}/purgeMyTracking", {"User-Agent": "Mine"}
    assert (await client.send("POST", purge, skip_auto_headers=["User-Agent"])).status == 400
    assert (await client.send("POST", purge, {"threadId": one["threadId"]}, headers=mine)).json == {"status": "Ok"}
    assert [len(tracking.events) for tracking in account.tracking.all.values()] == [1, 2]
    await client.send("POST", purge, headers=mine)
    assert [len(tracking.events) for tracking in account.tracking.all.values()] == [1, 1]
    assert (await client.get(f"{TRACKING}/{one['trackingId']}")).json["openCount"] == 1


async def test_a_draft_is_tracked_before_it_is_sent(client: Strict, account: Account) -> None:
    html = '<html><body><a href="https://example.com/?a=1&amp;b=é">x</a> <a href="mailto:a@b.c">y</a></body></html>'
    draft_id = (await client.post(DRAFTS, {"to": [{"address": "x@example.com"}], "body": html})).json["id"]
    create = f"{DRAFT_TRACKING}/create"
    answer = (
        await client.post(create, {"htmlText": html, "tracking": {**BOTH, "context": "c"}}, draftId=draft_id)
    ).json
    assert (answer["trackReplies"], answer["context"]) == (True, "c")
    assert answer["htmlBody"].endswith(f'/o/{answer["trackingCode"]}.gif" width="1" height="1" alt=""></body></html>')
    assert "https%3A%2F%2Fexample.com%2F%3Fa%3D1%26b%3D%C3%A9" in answer["htmlBody"]
    assert 'href="mailto:a@b.c"' in answer["htmlBody"]
    assert [link["url"] for link in answer["linkCodes"]] == ["https://example.com/?a=1&b=é"]
    assert account.open_tracked(answer["trackingId"]) is None
    path = f"{DRAFT_TRACKING}/{segment(draft_id)}"
    assert (await client.send("PATCH", path, json={"context": "d"})).json == {"status": "Ok"}
    again = (await client.post(create, {"htmlText": "<p>x", "tracking": {"opens": True}}, draftId=draft_id)).json
    assert (again["trackingId"], again["context"], again["trackReplies"]) == (answer["trackingId"], "d", False)
    assert again["htmlBody"].startswith("<p>x<img")
    assert (await client.post(f"{DRAFTS}/{segment(draft_id)}/send")).json == {"status": "Ok"}
    record = (await client.get(f"{TRACKING}/{answer['trackingId']}")).json
    assert account.mail.messages[record["messageId"]]["sysLabels"] == ["sent"]
    assert account.open_tracked(answer["trackingId"])


async def test_a_tracked_draft_that_was_sent_elsewhere_is_converted(client: Strict) -> None:
    create, path = f"{DRAFT_TRACKING}/create", f"{DRAFT_TRACKING}/r%2Felse"
    assert (await client.post(create, {"htmlText": "x"}, draftId="r/else")).status == 404
    assert (await client.post(create, {"htmlText": "x"})).status == 400
    body = {"htmlText": "x", "tracking": {"threadReplies": True}}
    made = (await client.post(create, body, draftId="r/else", ignoreNotFound="true")).json
    assert (made["htmlBody"], made["linkCodes"]) == ("x", [])
    ids = {"threadId": "t", "messageId": "m", "internetMessageId": "<i@example.com>"}
    assert (await client.send("PATCH", f"{path}/convert", json=ids)).json == {"status": "Ok"}
    record = (await client.get(f"{TRACKING}/{made['trackingId']}")).json
    assert (record["threadId"], record["messageId"], record["inetMessageId"]) == ("t", "m", "<i@example.com>")
    for unknown in ("none", "none/convert"):
        assert (await client.send("PATCH", f"{DRAFT_TRACKING}/{unknown}", json={})).status == 404


async def test_a_scheduled_draft_is_tracked_from_when_it_is_sent(
    client: Strict, account: Account, clock: FakeClock
) -> None:
    draft_id = (await client.post(DRAFTS, {"to": [{"address": "x@example.com"}]})).json["id"]
    query = {"sendTime": time(clock.now + 3600)}
    sent = (await client.send("POST", f"{DRAFTS}/{segment(draft_id)}/send", query, {"tracking": BOTH})).json
    assert sent["status"] == "Scheduled"
    assert (await client.get(TRACKING)).json["totalSize"] == 0
    clock.now += 3601
    await client.get(MESSAGES)
    assert [str(record["id"]) for record in (await client.get(TRACKING)).json["records"]] == [sent["trackingId"]]
