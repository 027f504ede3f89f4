"""Follow-up rules, and conversations that follow them, in the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from aurinko_async.sandbox import Account, Sandbox
from support.bare import Bare, segment
from support.clock import FakeClock
from support.strict import Strict, strict

CONFIG, RULES, CONVERSATIONS = "/v1/followup/config", "/v1/followup/rules", "/v1/followup/conversations"
DAY = 86_400.0
RULE = {
    "name": "Nudge",
    "templateSubject": "Still there, {{name}}?",
    "templateBody": "{{name}} {{unknown}}",
    "actions": [{"intervalDays": 2, "message": "First, {{name}}"}, {"intervalDays": 3}],
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=1, messages=0, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[Strict]:
    async with strict(sandbox, account) as client:
        yield client


@pytest.fixture
async def thread_id(client: Strict) -> str:
    body = {"to": [{"address": "bob@example.com"}], "subject": "Offer"}
    id_: str = (await client.post("/v1/email/messages", body, returnIds="true")).json["threadId"]
    return id_


def sent(account: Account) -> list[str]:
    return [record["subject"] for record in account.mail.messages.values() if "sent" in record["sysLabels"]]


async def put(client: Strict, path: str, body: Any) -> Any:
    return (await client.send("PUT", path, json=body)).json


async def test_config(client: Strict) -> None:
    assert (await client.get(CONFIG)).json["emailAliases"] == []
    config = {"timezone": "Asia/Tokyo", "emailAliases": ["me@example.com"]}
    assert await put(client, CONFIG, config) == config
    assert (await client.get(CONFIG)).json == config


async def test_rules(client: Strict, account: Account) -> None:
    assert (await client.get(RULES)).json == {}
    one = (await client.post(RULES, RULE)).json
    assert {**RULE, "id": one["id"]} == one
    two = (await client.post(RULES, {"name": "Other"})).json
    assert (await client.get(RULES)).json == one
    account.followups.rules_as_page = True
    assert (await Bare.send(client, "GET", RULES)).json["records"] == [one, two]
    account.followups.rules_as_page = False
    assert await put(client, f"{RULES}/{two['id']}", {"name": "New"}) == {"id": two["id"], "name": "New", "actions": []}
    assert (await client.send("DELETE", f"{RULES}/{one['id']}")).json == {"status": "Ok"}
    assert (await client.send("DELETE", f"{RULES}/{one['id']}")).status == 404
    assert (await client.send("PUT", f"{RULES}/{one['id']}", json=RULE)).status == 404
    assert (await client.send("PUT", f"{RULES}/x", json=RULE)).status == 400


async def test_a_conversation_follows_its_rule(
    client: Strict, account: Account, clock: FakeClock, thread_id: str
) -> None:
    rule = (await client.post(RULES, RULE)).json
    path = f"{CONVERSATIONS}/{segment(thread_id)}"
    assert (await client.get(path)).json["status"] == "disabled"
    assert (await client.get(CONVERSATIONS)).json["totalSize"] == 0
    request = {"status": "active", "ruleId": rule["id"], "actionVars": {"name": "Bob"}}
    status = await put(client, path, request)
    assert (status["status"], status["rule"], status["targets"]) == ("active", rule, ["bob@example.com"])
    assert (await client.get(CONVERSATIONS, active="true")).json["totalSize"] == 1
    clock.now += 2 * DAY + 1
    assert (await client.get(path)).json["dripLastNum"] == 1
    assert sent(account) == ["Offer", "Still there, Bob?"]
    clock.now += 3 * DAY
    status = (await client.get(CONVERSATIONS)).json["records"][0]
    assert (status["status"], status["dripLastNum"], status["convoId"]) == ("finished", 2, thread_id)
    assert "dripEndedAt" in status
    bodies = [message.letter().html for message in account.mail.thread(thread_id)]
    assert bodies[1:] == ["First, Bob", "Bob {{unknown}}"]
    assert (await client.get(CONVERSATIONS, active="true")).json["totalSize"] == 0


async def test_an_answer_ends_it(client: Strict, account: Account, clock: FakeClock, thread_id: str) -> None:
    rule = (await client.post(RULES, RULE)).json
    path = f"{CONVERSATIONS}/{segment(thread_id)}"
    await put(client, path, {"status": "active", "ruleId": rule["id"]})
    account.mail.add(from_="bob@example.com", threadId=thread_id)
    status = (await client.get(path)).json
    assert (status["status"], status["dripResponder"]) == ("finished", "bob@example.com")
    clock.now += 10 * DAY
    await client.get(path)
    assert sent(account) == ["Offer"]


async def test_other_ways_it_goes(client: Strict, account: Account, clock: FakeClock, thread_id: str) -> None:
    rule, empty = [(await client.post(RULES, body)).json["id"] for body in (RULE, {"name": "Empty"})]
    path = f"{CONVERSATIONS}/{segment(thread_id)}"
    assert (await put(client, path, {"status": "active"}))["status"] == "ruleIncomplete"
    assert (await put(client, path, {"status": "active", "ruleId": empty}))["status"] == "ruleIncomplete"
    assert (await client.send("PUT", path, json={"status": "active", "ruleId": 7})).status == 404
    assert (await client.send("PUT", f"{CONVERSATIONS}/none", json={"status": "active"})).status == 404
    assert (await client.send("PUT", path, json={"status": "finished"})).status == 400
    await put(client, path, {"status": "active", "ruleId": rule, "dripAfter": "2100-01-01T00:00:00Z"})
    clock.now += 10 * DAY
    assert (await client.get(path)).json["dripLastNum"] == 0
    assert (await put(client, path, {"status": "disabled"}))["status"] == "disabled"
    assert (await client.get(CONVERSATIONS, active="false")).json["totalSize"] == 1
    lonely = account.mail.add(from_=account.email, to=account.email)
    alone = f"{CONVERSATIONS}/{segment(account.mail.messages[lonely]['threadId'])}"
    await put(client, alone, {"status": "active", "ruleId": rule})
    clock.now += 3 * DAY
    assert (await client.get(alone)).json["dripError"] == "No recipients"


async def test_a_send_starts_it(client: Strict) -> None:
    rule = (await client.post(RULES, RULE)).json["id"]
    body: dict[str, Any] = {"to": [{"address": "bob@example.com"}], "followUp": {"ruleId": rule}}
    answer = (await client.post("/v1/email/messages", body, returnIds="true")).json
    status = (await client.get(f"{CONVERSATIONS}/{segment(answer['threadId'])}")).json
    assert (answer["processingStatus"], status["status"]) == ("Ok", "active")
    body["followUp"] = {"ruleId": 7}
    answer = await client.post("/v1/email/messages", body)
    assert (answer.status, answer.json["processingStatus"]) == (201, "Incomplete")
    assert answer.json["processingError"]["failedSteps"] == ["followUp"]
