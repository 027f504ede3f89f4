"""task_lists.*"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from aurinko_async.sandbox import deltas
from aurinko_async.sandbox.call import Call, Position, Reply, done, reply, serves, token_page
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.records import require_match
from aurinko_async.sandbox.tasks import Task, TaskList
from aurinko_async.sandbox.times import moment

T = TypeVar("T")


@serves("task_lists.list")
def list_task_lists(call: Call) -> Reply:
    lists = ((list_.number, list_) for list_ in call.account.task_lists.all())
    return _page(call, "tasklists", lists, lambda list_: list_.record())


@serves("task_lists.create")
def create_task_list(call: Call) -> Reply:
    return reply(call.account.task_lists.create(call.body.get("title") or "").record(), 201)


@serves("task_lists.get")
def get_task_list(call: Call) -> Reply:
    return reply(_list(call).record())


@serves("task_lists.update")
def update_task_list(call: Call) -> Reply:
    list_ = _list(call)
    require_match(list_.tag, call.headers.get("If-Match"))
    if call.body.get("title"):
        list_.rename(call.body["title"])
    return reply(list_.record())


@serves("task_lists.delete")
def delete_task_list(call: Call) -> Reply:
    call.account.task_lists.remove_list(call.path["taskListId"])
    return done()


@serves("task_lists.tasks.list")
def list_tasks(call: Call) -> Reply:
    list_ = _list(call)
    tasks = ((task.ordinal, task) for task in list_.ledger)
    return _page(call, f"tasklists/{list_.id}/tasks", tasks, list_.listed)


@serves("task_lists.tasks.create")
def create_task(call: Call) -> Reply:
    list_ = _list(call)
    return _saved(call, list_, list_.create(call.account.task_lists.next_id(), _taken(call)), 201)


@serves("task_lists.tasks.get")
def get_task(call: Call) -> Reply:
    list_ = _list(call)
    return reply(list_.render(list_.get(call.path["id"])))


@serves("task_lists.tasks.update")
def update_task(call: Call) -> Reply:
    list_ = _list(call)
    task = list_.get(call.path["id"])
    require_match(list_.tag_of(task), call.headers.get("If-Match"))
    list_.change(task, _taken(call))
    return _saved(call, list_, task, 200)


@serves("task_lists.tasks.delete")
def delete_task(call: Call) -> Reply:
    list_ = _list(call)
    list_.remove(list_.get(call.path["id"]))
    return done()


@serves("task_lists.sync.start")
def start_tasks(call: Call) -> Reply:
    list_ = _list(call)
    before: str | None = call.query.get("skipCompletedBeforeDate")
    return deltas.start(call, _stream(list_), list_.ledger, since=None if before is None else moment(before))


@serves("task_lists.sync.updated")
def updated_tasks(call: Call) -> Reply:
    list_ = _list(call)
    return deltas.updated(call, _stream(list_), list_.ledger, list_.listed)


@serves("task_lists.sync.deleted")
def deleted_tasks(call: Call) -> Reply:
    list_ = _list(call)
    return deltas.deleted(call, _stream(list_), list_.ledger)


def _list(call: Call) -> TaskList:
    return call.account.task_lists.open(call.path["taskListId"])


def _stream(list_: TaskList) -> str:
    return f"tasklists/{list_.id}"


def _taken(call: Call) -> Json:
    """Leave out what a request cannot say."""
    return {name: value for name, value in call.body.items() if name not in ("completed", "links", "owner")}


def _page(call: Call, stream: str, items: Iterable[tuple[int, T]], render: Callable[[T], Json]) -> Reply:
    """Answer a page, in the order of the numbers the items have for good."""

    def read(_: Json, position: Position | None) -> tuple[list[Any], Position | None]:
        after = position[1] if position is not None and position[0] != float("inf") else 0
        rest = [(number, item) for number, item in items if number > after]
        page = rest[: call.world.page_size]
        onward = (0.0, page[-1][0]) if len(rest) > len(page) else None
        return [render(item) for _, item in page], onward

    return token_page(call, stream, (), read)


def _saved(call: Call, list_: TaskList, task: Task, status: int) -> Reply:
    answer: Json = {"id": task.id, "etag": list_.tag_of(task)}
    if not call.account.owner.partial:  # some providers tell the id and no more
        answer["record"] = list_.render(task)
    return reply(answer, status)
