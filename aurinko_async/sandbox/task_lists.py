"""One account's task lists, and what tests and demos do to them and to their tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from random import Random
from typing import Any

from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import ApiError, bad_request, not_found
from aurinko_async.sandbox.ledger import Ledger
from aurinko_async.sandbox.letters import Owner
from aurinko_async.sandbox.prose import KEYWORDS, SENTENCES, SUBJECTS
from aurinko_async.sandbox.tasks import Task, TaskList, task_id
from aurinko_async.sandbox.times import DAY

# title, and how many tasks it begins with: the first, which is the default list, with more than one page of them.
_LISTS = (("Tasks", 110), ("Einkäufe / 買い物 50%", 9), ("Site visit", 14), ("Flagged emails", 5))
_STATUSES = ("notStarted", "notStarted", "inProgress", "completed", "completed", "waitingOnOthers", "deferred")

Watch = Callable[[str, Ledger[Task]], None]


class TaskLists:
    """The task lists of one account. `default` stands for the default list wherever an id is asked for."""

    def __init__(
        self, owner: Owner, *, seed: int, clock: Callable[[], float], watch: Watch, born: float | None = None
    ) -> None:
        self._owner = owner
        self._clock = clock
        self._watch = watch
        self._random = Random(seed)
        self._lists: dict[str, TaskList] = {}
        self._opened = 0
        self._made = 0
        now = clock() if born is None else born
        for title, count in _LISTS:
            self._fill(self._open(title, now), count, now)
        default, _, shared, emails = self._lists.values()
        default.default = shared.shared = emails.emails = True
        for list_ in self._lists.values():
            self._settle(list_)

    # What tests and demos do.

    @property
    def records(self) -> dict[str, Json]:
        """The lists there are now: id -> record."""
        return {id_: list_.record() for id_, list_ in self._lists.items()}

    def tasks(self, list_id: str = "default") -> Mapping[str, Json]:
        """Give a live, read-only view of a list: task id -> the record a GET gives now."""
        return self.open(list_id).records

    def add(self, title: str = "", *, list_id: str = "default", **fields: Any) -> str:
        """Let a task appear, behind all others of its list unless `previousId` says after which.

        Args:
            fields: any other property of a task, by its wire name; times also as datetimes.

        Returns:
            Its id; no two tasks of an account have the same.
        """
        into, body = self.open(list_id), {"title": title, **fields}
        id_ = body.pop("id", None) or self.next_id()
        if "previousId" in body:
            return into.create(id_, body).id
        return into.append(id_, body, self._clock()).id

    def add_many(self, count: int, *, list_id: str = "default") -> list[str]:
        """Let `count` made-up tasks appear now, and give their ids."""
        into, now = self.open(list_id), self._clock()
        return [into.append(self.next_id(), self._made_up(now), now).id for _ in range(count)]

    def update(self, id_: str, **changes: Any) -> None:
        """Change properties of a task, by their wire names; None clears one."""
        list_ = self._home(id_)
        list_.change(list_.get(id_), changes)

    def complete(self, id_: str, at: float | datetime | str | None = None) -> None:
        """Mark a task as completed, now or at another time."""
        self.update(id_, status="completed", completed=self._clock() if at is None else at)

    def remove(self, id_: str) -> None:
        """Delete a task and those under it: each leaves a tombstone."""
        list_ = self._home(id_)
        list_.remove(list_.get(id_))

    def restore(self, id_: str) -> None:
        """Bring a deleted task back under the same id; one that is there stays as it is."""
        list_ = self._home(id_)
        gone = list_.ledger.find_gone(id_)
        if gone is not None:
            list_.restore(gone)

    def create_list(self, title: str) -> str:
        """Make a list, and give its id."""
        return self.create(title).id

    def remove_list(self, list_id: str) -> None:
        """Delete a list with all that is in it.

        Raises:
            ApiError: 400, it is the default list; 404, there is none.
        """
        list_ = self.open(list_id)
        if list_.default:
            raise ApiError(400, "The default list cannot be deleted", code="notSupported")
        del self._lists[list_.id]

    # What the handlers ask.

    def all(self) -> list[TaskList]:
        """Give the lists, oldest first."""
        return [*self._lists.values()]

    def open(self, list_id: str) -> TaskList:
        """Give a list.

        Raises:
            ApiError: 404, there is none.
        """
        if list_id == "default":
            return next(iter(self._lists.values()))
        if list_id not in self._lists:
            raise not_found("The task list could not be found")
        return self._lists[list_id]

    def create(self, title: str) -> TaskList:
        """Make a list.

        Raises:
            ApiError: 400, it has no title.
        """
        if not title:
            raise bad_request("The task list has no title")
        list_ = self._open(title, self._clock())
        self._settle(list_)
        return list_

    def next_id(self) -> str:
        """Give the id of the next task."""
        self._made += 1
        return task_id(self._owner, self._made)

    def _open(self, title: str, now: float) -> TaskList:
        self._opened += 1
        list_ = TaskList(self._owner, self._opened, title, self._clock, now)
        self._lists[list_.id] = list_
        return list_

    def _settle(self, list_: TaskList) -> None:
        list_.ledger.seal()
        self._watch(list_.id, list_.ledger)

    def _home(self, id_: str) -> TaskList:
        for list_ in self._lists.values():
            if id_ in list_.ledger:
                return list_
        raise not_found("The task could not be found")

    def _fill(self, list_: TaskList, count: int, now: float) -> None:
        parent: str | None = None
        for number in range(count):
            when = now - (count - number) * DAY / 2
            body = self._made_up(when)
            if parent is not None and number % 6 == 5:
                body["parentId"] = parent
            made = list_.append(self.next_id(), body, when)
            parent = parent if "parentId" in body else made.id

    def _made_up(self, when: float) -> Json:
        random = self._random
        body: Json = {
            "title": random.choice(SUBJECTS) or "…",
            "status": random.choice(_STATUSES),
            "importance": random.choice(("low", "normal", "normal", "high")),
            "categories": sorted(random.sample(KEYWORDS, random.randrange(3))),
        }
        if body["status"] == "completed":
            body["completed"] = when + DAY / 4
        if random.random() < 0.5:
            body["notes"] = "\n".join(sentence for sentence, _ in random.choices(SENTENCES, k=2))
        if random.random() < 0.4:
            body["due"] = when + random.randrange(1, 30) * DAY
        if random.random() < 0.1:
            body["links"] = [{"source": "mail", "description": "✉", "link": "https://mail.example.com/?id=%2B&x=1"}]
        return body
