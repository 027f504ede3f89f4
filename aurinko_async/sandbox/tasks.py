"""One task list: the tasks in it, their order, what was changed and what went away."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from attrs import define

from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request, not_found
from aurinko_async.sandbox.ledger import Entry, Ledger
from aurinko_async.sandbox.letters import Owner
from aurinko_async.sandbox.records import Records, etag, hashed
from aurinko_async.sandbox.times import iso, moment

# Room between neighbours, so that what goes between them seldom moves the others.
_STEP = 10**12
_FIELDS = ("title", "notes", "status", "importance", "due", "startDateTime", "categories", "links", "owner")
_TIMES = ("due", "startDateTime")


@define(eq=False)
class Task(Entry):
    """A task. Its `when` is the instant it was completed, infinite while it is open."""

    record: Json
    modified: float
    position: int = 0
    parent_id: str | None = None


class TaskList:
    """A list, and the history of its tasks."""

    def __init__(self, owner: Owner, number: int, title: str, clock: Callable[[], float], now: float) -> None:
        self.id = _id(owner, "tasklist", number)
        self.number = number
        self.title = title
        self.default = False
        self.shared = False
        self.emails = False
        self.ledger: Ledger[Task] = Ledger()
        self.records: Mapping[str, Json] = Records(self.ledger, self.render)
        self._owner = owner
        self._clock = clock
        self._modified = now
        self._version = 1
        self._end = 0

    @property
    def tag(self) -> str:
        """The entity tag of the list itself."""
        return etag(self._owner, self.id, self._version)

    def record(self) -> Json:
        """Give the list as the API does."""
        return {
            "id": self.id,
            "etag": self.tag,
            "title": self.title,
            "owner": not self.shared,
            "shared": self.shared,
            "defaultList": self.default,
            "emailsList": self.emails,
            "lastModifiedTime": iso(self._modified),
        }

    def rename(self, title: str) -> None:
        """Give the list another title."""
        self.title, self._modified = title, self._clock()
        self._version += 1

    def get(self, id_: str) -> Task:
        """Give a live task.

        Raises:
            ApiError: 404, there is none.
        """
        task = self.ledger.find(id_)
        if task is None:
            raise not_found("The task could not be found")
        return task

    def siblings(self, parent_id: str | None) -> list[Task]:
        """Give the live tasks under a parent, None for the top of the list, in their order."""
        return sorted((task for task in self.ledger if task.parent_id == parent_id), key=lambda task: task.position)

    def create(self, id_: str, body: Json) -> Task:
        """Take a task in as a request describes it: before its siblings, unless it says after which."""
        now = self._clock()
        parent_id, previous_id = body.get("parentId"), body.get("previousId")
        self._check_parent(None, parent_id)
        task = Task(id_, math.inf, _blank(), now, self._after(None, parent_id, previous_id), parent_id)
        return self._insert(task, body, now)

    def append(self, id_: str, body: Json, when: float) -> Task:
        """Take a task in behind all others."""
        self._check_parent(None, body.get("parentId"))
        return self._insert(Task(id_, math.inf, _blank(), when, self._end + _STEP, body.get("parentId")), body, when)

    def change(self, task: Task, body: Json) -> None:
        """Change what a request names; null clears it."""
        if "parentId" in body or "previousId" in body:
            parent_id = body.get("parentId", task.parent_id)
            self._check_parent(task, parent_id)
            task.position = self._after(task, parent_id, body.get("previousId"))
            task.parent_id = parent_id
        task.modified = self._clock()
        _apply(task, body, task.modified)
        self.ledger.touch(task)

    def remove(self, task: Task) -> None:
        """Delete a task and those under it: each leaves a tombstone."""
        for child in self.siblings(task.id):
            self.remove(child)
        self.ledger.bury(task, {"id": task.id, "timestamp": iso(self._clock())})

    def restore(self, task: Task) -> None:
        """Bring a deleted task back under the same id, to the top of the list if its parent is gone."""
        if task.parent_id is not None and self.ledger.find(task.parent_id) is None:
            task.parent_id = None
        task.modified = self._clock()
        self.ledger.revive(task)

    def render(self, task: Task) -> Json:
        """Give the whole record of a task."""
        record: Json = {
            "id": task.id,
            "etag": self.tag_of(task),
            "lastModifiedTime": iso(task.modified),
            "position": f"{task.position:020d}",
            **task.record,
            "omitted": [],
        }
        if task.parent_id is not None:
            record["parentId"] = task.parent_id
        if task.when != math.inf:
            record["completed"] = iso(task.when)
        return record

    def listed(self, task: Task, _: str = "") -> Json:
        """Give the record as lists and syncs do: without notes for the providers whose lists are partial."""
        record = self.render(task)
        if self._owner.partial:
            record.pop("notes", None)
            record["omitted"] = ["notes"]
        return record

    def tag_of(self, task: Task) -> str:
        """Give the entity tag of a task as it is now."""
        return etag(self._owner, task.id, task.changed)

    def _insert(self, task: Task, body: Json, now: float) -> Task:
        if task.id in self.ledger:
            raise ValueError(f"there is or was a task with this id: {task.id}")
        _apply(task, body, now)
        self._end = max(self._end, task.position)
        self.ledger.insert(task)
        return task

    def _check_parent(self, task: Task | None, parent_id: str | None) -> None:
        while parent_id is not None:
            parent = self.ledger.find(parent_id)
            if parent is None:
                raise bad_request("parentId is not a task of this list")
            if parent is task:
                raise bad_request("parentId is the task itself, or one under it")
            parent_id = parent.parent_id

    def _after(self, task: Task | None, parent_id: str | None, previous_id: str | None) -> int:
        others = [other for other in self.siblings(parent_id) if other is not task]
        index = 0
        if previous_id is not None:
            index = next((n + 1 for n, other in enumerate(others) if other.id == previous_id), 0)
            if index == 0:
                raise bad_request("previousId is not a task beside this one")
        low = others[index - 1].position if index else 0
        high = others[index].position if index < len(others) else low + 2 * _STEP
        if high - low < 2:
            for number, other in enumerate(others, 1):
                other.position = number * _STEP
                self.ledger.touch(other)
            low, high = index * _STEP, (index + 1) * _STEP
        return (low + high) // 2


def task_id(owner: Owner, number: int) -> str:
    """Give the id of the account's task number `number`."""
    return _id(owner, "task", number)


def _id(owner: Owner, kind: str, number: int) -> str:
    match owner.service_type:
        case "Office365":
            return "AAMkAGI2" + hashed(owner, kind, number, 26)
        case "Google":
            return hashed(owner, kind, number, 15).rstrip("=") + ("%2F/=" if number % 10 == 3 else "")
        case _:
            return f"{kind}/{owner.account_id}/{number}" + ("+%41" if number % 5 == 2 else "")


def _blank() -> Json:
    return {"title": "", "status": "notStarted", "importance": "normal", "categories": [], "links": []}


def _apply(task: Task, body: Json, now: float) -> None:
    done = task.record["status"] == "completed"
    for name in _FIELDS:
        if name not in body:
            continue
        value = iso(moment(body[name])) if name in _TIMES and body[name] is not None else body[name]
        if value is not None:
            task.record[name] = value
        elif name in _blank():
            task.record[name] = _blank()[name]
        else:
            task.record.pop(name, None)
    if task.record["status"] != "completed":
        task.when = math.inf
    elif "completed" in body or not done:
        task.when = moment(body.get("completed") or now)
