"""The sandbox's sync, as the contract describes it, over a bare socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from aurinko_async.sandbox import Account, Sandbox
from support.bare import Bare, bare
from support.clock import FakeClock

UPDATED, DELETED = "/v1/email/sync/updated", "/v1/email/sync/deleted"
DAY = 86_400.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=3, messages=57, page_size=10, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[Bare]:
    async with bare(sandbox, account) as client:
        yield client


def ids(records: list[dict[str, str]]) -> list[str]:
    return [record["id"] for record in records]


async def test_not_ready_first_for_every_set_of_parameters(client: Bare) -> None:
    for query in ({}, {"daysWithin": 7}, {"daysWithin": 7, "bodyType": "text"}):
        first = await client.post("/v1/email/sync", **query)
        assert (first.status, first.json) == (200, {"ready": False})
        assert (await client.post("/v1/email/sync", **query)).json["ready"] is True


async def test_ready_after_none() -> None:
    async with Sandbox(accounts=1, messages=3, ready_after=0) as sandbox, bare(sandbox, sandbox.accounts[0]) as client:
        assert (await client.post("/v1/email/sync")).json["ready"] is True


async def test_the_first_pass_gives_every_message_once_in_order_of_insertion(client: Bare, account: Account) -> None:
    records, _ = await client.drain("updated", (await client.start())["syncUpdatedToken"])
    assert ids(records) == list(account.mail.messages)
    assert records == list(account.mail.messages.values())


async def test_days_within_limits_the_scan_and_what_changes(client: Bare, account: Account, clock: FakeClock) -> None:
    old = account.mail.add(subject="old", received_at=clock.now - 100 * DAY)
    new = account.mail.add(subject="new", received_at=clock.now - 10 * DAY)
    records, token = await client.drain("updated", (await client.start(daysWithin=30))["syncUpdatedToken"])
    assert new in ids(records)
    assert old not in ids(records)
    account.mail.update(old, subject="older")
    account.mail.update(new, subject="newer")
    records, _ = await client.drain("updated", token)
    assert [(record["id"], record["subject"]) for record in records] == [(new, "newer")]


async def test_body_type_is_settled_at_the_start(client: Bare) -> None:
    html, _ = await client.drain("updated", (await client.start())["syncUpdatedToken"])
    text, _ = await client.drain("updated", (await client.start(bodyType="text"))["syncUpdatedToken"])
    assert all(record["body"].startswith("<html") for record in html)
    assert not any(record["body"].startswith("<html") for record in text)


async def test_an_incremental_pass_gives_changes_in_their_order_each_record_once(
    client: Bare, account: Account
) -> None:
    one, two, three = list(account.mail.messages)[:3]
    _, token = await client.drain("updated", (await client.start())["syncUpdatedToken"])
    account.mail.update(one, subject="first time")
    account.mail.update(two, keywords=["x"])
    account.mail.remove(three)
    added = account.mail.add(subject="new")
    account.mail.update(one, subject="second time")
    records, after = await client.drain("updated", token)
    assert ids(records) == [two, added, one]
    assert records[2]["subject"] == "second time"
    assert (await client.drain("updated", after))[0] == []
    again, _ = await client.drain("updated", token)
    assert ids(again) == [two, added, one]


async def test_changes_during_a_scan_come_with_the_next_delta_token(client: Bare, account: Account) -> None:
    order = list(account.mail.messages)
    started = await client.start()
    page = (await client.get(UPDATED, deltaToken=started["syncUpdatedToken"])).json
    account.mail.update(order[0], subject="behind the scan")
    account.mail.update(order[-1], subject="ahead of the scan")
    account.mail.remove(order[-2])
    late = account.mail.add(subject="late")
    records = list(page["records"])
    while "nextPageToken" in page:
        page = (await client.get(UPDATED, pageToken=page["nextPageToken"])).json
        records += page["records"]
    assert ids(records) == [*order[:-2], order[-1]]
    assert records[-1]["subject"] == "ahead of the scan"
    caught_up, _ = await client.drain("updated", page["nextDeltaToken"])
    assert ids(caught_up) == [order[0], order[-1], late]
    gone, _ = await client.drain("deleted", started["syncDeletedToken"])
    assert ids(gone) == [order[-2]]


async def test_a_chain_of_changes_leaves_what_changes_again_to_the_next_round(client: Bare, account: Account) -> None:
    _, token = await client.drain("updated", (await client.start())["syncUpdatedToken"])
    changed = list(account.mail.messages)[:15]
    for id_ in changed:
        account.mail.update(id_, subject="one")
    page = (await client.get(UPDATED, deltaToken=token)).json
    assert ids(page["records"]) == changed[:10]
    account.mail.update(changed[12], subject="two")
    page = (await client.get(UPDATED, pageToken=page["nextPageToken"])).json
    assert ids(page["records"]) == [*changed[10:12], *changed[13:]]
    records, _ = await client.drain("updated", page["nextDeltaToken"])
    assert [(record["id"], record["subject"]) for record in records] == [(changed[12], "two")]


async def test_tombstones_say_what_they_should_and_page(client: Bare, account: Account) -> None:
    token = (await client.start())["syncDeletedToken"]
    before = {id_: account.mail.messages[id_] for id_ in list(account.mail.messages)[:12]}
    for id_ in before:
        account.mail.remove(id_)
    records, after = await client.drain("deleted", token)
    assert ids(records) == list(before)
    for record in records:
        assert record["internetMessageId"] == before[record["id"]]["internetMessageId"]
        assert record["folderId"] == before[record["id"]]["folderId"]
        assert record["timestamp"].endswith("Z")
    assert (await client.drain("deleted", after))[0] == []


async def test_a_restored_message_is_in_both_streams(client: Bare, account: Account) -> None:
    started = await client.start()
    _, updated = await client.drain("updated", started["syncUpdatedToken"])
    id_ = next(iter(account.mail.messages))
    account.mail.remove(id_)
    assert id_ not in account.mail.messages
    account.mail.restore(id_)
    assert ids((await client.drain("deleted", started["syncDeletedToken"]))[0]) == [id_]
    assert ids((await client.drain("updated", updated))[0]) == [id_]
    assert (await client.drain("updated", (await client.start())["syncUpdatedToken"]))[0] == list(
        account.mail.messages.values()
    )


async def test_a_delete_moves_to_trash_and_is_an_update(client: Bare, account: Account) -> None:
    started = await client.start()
    _, updated = await client.drain("updated", started["syncUpdatedToken"])
    id_ = account.mail.add(subject="away")
    answer = await client.send("DELETE", f"/v1/email/messages/{id_.replace('/', '%2F').replace('+', '%2B')}")
    assert answer.json == {"status": "Ok"}
    records, _ = await client.drain("updated", updated)
    assert ids(records) == [id_]
    assert "trash" in records[0]["sysLabels"]
    assert (await client.drain("deleted", started["syncDeletedToken"]))[0] == []
    account.mail.restore(id_)
    assert "trash" not in account.mail.messages[id_]["sysLabels"]


async def test_exactly_one_token(client: Bare) -> None:
    token = (await client.start())["syncUpdatedToken"]
    assert (await client.get(UPDATED)).status == 400
    assert (await client.get(UPDATED, deltaToken=token, pageToken=token)).status == 400


async def test_tokens_need_escaping_and_are_fresh(client: Bare) -> None:
    one, two = await client.start(), await client.start()
    tokens = {one["syncUpdatedToken"], one["syncDeletedToken"], two["syncUpdatedToken"], two["syncDeletedToken"]}
    assert len(tokens) == 4
    for token in tokens:
        assert set("+/=%") <= set(token)


async def test_foreign_tampered_and_misplaced_tokens(sandbox: Sandbox, client: Bare) -> None:
    started = await client.start()
    delta = started["syncUpdatedToken"]
    page = (await client.get(UPDATED, deltaToken=delta)).json["nextPageToken"]
    tampered = ("B" if delta[0] == "A" else "A") + delta[1:]
    for bad in (tampered, page, started["syncDeletedToken"], "", "nonsense", delta.replace("+", " ")):
        answer = await client.get(UPDATED, deltaToken=bad)
        assert answer.status == 400
        assert b"token.notValid" in answer.content
    for bad in (delta, page[:-1], "nonsense"):
        answer = await client.get(UPDATED, pageToken=bad)
        assert (answer.status, answer.json["message"]) == (400, "Page token is invalid")
    assert (await client.get(DELETED, pageToken=page)).status == 400
    async with bare(sandbox, sandbox.accounts[1]) as other:
        assert (await other.get(UPDATED, deltaToken=delta)).json["code"] == "token.notValid"
    async with Sandbox(accounts=1, messages=3) as another, bare(another, another.accounts[0]) as foreign:
        assert (await foreign.get(UPDATED, deltaToken=delta)).json["code"] == "token.notValid"


async def test_expired_cursors(client: Bare, account: Account) -> None:
    started = await client.start()
    page = (await client.get(UPDATED, deltaToken=started["syncUpdatedToken"])).json["nextPageToken"]
    account.expire_cursors(delta=False)
    answer = await client.get(UPDATED, pageToken=page)
    assert (answer.status, answer.json["message"]) == (400, "Page token is invalid")
    assert (await client.get(UPDATED, deltaToken=started["syncUpdatedToken"])).status == 200
    account.expire_cursors()
    for path, name in ((UPDATED, "syncUpdatedToken"), (DELETED, "syncDeletedToken")):
        answer = await client.get(path, deltaToken=started[name])
        assert (answer.status, answer.json["code"]) == (410, "syncToken.expired")
    fresh = await client.start()
    assert len((await client.drain("updated", fresh["syncUpdatedToken"]))[0]) == 57


async def test_imap_records_are_partial_and_a_get_is_whole(sandbox: Sandbox) -> None:
    imap = sandbox.accounts[2]
    async with bare(sandbox, imap) as client:
        records, _ = await client.drain("updated", (await client.start())["syncUpdatedToken"])
    assert ids(records) == list(imap.mail.messages)
    for record in records:
        assert set(record["omitted"]) == {"body", "attachments", "internetHeaders"}
        assert record.keys().isdisjoint(record["omitted"])
        assert record["bodySnippet"]
        whole = imap.mail.messages[record["id"]]
        assert whole["omitted"] == []
        assert whole["body"]


async def test_a_thousand_mailboxes_cost_nothing_until_they_are_read() -> None:
    async with Sandbox(accounts=1000, messages=5000) as sandbox:
        assert len({account.token for account in sandbox.accounts}) == 1000
