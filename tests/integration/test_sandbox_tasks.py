"""Task lists, tasks and their sync in the sandbox, over a bare socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from aurinko_async.sandbox import Account, Sandbox
from support.bare import segment
from support.clock import FakeClock
from support.strict import Strict, flaws, strict

LISTS = "/v1/tasklists"
TASKS = f"{LISTS}/default/tasks"
SYNC = f"{LISTS}/default/sync"
DAY = 86_400.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(accounts=3, messages=0, page_size=40, clock=clock.time) as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.accounts[0]


@pytest.fixture
async def client(sandbox: Sandbox, account: Account) -> AsyncIterator[Strict]:
    async with strict(sandbox, account) as client:
        yield client


def ids(records: list[dict[str, str]]) -> list[str]:
    return [record["id"] for record in records]


def in_order(account: Account, list_id: str, parent_id: str | None = None) -> list[str]:
    """The titles of a list, as `position` says."""
    records = [one for one in account.task_lists.tasks(list_id).values() if one.get("parentId") == parent_id]
    return [record["title"] for record in sorted(records, key=lambda record: record["position"])]


async def test_made_up_lists_and_tasks(sandbox: Sandbox, client: Strict, account: Account) -> None:
    assert await client.walk(LISTS) == list(account.task_lists.records.values())
    assert sum(record["defaultList"] for record in account.task_lists.records.values()) == 1
    for mailbox in sandbox.accounts:
        for list_id in mailbox.task_lists.records:
            for record in mailbox.task_lists.tasks(list_id).values():
                assert flaws({"ref": "Task"}, record) == []
                assert (record["status"] == "completed") == ("completed" in record)
    statuses = {record["status"] for record in account.task_lists.tasks().values()}
    assert statuses == {"notStarted", "inProgress", "completed", "waitingOnOthers", "deferred"}
    assert any("parentId" in record for record in account.task_lists.tasks().values())
    assert set("/+=%") & set("".join(account.task_lists.tasks()))


async def test_lists_come_and_go(client: Strict, account: Account) -> None:
    made = await client.post(LISTS, {"title": "Einkäufe"})
    path = f"{LISTS}/{segment(made.json['id'])}"
    assert (made.status, made.json["title"], made.json["defaultList"]) == (201, "Einkäufe", False)
    assert (await client.get(path)).json == made.json
    assert (await client.send("PATCH", path, json={"title": "x"})).status == 400
    match = {"If-Match": made.json["etag"]}
    renamed = (await client.send("PATCH", path, json={"title": "Sonstiges"}, headers=match)).json
    assert (renamed["title"], renamed["etag"] != made.json["etag"]) == ("Sonstiges", True)
    assert (await client.send("PATCH", path, json={"title": "y"}, headers=match)).status == 412
    assert (await client.send("DELETE", path)).json == {"status": "Ok"}
    for method, rest in (("GET", ""), ("DELETE", ""), ("GET", "/tasks"), ("POST", "/sync")):
        assert (await client.send(method, path + rest)).status == 404
    assert (await client.send("DELETE", f"{LISTS}/default")).json["code"] == "notSupported"
    assert (await client.post(LISTS, {"title": ""})).status == 400
    assert made.json["id"] not in account.task_lists.records


async def test_default_stands_for_a_list(client: Strict, account: Account) -> None:
    default = (await client.get(f"{LISTS}/default")).json
    assert default["defaultList"] is True
    records = await client.walk(f"{LISTS}/{segment(default['id'])}/tasks")
    assert records == await client.walk(TASKS) == list(account.task_lists.tasks().values())


async def test_a_task_is_created(client: Strict, account: Account) -> None:
    body: dict[str, Any] = {
        "title": "Call Zoé",
        "notes": "a < b",
        "importance": "high",
        "due": "2026-12-01T10:00:00+02:00",
        "categories": ["à lire"],
        "completed": "2020-01-01T00:00:00Z",
    }
    answer = await client.post(TASKS, body)
    record = answer.json["record"]
    assert (answer.status, answer.json["id"], answer.json["etag"]) == (201, record["id"], record["etag"])
    assert (record["status"], record["due"], "completed" in record) == ("notStarted", "2026-12-01T08:00:00Z", False)
    assert (await client.get(f"{TASKS}/{segment(record['id'])}")).json == record
    assert account.task_lists.tasks()[record["id"]] == record
    assert (await client.post(TASKS, {"status": "someday"})).status == 400
    assert (await client.post(f"{LISTS}/none/tasks", body)).status == 404


async def test_a_task_is_changed_with_or_without_a_tag(client: Strict, account: Account, clock: FakeClock) -> None:
    id_ = account.task_lists.add("Write", notes="n", due="2026-12-01T10:00:00Z", importance="high")
    path, tag = f"{TASKS}/{segment(id_)}", account.task_lists.tasks()[id_]["etag"]
    clock.now += 60
    changes = {"title": "Write!", "notes": None, "due": None, "importance": None, "status": "completed"}
    record = (await client.send("PATCH", path, json=changes)).json["record"]
    assert (record["title"], record["importance"], record["status"]) == ("Write!", "normal", "completed")
    assert record["completed"] == datetime.fromtimestamp(clock.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert record.keys().isdisjoint({"notes", "due"})
    assert (await client.send("PATCH", path, json={}, headers={"If-Match": tag})).status == 412
    again = (await client.send("PATCH", path, json={"status": "inProgress"}, headers={"If-Match": record["etag"]})).json
    assert "completed" not in again["record"]
    assert (await client.send("PATCH", f"{TASKS}/none", json={})).status == 404


async def test_tasks_are_in_order(client: Strict, account: Account) -> None:
    list_id = account.task_lists.create_list("Order")
    path = f"{LISTS}/{segment(list_id)}/tasks"
    three = (await client.post(path, {"title": "3"})).json["id"]
    one = (await client.post(path, {"title": "1"})).json["id"]
    two = (await client.post(path, {"title": "2", "previousId": one})).json["id"]
    assert in_order(account, list_id) == ["1", "2", "3"]
    await client.send("PATCH", f"{path}/{segment(one)}", json={"previousId": three})
    assert in_order(account, list_id) == ["2", "3", "1"]
    await client.send("PATCH", f"{path}/{segment(one)}", json={"previousId": None})
    assert in_order(account, list_id) == ["1", "2", "3"]
    await client.send("PATCH", f"{path}/{segment(three)}", json={"parentId": one})
    await client.send("PATCH", f"{path}/{segment(two)}", json={"parentId": one, "previousId": three})
    assert in_order(account, list_id, one) == ["3", "2"]
    for bad in ({"parentId": "none"}, {"previousId": "none"}, {"parentId": two}, {"previousId": two}):
        assert (await client.send("PATCH", f"{path}/{segment(one)}", json=bad)).status == 400
    await client.send("PATCH", f"{path}/{segment(two)}", json={"parentId": None})
    assert in_order(account, list_id) == ["2", "1"]


async def test_neighbours_make_room_and_that_is_a_change(client: Strict, account: Account) -> None:
    list_id = account.task_lists.create_list("Crowded")
    path = f"{LISTS}/{segment(list_id)}"
    for number in range(60):
        await client.post(f"{path}/tasks", {"title": str(number)})
    assert in_order(account, list_id) == [str(number) for number in reversed(range(60))]
    records, _ = await client.read(f"{path}/sync/updated", (await client.begin(f"{path}/sync"))["syncUpdatedToken"])
    assert records == list(account.task_lists.tasks(list_id).values())


async def test_deleting_a_task_deletes_those_under_it(client: Strict, account: Account) -> None:
    token = (await client.begin(SYNC))["syncDeletedToken"]
    parent = account.task_lists.add("parent")
    child = account.task_lists.add("child", parentId=parent)
    assert (await client.send("DELETE", f"{TASKS}/{segment(parent)}")).json == {"status": "Ok"}
    assert (await client.send("DELETE", f"{TASKS}/{segment(parent)}")).status == 404
    assert ids((await client.read(f"{SYNC}/deleted", token))[0]) == [child, parent]
    account.task_lists.restore(child)
    assert "parentId" not in account.task_lists.tasks()[child]


async def test_a_sync_per_list(client: Strict, account: Account) -> None:
    started = await client.begin(SYNC)
    records, token = await client.read(f"{SYNC}/updated", started["syncUpdatedToken"])
    assert records == list(account.task_lists.tasks().values())
    other = next(id_ for id_, record in account.task_lists.records.items() if not record["defaultList"])
    one, two, three = list(account.task_lists.tasks())[-3:]
    account.task_lists.update(one, title="changed")
    account.task_lists.complete(two)
    account.task_lists.remove(three)
    account.task_lists.add("elsewhere", list_id=other)
    added = account.task_lists.add("new", due=datetime(2026, 12, 1, tzinfo=UTC))
    records, token = await client.read(f"{SYNC}/updated", token)
    assert ids(records) == [one, two, added]
    assert ids((await client.read(f"{SYNC}/deleted", started["syncDeletedToken"]))[0]) == [three]
    account.task_lists.restore(three)
    real = segment(next(iter(account.task_lists.records)))
    assert ids((await client.read(f"{LISTS}/{real}/sync/updated", token))[0]) == [three]
    assert (await client.get(f"{LISTS}/{segment(other)}/sync/updated", deltaToken=token)).status == 400


async def test_completed_tasks_can_be_skipped(client: Strict, account: Account, clock: FakeClock) -> None:
    before = datetime.fromtimestamp(clock.now - 10 * DAY, UTC)
    old = account.task_lists.add("old", status="completed", completed=clock.now - 11 * DAY)
    recent = account.task_lists.add("recent", status="completed", completed=clock.now - 9 * DAY)
    open_ = account.task_lists.add("open")
    started = await client.begin(SYNC, skipCompletedBeforeDate=before.isoformat())
    records, token = await client.read(f"{SYNC}/updated", started["syncUpdatedToken"])
    assert (old in ids(records), recent in ids(records), open_ in ids(records)) == (False, True, True)
    expected = [
        id_
        for id_, record in account.task_lists.tasks().items()
        if "completed" not in record or datetime.fromisoformat(record["completed"]) >= before
    ]
    assert ids(records) == expected
    account.task_lists.update(old, title="older")
    account.task_lists.complete(open_)
    assert ids((await client.read(f"{SYNC}/updated", token))[0]) == [open_]
    assert (await client.post(SYNC, skipCompletedBeforeDate="2024-01-01T00:00:00")).status == 400


async def test_some_providers_leave_the_notes_out(sandbox: Sandbox) -> None:
    imap = sandbox.accounts[2]
    async with strict(sandbox, imap) as client:
        id_ = (await client.post(TASKS, {"title": "t", "notes": "n"})).json["id"]
        records, _ = await client.read(f"{SYNC}/updated", (await client.begin(SYNC))["syncUpdatedToken"])
        assert all(record["omitted"] == ["notes"] and "notes" not in record for record in records)
        whole = (await client.get(f"{TASKS}/{segment(id_)}")).json
    assert (whole["notes"], whole["omitted"]) == ("n", [])
    assert imap.task_lists.tasks()[id_] == whole


async def test_what_tests_do_to_tasks(account: Account) -> None:
    tasks = account.task_lists
    assert len(tasks.add_many(30)) == 30
    assert tasks.add("mine", id="mine") == "mine"
    with pytest.raises(ValueError, match="with this id"):
        tasks.add("mine", id="mine")
    tasks.complete("mine", "2026-01-02T03:04:05Z")
    assert tasks.tasks()["mine"]["completed"] == "2026-01-02T03:04:05Z"
    for act in (tasks.update, tasks.remove, tasks.restore, tasks.complete, tasks.tasks):
        with pytest.raises(Exception, match="could not be found"):
            act("none")
