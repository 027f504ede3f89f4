"""Subscriptions of the sandbox: the challenge, what is delivered, and what becomes of what is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from aurinko_async.sandbox import Account, Sandbox
from aurinko_async.sandbox.webhooks import PERSISTENT_SECONDS
from support.bare import Answer, segment
from support.clock import FakeClock
from support.receiver import Receiver, receiving, signed
from support.server import after, failing, hang_up, reply, reset, silence
from support.strict import Strict, strict

SUBSCRIPTIONS = "/v1/subscriptions"
MAIL = "/email/messages"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=2, messages=3, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[Strict]:
    async with strict(sandbox, account) as client:
        yield client


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def subscribe(client: Strict, receiver: Receiver, resource: str = MAIL, **more: Any) -> Answer:
    body = {"resource": resource, "notificationUrl": receiver.url, **more}
    return await client.post(SUBSCRIPTIONS, body)


async def test_the_challenge_is_signed_and_answered(sandbox: Sandbox, client: Strict, receiver: Receiver) -> None:
    answer = await subscribe(client, receiver, filters=["withoutDrafts"])
    made = answer.json
    assert answer.status == 200
    assert (made["resource"], made["notificationUrl"]) == (MAIL, receiver.url)
    assert (made["active"], made["disabledByBilling"], made["filters"]) == (True, False, ["withoutDrafts"])
    assert made["id"] > 2**31
    (challenge,) = receiver.challenges
    assert (challenge.method, challenge.body) == ("POST", b"")
    assert challenge.target.startswith("/hook?a=%2F&validationToken=")
    assert challenge.query.endswith("%252B%2B%2F%3D")
    assert challenge.header("Content-Type") == "text/plain; charset=utf-8"
    assert challenge.header("X-Aurinko-Request-Timestamp") == "1790000000"
    assert signed(challenge, sandbox.signing_secret)


@pytest.mark.parametrize(
    ("challenge", "complaint"),
    [
        (failing(500), "answered 500"),
        (reply("", status=204), "answered 204"),
        (reply("x", status=302, Location="/"), "answered 302"),
        (reply("x", Content_Type="text/plain"), "did not answer with the token"),
        (reply("x" * 10_000, Content_Type="text/plain"), "did not answer with the token"),
        (reply("{}"), "answered with application/json"),
        (hang_up, "does not answer"),
        (reset, "does not answer"),
        (silence, "did not answer in time"),
    ],
)
async def test_a_challenge_that_fails(
    sandbox: Sandbox, client: Strict, receiver: Receiver, challenge: Any, complaint: str
) -> None:
    receiver.challenge = challenge
    sandbox.webhooks.answer_seconds = 0.05 if challenge is silence else 5
    answer = await subscribe(client, receiver)
    assert answer.status == 400
    assert complaint in answer.json["message"]
    assert sandbox.webhooks.subscriptions == {}


@pytest.mark.parametrize(
    ("resource", "url", "status"),
    [
        ("/email", None, 400),
        ("/tasklists/x/events", None, 400),
        ("/tasklists/none/tasks", None, 404),
        ("/calendars/none/events", None, 404),
        (MAIL, "https://example.com/hook", 400),
        (MAIL, "http://127.0.0.1.example.com/hook", 400),
        (MAIL, "http://10.0.0.1/hook", 400),
        (MAIL, "ftp://127.0.0.1/hook", 400),
        (MAIL, "/hook", 400),
        (MAIL, "http://127.0.0.1:1/a b", 400),
        (MAIL, "http://127.0.0.1:99999/", 400),
        (MAIL, "http://[::1", 400),
        (MAIL, "", 400),
    ],
)
async def test_what_nobody_can_subscribe_to(
    client: Strict, receiver: Receiver, resource: str, url: str | None, status: int
) -> None:
    body = {"resource": resource, "notificationUrl": receiver.url if url is None else url}
    assert (await client.post(SUBSCRIPTIONS, body)).status == status
    assert receiver.server.requests == []


async def test_subscriptions_are_listed_got_and_deleted(sandbox: Sandbox, client: Strict, receiver: Receiver) -> None:
    one, two = [(await subscribe(client, receiver)).json for _ in range(2)]
    assert one["id"] != two["id"]
    page = (await client.get(SUBSCRIPTIONS, limit=1)).json
    assert (page["totalSize"], page["done"], page["records"]) == (2, False, [one])
    path = f"{SUBSCRIPTIONS}/{one['id']}"
    assert (await client.get(path)).json == one
    async with strict(sandbox, sandbox.accounts[1]) as other:
        assert (await other.get(path)).status == 404
        assert (await other.get(SUBSCRIPTIONS)).json["records"] == []
    sandbox.webhooks.subscriptions[one["id"]].active = False
    assert (await client.get(SUBSCRIPTIONS)).json["records"] == [two]
    assert (await client.get(SUBSCRIPTIONS, includeInactive="true")).json["totalSize"] == 2
    assert (await client.send("DELETE", path)).status == 200
    assert (await client.send("DELETE", path)).status == 404


async def test_changes_of_mail_are_told(
    sandbox: Sandbox, client: Strict, account: Account, receiver: Receiver, clock: FakeClock
) -> None:
    made = (await subscribe(client, receiver)).json
    assert await sandbox.deliver_webhooks() == []
    id_ = account.mail.add(subject="new")
    account.mail.update(id_, subject="newer")
    account.mail.update(id_, subject="newest")
    thread_id = account.mail.messages[id_]["threadId"]
    account.mail.remove(id_)
    (delivery,) = await sandbox.deliver_webhooks()
    assert (delivery.status, delivery.attempt, delivery.subscription) == (200, 1, made["id"])
    (request,) = receiver.arrived
    assert (request.method, request.target) == ("POST", "/hook?a=%2F")
    assert request.header("Content-Type") == "application/json"
    assert signed(request, sandbox.signing_secret)
    assert delivery.json == {
        "subscription": made["id"],
        "resource": MAIL,
        "accountId": account.id,
        "payloads": [
            {"id": id_, "changeType": change, "attributes": {"threadId": thread_id}}
            for change in ("created", "updated", "deleted")
        ],
    }
    assert receiver.told == [delivery.json]
    assert (await sandbox.deliver_webhooks(), sandbox.webhooks.next_due) == ([], None)


async def test_calls_that_change_mail_are_told_wherever_it_changes(
    sandbox: Sandbox, client: Strict, receiver: Receiver, clock: FakeClock
) -> None:
    one, two = sandbox.accounts
    await subscribe(client, receiver)
    async with strict(sandbox, two) as other:
        await subscribe(other, receiver)
    await client.post("/v1/email/messages", {"to": [{"address": two.email}], "subject": "hello"})
    await sandbox.deliver_webhooks()
    assert sorted(told["accountId"] for told in receiver.told) == [one.id, two.id]
    draft = (await client.post("/v1/email/drafts", {"to": [{"address": "x@example.com"}]})).json["id"]
    later = "2026-09-21T15:00:00Z"
    await client.send("POST", f"/v1/email/drafts/{segment(draft)}/send", {"sendTime": later}, {})
    await sandbox.deliver_webhooks()
    clock.now += 86_400
    (delivery,) = await sandbox.deliver_webhooks()
    assert sorted(item["changeType"] for item in delivery.json["payloads"]) == ["created", "deleted"]


async def test_drafts_can_be_left_out(sandbox: Sandbox, client: Strict, receiver: Receiver) -> None:
    every = (await subscribe(client, receiver)).json["id"]
    without = (await subscribe(client, receiver, filters=["withoutDrafts"])).json["id"]
    draft = (await client.post("/v1/email/drafts", {"to": [{"address": "x@example.com"}]})).json["id"]
    assert [delivery.subscription for delivery in await sandbox.deliver_webhooks()] == [every]
    await client.post(f"/v1/email/drafts/{segment(draft)}/send", {})
    told = {one.subscription: one.json["payloads"] for one in await sandbox.deliver_webhooks()}
    assert (len(told[every]), len(told[without])) == (2, 1)


async def test_a_signal_has_no_payloads(sandbox: Sandbox, client: Strict, account: Account, receiver: Receiver) -> None:
    await subscribe(client, receiver, detailLevel="signal")
    account.mail.add_many(250)
    assert [delivery.json["payloads"] for delivery in await sandbox.deliver_webhooks()] == [[], [], []]


async def test_contacts_tasks_and_tracking_are_told(
    sandbox: Sandbox, client: Strict, account: Account, receiver: Receiver
) -> None:
    lists = account.task_lists
    other = lists.create_list("Other / 50%")
    resources = ["/contacts", "/tasklists/default/tasks", f"/tasklists/{segment(other)}/tasks", "/email/tracking"]
    for resource in resources:
        assert (await subscribe(client, receiver, resource)).status == 200
    contact = account.contacts.add(name="Ann")
    task, elsewhere = lists.add("t"), lists.add("t", list_id=other)
    lists.complete(task)
    body = {"to": [{"address": "x@example.com"}], "tracking": {"opens": True, "context": "c"}}
    tracking_id = (await client.post("/v1/email/messages", body)).json["trackingId"]
    event = account.open_tracked(tracking_id)
    told = {one.json["resource"]: one.json["payloads"] for one in await sandbox.deliver_webhooks()}
    assert list(told) == resources
    assert told[resources[0]] == [{"id": contact, "changeType": "created"}]
    assert told[resources[1]] == [{"id": task, "changeType": "created"}, {"id": task, "changeType": "updated"}]
    assert told[resources[2]] == [{"id": elsewhere, "changeType": "created"}]
    (payload,) = told[resources[3]]
    assert (payload["id"], payload["eventType"], payload["context"]) == (event, "open", "c")
    assert payload["trackingId"] == int(tracking_id)
    account.contacts.remove(contact)
    account.contacts.restore(contact)
    (delivery,) = await sandbox.deliver_webhooks()
    assert [item["changeType"] for item in delivery.json["payloads"]] == ["deleted", "created"]


async def test_changes_of_calendars_are_told(
    sandbox: Sandbox, client: Strict, account: Account, receiver: Receiver
) -> None:
    other = account.calendars.ids[-1]
    for resource in ("/calendars/primary/events", f"/calendars/{other}/events", f"/calendars/{segment(other)}/events"):
        await subscribe(client, receiver, resource)
    event, elsewhere = account.calendars.add(subject="one"), account.calendars.add(other, subject="two")
    payloads = [delivery.json["payloads"] for delivery in await sandbox.deliver_webhooks()]
    assert payloads[0] == [{"id": event, "changeType": "created"}]
    assert payloads[1] == payloads[2] == [{"id": elsewhere, "changeType": "created"}]
    await client.send("DELETE", f"/v1/calendars/primary/events/{segment(event)}")
    (delivery,) = await sandbox.deliver_webhooks()
    assert delivery.json["payloads"] == [{"id": event, "changeType": "deleted"}]


async def test_retries_come_later_and_later_with_the_same_bytes(
    sandbox: Sandbox, client: Strict, account: Account, receiver: Receiver, clock: FakeClock
) -> None:
    made = (await subscribe(client, receiver)).json
    began = clock.now
    kinds = [failing(500), reply("", status=202), reply("", status=204), reset, reply("", status=302, Location="/x")]
    receiver.answers = [*kinds, *[failing(503) for _ in range(8)]]
    account.mail.add(subject="new")
    attempts = []
    while (due := sandbox.webhooks.next_due) is not None:
        clock.now = due
        attempts += [(one.status, due - began) for one in await sandbox.deliver_webhooks()]
        if len(attempts) == 13:
            record = (await client.get(f"{SUBSCRIPTIONS}/{made['id']}")).json
    waits = [later - earlier for (_, earlier), (_, later) in pairwise(attempts)]
    assert [status for status, _ in attempts] == [500, 202, 204, None, 302, *[503] * 8, 200]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]
    assert (record["active"], record["failSince"]) == (True, "2026-09-21T14:13:20Z")
    assert record["failDescription"] == "The notification URL answered 503"
    first = receiver.arrived[0]
    for request in receiver.arrived:
        assert (request.body, request.headers) == (first.body, first.headers)
    assert (await client.get(f"{SUBSCRIPTIONS}/{made['id']}")).json == made


async def test_a_retry_does_not_hold_up_what_comes_after(
    sandbox: Sandbox, client: Strict, account: Account, receiver: Receiver, clock: FakeClock
) -> None:
    await subscribe(client, receiver)
    receiver.answers = [failing(500)]
    one = account.mail.add()
    await sandbox.deliver_webhooks()
    two = account.mail.add()
    assert [delivery.json["payloads"][0]["id"] for delivery in await sandbox.deliver_webhooks()] == [two]
    clock.now += 1
    (delivery,) = await sandbox.deliver_webhooks()
    assert (delivery.json["payloads"][0]["id"], delivery.attempt) == (one, 2)


async def test_422_removes_the_subscription(
    sandbox: Sandbox, client: Strict, account: Account, receiver: Receiver, clock: FakeClock
) -> None:
    made = (await subscribe(client, receiver)).json
    receiver.answers = [failing(422)]
    account.mail.add()
    assert [delivery.status for delivery in await sandbox.deliver_webhooks()] == [422]
    assert (await client.get(f"{SUBSCRIPTIONS}/{made['id']}")).status == 404
    account.mail.add()
    clock.now += 10_000
    assert (await sandbox.deliver_webhooks(), sandbox.webhooks.next_due) == ([], None)


async def test_who_never_answers_is_switched_off(
    sandbox: Sandbox, client: Strict, account: Account, receiver: Receiver, clock: FakeClock
) -> None:
    made = (await subscribe(client, receiver)).json
    await receiver.server.stop()
    began = clock.now
    account.mail.add()
    while (due := sandbox.webhooks.next_due) is not None:
        clock.now = due
        await sandbox.deliver_webhooks()
    assert clock.now - began >= PERSISTENT_SECONDS
    (record,) = (await client.get(SUBSCRIPTIONS, includeInactive="true")).json["records"]
    assert (record["id"], record["active"]) == (made["id"], False)
    assert (record["failSince"], record["failDescription"]) == (
        "2026-09-21T14:13:20Z",
        "The notification URL does not answer",
    )
    assert (await client.get(SUBSCRIPTIONS)).json["records"] == []
    account.mail.add()
    assert await sandbox.deliver_webhooks() == []


async def test_an_answer_that_takes_too_long_is_none(
    sandbox: Sandbox, client: Strict, account: Account, receiver: Receiver
) -> None:
    await subscribe(client, receiver)
    sandbox.webhooks.answer_seconds = 0.05
    receiver.answers = [silence]
    account.mail.add()
    (delivery,) = await sandbox.deliver_webhooks()
    assert delivery.status is None
    (subscription,) = sandbox.webhooks.subscriptions.values()
    assert subscription.fail_description == "The notification URL did not answer in time"


async def test_a_dead_token_is_told_and_so_is_its_end(
    sandbox: Sandbox, client: Strict, account: Account, receiver: Receiver
) -> None:
    made = (await subscribe(client, receiver)).json
    account.token_status = "dead"
    account.mail.add(subject="nobody learns of this")
    account.token_status = "dead"
    head = {"subscription": made["id"], "resource": MAIL, "accountId": account.id}
    (delivery,) = await sandbox.deliver_webhooks()
    assert delivery.json == {**head, "lifecycleEvent": "error", "error": "Active token is missing"}
    assert await sandbox.deliver_webhooks() == []
    account.token_status = "active"
    (delivery,) = await sandbox.deliver_webhooks()
    assert delivery.json == {**head, "lifecycleEvent": "active"}
    account.deleted = True
    account.mail.add()
    assert await sandbox.deliver_webhooks() == []
    assert sandbox.webhooks.subscriptions == {}


async def test_deleting_while_it_is_delivered(
    sandbox: Sandbox, client: Strict, account: Account, receiver: Receiver, clock: FakeClock
) -> None:
    made = (await subscribe(client, receiver)).json
    gate = asyncio.Event()
    receiver.answers = [after(gate, failing(500))]
    account.mail.add()
    delivering = asyncio.ensure_future(sandbox.deliver_webhooks())
    await receiver.server.until(lambda: bool(receiver.arrived))
    assert await sandbox.deliver_webhooks() == []
    await client.send("DELETE", f"{SUBSCRIPTIONS}/{made['id']}")
    gate.set()
    assert [delivery.status for delivery in await delivering] == [500]
    clock.now += 10
    assert (await sandbox.deliver_webhooks(), sandbox.webhooks.next_due) == ([], None)


async def test_automatic_delivery(receiver: Receiver) -> None:
    async with Sandbox(accounts=1, messages=3, webhooks="auto") as sandbox:
        account = sandbox.accounts[0]
        async with strict(sandbox, account) as client:
            made = (await subscribe(client, receiver)).json
        gate = asyncio.Event()
        receiver.answers = [after(gate, reply()), failing(500), failing(500)]
        slow = account.mail.add()
        await receiver.server.until(lambda: len(receiver.arrived) == 1)
        one = account.mail.add()
        await receiver.server.until(lambda: len(receiver.arrived) == 2)
        assert [told["payloads"][0]["id"] for told in receiver.told] == [slow, one]
        await receiver.server.until(lambda: sandbox.webhooks.next_due is not None)
        assert [(delivery.subscription, delivery.status) for delivery in sandbox.webhooks.deliveries] == [
            (made["id"], 500)
        ]
        account.token_status = "invalid"
        await receiver.server.until(lambda: len(receiver.arrived) == 3)
        assert receiver.told[2]["lifecycleEvent"] == "error"
    await receiver.server.until(lambda: receiver.server.open == 0)
